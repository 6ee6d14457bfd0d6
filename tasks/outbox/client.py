"""The order system, spoken to over httpx: one POST a message, its idempotency key in a header.

DeliveryError      a message was not taken; the text says why
├── Undelivered    no answer, or none that makes sense: the same message is sent again, `wait` at the earliest
└── Rejected       an answer that will not change: a person must look
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, ClassVar

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.forms.fields import Name
from schemas.problems import problems_of
from tasks.outbox.rules import is_refusal

MOST_BYTES = 64 * 1024
SHOWN = 200


class DeliveryError(Exception):
    """The root of what may go wrong between us and another system; the text is one printable line."""

    def __init__(self, why: str) -> None:
        super().__init__(one_line(why))


class Undelivered(DeliveryError):
    """The message must be sent again."""

    def __init__(self, why: str, wait: timedelta = timedelta(0)) -> None:
        super().__init__(why)
        self.wait = wait


class Rejected(DeliveryError):
    """The message will never be taken as it is."""


class Answered(BaseModel):
    """What another system answers; unknown fields are its own affair."""

    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)


class OrderPlaced(Answered):
    """The order is in the system, under this number."""

    order_number: Name


class OrderCancelled(Answered):
    """The order of this case is cancelled."""

    cancelled: Name


class OrderSystem:
    """The group's order system at `url`; each phase may take `timeout`, the whole four times that."""

    kinds: ClassVar[dict[str, type[Answered]]] = {"place_order": OrderPlaced, "cancel_order": OrderCancelled}

    def __init__(self, client: httpx.Client, url: str, timeout: timedelta) -> None:
        self.client, self.url, self.timeout = client, url.rstrip("/"), timeout

    def send(self, kind: str, payload: Mapping[str, Any], key: str) -> Answered:
        """Send a message and read the answer. Raises Undelivered and Rejected."""
        expected = self.kinds.get(kind)
        if expected is None:
            raise Rejected(f"订单系统不认识“{kind}” the order system takes {', '.join(self.kinds)}")
        status, body = self._post(f"{self.url}/{kind}", payload, key)
        try:
            return expected.model_validate_json(body)
        except ValidationError as error:
            wrong = "; ".join(map(str, problems_of(error)))
            said = f"HTTP {status}: {wrong} | {excerpt(body)}"
            raise Undelivered(f"无法理解的答复 the answer has an unexpected body, {said}") from None

    def _post(self, url: str, payload: Mapping[str, Any], key: str) -> tuple[int, bytes]:
        headers, timeout = {"Idempotency-Key": key}, self.timeout.total_seconds()
        latest = time.monotonic() + 4 * timeout
        with (
            _reached(url),
            self.client.stream("POST", url, json=dict(payload), headers=headers, timeout=timeout) as response,
        ):
            body = _read(response, latest)
        if response.is_success:
            return response.status_code, body
        why = f"HTTP {response.status_code} {response.reason_phrase}: {excerpt(body)}"
        if is_refusal(response.status_code):
            raise Rejected(why)
        raise Undelivered(why, _retry_after(response))


def excerpt(body: bytes) -> str:
    """Show the head of a body in one line."""
    return one_line(body[: 4 * SHOWN].decode("utf-8", "replace"))[:SHOWN]


def one_line(text: str) -> str:
    """Leave out what a database or a page does not take: control characters and line breaks."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _read(response: httpx.Response, latest: float) -> bytes:
    """Read a body that is not endless, neither in size nor in time."""
    body = b""
    for piece in response.iter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            raise Undelivered(f"答复过长 the answer is longer than {MOST_BYTES} bytes: {excerpt(body)}")
        if time.monotonic() > latest:
            raise Undelivered(f"答复过慢 the answer did not end in time: {excerpt(body)}")
    return body


def _retry_after(response: httpx.Response) -> timedelta:
    """Read Retry-After where it is a number of seconds."""
    wanted = response.headers.get("Retry-After", "")
    return timedelta(seconds=int(wanted[:6])) if wanted.isascii() and wanted.isdigit() else timedelta(0)


@contextmanager
def _reached(url: str) -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = f"{type(error).__name__} {error}".strip()
        raise Undelivered(f"无法送达 no answer from {url}: {why}") from error
