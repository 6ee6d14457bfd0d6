"""What the clock of a line counted and what it did not, and why (DOMAIN 4); pure.

Two counts of the same time. Days are what terms are made of and what cycle control records: whole working days after
that of the plan, but for those on which office or customer were waited for. Times are the hours worked in between.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from typing import NamedTuple

from schemas.forms.cycles import Pause
from schemas.words import Labelled
from tasks.control.rules import Reckoned, reckon
from tasks.cycle.rules import Calendar, add_working_days_to_date, at, is_working_day, shanghai_day
from tasks.cycle.worktime import Span

_ONE_DAY = timedelta(days=1)
WEEKEND = "周末 weekend"


class Why(Labelled):
    """Why a stretch of time counts or does not."""

    UNPLANNED = "unplanned", "尚未计划"
    REPLANNED = "replanned", "重新计划"
    PLANNED = "planned", "计划当日，次日起计"
    COUNTED = "counted", "计时"
    WAITING = "waiting", "暂停等待"
    REST = "rest", "休息日"
    OFF_HOURS = "off_hours", "非工作时间"


class Stop(NamedTuple):
    """The clock stood still from a moment on, until another or still; `what` was waited for, at the question `key`."""

    begins: datetime
    ends: datetime | None
    what: str
    key: str

    @property
    def pause(self) -> Pause:
        """The days on which it stood still."""
        return Pause(start=shanghai_day(self.begins), end=self.ends and shanghai_day(self.ends))


class ClockDays(NamedTuple):
    """Days that follow each other, both included, all for the same reason; `counted` of them on the clock."""

    first: date
    last: date
    why: Why
    note: str
    counted: int


class Stretch(NamedTuple):
    """The time between two moments, all for the same reason."""

    begins: datetime
    ends: datetime
    why: Why
    note: str

    @property
    def counted(self) -> timedelta:
        """What of it is on the clock."""
        return self.ends - self.begins if self.why is Why.COUNTED else timedelta()


class Promised(NamedTuple):
    """What a line is measured by: from which day on, within how many working days, by which day; when it was made.

    before   when the time before the plan began: the case's receipt, or the end of the plan before
    """

    before: datetime
    begins: datetime
    since: date
    days: int
    promised: date
    made_on: date | None
    made_at: datetime | None
    again: bool = False


class Clock(NamedTuple):
    """The clock of a line: the days and the times that were counted and those that were not, and their sums.

    due   the promised day, moved by the days that the clock stood still
    """

    days: list[ClockDays]
    times: list[Stretch]
    sums: Reckoned
    due: date
    worked: timedelta


def clock_of(
    calendar: Calendar, names: Mapping[date, str], line: Promised, stops: Sequence[Stop], now: datetime
) -> Clock:
    """Explain the clock of a line; `names` are of holidays. It runs until the line is made, else until now."""
    until = line.made_on or max(shanghai_day(now), line.since)
    ends = max(line.begins, _end_of(calendar, line, now))
    sums = reckon(calendar, [stop.pause for stop in stops], line.since, line.promised, until)
    times = times_of_clock(calendar, names, Span(line.begins, ends), stops)
    return Clock(
        days=[*_before(line), *days_of_clock(calendar, names, line.since, until, stops)],
        times=times,
        sums=sums,
        due=add_working_days_to_date(calendar, line.promised, sums.paused),
        worked=sum((stretch.counted for stretch in times), timedelta()),
    )


def _end_of(calendar: Calendar, line: Promised, now: datetime) -> datetime:
    """Give the moment at which a clock stopped; of what is only known by its day the end of that day's work."""
    if line.made_on is None:
        return now
    return line.made_at or min(at(line.made_on, calendar.end), now)


def _before(line: Promised) -> list[ClockDays]:
    """Tell of the days before the plan, and of its own: no clock counts them."""
    before, why = shanghai_day(line.before), Why.REPLANNED if line.again else Why.UNPLANNED
    waited = [ClockDays(before, line.since - _ONE_DAY, why, "", 0)] if before < line.since else []
    return [*waited, ClockDays(line.since, line.since, Why.PLANNED, "", 0)]


def days_of_clock(
    calendar: Calendar, names: Mapping[date, str], since: date, until: date, stops: Sequence[Stop]
) -> list[ClockDays]:
    """Divide the days after one up to another by why they count or do not."""
    each = [since + timedelta(days=n) for n in range(1, (until - since).days + 1)]
    told = [(day, *_why_day(calendar, names, day, stops)) for day in each]
    found = []
    for (why, note), of_same in groupby(told, key=lambda one: one[1:]):
        days = [day for day, *_ in of_same]
        found.append(ClockDays(days[0], days[-1], why, note, len(days) if why is Why.COUNTED else 0))
    return found


def _why_day(calendar: Calendar, names: Mapping[date, str], day: date, stops: Sequence[Stop]) -> tuple[Why, str]:
    if not is_working_day(calendar, day):
        return Why.REST, names.get(day, WEEKEND)
    still = [stop for stop in stops if stop.pause.start < day <= (stop.pause.end or day)]
    return (Why.WAITING, _named(still)) if still else (Why.COUNTED, "")


def times_of_clock(calendar: Calendar, names: Mapping[date, str], span: Span, stops: Sequence[Stop]) -> list[Stretch]:
    """Divide the time between two moments by why it counts or does not; nothing is left out, nothing is there twice."""
    cuts = {span.begins, span.ends}
    day = shanghai_day(span.begins)
    while day <= shanghai_day(span.ends):
        cuts |= {at(day), at(day, calendar.start), at(day, calendar.end)}
        day += _ONE_DAY
    cuts |= {moment for stop in stops for moment in (stop.begins, stop.ends or span.ends)}
    inside = sorted(moment for moment in cuts if span.begins <= moment <= span.ends)
    told = [(begins, ends, *_why_time(calendar, names, begins, stops)) for begins, ends in pairwise(inside)]
    return [_joined(why, note, list(same)) for (why, note), same in groupby(told, key=lambda one: one[2:])]


def _joined(why: Why, note: str, pieces: Sequence[tuple[datetime, datetime, Why, str]]) -> Stretch:
    return Stretch(pieces[0][0], pieces[-1][1], why, note)


def _why_time(
    calendar: Calendar, names: Mapping[date, str], begins: datetime, stops: Sequence[Stop]
) -> tuple[Why, str]:
    """Say why the time from a moment to the next cut counts or does not."""
    day = shanghai_day(begins)
    if still := [stop for stop in stops if stop.begins <= begins and (stop.ends is None or begins < stop.ends)]:
        return Why.WAITING, _named(still)
    if not is_working_day(calendar, day):
        return Why.REST, names.get(day, WEEKEND)
    worked = at(day, calendar.start) <= begins < at(day, calendar.end)
    return (Why.COUNTED if worked else Why.OFF_HOURS), ""


def _named(stops: Iterable[Stop]) -> str:
    return "；".join(dict.fromkeys(f"{stop.what} [{stop.key}]" for stop in stops))
