"""The SQL of the duty roster."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from schemas.forms.contacts import DutyPlan
from schemas.shapes import LineTable
from schemas.tables import duty, service_case
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock

A_MONTH = timedelta(days=31)  # before today, so that the month's swaps can be counted


def roster(connection: Connection, _case_ids: Sequence[int] = ()) -> Sequence[Row[Any]]:
    """Load the duty roster of this month and of all days to come."""
    wanted = select(duty).where(duty.c.day >= shanghai_day(clock.now()) - A_MONTH)
    return connection.execute(wanted.order_by(duty.c.day, duty.c.staff)).all()


def on_roster(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Give those of today."""
    return [row for row in rows if row.day == shanghai_day(clock.now())]


def duty_table(connection: Connection, case_id: int) -> LineTable:
    """Show who is on duty when."""
    wanted = select(service_case.c.request).where(service_case.c.id == case_id)
    form = DutyPlan.model_validate(connection.execute(wanted).scalar_one())
    rows = [(str(line.day), line.shift.zh, line.on_duty, line.deputy) for line in form.lines]
    return LineTable(("日期 Day", "班次 Shift", "值班 On duty", "代理 Deputy"), rows)
