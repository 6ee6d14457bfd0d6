"""Safety stock: what is low each day, a proposal each month by what was consumed, confirmed by the PLANNER (S0)."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, Row

from schemas.forms.closing import SafeQuantity, SafetyConfirmed
from schemas.problems import BadInput, NotFound, Problem
from schemas.shapes import figure
from schemas.words import Role
from tasks.applications.queries import catalogue
from tasks.cycle.rules import at, shanghai_day
from tasks.durable import clock
from tasks.people.rights import SIGNER, signer_at_work
from tasks.policies.queries import setting_today
from tasks.rounds.pages import Listing, page_of
from tasks.rounds.queries import tell_role
from tasks.rounds.rules import Cadence, Period, months_until, period_at
from tasks.rounds.steps import Rounds
from tasks.safety import queries
from tasks.safety.rules import safe_quantity

MONTH, PART = "建议月份 month", "配件名称 part"
LOW = ("配件 Part", "结存 Quantity", "安全库存 Safety stock", "单位 Unit")
PROPOSED = ("配件 Part", "期内耗用 Consumed", "现行 In force", "建议 Proposed", "单位 Unit")
MOST_TOLD = 20


def low_listing(connection: Connection, day: date) -> Listing:
    """List what is at or below its safety stock at the end of a day, or now."""
    rows = queries.low_parts(connection, at(day + timedelta(days=1)), day)
    return Listing("低于安全库存 At or below safety stock", LOW, [_low(row) for row in rows])


def tell_planner(connection: Connection, day: date) -> None:
    """Report to the PLANNER what is at or below its safety stock; nothing where all is above."""
    rows = low_listing(connection, day).rows
    told = [f"- {name}：{quantity} / {safety} {uom}" for name, quantity, safety, uom in rows[:MOST_TOLD]]
    said = "\n".join([f"**低于安全库存 At or below safety stock** {len(rows)}", "", *told]) if rows else ""
    tell_role(connection, "safety-stock", Role.PLANNER, day, said, clock.now())


def propose(connection: Connection, period: Period) -> str:
    """Propose, for a month that is over, what is safe of each part that is consumed, by the months up to it."""
    values = [setting_today(connection, f"safety.{name}") for name in ("months", "cover_days")]
    months, cover_days = values
    if period == period_at(Cadence.MONTH, period.first) and period.last < shanghai_day(clock.now()):
        days = months_until(period.last, months)
        start, end = at(days.first), at(days.last + timedelta(days=1))
        many = (days.last - days.first).days + 1
        used = queries.consumed(connection, start, end, days.last)
        rows = [
            {"part": part, "consumed": some, "quantity": safe_quantity(some, many, cover_days)}
            for part, some in used.items()
        ]
        queries.keep_proposal(connection, period.last, rows)
    found = queries.proposal(connection, period, clock.now())
    _tell_waiting(connection, period.last)
    listed = [_proposed(row) for row in found]
    return page_of("安全库存建议 Safety stock proposed", period.last, Listing("建议 Proposed", PROPOSED, listed))


PROPOSING = Rounds("安全库存建议", Cadence.MONTH, propose, catch_up=False)


def confirm_safety(db: Engine, form: SafetyConfirmed) -> str:
    """Let a month's proposal be in force, with what the PLANNER wants otherwise; BadInput says what is wrong."""
    month, now = period_at(Cadence.MONTH, form.month), clock.now()
    with db.begin() as connection:
        person = signer_at_work(connection, form.staff)
        if not person.holds(Role.PLANNER):
            expected = f"须为{Role.PLANNER.zh} must hold {Role.PLANNER}"
            raise BadInput([Problem(SIGNER, str(person), expected)])
        proposed = queries.hold_proposal(connection, month.last)
        if not proposed:
            raise NotFound(f"{month.last:%Y-%m} 没有安全库存建议 nothing was proposed for that month")
        if confirmed := proposed[0].confirmed_at:
            expected = f"已于 {shanghai_day(confirmed)} 确认 was confirmed then"
            raise BadInput([Problem(MONTH, form.month, expected)])
        if (later := queries.last_confirmed(connection)) > month.last:
            raise BadInput([Problem(MONTH, form.month, f"{later:%Y-%m} 已确认 a later month was confirmed")])
        chosen = {row.part: row.quantity for row in proposed} | _otherwise(connection, form.lines)
        said = {"set_at": now, "staff": person.code, "source": f"{month.last:%Y-%m} 安全库存建议"}
        rows = [{"part": part, "quantity": quantity, **said} for part, quantity in chosen.items()]
        queries.set_safe(connection, month.last, rows, now)
        _tell_waiting(connection, month.last)
        return f"{month.last:%Y-%m}：{len(rows)} 种 parts"


def _tell_waiting(connection: Connection, last: date) -> None:
    """Tell the PLANNER which proposals wait, whichever month was looked at."""
    waits = "，".join(f"{row.last:%Y-%m} · {row.parts}" for row in queries.waiting(connection))
    told = f"安全库存建议待确认 A proposal of safety stock waits: {waits}" if waits else ""
    tell_role(connection, "safety-proposal", Role.PLANNER, last, told, clock.now())


def _otherwise(connection: Connection, lines: Sequence[SafeQuantity]) -> dict[str, Decimal]:
    """Read what is to be otherwise than proposed: part → quantity; BadInput names what is no part, or comes twice."""
    known, chosen, problems = catalogue(connection), dict[str, Decimal](), list[Problem]()
    for row, line in enumerate(lines, start=1):
        code = known[line.part].code if line.part in known else None
        if code is None or code in chosen:
            expected = "没有这种标准配件 is no standard part" if code is None else "重复 occurs twice"
            problems.append(Problem(PART, line.part, expected, row))
        else:
            chosen[code] = line.quantity
    if problems:
        raise BadInput(problems)
    return chosen


def _low(row: Row[Any]) -> tuple[str, ...]:
    return (f"{row.name} {row.code}", figure(row.quantity), figure(row.safety), row.uom)


def _proposed(row: Row[Any]) -> tuple[str, ...]:
    return (f"{row.name} {row.part}", *map(figure, (row.consumed, row.safety, row.quantity)), row.uom)
