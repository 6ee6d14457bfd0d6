from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.cycle.rules import (
    Calendar,
    Standard,
    add_clock_hours,
    add_working_days,
    add_working_days_to_date,
    is_working_day,
    last_working_moment,
    promised_date,
    shanghai_day,
    share_moment,
    standard_days,
    working_days_between,
)
from tasks.unit.work import SHANGHAI

# The National Day holiday of 2026 with its two make-up working days, as the State Council announced it.
HOLIDAYS = {date(2026, 10, day): False for day in range(1, 8)}
MAKE_UP_DAYS = {date(2026, 9, 20): True, date(2026, 10, 10): True}
CALENDAR = Calendar({**HOLIDAYS, **MAKE_UP_DAYS}, time(8, 30), time(17, 30))

FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 11, day) for day in (6, 7, 8, 9))
calm = settings(deadline=None, max_examples=60)

days_near = st.dates(date(2026, 1, 1), date(2027, 12, 31))
counts = st.integers(0, 40)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    exceptions = draw(st.dictionaries(days_near, st.booleans(), max_size=60))
    return Calendar(exceptions, time(8, 30), time(17, 30))


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    return draw(st.datetimes(datetime(2026, 1, 2), datetime(2027, 12, 30), timezones=st.just(UTC)))


def at(day: date, clock: str = "00:00") -> datetime:
    """A Shanghai wall-clock time as aware UTC."""
    return datetime.combine(day, time.fromisoformat(clock), SHANGHAI).astimezone(UTC)


def by_hand(calendar: Calendar, a: date, b: date) -> int:
    return sum(is_working_day(calendar, a + timedelta(days=n)) for n in range(1, (b - a).days + 1))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (FRIDAY, True),
        (SATURDAY, False),
        (SUNDAY, False),
        (MONDAY, True),
        (date(2026, 10, 1), False),
        (date(2026, 9, 20), True),
        (date(2026, 10, 10), True),
    ],
)
def test_weekdays_work_but_holidays_do_not_and_make_up_days_do(day: date, works: bool) -> None:
    assert is_working_day(CALENDAR, day) is works


def test_a_moment_in_place_of_a_day_is_refused_with_the_remedy() -> None:
    with pytest.raises(TypeError, match="shanghai_day"):
        is_working_day(CALENDAR, at(FRIDAY, "12:00"))


def test_a_calendar_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="expected start < end"):
        Calendar({}, time(17, 30), time(8, 30))


def test_the_shanghai_day_begins_eight_hours_before_the_utc_day() -> None:
    assert shanghai_day(datetime(2026, 11, 5, 15, 59, tzinfo=UTC)) == date(2026, 11, 5)
    assert shanghai_day(datetime(2026, 11, 5, 16, 0, tzinfo=UTC)) == FRIDAY


@pytest.mark.parametrize("call", [lambda m: shanghai_day(m), lambda m: add_clock_hours(CALENDAR, m, 1)])
def test_a_moment_without_time_zone_is_refused(call: Callable[[datetime], object]) -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        call(datetime(2026, 11, 6, 12))


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        (FRIDAY, "08:29", False),
        (FRIDAY, "08:30", True),
        (FRIDAY, "17:30", True),
        (FRIDAY, "17:31", False),
        (SATURDAY, "12:00", False),
        (date(2026, 10, 10), "12:00", True),
        (date(2026, 10, 2), "12:00", False),
    ],
)
def test_working_time_is_half_past_eight_to_half_past_five_of_a_working_day(
    day: date, clock: str, expected: bool
) -> None:
    moment = at(day, clock)
    assert (last_working_moment(CALENDAR, moment) == moment) is expected


@pytest.mark.parametrize(
    ("moment", "last"),
    [
        ("2026-11-25T10:00:00", "2026-11-25T10:00:00"),
        ("2026-11-25T17:30:00.700", "2026-11-25T17:30:00"),
        ("2026-11-26T08:29:59", "2026-11-25T17:30:00"),
        ("2026-11-22T12:00:00", "2026-11-20T17:30:00"),  # a Sunday
    ],
)
def test_the_last_working_moment_is_the_end_of_the_working_time_before(moment: str, last: str) -> None:
    wanted = datetime.fromisoformat(f"{last}+08:00")
    assert last_working_moment(CALENDAR, datetime.fromisoformat(f"{moment}+08:00")) == wanted


