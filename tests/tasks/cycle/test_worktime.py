"""Working time as hours: exact against a count minute by minute, and the same one by one and a million at once."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.cycle.rules import Calendar, is_working_day, shanghai_day
from tasks.cycle.worktime import NOTHING, Span, add_working_time, without, working_seconds, working_time
from tasks.unit.work import SHANGHAI

CALENDAR = Calendar(
    {date(2026, 10, day): False for day in range(1, 8)} | {date(2026, 10, 10): True}, time(8, 30), time(17, 30)
)
calm = settings(deadline=None, max_examples=80)
NEAR = {"min_value": datetime(2026, 9, 25), "max_value": datetime(2026, 10, 15), "timezones": st.just(UTC)}
whole_minutes = st.datetimes(**NEAR).map(lambda moment: moment.replace(second=0, microsecond=0))
spans = st.tuples(whole_minutes, whole_minutes).map(lambda pair: Span(*sorted(pair)))
exceptions = st.dictionaries(st.dates(date(2026, 9, 25), date(2026, 10, 15)), st.booleans(), max_size=15)


def here(text: str) -> datetime:
    """A Shanghai wall-clock time."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def minute_by_minute(calendar: Calendar, span: Span, pauses: list[Span]) -> timedelta:
    counted, moment = 0, span.begins
    while moment < span.ends:
        clock = moment.astimezone(SHANGHAI).time()
        works = is_working_day(calendar, shanghai_day(moment)) and calendar.start <= clock < calendar.end
        counted += works and not any(pause.begins <= moment < pause.ends for pause in pauses)
        moment += timedelta(minutes=1)
    return timedelta(minutes=counted)


@pytest.mark.parametrize(
    ("begins", "ends", "hours"),
    [
        ("2026-11-06 16:30", "2026-11-09 09:30", 2),  # over a weekend
        ("2026-09-30 17:00", "2026-10-08 09:00", 1),  # over the National Day holiday
        ("2026-10-09 17:30", "2026-10-10 08:30", 0),  # a Saturday that is worked, before it begins
        ("2026-10-10 00:00", "2026-10-11 00:00", 9),
        ("2026-11-09 09:30", "2026-11-06 16:30", -2),
    ],
)
def test_working_time_leaves_out_nights_weekends_and_holidays(begins: str, ends: str, hours: int) -> None:
    """Issue G 1: default 8:30-17:30, Asia/Shanghai, holidays and make-up working weekends."""
    assert working_time(CALENDAR, here(begins), here(ends)) == timedelta(hours=hours)


@calm
@given(exceptions, spans, st.lists(spans, max_size=4))
def test_working_time_is_what_a_count_minute_by_minute_finds(
    unlike: dict[date, bool], span: Span, pauses: list[Span]
) -> None:
    calendar = Calendar(unlike, time(8, 30), time(17, 30))
    assert working_time(calendar, *span, pauses) == minute_by_minute(calendar, span, pauses)


@calm
@given(exceptions, whole_minutes, st.integers(0, 2000), st.lists(spans, max_size=4))
def test_what_is_added_is_the_first_moment_by_which_so_much_was_worked(
    unlike: dict[date, bool], begins: datetime, minutes: int, pauses: list[Span]
) -> None:
    calendar, amount = Calendar(unlike, time(8, 30), time(17, 30)), timedelta(minutes=minutes)
    ends = add_working_time(calendar, begins, amount, pauses)
    assert working_time(calendar, begins, ends, pauses) == amount
    assert not amount or working_time(calendar, begins, ends - timedelta(seconds=1), pauses) < amount


def test_less_than_nothing_cannot_be_added() -> None:
    with pytest.raises(ValueError, match="expected 0 or more"):
        add_working_time(CALENDAR, here("2026-11-06 10:00"), timedelta(hours=-1))


@calm
@given(spans, st.lists(spans, max_size=5))
def test_what_is_left_of_a_span_and_its_pauses_make_it_whole(span: Span, pauses: list[Span]) -> None:
    left = without(span, pauses)
    assert all(one.ends <= other.begins for one, other in pairwise(left))
    assert all(span.begins <= one.begins < one.ends <= span.ends for one in left)
    assert not any(one.begins < pause.ends and pause.begins < one.ends for one in left for pause in pauses)


moments = st.datetimes(datetime(1993, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@calm
@given(exceptions, st.lists(st.tuples(moments, st.integers(-200 * 86400, 200 * 86400)), min_size=1, max_size=6))
def test_many_at_once_are_the_same_as_one_by_one(
    unlike: dict[date, bool], given_spans: list[tuple[datetime, int]]
) -> None:
    """Issue G 1: vectorised for reports with numpy, the same results as the plain one."""
    calendar = Calendar(unlike, time(8, 30), time(17, 30))
    pairs = [(one.replace(microsecond=0), one.replace(microsecond=0) + timedelta(seconds=n)) for one, n in given_spans]
    begins, ends = (np.array([pair[at].replace(tzinfo=None) for pair in pairs], "datetime64[us]") for at in (0, 1))
    expected = [int(working_time(calendar, *pair).total_seconds()) for pair in pairs]
    assert working_seconds(calendar, begins, ends).tolist() == expected


def test_what_has_no_end_yet_has_no_working_time() -> None:
    begins = np.array(["2026-11-06T01:00", "2026-11-06T01:00"], "datetime64[s]")
    ends = np.array(["2026-11-06T03:00", "NaT"], "datetime64[s]")
    assert working_seconds(CALENDAR, begins, ends).tolist() == [7200, NOTHING]
    assert working_seconds(CALENDAR, ends[1:], ends[1:]).tolist() == [NOTHING]


def test_moments_of_the_time_of_summer_time_are_refused() -> None:
    old = np.array(["1990-07-01"], "datetime64[s]")
    with pytest.raises(ValueError, match="before 1992"):
        working_seconds(CALENDAR, old, old)
