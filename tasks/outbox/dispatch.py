"""The dispatcher (law 6): sends what is due, gives the answer to the case, then marks the message answered.

Killed at any point, the same message is sent again under the same idempotency key when the claim has run out;
the other system knows the key, and the case takes the first answer only.
"""

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import Engine, Row

from schemas.problems import BadInput, NotFound, Problem
from schemas.words import Channel, OutboxState, Role
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.durable.question import Answer
from tasks.durable.stage import advance
from tasks.outbox import queries
from tasks.outbox.client import Answered, DeliveryError, OrderSystem, Rejected, Undelivered
from tasks.outbox.rules import DeliveryRules
from tasks.outbox.steps import system_url

BATCH = 100
SYSTEMS = {"order": OrderSystem}


@dataclass
class DispatchReport:
    """What a round of the dispatcher did, by idempotency key."""

    answered: list[str] = field(default_factory=list)
    postponed: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)


def dispatch_due(
    db: Engine, now: datetime | None = None, client: httpx.Client | None = None, limit: int = BATCH
) -> DispatchReport:
    """Send what is due at `now`, at most `limit` messages, each once; any number of dispatchers may run.

    What another system does wrong is noted on its message, never raised. Without a `client` one is made when
    there is something to send.
    """
    due, started, report = now or clock.now(), time.monotonic(), DispatchReport()

    def moment() -> datetime:
        return due + timedelta(seconds=time.monotonic() - started)

    with db.connect() as connection:
        rules = queries.delivery_rules(connection, shanghai_day(due))
    with ExitStack() as stack:
        for _ in range(limit):
            with db.begin() as connection:
                message = queries.claim_next(connection, due, moment() + rules.claim)
            if message is None:
                break
            client = client or stack.enter_context(httpx.Client())
            _deliver(db, client, rules, message, moment, report)
    return report


def retry(db: Engine, idempotency_key: str) -> None:
    """Send a dead message again, with all its attempts.

    Raises NotFound for an unknown key, BadInput where the message is not dead or no longer waited for.
    """
    with db.begin() as connection:
        message = queries.message_by_key(connection, idempotency_key)
        if message is None:
            raise NotFound(f"没有这条消息 no message has the key {idempotency_key}")
        if message.answers and not _waits(queries.awaited(connection, message.case_id, message.answers)):
            raise _refusal(idempotency_key, "本单不再等待这一答复 the case no longer waits for this answer")
        if not queries.revive(connection, idempotency_key, clock.now()):
            state = OutboxState(message.state).option
            raise _refusal(idempotency_key, f"{state}，只有发送失败的可重发 only dead ones are sent again")


def _refusal(key: str, expected: str) -> BadInput:
    return BadInput([Problem("消息 message", key, expected)])


def _deliver(
    db: Engine,
    client: httpx.Client,
    rules: DeliveryRules,
    message: Row[Any],
    moment: Callable[[], datetime],
    report: DispatchReport,
) -> None:
    """Send one claimed message and note what came of it."""
    try:
        if message.attempts > rules.attempts:
            raise Rejected(f"派发多次中断 cut off after {rules.attempts} attempts: {message.last_error}")
        answer = _system(client, message, rules).send(message.kind, message.payload, message.idempotency_key)
        _tell_case(db, message, answer)
    except DeliveryError as error:
        _note_failure(db, rules, message, error, moment(), report)
        return
    with db.begin() as connection:
        queries.settle(connection, message, answer.model_dump(mode="json"), moment())
    report.answered.append(message.idempotency_key)


def _system(client: httpx.Client, message: Row[Any], rules: DeliveryRules) -> OrderSystem:
    url, system = system_url(message.destination), SYSTEMS.get(message.destination)
    if system is None:
        raise Rejected(f"没有“{message.destination}”的客户端 no client speaks to {message.destination}")
    if not url:
        name = f"AFTERSALES_{message.destination.upper()}_SYSTEM_URL"
        raise Undelivered(f"未设置系统地址 {name} is not set")
    return system(client, url, rules.timeout)


def _note_failure(
    db: Engine, rules: DeliveryRules, message: Row[Any], error: DeliveryError, now: datetime, report: DispatchReport
) -> None:
    """Postpone a message, or give it up where trying again is of no use or was tried often enough."""
    with db.begin() as connection:
        if isinstance(error, Undelivered) and message.attempts < rules.attempts:
            pause = rules.pause(message.attempts, random.random(), error.wait)
            queries.postpone(connection, message, now + pause, str(error))
            report.postponed.append(message.idempotency_key)
        else:
            number = queries.case_number(connection, message.case_id)
            queries.bury(connection, message, number, str(error), now)
            report.dead.append(message.idempotency_key)


def _tell_case(db: Engine, message: Row[Any], answer: Answered) -> None:
    """Give the answer to the case that waits for it; the same answer again changes nothing.

    Raises Rejected where the case has another answer already, Undelivered where it did not take this one.
    """
    if message.answers is None or _is_known(db, message, answer):
        return
    given = Answer(message.answers, answer.model_dump(mode="json"), Channel.SYSTEM, actor=Role.SYSTEM)
    try:
        why = "; ".join(map(str, advance(db, message.case_id, given).reply.problems))
    except Exception as fault:  # noqa: BLE001  the engine has noted it on the case; here only the answer counts
        why = repr(fault)
    if not _is_known(db, message, answer):
        raise Undelivered(f"单据未能接收答复 the case did not take the answer: {why}")


def _is_known(db: Engine, message: Row[Any], answer: Answered) -> bool:
    """Say whether the case has this answer, or waits for none any more."""
    with db.connect() as connection:
        known = queries.awaited(connection, message.case_id, message.answers)
    if _waits(known):
        return False
    now = answer.model_dump(mode="json")
    if known.kind == "decision" and known.output != now:
        raise Rejected(f"答复前后不一 answered {known.output} before and {now} now")
    return True


def _waits(known: queries.Awaited) -> bool:
    return known.kind is None and not known.closed