@pytest.mark.parametrize(
    ("day", "days", "expected"),
    [
        (FRIDAY, 0, FRIDAY),
        (FRIDAY, 1, MONDAY),
        (FRIDAY, 5, date(2026, 11, 13)),
        (FRIDAY, 6, date(2026, 11, 16)),
        (SATURDAY, 0, SATURDAY),
        (SATURDAY, 1, MONDAY),
        (date(2026, 9, 30), 1, date(2026, 10, 8)),
        (date(2026, 9, 30), 3, date(2026, 10, 10)),
        (date(2026, 9, 30), 4, date(2026, 10, 12)),
    ],
)
def test_the_next_working_day_is_day_one(day: date, days: int, expected: date) -> None:
    assert add_working_days_to_date(CALENDAR, day, days) == expected


@pytest.mark.parametrize(
    ("moment", "days", "expected"),
    [
        (at(FRIDAY, "09:00"), 1, at(MONDAY, "17:30")),
        (at(FRIDAY, "23:59"), 1, at(MONDAY, "17:30")),
        (at(SATURDAY, "12:00"), 2, at(date(2026, 11, 10), "17:30")),
        (at(FRIDAY, "00:00"), 1, at(MONDAY, "17:30")),
        (at(date(2026, 9, 30), "10:00"), 2, at(date(2026, 10, 9), "17:30")),
    ],
)
def test_a_term_in_working_days_is_due_at_the_end_of_its_last_day(
    moment: datetime, days: int, expected: datetime
) -> None:
    due = add_working_days(CALENDAR, moment, days)
    assert due == expected
    assert due.tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (at(FRIDAY, "00:10"), at(FRIDAY, "17:30")),
        (at(FRIDAY, "17:30"), at(FRIDAY, "17:30")),
        (at(FRIDAY, "17:31"), at(MONDAY, "17:30")),
        (at(SATURDAY, "10:00"), at(MONDAY, "17:30")),
    ],
)
def test_a_term_of_the_same_day_is_due_today_or_on_the_next_working_day_when_today_is_over(
    moment: datetime, expected: datetime
) -> None:
    assert add_working_days(CALENDAR, moment, 0) == expected


@pytest.mark.parametrize(
    ("moment", "hours", "expected"),
    [
        (at(FRIDAY, "15:00"), 24, at(MONDAY, "15:00")),
        (at(MONDAY, "15:00"), 24, at(date(2026, 11, 10), "15:00")),
        (at(FRIDAY, "15:00"), 48, at(date(2026, 11, 10), "15:00")),
        (at(SATURDAY, "15:00"), 24, at(date(2026, 11, 10), "00:00")),
        (at(SATURDAY, "15:00"), 1, at(MONDAY, "01:00")),
        (at(SUNDAY, "15:00"), 0, at(MONDAY, "00:00")),
        (at(FRIDAY, "15:00"), 0, at(FRIDAY, "15:00")),
        (at(FRIDAY, "15:00"), 9, at(SATURDAY, "00:00")),
        (at(FRIDAY, "15:00"), 10, at(MONDAY, "01:00")),
        (at(date(2026, 9, 30), "15:00"), 24, at(date(2026, 10, 8), "15:00")),
        (at(date(2026, 10, 9), "15:00"), 24, at(date(2026, 10, 10), "15:00")),
    ],
)
def test_a_term_in_hours_counts_clock_hours_and_skips_non_working_days(
    moment: datetime, hours: int, expected: datetime
) -> None:
    due = add_clock_hours(CALENDAR, moment, hours)
    assert due == expected
    assert due.tzinfo is UTC


