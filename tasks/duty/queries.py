"""The SQL of the duty roster."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from schemas.forms.contacts import DutyPlan, Shift
from schemas.shapes import LineTable
from schemas.tables import document, duty, ledger, service_case
from schemas.words import DocumentKind
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock

CODE = "DR"
A_MONTH = timedelta(days=31)  # before today, so that the month's swaps can be counted


class Swap(NamedTuple):
    """A swap: the month of its shift, and its two parties."""

    month: str
    parties: set[str]


def roster(connection: Connection, _case_ids: Sequence[int] = ()) -> Sequence[Row[Any]]:
    """Load the duty roster of this month and of all days to come."""
    wanted = select(duty).where(duty.c.day >= shanghai_day(clock.now()) - A_MONTH)
    return connection.execute(wanted.order_by(duty.c.day, duty.c.staff)).all()


def on_roster(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Give those of today."""
    return [row for row in rows if row.day == shanghai_day(clock.now())]


def deputies(rows: Sequence[Row[Any]]) -> dict[str, str]:
    """Give who stands in today for whom on leave: "" where nobody does, or is away too."""
    away = {row.staff: row.deputy for row in on_roster(rows) if row.shift == Shift.LEAVE}
    return {staff: "" if deputy in away else deputy or "" for staff, deputy in away.items()}


def swaps(connection: Connection, _case_ids: Sequence[int] = ()) -> list[Swap]:
    """Load the swaps of shifts of this month and of those to come: from the papers of what was approved, and what waits."""
    papers = select(document.c.content).where(document.c.kind == DocumentKind.DUTY_SWAP)
    papers = papers.where(
        document.c.content[("lines", 0, "issued_on")].as_string() >= f"{shanghai_day(clock.now()):%Y-%m}"
    )
    lines = [line for content in connection.execute(papers).scalars() for line in content["lines"]]
    done = [Swap(line["issued_on"][:7], {line[one].split()[0] for one in ("on_duty", "was_on_duty")}) for line in lines]
    asked = select(ledger.c.output, service_case.c.request).join(service_case, service_case.c.id == ledger.c.case_id)
    asked = asked.where(service_case.c.process == CODE, service_case.c.closed_at.is_(None))
    waiting = connection.execute(asked.where(ledger.c.step_key == "other-party")).all()
    forms = [(DutyPlan.model_validate(row.request), row.output) for row in waiting if row.output]
    return done + [Swap(f"{form.lines[0].day:%Y-%m}", {form.applicant, other}) for form, other in forms]


def duty_table(connection: Connection, case_id: int) -> LineTable:
    """Show who is on duty when."""
    wanted = select(service_case.c.request).where(service_case.c.id == case_id)
    form = DutyPlan.model_validate(connection.execute(wanted).scalar_one())
    rows = [(str(line.day), line.shift.zh, line.on_duty, line.deputy) for line in form.lines]
    return LineTable(("日期 Day", "班次 Shift", "值班 On duty", "代理 Deputy"), rows)
