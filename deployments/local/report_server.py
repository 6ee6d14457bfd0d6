"""Serve reports to browsers on this machine: what became of imports, and what was published; nothing else.

Reports of imports hold contact data: the name of such a report's folder is nobody's guess, and folders are not listed.
Published reports hold none, and their list is a page of its own, published/index.html.
"""

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from deployments.local.processes import Child
from deployments.settings import HOST, REPORTS, Settings

STOP_GRACE = 3.0  # seconds
SAFE = (  # headers of whatever is answered
    "Content-Security-Policy:default-src 'none'; style-src 'unsafe-inline'",  # nothing in a page runs or loads
    "X-Content-Type-Options:nosniff",
    "Cache-Control:no-cache",  # an import that is run again writes its report anew
)
QUIET = ("--no-access-log", "--log-level=warning", "--timeout-graceful-shutdown=1")  # no log of who reads what


def report_child(settings: Settings) -> Child:
    """Return the server of the reports as a child of `up`, not started yet."""
    where = ("--factory", f"{__name__}:site", f"--host={HOST}", f"--port={settings.reports_port}")
    words = ["-m", "uvicorn", *where, *QUIET, *(f"--header={header}" for header in SAFE)]
    return Child("reports", words, settings.variables, settings, STOP_GRACE)


def site() -> Starlette:
    """Serve what lies in the folder of the reports."""
    return Starlette(routes=[Mount("/", StaticFiles(directory=Settings().home / REPORTS, check_dir=False))])
