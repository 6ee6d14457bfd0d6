"""When scheduled work is due, and which days it is about (DOMAIN, "Scheduled work"); pure."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from schemas.words import Labelled
from tasks.cycle.rules import Calendar, add_working_days_to_date, is_working_day

_ONE_DAY = timedelta(days=1)
RECKONED = (date(1900, 1, 1), date(2199, 12, 31))  # days that have months and years around them


class Period(NamedTuple):
    """Days that follow each other, both included, Shanghai time."""

    first: date
    last: date

    @property
    def months(self) -> list[str]:
        """The months in which its days lie: 2026-10, 2026-11."""
        first, last = (day.year * 12 + day.month - 1 for day in self)
        return [f"{month // 12}-{month % 12 + 1:02d}" for month in range(first, last + 1)]


class Cadence(Labelled):
    """How often work is due; a round is about one of these, which must have ended unless it is a day.

    DAY_AFTER: about a day that is over, due on the next one. MONTH_TO_15TH: the days to a 15th, due on it.
    """

    DAY = "day", "每日"
    DAY_AFTER = "day_after", "每日(次日)"
    WORKING_DAY = "working_day", "每个工作日"
    WEEK = "week", "每周"
    WEEK_TO_MONDAY = "week_to_monday", "每周(至周一)"
    WEEK_TO_THURSDAY = "week_to_thursday", "每周(至周四)"
    MONTH = "month", "每月"
    MONTH_TO_15TH = "month_to_15th", "每月(至15日)"
    QUARTER = "quarter", "每季"
    HALF_YEAR = "half_year", "每半年"
    YEAR = "year", "每年"


_WEEK_BEGINS = {Cadence.WEEK: 0, Cadence.WEEK_TO_MONDAY: 1, Cadence.WEEK_TO_THURSDAY: 4}  # weekday
_MONTHS = {Cadence.MONTH: 1, Cadence.QUARTER: 3, Cadence.HALF_YEAR: 6, Cadence.YEAR: 12}


def period_at(cadence: Cadence, day: date) -> Period:
    """Give the period in which a day lies; weeks begin on Monday or as they say, quarters and half-years with the year."""
    if cadence in (Cadence.DAY, Cadence.DAY_AFTER, Cadence.WORKING_DAY):
        return Period(day, day)
    if (begins := _WEEK_BEGINS.get(cadence)) is not None:
        first = day - timedelta(days=(day.weekday() - begins) % 7)
        return Period(first, first + timedelta(days=6))
    if cadence is Cadence.MONTH_TO_15TH:
        first, last = period_at(Cadence.MONTH, day - timedelta(days=15))
        return Period(first + timedelta(days=15), last + timedelta(days=15))
    months = _MONTHS[cadence]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    beyond = first.month + months
    return Period(first, date(first.year + (beyond > 12), (beyond - 1) % 12 + 1, 1) - _ONE_DAY)


def months_until(day: date, many: int) -> Period:
    """Give so many months, the last one as far as a day."""
    month = day.year * 12 + day.month - many
    return Period(date(month // 12, month % 12 + 1, 1), day)


def due_on(calendar: Calendar, cadence: Cadence, period: Period, working_day: int) -> date:
    """Give the day on which a period's round is due: a day's own, else so many working days after the period."""
    if cadence in (Cadence.DAY, Cadence.WORKING_DAY, Cadence.MONTH_TO_15TH):
        return period.last
    if cadence is Cadence.DAY_AFTER:
        return period.last + _ONE_DAY
    return add_working_days_to_date(calendar, period.last, working_day)


def rounds_due(
    calendar: Calendar, cadence: Cadence, done: date | None, today: date, working_day: int = 1
) -> list[Period]:
    """List the periods whose rounds are due by today, the oldest first.

    done          the last day of the last period that was done; the first time only the latest that is due is given
    working_day   a week's, month's or longer period's round is due on this working day after it
    """
    due = list[Period]()
    for period in _backwards(cadence, today):
        if done is not None and period.last <= done:
            break
        if due_on(calendar, cadence, period, working_day) > today or _rests(calendar, cadence, period):
            continue
        due.append(period)
        if done is None:
            break
    return due[::-1]


def _rests(calendar: Calendar, cadence: Cadence, period: Period) -> bool:
    return cadence is Cadence.WORKING_DAY and not is_working_day(calendar, period.first)


def _backwards(cadence: Cadence, today: date) -> Iterator[Period]:
    period = period_at(cadence, today)
    while True:
        yield period
        period = period_at(cadence, period.first - _ONE_DAY)
