"""The clock of a line is divided without gap or overlap, and its sums are those of the rules that record it."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.forms.cycles import Pause
from tasks.clocks.rules import Promised, Stop, Why, clock_of, days_of_clock, times_of_clock
from tasks.control.rules import paused_days
from tasks.cycle.rules import Calendar, shanghai_day, working_days_between
from tasks.cycle.worktime import Span, working_time
from tasks.unit.work import SHANGHAI

calm = settings(deadline=None, max_examples=80)
FIRST, LAST = date(2026, 9, 20), date(2026, 10, 20)
NAMES = {date(2026, 10, day): "国庆节" for day in range(1, 8)}
CALENDAR = Calendar(dict.fromkeys(NAMES, False) | {date(2026, 10, 10): True}, time(8, 30), time(17, 30))
calendars = st.dictionaries(st.dates(FIRST, LAST), st.booleans(), max_size=12).map(
    lambda unlike: Calendar(unlike, time(8, 30), time(17, 30))
)
moments = st.datetimes(datetime(2026, 9, 21), datetime(2026, 10, 18), timezones=st.just(UTC))
spans = st.tuples(moments, moments).map(lambda pair: Span(*sorted(pair)))
stops = st.lists(
    st.tuples(spans, st.booleans()).map(
        lambda one: Stop(one[0].begins, None if one[1] else one[0].ends, "办事处答复 办事处售后", "office-1")
    ),
    max_size=4,
)


def here(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def closed(stops: list[Stop], span: Span) -> list[Span]:
    return [Span(stop.begins, max(stop.begins, stop.ends or span.ends)) for stop in stops]


@calm
@given(calendars, spans, stops)
def test_times_leave_nothing_out_and_count_what_working_time_counts(
    calendar: Calendar, span: Span, stops: list[Stop]
) -> None:
    found = times_of_clock(calendar, {}, span, stops)
    assert [one.ends for one in found[:-1]] == [one.begins for one in found[1:]]
    assert ([found[0].begins], [found[-1].ends]) == ([span.begins], [span.ends]) if found else span.begins == span.ends
    assert sum((one.counted for one in found), timedelta()) == working_time(calendar, *span, closed(stops, span))
    assert all(one[2:] != other[2:] for one, other in pairwise(found)), "alike ones are one"


@calm
@given(calendars, spans, stops)
def test_days_leave_none_out_and_count_what_cycle_control_records(
    calendar: Calendar, span: Span, stops: list[Stop]
) -> None:
    since, until = shanghai_day(span.begins), shanghai_day(span.ends)
    found = days_of_clock(calendar, {}, since, until, stops)
    listed = [one.first + timedelta(days=n) for one in found for n in range((one.last - one.first).days + 1)]
    assert listed == [since + timedelta(days=n) for n in range(1, (until - since).days + 1)]
    pauses = [stop.pause for stop in stops]
    paused = paused_days(calendar, pauses, since, until)
    assert sum(one.counted for one in found) == working_days_between(calendar, since, until) - paused
    waited = [one for one in found if one.why is Why.WAITING]
    assert sum((one.last - one.first).days + 1 for one in waited) >= paused


@calm
@given(calendars, spans, stops, st.integers(0, 12))
def test_a_clock_sums_up_what_it_lists_and_is_over_beyond_the_moved_promise(
    calendar: Calendar, span: Span, stops: list[Stop], days: int
) -> None:
    since, made = shanghai_day(span.begins), shanghai_day(span.ends)
    promised = since + timedelta(days=days)
    line = Promised(span.begins, span.begins, since, days, promised, made, span.ends)
    found = clock_of(calendar, {}, line, stops, span.ends + timedelta(days=3))
    assert found.sums.used == sum(one.counted for one in found.days)
    assert found.sums.over == max(0, working_days_between(calendar, found.due, made))
    assert found.due >= promised
    assert found.worked == working_time(calendar, *span, closed(stops, span))


def test_every_interval_says_why() -> None:
    """Issue G 2: waiting for office or customer, non-working days, outside working time, re-planned."""
    stop = Stop(here("2026-09-30T15:00"), here("2026-10-08T10:00"), "退回重报 办事处售后", "resubmit-1")
    line = Promised(
        here("2026-09-25T10:00"), here("2026-09-28T16:30"), date(2026, 9, 28), 4, date(2026, 10, 10),
        date(2026, 10, 12), here("2026-10-12T09:00"),
    )  # fmt: skip
    found = clock_of(CALENDAR, NAMES, line, [stop], here("2026-12-01T00:00"))
    assert [(f"{one.first:%m-%d}", f"{one.last:%m-%d}", one.why, one.note, one.counted) for one in found.days] == [
        ("09-25", "09-27", Why.UNPLANNED, "", 0),
        ("09-28", "09-28", Why.PLANNED, "", 0),
        ("09-29", "09-30", Why.COUNTED, "", 2),
        ("10-01", "10-07", Why.REST, "国庆节", 0),
        ("10-08", "10-08", Why.WAITING, "退回重报 办事处售后 [resubmit-1]", 0),
        ("10-09", "10-10", Why.COUNTED, "", 2),
        ("10-11", "10-11", Why.REST, "周末 weekend", 0),
        ("10-12", "10-12", Why.COUNTED, "", 1),
    ]
    assert (found.sums, found.due) == ((5, 0, 1), date(2026, 10, 12))
    told = [(one.why, one.counted) for one in found.times]
    assert told[:4] == [
        (Why.COUNTED, timedelta(hours=1)),
        (Why.OFF_HOURS, timedelta()),
        (Why.COUNTED, timedelta(hours=9)),
        (Why.OFF_HOURS, timedelta()),
    ]
    assert (Why.WAITING, timedelta()) in told
    assert found.worked == timedelta(hours=1 + 9 + 6.5 + 7.5 + 9 + 9 + 0.5)


def test_a_plan_that_follows_another_says_so_and_what_is_not_made_runs_until_now() -> None:
    line = Promised(
        here("2026-09-21T10:00"), here("2026-09-23T09:00"), date(2026, 9, 23), 2, date(2026, 9, 25), None, None, True
    )
    found = clock_of(CALENDAR, {}, line, [], here("2026-09-29T12:00"))
    assert (found.days[0].why, found.days[0].last) == (Why.REPLANNED, date(2026, 9, 22))
    assert found.sums == (4, 2, 0)
    assert found.times[-1].ends == here("2026-09-29T12:00")


def test_pauses_of_days_are_those_of_moments() -> None:
    stop = Stop(here("2026-09-30T23:30"), None, "", "")
    assert stop.pause == Pause(start=date(2026, 9, 30))
