"""Serve the reports of imports to browsers on this machine: Data Docs pages and reject sheets, nothing else.

The name of a report's folder is nobody's guess, and folders are not listed.
"""

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from deployments.local.processes import Child
from deployments.settings import HOST, Settings

STOP_GRACE = 3.0  # seconds
SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",  # nothing in a page runs or loads
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # an import that is run again writes its report anew
}


class Reports(StaticFiles):
    """The files of a folder; what is in a page cannot run."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Give a file, or say that there is none; both with the headers that keep browsers safe."""
        try:
            response = await super().get_response(path, scope)
        except HTTPException as refused:
            response = PlainTextResponse(refused.detail, refused.status_code)
        response.headers.update(SAFE)
        return response


def report_child(settings: Settings) -> Child:
    """Return the server of the reports as a child of `up`, not started yet."""
    return Child("reports", ["-m", "deployments.local.report_server"], settings.variables, settings, STOP_GRACE)


def main() -> None:
    """Serve until SIGTERM; keep no log of who reads what."""
    settings = Settings()
    app = Starlette(routes=[Mount("/", Reports(directory=settings.reports, check_dir=False))])
    uvicorn.run(
        app, host=HOST, port=settings.reports_port, access_log=False, log_level="warning", timeout_graceful_shutdown=1
    )


if __name__ == "__main__":
    main()
