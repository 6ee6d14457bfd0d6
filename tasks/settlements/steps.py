"""Settle a period: take up what happened, hear objections, let FINANCE confirm, tell the finance system (DOMAIN; S0).

What is not ready when a period is taken up, a penalty that nobody has confirmed, goods that nobody has collected,
follows with the next one. Nothing is settled twice, however often or late a period is taken up.
"""

from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, Row

from schemas.forms.settlements import SettlementConfirmed, SettlementObjection, SettlementRuling
from schemas.problems import BadInput, NotFound, Problem
from schemas.words import Role, Verdict
from tasks.approvals.rules import reason_needed
from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import add_working_days_to_date, shanghai_day
from tasks.durable import clock
from tasks.outbox.steps import Letter, send_all
from tasks.people.queries import Person
from tasks.people.rights import SIGNER, signer_at_work
from tasks.policies.queries import setting_today
from tasks.rounds.rules import RECKONED, Cadence, Period, period_at
from tasks.settlements import queries
from tasks.settlements.rules import SettledWith, export_of, find_party, may_object, who_objects

MONTH, PARTY = "结算月份 month", "结算方 party"
NOT_YET = "{} 尚未汇总 is not settled yet"


def take_up(connection: Connection, period: Period) -> bool:
    """Take up a whole month that is over; False where that was done, or the days are none."""
    today = shanghai_day(clock.now())
    if period != period_at(Cadence.MONTH, period.first) or period.last >= today:
        return False
    days = setting_today(connection, "settlement.objection.days")
    return queries.collect(
        connection, period, clock.now(), add_working_days_to_date(calendar_today(connection), today, days)
    )


def object_to(db: Engine, form: SettlementObjection) -> str:
    """Note a party's objection, by somebody of it, within 5 working days; BadInput says what is wrong with it."""
    with db.begin() as connection:
        person, found = signer_at_work(connection, form.staff), _open_settlement(connection, form.month)
        party = _party(connection, found.last, form.party)
        if shanghai_day(clock.now()) > found.objections_until:
            expected = f"异议期至 {found.objections_until} 已过 objections were taken until then"
            raise BadInput([Problem(MONTH, form.month, expected)])
        if not may_object(person, party):
            raise BadInput([Problem(SIGNER, str(person), f"须为 must hold {who_objects(party)}")])
        said = {"staff": person.code, "reason": form.reason, "objected_at": clock.now()}
        if not queries.object_to_party_items(connection, found.last, party.kind, party.code, **said):
            raise BadInput([Problem(PARTY, form.party, "已提出异议 has objected already")])
        return f"{party.name} {found.first} – {found.last}"


def rule_on(db: Engine, form: SettlementRuling) -> str:
    """Decide on an objection, by a SUPERVISOR who did not raise it; BadInput says what is wrong."""
    with db.begin() as connection:
        person, found = _holder(connection, form.staff, Role.SUPERVISOR), _open_settlement(connection, form.month)
        if problems := reason_needed(form.reason, form.verdict == Verdict.REJECT, "不同意时必填 is required to refuse"):
            raise BadInput(problems)
        open_ones = [one for one in queries.objections(connection, found.last) if one.verdict is None]
        party = _party(connection, found.last, form.party)
        mine = next((one for one in open_ones if (one.party_kind, one.party) == (party.kind, party.code)), None)
        if mine is None:
            raise BadInput([Problem(PARTY, form.party, "没有待裁定的异议 has no objection that waits")])
        if mine.staff == person.code:
            raise BadInput([Problem(SIGNER, str(person), "不能裁定自己提出的异议 must not rule on an own objection")])
        queries.note_ruling(connection, mine, person.code, form.verdict, form.reason)
        return f"{party.name} {form.verdict.option}"


def confirm(db: Engine, form: SettlementConfirmed) -> str:
    """Confirm a settlement, by FINANCE, once nobody may object any more; the finance system is told in the same transaction."""
    with db.begin() as connection:
        person, found = _holder(connection, form.staff, Role.FINANCE), _open_settlement(connection, form.month)
        if waiting := [one.party for one in queries.objections(connection, found.last) if one.verdict is None]:
            raise BadInput([Problem(MONTH, form.month, f"异议待裁定 objections wait: {'、'.join(waiting)}")])
        if shanghai_day(clock.now()) <= found.objections_until:
            expected = f"异议期至 {found.objections_until} the parties may object until then"
            raise BadInput([Problem(MONTH, form.month, expected)])
        now, rows = clock.now(), queries.sums(connection, found.last)
        queries.note_confirmation(connection, found.last, person.code, now)
        payload = export_of(Period(found.first, found.last), rows)
        send_all(connection, [Letter(f"settlement:{found.last}", "finance", "", "book_settlement", payload)], now)
        return f"{found.first} – {found.last}"


def _holder(connection: Connection, staff: str, role: Role) -> Person:
    person = signer_at_work(connection, staff)
    if not person.holds(role):
        raise BadInput([Problem(SIGNER, str(person), f"须为{role.zh} must hold {role}")])
    return person


def _open_settlement(connection: Connection, day: date) -> Row[Any]:
    """Give the settlement of a day's month, which nobody has confirmed."""
    if not RECKONED[0] <= day <= RECKONED[1]:
        raise NotFound(NOT_YET.format(day))
    month = period_at(Cadence.MONTH, day)
    found = queries.settlement_of(connection, month.last)
    if found is None:
        raise NotFound(NOT_YET.format(f"{month.first:%Y-%m}"))
    if found.confirmed_at:
        raise BadInput([Problem(MONTH, day, f"已由 {found.confirmed_by} 确认 is confirmed already")])
    return found


def _party(connection: Connection, last: date, named: str) -> SettledWith:
    known = [SettledWith(row.party_kind, row.party, row.name) for row in queries.sums(connection, last)]
    if (party := find_party(known, named)) is None:
        listed = "、".join(one.name for one in known if one.code)
        raise BadInput([Problem(PARTY, named, f"本期没有此结算方，应为 must be one of {listed}")])
    return party
