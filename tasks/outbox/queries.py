"""The SQL of the outbox: who sends which message when, what came back, and what a person must see."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Update, and_, exists, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.tables import feed, ledger, notice, outbox, service_case
from schemas.words import OutboxState, Role
from tasks.durable.lease import is_held
from tasks.outbox.rules import DeliveryRules
from tasks.policies.queries import settings_today

SEES_DEAD_LETTERS = (Role.SUPERVISOR, Role.ENGINEER)


def delivery_rules(connection: Connection) -> DeliveryRules:
    """Load today's rules of delivery."""
    values = settings_today(connection)
    keys = ("outbox.timeout_s", "outbox.backoff_s")
    timeout, backoff = (timedelta(seconds=float(values[key])) for key in keys)
    return DeliveryRules(int(values["outbox.attempts"]), timeout, backoff)


def claim_next(connection: Connection, due: datetime, until: datetime, silent: Collection[str] = ()) -> Row[Any] | None:
    """Take the message that is due longest, with its case's `number`, for this dispatcher alone until `until`.

    The attempt is counted. Messages of a case to one destination go in their order: a cancellation waits for the order
    before it; those of no case to one address, too: who hangs is not tried with the next one meanwhile. One whose
    answer its case could not take, for a leg has that in hand, is left for later; so is what goes to a `silent` one.
    """
    one, other, pending = outbox.alias(), outbox.alias(), OutboxState.PENDING
    alike = other.c.destination == one.c.destination, other.c.id < one.c.id, other.c.state == pending
    before = exists().where(*alike, other.c.case_id == one.c.case_id)
    of_none = and_(other.c.case_id.is_(None), other.c.address == one.c.address)
    ahead = and_(one.c.case_id.is_(None), exists().where(*alike, of_none))
    due_now = one.c.state == pending, one.c.next_at <= due, ~before, ~ahead
    free = and_(or_(one.c.answers.is_(None), ~is_held(one.c.case_id)), one.c.destination.not_in(silent))
    first = select(one.c.id).where(*due_now, free).order_by(one.c.next_at, one.c.id).limit(1)
    claimed = update(outbox).where(outbox.c.id == first.with_for_update(skip_locked=True).scalar_subquery())
    number = select(service_case.c.number).where(service_case.c.id == outbox.c.case_id).scalar_subquery()
    taken = claimed.values(attempts=outbox.c.attempts + 1, next_at=until).returning(outbox, number.label("number"))
    return connection.execute(taken).first()


