"""What leaves the house (law 6): a row in the outbox, written with the step that wants it sent."""

import os
from collections.abc import Mapping
from typing import Any, NewType

from schemas.tables import outbox
from schemas.words import OutboxState
from tasks.unit.work import Work

MessageKey = NewType("MessageKey", str)


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
    key = MessageKey(f"{work.case.number}:{work.key}")
    answer = None if system_url(destination) else embedded_answer(destination, kind, payload)
    fate = {"state": OutboxState.PENDING, "next_at": work.now}
    if answer is not None:
        fate = {"state": OutboxState.ANSWERED, "answer": answer, "answered_at": work.now}
    message = {"idempotency_key": key, "destination": destination, "kind": kind, "payload": dict(payload)}
    work.insert(outbox, **message, answers=answers, created_at=work.now, **fate)
    if answers and answer is not None:
        work.answer(answers, "系统答复", answer)
    return key


def embedded_answer(destination: str, kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Answer as a small system of a group that has none connected: always the same to the same message."""
    match destination, kind:
        case "order", "place_order":
            return {"order_number": f"OS-{payload['case']}"}
        case "order", "cancel_order":
            return {"cancelled": payload["case"]}
    raise ValueError(f"no embedded counterpart for {destination}/{kind}: set its system URL")
