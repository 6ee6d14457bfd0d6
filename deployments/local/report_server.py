"""Serve the reports of imports to browsers on this machine: Data Docs pages and reject sheets, nothing else.

The name of a report's folder is nobody's guess, and folders are not listed.
"""

import functools
import signal
import sys
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from deployments.local.prefect_server import child_environment
from deployments.local.processes import Child
from deployments.settings import HOST, Settings

STOP_GRACE = 3.0  # seconds


class ReportHandler(SimpleHTTPRequestHandler):
    """Serves files only; what is in a page cannot run."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".html": "text/html; charset=utf-8"}

    def list_directory(self, path: Any) -> None:
        """Refuse to list a folder."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Add what keeps browsers from running anything."""
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")  # an import that is run again writes its report anew
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep no log of who reads what."""


def report_child(settings: Settings) -> Child:
    """Return the server of the reports as a child of `up`, not started yet."""
    env = child_environment(
        {
            "AFTERSALES_HOME": str(settings.home),
            "AFTERSALES_PORT": str(settings.port),
            "AFTERSALES_REPORTS_PORT": str(settings.reports_at),
        }
    )
    return Child("reports", [sys.executable, "-m", "deployments.local.report_server"], env, settings, STOP_GRACE)


def report_server(settings: Settings) -> ThreadingHTTPServer:
    """Return the server, bound to its port."""
    handler = functools.partial(ReportHandler, directory=str(settings.reports))
    return ThreadingHTTPServer((HOST, settings.reports_at), handler)


def main() -> None:
    """Serve until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with report_server(Settings()) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
