"""Serve the reports of imports to browsers on this machine: Data Docs pages and reject sheets, nothing else.

The name of a report's folder is nobody's guess, and folders are not listed.
"""

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from deployments.local.processes import Child
from deployments.settings import HOST, Settings

STOP_GRACE = 3.0  # seconds
SAFE = [  # headers of whatever is answered
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),  # nothing in a page runs or loads
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-cache"),  # an import that is run again writes its report anew
]


def report_child(settings: Settings) -> Child:
    """Return the server of the reports as a child of `up`, not started yet."""
    return Child("reports", ["-m", "deployments.local.report_server"], settings.variables, settings, STOP_GRACE)


def main() -> None:
    """Serve until SIGTERM; keep no log of who reads what."""
    settings = Settings()
    app = Starlette(routes=[Mount("/", StaticFiles(directory=settings.reports, check_dir=False))])
    config = uvicorn.Config(app, HOST, settings.reports_port, access_log=False, log_level="warning", headers=SAFE)
    config.timeout_graceful_shutdown = 1
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
