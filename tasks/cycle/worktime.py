"""Working time, as hours that are worked: what an interval has of it, when so much of it has passed.

`working_time` and `add_working_time` go day by day and read like the rule; `working_seconds` says the same of many
intervals at once, for reports. Moments are aware, results UTC; both bounds of a day's working time belong to it.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from tasks.cycle.rules import Calendar, at, is_working_day, shanghai_day

if TYPE_CHECKING:
    from numpy import datetime64, int64
    from numpy.typing import NDArray

_ONE_DAY = timedelta(days=1)
NOTHING = -(2**63)  # as numpy counts what has no time
SINCE = date(1992, 1, 1)  # from then on Shanghai's clocks are 8 hours before UTC all year round


class Span(NamedTuple):
    """A stretch of time, from one moment to a later one."""

    begins: datetime
    ends: datetime


def working_time(calendar: Calendar, begins: datetime, ends: datetime, pauses: Iterable[Span] = ()) -> timedelta:
    """Say how much of the time between two moments is worked, pauses left out; negative where `ends` lies first."""
    if ends < begins:
        return -working_time(calendar, ends, begins, pauses)
    counted = timedelta()
    for span in without(Span(begins, ends), pauses):
        day, last = shanghai_day(span.begins), shanghai_day(span.ends)
        while day <= last:
            if is_working_day(calendar, day):
                begun, over = max(span.begins, at(day, calendar.start)), min(span.ends, at(day, calendar.end))
                counted += max(over - begun, timedelta())
            day += _ONE_DAY
    return counted


def add_working_time(calendar: Calendar, moment: datetime, amount: timedelta, pauses: Sequence[Span] = ()) -> datetime:
    """Give the first moment by which so much time was worked since a moment, pauses left out.

    Raises ValueError for a negative amount.
    """
    if amount < timedelta():
        raise ValueError(f"got {amount} of working time, expected 0 or more: correct the term in the policy")
    left, day = amount, shanghai_day(moment)
    reached = moment.astimezone(UTC)
    while left:
        if is_working_day(calendar, day):
            worked = Span(max(reached, at(day, calendar.start)), at(day, calendar.end))
            for span in without(worked, pauses):
                if left <= (length := span.ends - span.begins):
                    return span.begins + left
                left -= length
        day += _ONE_DAY
        reached = at(day)
    return reached


def without(whole: Span, pauses: Iterable[Span]) -> list[Span]:
    """Give what is left of a span where some are taken out of it; they may overlap one another and its bounds."""
    left, begins = list[Span](), whole.begins
    for pause in sorted(pauses):
        if pause.begins > begins:
            left.append(Span(begins, min(pause.begins, whole.ends)))
        begins = max(begins, pause.ends)
        if begins >= whole.ends:
            break
    left.append(Span(begins, whole.ends))
    return [span for span in left if span.begins < span.ends]


def working_seconds(calendar: Calendar, begins: "NDArray[datetime64]", ends: "NDArray[datetime64]") -> "NDArray[int64]":
    """Give `working_time` of many intervals in seconds; moments are numpy's, UTC, as pandas gives them.

    NaT gives NOTHING. Raises ValueError for moments before 1992, when Shanghai had summer time.
    """
    import numpy as np

    begins, ends = (moments.astype("datetime64[s]") for moments in (begins, ends))
    known = np.concatenate([begins, ends])
    known = known[~np.isnat(known)]
    if not len(known):
        return np.full(len(begins), NOTHING)
    first_day, last_day = known.min().astype("datetime64[D]") - 1, known.max().astype("datetime64[D]") + 1
    if first_day < np.datetime64(SINCE - _ONE_DAY):
        raise ValueError(f"got the moment {known.min()}, expected none before {SINCE}: Shanghai had summer time")
    days = [first_day.astype(date) + timedelta(days=n) for n in range((last_day - first_day).astype(int) + 1)]
    works = np.array([is_working_day(calendar, day) for day in days])
    opens, closes = ((clock.hour * 60 + clock.minute) * 60 + clock.second for clock in (calendar.start, calendar.end))
    before = np.concatenate([[0], np.cumsum(works)[:-1]]) * (closes - opens)  # what was worked before each day began

    def worked(moments: "NDArray[datetime64]") -> "NDArray[int64]":
        """Count the seconds that were worked from the first day to each moment."""
        seconds = (moments - first_day).astype("int64") + 8 * 3600
        day, of_day = np.divmod(np.where(np.isnat(moments), 0, seconds), 24 * 3600)
        counted: NDArray[int64] = before[day] + works[day] * np.clip(of_day - opens, 0, closes - opens)
        return counted

    found = worked(ends) - worked(begins)
    found[np.isnat(begins) | np.isnat(ends)] = NOTHING
    return found
