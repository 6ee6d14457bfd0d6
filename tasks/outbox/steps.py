"""What leaves the house (law 6): a row in the outbox, written with the step that wants it sent."""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, NewType

from sqlalchemy import Connection

from schemas.tables import outbox
from schemas.words import NoticeWay, OutboxState, TextState
from tasks.outbox.queries import add_messages
from tasks.outbox.rules import is_account
from tasks.unit.work import Work

MessageKey = NewType("MessageKey", str)
NO_ACCOUNT = "账号校验不符，无此账户 the check digit is wrong: there is no such account"


class Letter(NamedTuple):
    """A message of no case: its own idempotency key, to whom by which way, what it says, in which hours it may leave."""

    idempotency_key: str
    destination: str
    address: str
    kind: str
    payload: Mapping[str, Any]
    hours: Sequence[str] | None = None


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
    key, fate = MessageKey(f"{work.case.number}:{work.key}"), _answered(work, destination, kind, payload, answers)
    message = {"idempotency_key": key, "destination": destination, "kind": kind, "payload": dict(payload)}
    work.insert(outbox, **message, answers=answers, created_at=work.now, **fate)
    return key


def send_again(
    work: Work, key: MessageKey, destination: str, kind: str, payload: Mapping[str, Any], answers: str
) -> MessageKey:
    """Send a message whose answer was a refusal once more, changed, under its own idempotency key."""
    fate = _answered(work, destination, kind, payload, answers)
    anew = {"payload": dict(payload), "answers": answers, "attempts": 0, "last_error": ""}
    work.update(outbox, {"idempotency_key": key}, **anew | fate)
    return key


def send_all(connection: Connection, letters: Sequence[Letter], now: datetime) -> list[int]:
    """Write messages of no case with the transaction that wants them sent; gives their ids, in order."""
    written = [
        letter._asdict() | {"created_at": now, **_fate(letter.destination, letter.kind, letter.payload, now)}
        for letter in letters
    ]
    return add_messages(connection, written)


def _answered(
    work: Work, destination: str, kind: str, payload: Mapping[str, Any], answers: str | None
) -> dict[str, Any]:
    """Give a message's fate; the embedded counterpart's answer goes to the question that waits for it."""
    fate = _fate(destination, kind, payload, work.now)
    if answers and fate["answer"] is not None:
        work.answer(answers, "系统答复", fate["answer"])
    return fate


def _fate(destination: str, kind: str, payload: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Have the embedded counterpart answer in this transaction, or the dispatcher send it."""
    if destination in set(NoticeWay) or system_url(destination):
        return {"state": OutboxState.PENDING, "next_at": now, "answer": None, "answered_at": None}
    answer = embedded_answer(destination, kind, payload)
    return {"state": OutboxState.ANSWERED, "next_at": None, "answer": answer, "answered_at": now}


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
        case "finance", "book_settlement":
            return {"booked": payload["last"]}
        case "sms", "send_text":
            return {"state": TextState.KEPT.value, "reference": "", "reason": ""}
    raise ValueError(f"no embedded counterpart for {destination}/{kind}: set its system URL")
