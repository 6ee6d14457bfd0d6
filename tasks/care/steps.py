"""Care messages 温馨短信: what is wanted, what may leave, who wants none (DOMAIN, "Scheduled work"; S1 1.4.2).

At most one a week and customer: what is held back waits, the latest replaces those before it. They leave through the
outbox, at its hours; the gateway's word stays there.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from schemas.forms.messages import MessageWish, OptOut
from schemas.problems import BadInput
from schemas.shapes import LineTable
from schemas.words import CareState, Occasion, OutboxState
from tasks.applications.warranty import add_months
from tasks.care import queries
from tasks.care.rules import Released, days_looked_at, fate_of, greeting_page, mobile_problem, round_page
from tasks.customers.file import Customer, section
from tasks.durable import clock
from tasks.lookups.rules import Columns, table_of
from tasks.outbox.rules import opens_at
from tasks.outbox.steps import Letter, send_all
from tasks.people.queries import Seen
from tasks.people.rights import signer_at_work
from tasks.policies.queries import settings_today
from tasks.privacy.rules import mask_phone
from tasks.rounds.rules import Cadence, Period
from tasks.rounds.steps import Rounds

MESSAGES: Columns = {
    "时间 When": "at",
    "事由 Occasion": "occasion",
    "内容 Text": "text",
    "状态 State": "state",
    "发出 Sent": "sent_at",
}


def care_round(connection: Connection, period: Period) -> str:
    """Want a message for what happened lately, then send what may leave; gives what staff read of it."""
    queries.one_sender_at_a_time(connection)
    policy = settings_today(connection)
    days = days_looked_at(period, policy["care.look_back_days"])
    found = queries.occasions(connection, days, policy["care.closings"])
    wanted = _want(connection, policy, [(Occasion(row.occasion), row.about, row.phone) for row in found])
    released = release(connection, policy, clock.now())
    refused = queries.refused(connection, clock.now() - timedelta(days=policy["care.look_back_days"]))
    return round_page(period, wanted, released, refused)


def greet_round(connection: Connection, period: Period) -> str:
    """Want a greeting for every regular customer; the daily rounds send them."""
    policy = settings_today(connection)
    known = Period(add_months(period.last, -policy["care.regular_months"]), period.last)
    phones = queries.regulars(connection, known)
    wanted = _want(connection, policy, [(Occasion.REGULAR, str(period.last), phone) for phone in phones])
    return greeting_page(period.last, wanted.total())


ROUNDS = Rounds("care", Cadence.DAY, care_round, catch_up=False)
GREETINGS = Rounds("care-regular", Cadence.HALF_YEAR, greet_round, catch_up=False)


def _want(connection: Connection, policy: dict[str, Any], found: list[tuple[Occasion, str, str]]) -> Counter[Occasion]:
    now = clock.now()
    return Counter(
        queries.want(
            connection,
            [
                {"occasion": occasion, "about": about, "phone": phone, "text": policy[f"care.text.{occasion}"]}
                | {"state": CareState.WAITING, "wanted_at": now}
                for occasion, about, phone in found
            ],
        )
    )


def release(connection: Connection, policy: dict[str, Any], now: datetime) -> Released:
    """Send what may leave now, while the messages are held."""
    replaced, opted_out = queries.put_aside_older(connection), queries.put_aside_unwanted(connection)
    hours, sent = policy["care.hours"], dict[int, int]()
    if not opens_at(hours, now):
        leaving = queries.may_leave(connection, now - timedelta(days=policy["care.days_between"]))
        letters = [_letter(one.id, one.phone, one.text, hours) for one in leaving]
        sent = dict(zip((one.id for one in leaving), send_all(connection, letters, now), strict=True))
        queries.note_sent(connection, sent, now)
    return Released(len(sent), queries.waiting(connection), replaced, opted_out)


def _letter(message: int, phone: str, text: str, hours: list[str]) -> Letter:
    return Letter(f"care:{message}", queries.SMS, phone, "send_text", {"phone": phone, "text": text}, hours)


def set_wish(db: Engine, form: OptOut) -> str:
    """Note that a customer wants no messages, or wants them again; says so. BadInput where no phone gets any."""
    phone = form.customer_phone
    with db.begin() as connection:
        person = signer_at_work(connection, form.staff)
        if wrong := mobile_problem(str(OptOut.model_fields["customer_phone"].alias), phone):
            raise BadInput([wrong])
        if form.wish is MessageWish.RESUME:
            queries.opt_in(connection, phone)
            return f"{mask_phone(phone)} 恢复接收温馨短信 gets care messages again"
        queries.opt_out(connection, phone, person.code, form.reason, clock.now())
    return f"{mask_phone(phone)} 已退订，不再发送 gets no care messages any more"


@section("messages", "温馨短信 Care messages", internal=True)
def messages_section(connection: Connection, customer: Customer, _seen: Seen) -> LineTable:
    """List a customer's messages with what became of them; first, that it wants none."""
    rows = [_shown(row) for row in queries.messages_of(connection, customer.phone)]
    if out := queries.opted_out(connection, customer.phone):
        rows.insert(0, {"at": out.since, "occasion": "退订", "text": out.reason, "state": "不再发送", "sent_at": ""})
    return table_of(MESSAGES, rows)


def _shown(row: Any) -> dict[str, Any]:
    left = OutboxState(row.left) if row.left else None
    fate = fate_of(CareState(row.state), left, row.answer)
    when = {"at": row.wanted_at, "sent_at": row.sent_at or ""}
    return when | {"occasion": Occasion(row.occasion), "text": row.text, "state": fate}
