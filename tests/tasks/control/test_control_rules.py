"""The clock of a line and the sharing out of what a delay costs, with nothing running."""

from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.forms.cycles import Pause
from tasks.control.rules import end_of_month, paused_days, penalty_of, shared_out
from tasks.cycle.rules import Calendar

CALENDAR = Calendar({date(2026, 11, 25): False, date(2026, 11, 28): True}, time(8, 30), time(17, 30))
START, END = date(2026, 11, 18), date(2026, 12, 4)  # a Wednesday, a Friday


def pause(start: int, end: int | None = None) -> Pause:
    return Pause(start=date(2026, 11, start), end=end and date(2026, 11, end))


@pytest.mark.parametrize(
    ("pauses", "days"),
    [
        ([], 0),
        ([pause(19, 19)], 0),
        ([pause(19, 20)], 1),
        ([pause(20, 23)], 1),  # over a weekend
        ([pause(24, 26)], 1),  # over a holiday
        ([pause(27, 30)], 2),  # over a Saturday that is worked
        ([pause(19, 23), pause(20, 24)], 3),  # two at a time stop the clock once
        ([pause(10, 20)], 2),  # begun before the clock
        ([pause(30)], 4),  # not over yet
        ([pause(2, 6)], 0),
    ],
)
def test_the_clock_stands_still_on_working_days_each_once(pauses: list[Pause], days: int) -> None:
    assert paused_days(CALENDAR, pauses, START, END) == days


@pytest.mark.parametrize(
    ("over", "left", "amount"), [(1, "149", "1.49"), (3, "149", "4.47"), (3, "2", "2"), (3, "-1", "0")]
)
def test_a_penalty_is_a_share_of_what_was_late_up_to_what_is_left(over: int, left: str, amount: str) -> None:
    assert penalty_of(Decimal(298), over, Decimal("0.005"), Decimal(left)) == Decimal(amount)


@given(
    st.lists(st.integers(1, 10_000), min_size=1, max_size=12).flatmap(
        lambda cents: st.tuples(st.just(cents), st.integers(0, sum(cents)))
    )
)
def test_a_reduced_penalty_is_shared_out_to_the_cent_and_nobody_pays_more(shared: tuple[list[int], int]) -> None:
    amounts, total = [Decimal(one) / 100 for one in shared[0]], Decimal(shared[1]) / 100
    shares = shared_out(total, amounts)
    assert sum(shares) == total
    assert all(0 <= share <= amount for share, amount in zip(shares, amounts, strict=True))


@pytest.mark.parametrize(("month", "last"), [("2026-11", 30), ("2026-12", 31), ("2028-02", 29)])
def test_a_month_ends_with_its_last_day(month: str, last: int) -> None:
    assert end_of_month(month).day == last
