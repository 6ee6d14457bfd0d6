"""Other systems, spoken to over httpx: one POST a message, its idempotency key in a header."""

import time
from datetime import timedelta
from typing import Any

import httpx
from pydantic import ConfigDict, ValidationError, create_model
from sqlalchemy import Row

from schemas.forms.fields import Name, Remark
from schemas.problems import problems_of
from schemas.words import FinanceState
from tasks.outbox.rules import is_refusal
from tasks.outbox.steps import address_name, system_url
from tasks.privacy.rules import bare_url, bare_urls

MOST_BYTES = 64 * 1024
SHOWN = 200
_LENIENT = ConfigDict(coerce_numbers_to_str=True)  # unknown fields are the other system's own affair
ANSWERS = {  # what each system answers to each kind of message
    "order": {
        "place_order": create_model("OrderPlaced", __config__=_LENIENT, order_number=(Name, ...)),
        "cancel_order": create_model("OrderCancelled", __config__=_LENIENT, cancelled=(Name, ...)),
        "change_order": create_model("OrderChanged", __config__=_LENIENT, changed=(Name, ...)),
    },
    "finance": {
        "pay_refund": create_model(
            "RefundPaid", __config__=_LENIENT, state=(FinanceState, ...), reference=(Remark, ""), reason=(Remark, "")
        )
    },
}


class Undelivered(Exception):
    """A message was not taken; the text is one printable line that says why.

    `wait`: the same message is sent again, so much later at the earliest; None: it will never be taken as it is, and
    a person must look.
    """

    def __init__(self, why: str, wait: timedelta | None = timedelta(0)) -> None:
        super().__init__(one_line(why))
        self.wait = wait


def send(client: httpx.Client, message: Row[Any], timeout: timedelta) -> dict[str, Any]:
    """Send a message and read the answer; each phase may take `timeout`, the whole four times that.

    Raises Undelivered.
    """
    system, kind, url = message.destination, message.kind, system_url(message.destination)
    known = ANSWERS.get(system, {})
    if kind not in known:
        takes = ", ".join(known) or "nothing"
        raise Undelivered(f"对方系统不认识“{kind}” the {system} system takes {takes}", wait=None)
    if not url:
        raise Undelivered(f"未设置系统地址 {address_name(system)} is not set")
    status, body = _post(client, f"{url.rstrip('/')}/{kind}", message, timeout.total_seconds())
    try:
        return known[kind].model_validate_json(body).model_dump(mode="json")
    except ValidationError as error:
        wrong = "; ".join(map(str, problems_of(error)))
        said = f"HTTP {status}: {wrong} | {excerpt(body)}"
        raise Undelivered(f"无法理解的答复 the answer has an unexpected body, {said}") from None


def _post(client: httpx.Client, url: str, message: Row[Any], timeout: float) -> tuple[int, bytes]:
    headers, latest = {"Idempotency-Key": message.idempotency_key}, time.monotonic() + 4 * timeout
    try:
        with client.stream("POST", url, json=message.payload, headers=headers, timeout=timeout) as response:
            body = _read(response, latest)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = bare_urls(f"{type(error).__name__} {error}".strip())
        raise Undelivered(f"无法送达 no answer from {bare_url(url)}: {why}") from error
    if response.is_success:
        return response.status_code, body
    why = f"HTTP {response.status_code} {response.reason_phrase}: {excerpt(body)}"
    raise Undelivered(why, None if is_refusal(response.status_code) else _retry_after(response))


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
