"""Working time and standard days (DOMAIN, "The seven processes" and process 4).

Moments are aware datetimes, returned in UTC; days are Shanghai dates. Terms in working days count working
days and the next one is day 1; terms in hours count clock hours and skip non-working days.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from schemas.words import Labelled
from tasks.unit.work import SHANGHAI

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5


class Notice(Labelled):
    """What a reminder tells; a detail may follow: over-3 (three working days over), pickup-5, pickup-escalated, reminder-10."""

    WARNING = "warning", "到期预警"
    OVERDUE = "overdue", "逾期提醒"
    OVER = "over", "逾期上报"
    PICKUP = "pickup", "催提"
    DAILY = "daily", "每日提醒"
    REMINDER = "reminder", "跟进提醒"
    STATUTORY = "statutory", "法定时限"


@dataclass(frozen=True)
class Calendar:
    """When the group works: Monday to Friday from `start` to `end`, Shanghai time, save for `exceptions`.

    `exceptions` says of a day whether it is worked: public holidays False, make-up working days True.
    """

    exceptions: Mapping[date, bool]
    start: time
    end: time
    _found: dict[tuple[date, int], date] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(
                f"working time {self.start}-{self.end} ends before it starts; "
                "expected start < end on one day: correct the calendar's policy"
            )


class Standard(NamedTuple):
    """Working days that a process may take, valid from `valid_from` to `valid_to`, both days included.

    `unit` is the production unit's code, '' for any; `valid_to` None means until further notice.
    """

    process: str
    category: str
    unit: str
    urgency: str
    days: int
    valid_from: date
    valid_to: date | None = None


def at(day: date, clock_time: time = time()) -> datetime:
    """Return the moment of a Shanghai clock time on a day, by default its midnight."""
    return datetime.combine(day, clock_time, SHANGHAI).astimezone(UTC)


def shanghai_day(moment: datetime) -> date:
    """Return the Shanghai date of an aware moment."""
    if moment.utcoffset() is None:
        raise ValueError(
            f"got the moment {moment.isoformat()} without a time zone, expected one in UTC: take clock.now()"
        )
    return moment.astimezone(SHANGHAI).date()


def is_working_day(calendar: Calendar, day: date) -> bool:
    """Say whether the calendar works on a Shanghai date."""
    if isinstance(day, datetime):
        raise TypeError(f"got the moment {day.isoformat()}, expected a date: convert it with shanghai_day()")
    return calendar.exceptions.get(day, day.weekday() < _SATURDAY)


def last_working_moment(calendar: Calendar, moment: datetime) -> datetime:
    """Return the last instant of working time up to a moment: itself, or the end of the working time before it.

    The first and the last instant of a day's working time belong to it.
    """
    day = shanghai_day(moment)
    while not is_working_day(calendar, day) or at(day, calendar.start) > moment:
        day -= _ONE_DAY
    return min(moment, at(day, calendar.end))


def add_working_days_to_date(calendar: Calendar, day: date, days: int) -> date:
    """Return the `days`-th working day after `day`; zero days is `day` itself, worked or not."""
    _require_not_negative(days, "working days")
    last = calendar._found.get((day, days))
    if last is None:
        last = day
        for _ in range(days):
            last = _next_working_day(calendar, last)
        calendar._found[day, days] = last
    return last


def add_working_days(calendar: Calendar, moment: datetime, days: int) -> datetime:
    """Return when a term of `days` working days is due: the end of working time of its last day.

    Zero days means the same day, or the next working day where the working time of that day is over.
    """
    today = shanghai_day(moment)
    last = add_working_days_to_date(calendar, today, days)
    if days == 0 and (at(today, calendar.end) < moment or not is_working_day(calendar, today)):
        last = _next_working_day(calendar, today)
    return at(last, calendar.end)


def add_clock_hours(calendar: Calendar, moment: datetime, hours: int) -> datetime:
    """Return when `hours` clock hours of working days have passed: 24 h from Friday 15:00 is Monday 15:00.

    A moment on a non-working day starts to count at 00:00 of the next working day. Hours that are used up at
    midnight are due at that midnight, also where the day that then begins is not worked.
    """
    _require_not_negative(hours, "hours")
    day, left = shanghai_day(moment), timedelta(hours=hours)
    since = moment.astimezone(UTC)
    if not is_working_day(calendar, day):
        day = _next_working_day(calendar, day)
        since = at(day)
    while since + left > (midnight := at(day + _ONE_DAY)):
        left -= midnight - since
        day = _next_working_day(calendar, day)
        since = at(day)
    return since + left


def working_days_between(calendar: Calendar, a: date, b: date) -> int:
    """Count the working days after `a` up to and including `b`; negative where `b` lies before `a`."""
    first, last = min(a, b), max(a, b)
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    count = sum(is_working_day(calendar, day) for day in days)
    return count if a <= b else -count


def promised_date(calendar: Calendar, confirmed: datetime, standard_days: int) -> date:
    """Return the day of plan confirmation + standard days (DOMAIN 1.5)."""
    return add_working_days_to_date(calendar, shanghai_day(confirmed), standard_days)


def published_to(last_holiday: date) -> date:
    """Return the last day that the calendar knows, by the last day of the holiday data: that year's end."""
    return date(last_holiday.year, 12, 31)


def republished(old: Calendar, new: Calendar, known: date, day: date) -> date:
    """Move a day that lay beyond what the old calendar knew, so that the same working days lie before it by the new one.

    `known` is the last day that both know alike.
    """
    if day <= known:
        return day
    return add_working_days_to_date(new, known, working_days_between(old, known, day))


def calendar_warning(known: date, today: date) -> str:
    """Say from 1 October on that the next year's holidays are wanted; nothing before."""
    if today < date(known.year, 10, 1):
        return ""
    zh = f"节假日只公布到 {known}，请载入 {known.year + 1} 年的（aftersales calendar import FILE），此后的期限均为暂定"
    return f"{zh} holidays are known up to {known}: load those of {known.year + 1}; terms beyond are provisional"


def share_moment(calendar: Calendar, start: datetime, promised: date, share: Decimal) -> date:
    """Return the working day with which at least `share` of the days from `start` to `promised` is used.

    It never lies after `promised`, which it is where no working day lies between the two.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share of the cycle is {share}, expected above 0 and at most 1: correct the policy")
    first = shanghai_day(start)
    total = working_days_between(calendar, first, promised)
    if total <= 0:
        return promised
    used = (total * share).to_integral_value(rounding=ROUND_CEILING)
    return add_working_days_to_date(calendar, first, int(used))


def standard_days(
    standards: Sequence[Standard], process: str, category: str, unit: str, urgency: str, on: date
) -> int | None:
    """Return the standard working days valid on a day, or None where there is no standard.

    A standard of the unit beats one for any unit, then the one that came into force last, then the longer.
    """
    fitting = [
        standard
        for standard in standards
        if (standard.process, standard.category, standard.urgency) == (process, category, urgency)
        and standard.unit in ("", unit)
        and standard.valid_from <= on
        and (standard.valid_to is None or on <= standard.valid_to)
    ]
    best = max(fitting, key=lambda found: (found.unit != "", found.valid_from, found.days), default=None)
    return best.days if best else None


def _next_working_day(calendar: Calendar, day: date) -> date:
    found = day + _ONE_DAY
    while not is_working_day(calendar, found):
        found += _ONE_DAY
    return found


def _require_not_negative(value: int, what: str) -> None:
    if value < 0:
        raise ValueError(f"got {value} {what}, expected 0 or more: correct the term in the policy or the standard")
