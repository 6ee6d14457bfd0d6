"""The SQL of working time: holidays and cycle standards."""

from collections.abc import Sequence
from datetime import date, time
from fractions import Fraction
from math import ceil

from sqlalchemy import Connection, func, select

from schemas.tables import cycle_standard, holiday
from schemas.words import Urgency
from tasks.cycle.rules import Calendar, Standard, shanghai_day, standard_days
from tasks.durable import clock
from tasks.durable.process import PROCESSES
from tasks.policies.queries import begun_by, policies, policy_versions, setting
from tasks.unit.kept import kept
from tasks.unit.work import Work


@kept
def standards(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[tuple[str, str, str], list[Standard]]:
    """Load the cycle standards by process, part category and urgency."""
    found: dict[tuple[str, str, str], list[Standard]] = {}
    for row in connection.execute(select(*(cycle_standard.c[name] for name in Standard._fields))):
        found.setdefault((row.process, row.category, row.urgency), []).append(Standard(*row))
    return found


def standard(work: Work, category: str, unit: str) -> int | None:
    """Give the standard working days of the case's process and urgency today; None where there is no standard.

    What is urgent and has none of its own has its share of the normal ones (DOMAIN 4).
    """
    days = _standard(work, category, unit, work.case.urgency)
    if days is None and work.case.urgency == Urgency.URGENT:
        normal = _standard(work, category, unit, Urgency.NORMAL)
        return None if normal is None else ceil(normal * Fraction(setting(work, "urgent.share")))
    return days


def _standard(work: Work, category: str, unit: str, urgency: str) -> int | None:
    case, known = work.case, work.read(standards)
    codes = (case.process, *PROCESSES[case.process].family)
    own = ((code, known.get((code, category, urgency), ())) for code in codes)
    days = (standard_days(listed, code, category, unit, urgency, work.today) for code, listed in own)
    return next((found for found in days if found is not None), None)


@kept
def calendars(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[int, Calendar]:
    """Load the working calendar of each policy version: its hours, and the days that are unlike their weekday."""
    columns = func.array_agg(holiday.c.day), func.array_agg(holiday.c.working)
    days, working = connection.execute(select(*columns)).one()
    exceptions = dict(zip(days or (), working or (), strict=True))
    return {
        version: Calendar(exceptions, *(time.fromisoformat(values[key]) for key in ("work.start", "work.end")))
        for version, values in policies(connection).items()
    }


def calendar(work: Work) -> Calendar:
    """Give the working calendar by the case's policy."""
    return work.read(calendars)[work.case.policy_version]


@kept
def _calendars_begun(connection: Connection, _case_ids: Sequence[int] = ()) -> list[tuple[date, int, Calendar]]:
    begun = policy_versions(connection)
    known = calendars(connection)  # read last: it has all that have begun
    return [(valid_from, version, known[version]) for valid_from, version, _ in begun]


def calendar_today(connection: Connection) -> Calendar:
    """Give the working calendar by the policies that are valid today."""
    _, found = begun_by(_calendars_begun(connection), shanghai_day(clock.now()))
    return found
