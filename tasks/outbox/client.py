"""Whatever takes a message: other systems over HTTP, and the ways by which notices reach people."""

from datetime import timedelta
from typing import Any

import httpx
from pydantic import ConfigDict, ValidationError, create_model
from sqlalchemy import Row

from schemas.forms.fields import Name, OptionalName, Remark
from schemas.problems import problems_of
from schemas.words import FinanceState, NoticeWay, TextState
from tasks.outbox.mail import send_mail
from tasks.outbox.post import Undelivered, post
from tasks.outbox.robots import send_to_robot, send_to_webhook
from tasks.outbox.steps import address_name, system_url

_LENIENT = ConfigDict(coerce_numbers_to_str=True)  # unknown fields are the other system's own affair
ANSWERS = {  # what each system answers to each kind of message
    "order": {
        "place_order": create_model("OrderPlaced", __config__=_LENIENT, order_number=(Name, ...)),
        "cancel_order": create_model("OrderCancelled", __config__=_LENIENT, cancelled=(Name, ...)),
        "change_order": create_model("OrderChanged", __config__=_LENIENT, changed=(Name, ...)),
    },
    "finance": {
        "pay_refund": create_model(
            "RefundPaid",
            __config__=_LENIENT,
            state=(FinanceState, ...),
            reference=(OptionalName, ""),
            reason=(Remark, ""),
        ),
        "book_settlement": create_model("SettlementBooked", __config__=_LENIENT, booked=(Name, ...)),
    },
    "sms": {
        "send_text": create_model(
            "TextTaken", __config__=_LENIENT, state=(TextState, ...), reference=(Remark, ""), reason=(Remark, "")
        )
    },
}


def send(client: httpx.Client, message: Row[Any], timeout: timedelta) -> dict[str, Any]:
    """Send a message and read the answer; each phase may take `timeout`, the whole four times that.

    Raises Undelivered.
    """
    match message.destination:
        case NoticeWay.EMAIL:
            return send_mail(message, timeout)
        case NoticeWay.WECOM | NoticeWay.DINGTALK:
            return send_to_robot(client, message, timeout)
        case NoticeWay.WEBHOOK:
            return send_to_webhook(client, message, timeout)
    return _tell_system(client, message, timeout)


def _tell_system(client: httpx.Client, message: Row[Any], timeout: timedelta) -> dict[str, Any]:
    system, kind, url = message.destination, message.kind, system_url(message.destination)
    known = ANSWERS.get(system, {})
    if kind not in known:
        takes = ", ".join(known) or "nothing"
        raise Undelivered(f"对方系统不认识“{kind}” the {system} system takes {takes}", wait=None)
    if not url:
        raise Undelivered(f"未设置系统地址 {address_name(system)} is not set")
    answered = post(client, f"{url.rstrip('/')}/{kind}", message.payload, message.idempotency_key, timeout)
    try:
        return known[kind].model_validate_json(answered.body).model_dump(mode="json")
    except ValidationError as error:
        raise answered.not_understood("; ".join(map(str, problems_of(error)))) from None
