"""The dispatcher (law 6): sends what is due, gives the answer to the case, then marks the message answered.

Killed at any point, the same message is sent again under the same idempotency key when the claim has run out;
the other system knows the key, and the case takes the first answer only. What cannot know a key gets a message at least
once: docs/notices.md says what that means for a robot and for e-mail.
"""

import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx
from sqlalchemy import Engine, Row

from schemas.answers import Answer
from schemas.problems import Unavailable
from schemas.words import Channel, EntryKind, OutboxState, Role
from tasks.durable import clock
from tasks.durable.stage import advance
from tasks.outbox import queries
from tasks.outbox.client import send
from tasks.outbox.post import Undelivered
from tasks.outbox.rules import DeliveryRules, opens_at
from tasks.unit.reading import reading

BATCH = 100  # messages of a round


def dispatch_due(db: Engine, client: httpx.Client) -> dict[str, OutboxState]:
    """Send what is due by now, at most a batch, each message once; any number of dispatchers may run.

    Gives by idempotency key what became of it: PENDING is what will be tried again. What another system does wrong is
    noted on its message, never raised. Who did not answer at all is asked once a round: what goes to others is not kept.
    """
    due, became, silent = clock.now(), dict[str, OutboxState](), set[str]()
    with reading(db) as connection:
        rules = queries.delivery_rules(connection)
    for _ in range(BATCH):
        with db.begin() as connection:
            message = queries.claim_next(connection, due, clock.now() + rules.claim, silent)
        if message is None:
            break
        became[message.idempotency_key] = _deliver(db, client, rules, message, silent)
    return became


def _deliver(
    db: Engine, client: httpx.Client, rules: DeliveryRules, message: Row[Any], silent: set[str]
) -> OutboxState:
    """Send one claimed message and note what came of it; not at an hour at which it must not leave."""
    if later := opens_at(message.hours, clock.now()):
        return _give_back(db, message, later)
    try:
        if message.attempts > rules.attempts:
            why = f"派发 {message.attempts - 1} 次均中断 each attempt was cut off: {message.last_error}"
            raise Undelivered(why, wait=None)
        answer = send(client, message, rules.timeout)
        _tell_case(db, message, answer)
    except Undelivered as error:
        silent |= {message.destination} if error.silent else set()
        return _note_failure(db, rules, message, error)
    except Unavailable:  # a leg has taken the case in hand since: come back to it, for the same answer
        return _give_back(db, message, clock.now())
    with db.begin() as connection:
        queries.settle(connection, message, answer, clock.now())
    return OutboxState.ANSWERED


def _give_back(db: Engine, message: Row[Any], next_at: datetime) -> OutboxState:
    with db.begin() as connection:
        queries.give_back(connection, message, next_at)
    return OutboxState.PENDING


def _note_failure(db: Engine, rules: DeliveryRules, message: Row[Any], error: Undelivered) -> OutboxState:
    """Postpone a message, or give it up where trying again is of no use or was tried often enough."""
    with db.begin() as connection:
        if error.wait is not None and message.attempts < rules.attempts:
            pause = rules.pause(message.attempts, random.random(), error.wait)
            queries.postpone(connection, message, clock.now() + pause, str(error))
            return OutboxState.PENDING
        queries.bury(connection, message, str(error), clock.now())
        return OutboxState.DEAD


def _tell_case(db: Engine, message: Row[Any], answer: Mapping[str, Any]) -> None:
    """Give the answer to the case that waits for it; the same answer again changes nothing.

    Raises Undelivered where the case did not take this one, or has another answer already, and Unavailable where a
    leg has the case in hand.
    """
    if message.answers is None or _is_known(db, message, answer):
        return
    given = Answer(message.answers, answer, Channel.SYSTEM, actor=Role.SYSTEM)
    try:
        why = "; ".join(map(str, advance(db, message.case_id, given, wait=False).reply.problems))
    except Unavailable:
        raise
    except Exception as fault:  # noqa: BLE001  the engine has noted it on the case; here only the answer counts
        why = repr(fault)
    if not _is_known(db, message, answer):
        raise Undelivered(f"单据未能接收答复 the case did not take the answer: {why}")


def _is_known(db: Engine, message: Row[Any], answer: Mapping[str, Any]) -> bool:
    """Say whether the case has this answer, or waits for none any more."""
    with reading(db) as connection:
        known = queries.awaited(connection, message.case_id, message.answers)
    if known.kind == EntryKind.DECISION and known.output != answer:
        raise Undelivered(f"答复前后不一 answered {known.output} before and {answer} now", wait=None)
    return not known.waits
