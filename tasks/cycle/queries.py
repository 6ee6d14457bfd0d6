"""The SQL of working time: holidays and cycle standards."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from sqlalchemy import Connection, select

from schemas.tables import cycle_standard, holiday
from tasks.cycle.rules import Calendar, Standard, standard_days
from tasks.durable.process import PROCESSES
from tasks.policies.queries import policies
from tasks.unit.work import Work


def holidays(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[date, bool]:
    """Load the days that are unlike their weekday: day → worked or not."""
    return {row.day: row.working for row in connection.execute(select(holiday.c.day, holiday.c.working))}


def standards(connection: Connection, _case_ids: Sequence[int] = ()) -> list[Standard]:
    """Load the cycle standards."""
    return [
        Standard(row.process, row.category, row.unit, row.urgency, row.days, row.valid_from, row.valid_to)
        for row in connection.execute(select(cycle_standard))
    ]


def standard(work: Work, category: str, unit: str) -> int | None:
    """Give the standard working days of the case's process and urgency today; None where there is no standard."""
    case, known = work.case, work.read(standards)
    codes = (case.process, *PROCESSES[case.process].family)
    days = (standard_days(known, code, category, unit, case.urgency, work.today) for code in codes)
    return next((found for found in days if found is not None), None)


def calendar(work: Work) -> Calendar:
    """Give the working calendar by the case's policy; a unit makes it once."""
    known, version = work.read(_calendars), work.case.policy_version
    if version not in known:
        known[version] = calendar_of(work.read(policies)[version], work.read(holidays))
    return known[version]


def calendar_of(policy: Mapping[str, Any], exceptions: Mapping[date, bool]) -> Calendar:
    """Make the working calendar of a policy version."""
    start, end = (time.fromisoformat(policy[key]) for key in ("work.start", "work.end"))
    return Calendar(exceptions, start, end)


def _calendars(_connection: Connection, _case_ids: Sequence[int]) -> dict[int, Calendar]:
    return {}  # by policy version, filled as they are needed
