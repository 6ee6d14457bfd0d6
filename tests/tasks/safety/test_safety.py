"""Safety stock: what is low is reported each day; a month's proposal is in force once the PLANNER confirms it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from schemas.forms.closing import SafetyConfirmed
from schemas.forms.periods import PeriodWanted
from schemas.problems import BadInput, NotFound
from schemas.words import Role
from tasks.cycle.rules import at
from tasks.rounds.steps import do_rounds
from tasks.safety.queries import low_parts
from tasks.safety.rules import safe_quantity
from tasks.safety.steps import PROPOSING, confirm_safety
from tests.play import Play
from tests.tasks.closing.test_closing import MOVE, close, moved, stocked, told

__all__ = ["stocked"]

DUE = PeriodWanted()
PLANNER, OFFICE = "E1004", "E1049"


def confirm(play: Play, staff: str = PLANNER, month: str = "2026-11-30", **lines: int) -> str:
    named = [{"part": part.replace("_", "-"), "quantity": many} for part, many in lines.items()]
    return confirm_safety(play.db, SafetyConfirmed.model_validate({"month": month, "lines": named, "staff": staff}))


def in_force(play: Play, day: date) -> dict[str, Decimal]:
    """Give the safety stock of what is low on a day."""
    with play.db.connect() as connection:
        return {row.code: row.safety for row in low_parts(connection, at(day), day)}


@pytest.mark.parametrize(
    ("consumed", "days", "cover", "safe"), [(90, 90, 20, 20), (1, 90, 20, 1), ("13.5", 90, 20, 3), (0, 90, 20, 0)]
)
def test_what_is_safe_covers_so_many_days_in_whole_units(consumed: Any, days: int, cover: int, safe: int) -> None:
    assert safe_quantity(Decimal(consumed), days, cover) == safe


def test_each_day_the_planner_hears_what_is_at_or_below_its_safety_stock(
    stocked: Play, today: time_machine.Traveller
) -> None:
    """Items at or below safety stock are reported each day (S0)."""
    held, _ = stocked.stock("P-HW-001")
    stocked.run("UPDATE part SET safety_stock = CASE code WHEN 'P-HW-001' THEN :many ELSE 0 END", many=held - 2)
    close(stocked, today, "11-18T17:30")
    assert Role.PLANNER not in told(stocked)
    stocked.run(MOVE, **moved(-2, "11-19T11:00", "own_use_out"))
    close(stocked, today, "11-19T17:30")
    assert f"P-HW-001：{held - 2:.0f} / {held - 2:.0f} 只" in told(stocked)[Role.PLANNER]
    stocked.run(MOVE, **moved(2, "11-20T11:00"))
    close(stocked, today, "11-20T17:30")
    assert Role.PLANNER not in told(stocked)


@pytest.fixture
def proposed(stocked: Play, today: time_machine.Traveller) -> Play:
    """A month in which 91 hinges were consumed; its proposal is 20."""
    stocked.run("UPDATE part SET safety_stock = 0 WHERE code <> 'P-HW-001'")
    stocked.run(MOVE, **moved(-95, "11-10T10:00", "delivery_out"))
    stocked.run(MOVE, **moved(4, "11-12T10:00", "delivery_out"))  # red
    stocked.run(MOVE, **moved(-50, "08-31T10:00", "delivery_out"))  # before the three months
    stocked.run(MOVE, **moved(-9, "11-12T10:00", "transfer_out"))  # not consumed
    today.move_to("2026-12-01T09:00:00+08:00")
    ((period, page),) = do_rounds(stocked.db, PROPOSING, DUE)
    assert f"{period.last}" == "2026-11-30"
    assert "| 铰链(全盖110°) P-HW-001 | 91 | 300 | 20 | 只 |" in page
    assert "2026-11 · 1" in told(stocked)[Role.PLANNER]
    return stocked


def test_a_confirmed_proposal_is_in_force_from_then_on_and_what_was_stays(
    proposed: Play, today: time_machine.Traveller
) -> None:
    """Safety stock is dynamic (S0): a monthly proposal, confirmed by the PLANNER, never by an edit."""
    proposed.run("UPDATE stock_balance SET on_hand = 10 WHERE (warehouse, part) = ('MAIN-GOOD', 'P-HW-001')")
    assert in_force(proposed, date(2026, 12, 2)) == {"P-HW-001": 300}
    assert confirm(proposed, P_HW_004=999) == "2026-11：2 种 parts"
    assert in_force(proposed, date(2026, 12, 2)) == {"P-HW-001": 20, "P-HW-004": 999}
    assert Role.PLANNER not in told(proposed)
    today.move_to("2027-01-04T09:00:00+08:00")
    do_rounds(proposed.db, PROPOSING, DUE)
    confirm(proposed, month="2026-12-01", P_HW_001=7)
    proposed.run("UPDATE stock_balance SET on_hand = 5 WHERE (warehouse, part) = ('MAIN-GOOD', 'P-HW-001')")
    assert in_force(proposed, date(2027, 1, 5))["P-HW-001"] == 7
    assert len(proposed.rows("SELECT 1 FROM safety_stock WHERE part = 'P-HW-001'")) == 2
    assert in_force(proposed, date(2026, 12, 2))["P-HW-001"] == 20, "it was so then"


def test_a_proposal_is_confirmed_once_by_a_planner_for_parts_that_there_are(proposed: Play) -> None:
    with pytest.raises(BadInput, match="must hold PLANNER"):
        confirm(proposed, OFFICE)
    with pytest.raises(BadInput, match=r"row 1.*P-XX-001.*is no standard part"):
        confirm(proposed, P_XX_001=1)
    with pytest.raises(NotFound, match="2026-10"):
        confirm(proposed, month="2026-10-01")
    assert proposed.rows("SELECT 1 FROM safety_stock") == []
    confirm(proposed)
    with pytest.raises(BadInput, match="已于 2026-12-01 确认"):
        confirm(proposed)


def test_a_month_is_proposed_once_however_late_and_the_first_figures_stay(
    proposed: Play, today: time_machine.Traveller
) -> None:
    assert do_rounds(proposed.db, PROPOSING, DUE) == []
    proposed.run(MOVE, **moved(-500, "11-11T10:00", "delivery_out"))
    november = PeriodWanted.model_validate({"since": "2026-11-01", "until": "2026-11-30"})
    ((_, page),) = do_rounds(proposed.db, PROPOSING, november)
    assert "| 91 | 300 | 20 |" in page


def test_who_looks_at_another_month_leaves_the_one_that_waits(proposed: Play) -> None:
    """A proposal waits until it, or a later one, is confirmed; to see an old month takes no notice back."""
    for month in ("10-01", "10-31"), ("11-05", "11-06"):
        wanted = PeriodWanted.model_validate({"since": f"2026-{month[0]}", "until": f"2026-{month[1]}"})
        do_rounds(proposed.db, PROPOSING, wanted)
        assert "2026-11 · 1" in told(proposed)[Role.PLANNER]


def test_an_older_month_is_not_confirmed_over_a_newer_one(proposed: Play, today: time_machine.Traveller) -> None:
    proposed.run(MOVE, **moved(-8, "12-10T10:00", "delivery_out"))
    today.move_to("2027-01-04T09:00:00+08:00")
    do_rounds(proposed.db, PROPOSING, DUE)
    assert all(f"{month} · 1" in told(proposed)[Role.PLANNER] for month in ("2026-11", "2026-12"))
    confirm(proposed, month="2026-12-31", P_HW_001=7)
    assert Role.PLANNER not in told(proposed)
    with pytest.raises(BadInput, match=r"2026-12.*later"):
        confirm(proposed, month="2026-11-30")
    assert len(proposed.rows("SELECT 1 FROM safety_stock")) == 1


def test_what_is_consumed_later_is_not_added_to_a_month_that_was_proposed(proposed: Play) -> None:
    proposed.run("UPDATE part SET discontinued_on = NULL")
    confirm(proposed)
    proposed.run(MOVE.replace("P-HW-001", "P-HW-002"), **moved(-5, "11-11T10:00", "delivery_out"))
    november = PeriodWanted.model_validate({"since": "2026-11-01", "until": "2026-11-30"})
    do_rounds(proposed.db, PROPOSING, november)
    assert Role.PLANNER not in told(proposed)
    assert len(proposed.rows("SELECT 1 FROM safety_proposal")) == 1
