"""The SQL of care messages: occasions of customers, who is regular, what may leave, what became of it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.tables import care_message, message_opt_out, outbox
from schemas.tables.base import Json
from schemas.words import CareState, Occasion, OutboxState, TextState
from tasks.care.rules import MOBILE
from tasks.cycle.rules import at
from tasks.rounds.rules import Period
from tasks.unit.rows import encode, insertion

SMS = "sms"
_RIGHT = "coalesce((SELECT n.phone FROM phone_correction n WHERE n.wrong = told.phone), told.phone)"
_MOBILES = f"phone ~ '^{MOBILE}$'"
_OCCASIONS = text(f"""
    SELECT occasion, about, phone FROM (SELECT occasion, about, happened, {_RIGHT} AS phone FROM (
        SELECT CASE WHEN request ->> 'kind' = 'enquiry' THEN 'enquiry' ELSE 'closed' END AS occasion,
               number AS about, customer_phone AS phone, closed_at AS happened
        FROM service_case JOIN json_each(:closings) good ON good.key = process
        WHERE closed_at >= :since AND closed_at < :until AND good.value::jsonb ? ending
        UNION ALL SELECT 'deposit', c.number, customer_phone, recorded_at
        FROM payment p JOIN service_case c ON c.id = p.case_id
        WHERE p.kind = 'deposit' AND recorded_at >= :since AND recorded_at < :until
        UNION ALL SELECT 'contract', c.number, customer_phone, finished_at
        FROM service_case c JOIN ledger l ON l.case_id = c.id AND l.step_key = 'conclude' AND l.kind = 'step'
        WHERE c.process = 'SO' AND finished_at >= :since AND finished_at < :until
        UNION ALL SELECT 'registration', card_no, phone, registered_at
        FROM warranty_card JOIN customer ON customer.id = customer_id
        WHERE registered_at >= :since AND registered_at < :until
        UNION ALL SELECT 'delivery', order_no, customer_phone, max(signing_date)::timestamp AT TIME ZONE 'Asia/Shanghai'
        FROM sales_record WHERE signing_date BETWEEN :first AND :last GROUP BY 2, 3
    ) told) happened WHERE {_MOBILES} ORDER BY happened, occasion, about""").bindparams(
    bindparam("closings", type_=Json)
)
_REGULARS = text(f"""
    SELECT DISTINCT phone FROM (SELECT {_RIGHT} AS phone FROM (
        SELECT customer_phone AS phone FROM service_case WHERE opened_at >= :since AND opened_at < :until
        UNION ALL SELECT customer_phone FROM sales_record
        WHERE coalesce(signing_date, delivery_date, factory_date) BETWEEN :first AND :last
    ) told) known WHERE {_MOBILES} ORDER BY phone""")


def occasions(connection: Connection, days: Period, closings: Mapping[str, Sequence[str]]) -> Sequence[Row[Any]]:
    """Find what happened to customers on these days, in order; `closings` says by process which endings count."""
    return connection.execute(_OCCASIONS, _bounds(days) | {"closings": closings}).all()


def regulars(connection: Connection, days: Period) -> Sequence[str]:
    """Find the phones of customers with a case or an order in these days."""
    return connection.execute(_REGULARS, _bounds(days)).scalars().all()


def _bounds(days: Period) -> dict[str, date | datetime]:
    return {**days._asdict(), "since": at(days.first), "until": at(date.fromordinal(days.last.toordinal() + 1))}


def want(connection: Connection, messages: Sequence[dict[str, Any]]) -> list[Occasion]:
    """Write down the messages that are new, each occasion once; gives what these are about."""
    if not messages:
        return []
    written = insertion(care_message, tuple(messages[0]), if_missing=True).returning(care_message.c.occasion)
    new = connection.execute(written, {"rows": encode(care_message, messages)})
    return [Occasion(one) for one in new.scalars()]


def one_sender_at_a_time(connection: Connection) -> None:
    """Let nobody else want or send messages until the transaction ends; taken before either."""
    connection.execute(text(f"LOCK TABLE {care_message.name} IN SHARE ROW EXCLUSIVE MODE"))


def put_aside_older(connection: Connection) -> int:
    """Of what waits for a customer keep the latest."""
    later = care_message.alias()
    alike = later.c.phone == care_message.c.phone, later.c.state == CareState.WAITING
    return _end(connection, exists().where(*alike, later.c.id > care_message.c.id), CareState.REPLACED)


def put_aside_unwanted(connection: Connection) -> int:
    """End what waits for customers who want none."""
    unwanted = exists().where(message_opt_out.c.phone == care_message.c.phone)
    return _end(connection, unwanted, CareState.OPTED_OUT)


def _end(connection: Connection, which: Any, state: CareState) -> int:
    waiting = care_message.c.state == CareState.WAITING
    return connection.execute(update(care_message).where(waiting, which).values(state=state)).rowcount


def may_leave(connection: Connection, since: datetime) -> Sequence[Row[Any]]:
    """List what waits, but for customers whose last message has not left yet or left after `since`."""
    earlier = care_message.alias()
    left = or_(outbox.c.state == OutboxState.PENDING, func.coalesce(outbox.c.answered_at, earlier.c.sent_at) > since)
    last = select(earlier.c.id).join(outbox, outbox.c.id == earlier.c.outbox_id)
    recent = last.where(earlier.c.phone == care_message.c.phone, earlier.c.state == CareState.SENT, left).exists()
    return connection.execute(
        select(care_message).where(care_message.c.state == CareState.WAITING, ~recent).order_by(care_message.c.id)
    ).all()


def note_sent(connection: Connection, sent: Mapping[int, int], now: datetime) -> None:
    """Note under which number of the outbox each message left."""
    if sent:
        mine = update(care_message).where(care_message.c.id == bindparam("message"))
        noted = mine.values(state=CareState.SENT, sent_at=now, outbox_id=bindparam("letter"))
        connection.execute(noted, [{"message": message, "letter": letter} for message, letter in sent.items()])


def waiting(connection: Connection) -> int:
    """Count what waits."""
    waits = select(func.count()).select_from(care_message).where(care_message.c.state == CareState.WAITING)
    return int(connection.execute(waits).scalar_one())


def refused(connection: Connection, since: datetime) -> list[Row[Any]]:
    """List what the gateway did not take since then: phone, occasion, what that was, and the reason."""
    said = outbox.c.answer.op("->>")("reason").label("reason")
    told = select(*(care_message.c[name] for name in ("phone", "occasion", "about")), said)
    found = told.join(outbox, outbox.c.id == care_message.c.outbox_id)
    refusal = outbox.c.answer.op("->>")("state") == TextState.REFUSED.value
    return list(connection.execute(found.where(care_message.c.sent_at > since, refusal).order_by(care_message.c.id)))


def opt_out(connection: Connection, phone: str, staff: str, reason: str, now: datetime) -> None:
    """Note that a customer wants no messages; what waits or was not taken yet is sent no more."""
    since = {"since": now, "staff": staff, "reason": reason}
    noted = upsert(message_opt_out).values(phone=phone, **since)
    connection.execute(noted.on_conflict_do_update(index_elements=[message_opt_out.c.phone], set_=since))
    _end(connection, care_message.c.phone == phone, CareState.OPTED_OUT)
    on_its_way = outbox.c.destination == SMS, outbox.c.address == phone, outbox.c.case_id.is_(None)
    unsent = outbox.c.state.in_([OutboxState.PENDING, OutboxState.DEAD])
    dropped = {"state": OutboxState.DROPPED, "next_at": None, "last_error": CareState.OPTED_OUT.zh}
    connection.execute(update(outbox).where(*on_its_way, unsent).values(dropped))


def opt_in(connection: Connection, phone: str) -> None:
    """Note that a customer wants messages again."""
    connection.execute(delete(message_opt_out).where(message_opt_out.c.phone == phone))


def messages_of(connection: Connection, phone: str) -> Sequence[Row[Any]]:
    """List a customer's messages, the newest first, with what the outbox knows of them."""
    names = ("wanted_at", "occasion", "text", "state", "sent_at")
    told = select(*(care_message.c[name] for name in names), outbox.c.state.label("left"), outbox.c.answer)
    found = told.outerjoin(outbox, outbox.c.id == care_message.c.outbox_id).where(care_message.c.phone == phone)
    return connection.execute(found.order_by(care_message.c.id.desc())).all()


def opted_out(connection: Connection, phone: str) -> Row[Any] | None:
    """Say since when and why a customer wants no messages; None where that is not so."""
    return connection.execute(select(message_opt_out).where(message_opt_out.c.phone == phone)).first()