def test_a_moment_given_in_another_zone_counts_the_same() -> None:
    moment = at(FRIDAY, "15:00").astimezone(SHANGHAI)
    assert add_clock_hours(CALENDAR, moment, 24) == at(MONDAY, "15:00")
    assert add_working_days(CALENDAR, moment, 1) == at(MONDAY, "17:30")


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (FRIDAY, FRIDAY, 0),
        (FRIDAY, SUNDAY, 0),
        (FRIDAY, MONDAY, 1),
        (SUNDAY, MONDAY, 1),
        (MONDAY, FRIDAY, -1),
        (date(2026, 9, 30), date(2026, 10, 12), 4),
    ],
)
def test_working_days_between_leaves_out_the_first_day_and_counts_the_last(a: date, b: date, expected: int) -> None:
    assert working_days_between(CALENDAR, a, b) == expected


@pytest.mark.parametrize(
    ("confirmed", "standard", "expected"),
    [
        (at(FRIDAY, "16:00"), 3, date(2026, 11, 11)),
        (at(FRIDAY, "23:59"), 1, MONDAY),
        (datetime(2026, 11, 5, 16, 30, tzinfo=UTC), 1, MONDAY),
        (at(date(2026, 9, 30), "09:00"), 7, date(2026, 10, 15)),
        (at(SATURDAY, "09:00"), 1, MONDAY),
    ],
)
def test_the_promised_date_is_the_day_of_confirmation_plus_standard_days(
    confirmed: datetime, standard: int, expected: date
) -> None:
    assert promised_date(CALENDAR, confirmed, standard) == expected


@pytest.mark.parametrize(
    ("standard", "share", "used"),
    [(10, "0.8", 8), (7, "0.8", 6), (3, "0.8", 3), (1, "0.8", 1), (10, "1", 10), (10, "0.01", 1)],
)
def test_the_share_moment_is_the_first_working_day_with_at_least_the_share_used(
    standard: int, share: str, used: int
) -> None:
    start = at(date(2026, 9, 25), "10:00")
    promised = promised_date(CALENDAR, start, standard)
    expected = add_working_days_to_date(CALENDAR, date(2026, 9, 25), used)
    assert share_moment(CALENDAR, start, promised, Decimal(share)) == expected


def test_the_share_moment_is_the_promised_day_when_no_working_day_lies_before_it() -> None:
    assert share_moment(CALENDAR, at(MONDAY, "10:00"), MONDAY, Decimal("0.8")) == MONDAY
    assert share_moment(CALENDAR, at(MONDAY, "10:00"), FRIDAY, Decimal("0.8")) == FRIDAY


@pytest.mark.parametrize("share", ["0", "-0.1", "1.01"])
def test_a_share_outside_zero_to_one_is_refused(share: str) -> None:
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        share_moment(CALENDAR, at(MONDAY), FRIDAY, Decimal(share))


@pytest.mark.parametrize(
    "call",
    [
        lambda: add_working_days(CALENDAR, at(FRIDAY), -1),
        lambda: add_working_days_to_date(CALENDAR, FRIDAY, -1),
        lambda: add_clock_hours(CALENDAR, at(FRIDAY), -1),
        lambda: promised_date(CALENDAR, at(FRIDAY), -1),
    ],
)
def test_a_negative_term_is_refused(call: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"got -1 .* expected 0 or more"):
        call()


@calm
@given(calendars(), days_near, counts)
def test_the_nth_working_day_is_worked_and_exactly_n_working_days_away(
    calendar: Calendar, day: date, days: int
) -> None:
    reached = add_working_days_to_date(calendar, day, days)
    assert working_days_between(calendar, day, reached) == days == by_hand(calendar, day, reached)
    assert days == 0 or is_working_day(calendar, reached)


@calm
@given(calendars(), days_near, counts, counts)
def test_terms_add_up(calendar: Calendar, day: date, first: int, second: int) -> None:
    in_two = add_working_days_to_date(calendar, add_working_days_to_date(calendar, day, first), second)
    assert in_two == add_working_days_to_date(calendar, day, first + second)


@calm
@given(calendars(), days_near, days_near)
def test_counting_backwards_is_counting_forwards_negated(calendar: Calendar, a: date, b: date) -> None:
    assert working_days_between(calendar, a, b) == -working_days_between(calendar, b, a)


