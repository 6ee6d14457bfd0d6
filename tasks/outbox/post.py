"""One exchange over HTTP, bounded in time and size, no secret in what is said of it.

A POST bears its idempotency key in a header; of what a GET brought nothing is shown: it may hold contact data.
"""

import logging
import time
import zlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import httpx

from tasks.outbox.rules import is_refusal
from tasks.privacy.rules import bare_url, bare_urls

MOST_BYTES = 64 * 1024
SHOWN = 200
PACKED, GZIP = "gzip", zlib.MAX_WBITS | 16  # the one way in which an answer may be packed
logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs each URL whole: those of robots are secrets


class Undelivered(Exception):
    """A message was not taken; the text is one printable line that says why.

    `wait`: the same message is sent again, so much later at the earliest; None: it will never be taken as it is, and
    a person must look. `silent`: nobody answered at all, so others need not ask there in the same round.
    `status`: of HTTP, where that is why.
    """

    def __init__(
        self, why: str, wait: timedelta | None = timedelta(0), silent: bool = False, status: int | None = None
    ) -> None:
        super().__init__(one_line(why))
        self.wait, self.silent, self.status = wait, silent, status


class Posted(NamedTuple):
    """What was answered to a POST that was taken."""

    status: int
    body: bytes

    def not_understood(self, wrong: str, shown: int = SHOWN) -> Undelivered:
        """Say that the answer is not what it should be, and show so much of it."""
        said = f"HTTP {self.status}: {wrong} | {excerpt(self.body, shown)}"
        return Undelivered(f"无法理解的答复 the answer has an unexpected body, {said}")


def post(
    client: httpx.Client, url: str, payload: Mapping[str, Any], key: str, timeout: timedelta, named: str = ""
) -> Posted:
    """Send a message and read the answer; each phase may take `timeout`, the whole four times that.

    `named` stands for a URL that is a secret. Raises Undelivered.
    """
    sent = {"json": payload, "headers": {"Idempotency-Key": key}}
    return _exchange(client, "POST", url, timeout, MOST_BYTES, SHOWN, named, **sent)


def get(client: httpx.Client, url: str, asked: Mapping[str, Any], timeout: timedelta, most: int) -> Posted:
    """Ask for something of at most so many bytes, bounded in time as a POST is. Raises Undelivered."""
    return _exchange(client, "GET", url, timeout, most, 0, params=dict(asked))


def _exchange(
    client: httpx.Client, method: str, url: str, timeout: timedelta, most: int, shown: int, named: str = "", **sent: Any
) -> Posted:
    """Have an answer of at most so many bytes, of which so many characters are shown where something is wrong."""
    latest = time.monotonic() + 4 * timeout.total_seconds()
    sent["headers"] = sent.get("headers", {}) | {"Accept-Encoding": PACKED}
    try:
        with client.stream(method, url, timeout=timeout.total_seconds(), **sent) as response:
            body = _read(response, latest, most, shown)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        secret = named or (not shown and isinstance(error, httpx.RemoteProtocolError))
        why = "" if secret else f" {bare_urls(str(error))}"  # the text may tell the URL, and what is no HTTP
        whom = f"无法送达 no answer from {named or bare_url(url)}"
        raise Undelivered(f"{whom}: {type(error).__name__}{why}", silent=True) from error
    if response.is_success:
        return Posted(response.status_code, body)
    said = [f"HTTP {response.status_code} {response.reason_phrase if shown else ''}".strip(), excerpt(body, shown)]
    why = ": ".join(filter(None, said))
    wait = None if is_refusal(response.status_code) else _retry_after(response)
    raise Undelivered(why, wait, status=response.status_code)


def excerpt(body: bytes, most: int = SHOWN) -> str:
    """Show the head of a body in one line."""
    return one_line(body[: 4 * most].decode("utf-8", "replace"))[:most]


def one_line(text: str) -> str:
    """Leave out what a database or a page does not take: control characters and line breaks."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _read(response: httpx.Response, latest: float, most: int, shown: int) -> bytes:
    """Read a body that is not endless, neither in size, packed or not, nor in time."""
    body, packed = b"", response.headers.get("Content-Encoding", "").lower()
    if packed not in ("", "identity", PACKED):
        raise Undelivered(
            f"答复的编码不是 {PACKED} the answer is packed in another way: {excerpt(packed.encode(), shown)}"
        )
    unpack = zlib.decompressobj(GZIP) if packed == PACKED else None
    for piece in response.iter_raw():
        try:
            body += unpack.decompress(piece, most + 1 - len(body)) if unpack else piece
        except zlib.error:
            raise Undelivered(f"无法解开答复 the answer is no {PACKED}") from None
        if len(body) > most:
            raise Undelivered(f"答复过长 the answer is longer than {most} bytes: {excerpt(body, shown)}")
        if time.monotonic() > latest:
            raise Undelivered(f"答复过慢 the answer did not end in time: {excerpt(body, shown)}")
    return body


def _retry_after(response: httpx.Response) -> timedelta:
    """Read Retry-After where it is a number of seconds."""
    wanted = response.headers.get("Retry-After", "")
    return timedelta(seconds=int(wanted[:6])) if wanted.isascii() and wanted.isdigit() else timedelta(0)
