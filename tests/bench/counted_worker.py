"""Our worker with its requests counted: SIGUSR1 has it write how many of each kind there were to the file named first."""

import json
import re
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from deployments.worker import main

CHANGING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/input/).+|(?<=_name/).+|(?<=/name/).+")
counts = Counter[str]()


def counted(send: Callable[[Any, httpx.Request], Any]) -> Callable[[Any, httpx.Request], Any]:
    """Count what a transport sends, by thread, method and path without what changes from one to the next."""

    def count_and_send(self: Any, request: httpx.Request) -> Any:
        thread = re.sub(r"[\d\W].*", "", threading.current_thread().name)
        counts[f"{thread} {request.method} {CHANGING.sub('*', request.url.path)}"] += 1
        return send(self, request)

    return count_and_send


def write(*_: Any) -> None:
    """Write the counts, all of them or none."""
    path = Path(sys.argv[1])
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(counts), "utf-8")
    draft.replace(path)


if __name__ == "__main__":
    for transport, name in (httpx.HTTPTransport, "handle_request"), (httpx.AsyncHTTPTransport, "handle_async_request"):
        setattr(transport, name, counted(getattr(transport, name)))
    signal.signal(signal.SIGUSR1, write)
    main()
