"""What leaves the house (law 6): a row in the outbox, written with the step that wants it sent."""

import os
from collections.abc import Mapping
from typing import Any, NewType

from schemas.tables import outbox
from schemas.words import OutboxState
from tasks.outbox.rules import is_account
from tasks.unit.work import Work

MessageKey = NewType("MessageKey", str)
NO_ACCOUNT = "账号校验不符，无此账户 the check digit is wrong: there is no such account"


def system_url(destination: str) -> str:
    """Give the address of another system; empty where the embedded counterpart answers."""
    return os.environ.get(address_name(destination), "")


def address_name(destination: str) -> str:
    """Name the environment variable with the address of another system."""
    return f"AFTERSALES_{destination.upper()}_SYSTEM_URL"


def send(work: Work, destination: str, kind: str, payload: Mapping[str, Any], answers: str | None = None) -> MessageKey:
    """Write a message with its idempotency key (case + step), which is returned.

    `answers` names the question that the other system's answer decides. The embedded counterpart answers in
    this transaction; another one is sent to by the dispatcher.
    """
    key, fate = MessageKey(f"{work.case.number}:{work.key}"), _fate(work, destination, kind, payload, answers)
    message = {"idempotency_key": key, "destination": destination, "kind": kind, "payload": dict(payload)}
    work.insert(outbox, **message, answers=answers, created_at=work.now, **fate)
    return key


def send_again(
    work: Work, key: MessageKey, destination: str, kind: str, payload: Mapping[str, Any], answers: str
) -> MessageKey:
    """Send a message whose answer was a refusal once more, changed, under its own idempotency key."""
    fate = _fate(work, destination, kind, payload, answers)
    anew = {"payload": dict(payload), "answers": answers, "attempts": 0, "last_error": ""}
    work.update(outbox, {"idempotency_key": key}, **{"answer": None, "answered_at": None} | anew | fate)
    return key


def _fate(work: Work, destination: str, kind: str, payload: Mapping[str, Any], answers: str | None) -> dict[str, Any]:
    """Have the embedded counterpart answer in this transaction, or the dispatcher send it."""
    answer = None if system_url(destination) else embedded_answer(destination, kind, payload)
    if answer is None:
        return {"state": OutboxState.PENDING, "next_at": work.now}
    if answers:
        work.answer(answers, "系统答复", answer)
    return {"state": OutboxState.ANSWERED, "next_at": None, "answer": answer, "answered_at": work.now}


def embedded_answer(destination: str, kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Answer as a small system of a group that has none connected: always the same to the same message."""
    match destination, kind:
        case "order", "place_order":
            return {"order_number": f"OS-{payload['case']}"}
        case "order", "cancel_order":
            return {"cancelled": payload["case"]}
        case "order", "change_order":
            return {"changed": payload["case"]}
        case "finance", "pay_refund":  # it hands payments to the bank, whose list says what was paid
            known = is_account(payload["account"])
            return {"state": "accepted" if known else "refused", "reference": "", "reason": "" if known else NO_ACCOUNT}
    raise ValueError(f"no embedded counterpart for {destination}/{kind}: set its system URL")