def add_messages(connection: Connection, messages: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write messages; gives their ids, in order."""
    written = insert(outbox).returning(outbox.c.id, sort_by_parameter_order=True)
    return list(connection.execute(written, list(map(dict, messages))).scalars()) if messages else []


def settle(connection: Connection, message: Row[Any], answer: Mapping[str, Any], now: datetime) -> None:
    """Mark a message as answered."""
    done = {"state": OutboxState.ANSWERED, "next_at": None, "answer": dict(answer), "answered_at": now}
    mine = update(outbox).where(outbox.c.id == message.id, outbox.c.state == OutboxState.PENDING)
    connection.execute(mine.values(last_error="", **done))


def give_back(connection: Connection, message: Row[Any], next_at: datetime) -> None:
    """Let a message be claimed again from then on, the attempt not counted."""
    connection.execute(_still_mine(message).values(next_at=next_at, attempts=message.attempts - 1))


def postpone(connection: Connection, message: Row[Any], next_at: datetime, error: str) -> None:
    """Note why a message was not taken and when to try again, unless another dispatcher has it by now."""
    connection.execute(_still_mine(message).values(next_at=next_at, last_error=error))


def _still_mine(message: Row[Any]) -> Update:
    mine = (outbox.c.id == message.id, outbox.c.state == OutboxState.PENDING, outbox.c.attempts == message.attempts)
    return update(outbox).where(*mine)


def bury(connection: Connection, message: Row[Any], error: str, now: datetime) -> None:
    """Give a message up, unless another dispatcher has it by now; who must see it has it in the inbox from now on.

    Where it is of a case they are told too; of one that told them something they are not, or that would have no end.
    """
    dead = _still_mine(message).values(state=OutboxState.DEAD, next_at=None, last_error=error)
    if connection.execute(dead.returning(outbox.c.id)).first() is None or message.case_id is None:
        return
    what = f"{message.destination}/{message.kind}"
    text = f"{message.number} 发送失败，需人工处理 the message {what} is given up, a person must look: {error}"
    place = {"case_id": message.case_id, "step_key": message.step_key, "text": text, "sent_at": now}
    told = [place | {"kind": f"dead-letter:{role}", "role": role} for role in SEES_DEAD_LETTERS]
    connection.execute(insert(notice).values(told))


def dead_letters(connection: Connection, most: int) -> Sequence[Row[Any]]:
    """List the messages that were given up and that nobody has settled, the newest first; with how to reach the customer."""
    names = ("id", "destination", "address", "kind", "attempts", "last_error", "created_at")
    reached = (func.coalesce(service_case.c[name], "").label(name) for name in ("customer_phone", "customer_address"))
    dead = select(*(outbox.c[name] for name in names), service_case.c.number, *reached)
    given_up = dead.outerjoin(service_case, service_case.c.id == outbox.c.case_id)
    wanted = given_up.where(outbox.c.state == OutboxState.DEAD).order_by(outbox.c.id.desc()).limit(most)
    return connection.execute(wanted).all()


def held_dead(connection: Connection, message_id: int) -> Row[Any] | None:
    """Take a message that was given up; `overtaken`: its case is closed, or has sent another there since."""
    later = outbox.alias()
    alike = later.c.case_id == outbox.c.case_id, later.c.destination == outbox.c.destination
    since = exists().where(*alike, later.c.id > outbox.c.id)
    closed = exists().where(service_case.c.id == outbox.c.case_id, service_case.c.closed_at.is_not(None))
    mine = outbox.c.id == message_id, outbox.c.state == OutboxState.DEAD
    wanted = select(outbox, or_(since, closed).label("overtaken")).where(*mine)
    return connection.execute(wanted.with_for_update(of=outbox)).first()


def revive(connection: Connection, message_id: int, now: datetime) -> None:
    """Let a message be sent again as if it had never been tried."""
    anew = {"state": OutboxState.PENDING, "next_at": now, "attempts": 0}
    connection.execute(update(outbox).where(outbox.c.id == message_id).values(anew))


def drop_message(connection: Connection, message_id: int, why: str) -> None:
    """Give a message up for good."""
    dropped = {"state": OutboxState.DROPPED, "next_at": None, "last_error": why}
    connection.execute(update(outbox).where(outbox.c.id == message_id).values(dropped))


def awaited(connection: Connection, case_id: int, key: str) -> Row[Any]:
    """Look up the question that a message answers: if its case still `waits`, else the ledger's `kind` and `output`."""
    waits = (service_case.c.closed_at.is_(None) & ledger.c.kind.is_(None)).label("waits")
    return connection.execute(
        select(waits, ledger.c.kind, ledger.c.output)
        .select_from(service_case)
        .outerjoin(ledger, (ledger.c.case_id == service_case.c.id) & (ledger.c.step_key == key))
        .where(service_case.c.id == case_id)
    ).one()


def feed_of(connection: Connection, system: str, kind: str) -> tuple[str, dict[str, Any]]:
    """Give the cursor after which a system is asked for what changed, and which of its records wait to be right.

    Until the transaction ends nobody else changes them.
    """
    mine = (feed.c.system == system) & (feed.c.kind == kind)
    row = connection.execute(select(feed.c.cursor, feed.c.sent_back).where(mine).with_for_update()).first()
    return (row.cursor, dict(row.sent_back)) if row else ("", {})


def keep_feed(
    connection: Connection, system: str, kind: str, cursor: str, sent_back: Mapping[str, Any], now: datetime
) -> None:
    """Keep both."""
    kept = {"cursor": cursor, "sent_back": dict(sent_back), "kept_at": now}
    written = upsert(feed).values(system=system, kind=kind, **kept)
    connection.execute(written.on_conflict_do_update(index_elements=[feed.c.system, feed.c.kind], set_=kept))