@calm
@given(calendars(), moments(), counts)
def test_a_due_time_never_lies_before_its_start_and_always_ends_a_working_day(
    calendar: Calendar, moment: datetime, days: int
) -> None:
    due = add_working_days(calendar, moment, days)
    assert due >= moment
    assert last_working_moment(calendar, due) == due
    assert due.astimezone(SHANGHAI).time() == calendar.end


@calm
@given(calendars(), moments(), st.integers(0, 200), st.integers(1, 200))
def test_terms_in_hours_add_up(calendar: Calendar, moment: datetime, first: int, second: int) -> None:
    in_two = add_clock_hours(calendar, add_clock_hours(calendar, moment, first), second)
    assert in_two == add_clock_hours(calendar, moment, first + second)


@calm
@given(calendars(), moments(), st.integers(0, 200))
def test_exactly_the_hours_of_the_term_lie_in_working_days(calendar: Calendar, moment: datetime, hours: int) -> None:
    due, counted, cursor = add_clock_hours(calendar, moment, hours), timedelta(), moment
    while cursor < due:
        day_after = at(shanghai_day(cursor) + timedelta(days=1))
        if is_working_day(calendar, shanghai_day(cursor)):
            counted += min(day_after, due) - cursor
        cursor = day_after
    assert counted == timedelta(hours=hours)
    assert due >= moment


@calm
@given(calendars(), moments(), st.integers(1, 40), st.decimals("0.01", "1", places=2))
def test_the_share_moment_is_the_first_day_that_reaches_the_share(
    calendar: Calendar, start: datetime, standard: int, share: Decimal
) -> None:
    promised = promised_date(calendar, start, standard)
    moment = share_moment(calendar, start, promised, share)
    used = working_days_between(calendar, shanghai_day(start), moment)
    assert is_working_day(calendar, moment)
    assert moment <= promised
    assert used >= share * standard > used - 1


def make_standard(days: int, unit: str = "", **other: object) -> Standard:
    given_or_default = {
        "process": "PA",
        "category": "panel",
        "urgency": "normal",
        "valid_from": date(2026, 1, 1),
        "valid_to": None,
        **other,
    }
    return Standard(unit=unit, days=days, **given_or_default)  # type: ignore[arg-type]


def ask(*standards: Standard, unit: str = "U1", urgency: str = "normal", on: date = FRIDAY) -> int | None:
    return standard_days(standards, "PA", "panel", unit, urgency, on)


def test_a_unit_s_own_standard_beats_the_one_for_any_unit_in_whatever_order() -> None:
    own, general = make_standard(5, "U1"), make_standard(7)
    assert ask(own, general) == ask(general, own) == 5
    assert ask(own, general, unit="U2") == 7
    assert ask(own, general, unit="") == 7


@pytest.mark.parametrize(
    "standard",
    [
        make_standard(5, "U2"),
        make_standard(5, process="RR"),
        make_standard(5, category="painted"),
        make_standard(5, urgency="urgent"),
        make_standard(5, valid_from=MONDAY),
        make_standard(5, valid_to=date(2026, 11, 5)),
    ],
)
def test_there_is_no_standard_where_none_fits(standard: Standard) -> None:
    assert ask(standard) is None


def test_there_is_no_standard_in_an_empty_table() -> None:
    assert ask() is None


def test_a_standard_holds_on_its_first_and_last_day() -> None:
    standard = make_standard(5, valid_from=FRIDAY, valid_to=MONDAY)
    asked = [ask(standard, on=FRIDAY + timedelta(days=n)) for n in range(-1, 5)]
    assert asked == [None, 5, 5, 5, 5, None]


def test_a_lapsed_standard_of_the_unit_gives_way_to_the_one_for_any_unit() -> None:
    assert ask(make_standard(5, "U1", valid_to=date(2026, 6, 30)), make_standard(7)) == 7


def test_where_two_overlap_the_one_that_came_into_force_last_holds() -> None:
    assert ask(make_standard(7), make_standard(5, valid_from=date(2026, 7, 1))) == 5


def test_urgent_lines_have_their_own_standard() -> None:
    table = make_standard(7), make_standard(5, urgency="urgent")
    assert ask(*table, urgency="urgent") == 5
