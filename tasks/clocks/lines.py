"""The clocks of a case's lines: explained whole, and as the sums that its sheet shows."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from schemas.shapes import LineTable
from schemas.words import OrderState, Role
from tasks.clocks.queries import clocked_lines, holiday_names, policies_since
from tasks.clocks.rules import Clock, Promised, Stop, clock_of
from tasks.control.rules import Reckoned
from tasks.cycle.queries import calendars
from tasks.cycle.rules import at, shanghai_day
from tasks.durable import clock

HEADINGS = ("行", "配件 Part", "轮次 Plan", "已用 Used wd", "暂停 Paused wd", "超期 Over wd", "应完成 Due", "完成 Made")
POLICY = "{day} 政策第 {version} 版生效，本单仍按第 {own} 版 policy {version} came into force: this case keeps {own}"
CANCELLED = "已取消，不计入按期率 cancelled: it counts in no rate"
LATER = "计划 {planned}，承诺不变 was planned for that day: the promise stays"


class LineClock(NamedTuple):
    """The clock of a line in one of its plans, what cycle control recorded of it, and what happened beside it."""

    line: Row[Any]
    clock: Clock
    notes: list[str]

    @property
    def recorded(self) -> Reckoned | None:
        """What cycle control recorded, once the case has ended; None before, and of what was withdrawn."""
        line = self.line
        return None if line.used is None else Reckoned(line.used, line.over, line.paused)


def line_clocks(connection: Connection, case_id: int) -> list[LineClock]:
    """Explain the clock of each line of a case, plan by plan."""
    lines = clocked_lines(connection, case_id)
    if not lines:
        return []
    first, today = min(shanghai_day(line.opened_at) for line in lines), shanghai_day(clock.now())
    names = holiday_names(connection, first, today)
    versions = policies_since(connection, first, today)
    found = _clocks(connection, lines, names)
    return [LineClock(line, explained, _notes(line, versions)) for line, explained in zip(lines, found, strict=True)]


def clock_table(connection: Connection, case_id: int) -> LineTable | None:
    """Show the sums of each line's clock; None for a case of which nothing is made."""
    lines = clocked_lines(connection, case_id)
    if not lines:
        return None
    rows = [_cells(line, one) for line, one in zip(lines, _clocks(connection, lines, {}), strict=True)]
    return LineTable(HEADINGS, rows)


def _cells(line: Row[Any], found: Clock) -> tuple[object, ...]:
    about = (line.line_no, f"**{line.part_name}** · {line.unit_name}", line.turn)
    if _never_made(line):
        return (*about, "", "", "", str(line.promised), OrderState.CANCELLED.zh)
    due = f"{found.due} 顺延 moved" if found.due != line.promised else str(found.due)
    used, over, paused = (str(days) for days in found.sums)
    made = OrderState.OPEN.zh if line.state == OrderState.OPEN else str(line.made_on)
    return (*about, f"{used}/{line.days}", paused, over, due, made)


def _clocks(connection: Connection, lines: Sequence[Row[Any]], names: Mapping[date, str]) -> list[Clock]:
    known, now = calendars(connection), clock.now()
    found, before = list[Clock](), dict[int, datetime]()
    for line in lines:
        plan = Promised(
            before=before.get(line.line_no, line.opened_at), begins=_begins(line), since=line.since, days=line.days,
            promised=line.promised, made_on=_ended_on(line), made_at=_ended_at(line), again=line.line_no in before,
        )  # fmt: skip
        found.append(clock_of(known[line.policy_version], names, plan, _stops(line), now))
        before[line.line_no] = found[-1].times[-1].ends if found[-1].times else plan.begins
    return found


def _never_made(line: Row[Any]) -> bool:
    return line.state == OrderState.CANCELLED and line.made_on is None


def _ended_on(line: Row[Any]) -> date | None:
    """Give the day on which all of it was made, of what never was that of its case's end; none while it runs."""
    if _never_made(line):
        return shanghai_day(line.closed_at) if line.closed_at else None
    made: date | None = None if line.state == OrderState.OPEN else line.made_on
    return made


def _ended_at(line: Row[Any]) -> datetime | None:
    ended: datetime | None = line.closed_at if _never_made(line) else line.made_at
    return ended


def _begins(line: Row[Any]) -> datetime:
    """Give the moment of the plan's confirmation; of what is counted from another day its beginning."""
    placed: datetime = line.placed_at
    return placed if shanghai_day(placed) == line.since else at(line.since)


def _stops(line: Row[Any]) -> list[Stop]:
    stops = []
    for begins, ends, title, role, key in line.stops or ():
        told = f"{title} {Role(role).zh}"
        stops.append(Stop(datetime.fromisoformat(begins), ends and datetime.fromisoformat(ends), told, key))
    return stops


def _notes(line: Row[Any], versions: Sequence[tuple[int, date]]) -> list[str]:
    later = [LATER.format(planned=line.planned)] if line.planned > line.promised else []
    until, own = _ended_on(line) or shanghai_day(clock.now()), line.policy_version
    changed = [POLICY.format(day=day, version=n, own=own) for n, day in versions if n != own and day <= until]
    return [*changed, *later, *([CANCELLED] if _never_made(line) else [])]
