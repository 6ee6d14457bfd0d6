"""The hotline's duty roster, its swaps and deputies (DOMAIN-BRANCHES 3; S1 1.3.1, 1.3.2, S3 §6 七)."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

from tests.books import books_balance
from tests.flows.complaints import HANDLER, SUPERVISOR, Hotline
from tests.play import open_to_gate

A, B = "E1025", "E1026"


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Iterator[Hotline]:
    play = Hotline(db)
    yield play
    play.rest()
    books_balance(db)


def plan(*lines: tuple[str, str, str, str], by: str = SUPERVISOR) -> dict[str, Any]:
    rows = [dict(zip(("值班日期", "班次", "值班工号", "代理工号"), line, strict=True)) for line in lines]
    return {"办事处": "BJ", "申报人工号": by, "明细": rows, "原因": "家中有事"}


def send(play: Hotline, *lines: tuple[str, str, str, str], by: str = SUPERVISOR) -> int:
    return open_to_gate(play.db, plan(*lines, by=by), "DR").case_id


def on(play: Hotline, day: str) -> list[tuple[str, str | None]]:
    found = play.rows("SELECT staff, deputy FROM duty WHERE day = :day ORDER BY staff", day=day)
    return [(row.staff, row.deputy) for row in found]


def test_the_supervisors_plan_is_the_roster_at_once_and_a_later_one_follows_it(play: Hotline) -> None:
    """Duty roster by the SUPERVISOR."""
    case = send(play, ("2026-11-21", "休息日班", A, ""), ("2026-11-19", "晚班", B, "E1027"))
    assert play.case(case).ending == "in_force"
    assert on(play, "2026-11-19") == [(B, "E1027")]
    send(play, ("2026-11-19", "晚班", A, ""))
    assert on(play, "2026-11-19") == [(A, None)]


def test_a_swap_is_signed_by_the_other_party_and_the_manager(play: Hotline) -> None:
    """Swaps approved; 换班登记表: both parties, MANAGER's signature."""
    send(play, ("2026-11-21", "休息日班", A, ""))
    case = send(play, ("2026-11-21", "休息日班", B, ""), by=A)
    assert "须由对方 E1026 本人" in play.refused(case, "party", "E1027")
    play.decide(case, "party", B)
    assert play.items(case)["swap"].role == "MANAGER"
    assert on(play, "2026-11-21") == [(A, None)]
    play.decide(case, "swap")
    assert (play.case(case).ending, on(play, "2026-11-21")) == ("in_force", [(B, None)])
    (sheet,) = play.documents(case, "HB")
    names = {row.code: f"{row.code} {row.name}" for row in play.rows("SELECT code, name FROM staff")}
    assert (sheet.content["lines"][0]["on_duty"], sheet.content["lines"][0]["was_on_duty"]) == (names[B], names[A])


@pytest.mark.parametrize("key", ["party", "swap"])
def test_a_swap_that_either_refuses_changes_nothing(play: Hotline, key: str) -> None:
    send(play, ("2026-11-21", "休息日班", A, ""))
    case = send(play, ("2026-11-21", "休息日班", B, ""), by=B)
    if key == "swap":
        play.decide(case, "party", A)
    play.decide(case, key, A if key == "party" else None, 审批结论="不同意", 原因="不便")
    assert (play.case(case).ending, on(play, "2026-11-21")) == ("rejected", [(A, None)])


@pytest.mark.parametrize("key", ["party", "swap"])
def test_a_swap_that_waits_until_its_day_is_over_changes_nothing(play: Hotline, today: Any, key: str) -> None:
    send(play, ("2026-11-21", "休息日班", A, ""))
    case = send(play, ("2026-11-21", "休息日班", B, ""), by=B)
    if key == "swap":
        play.decide(case, "party", A)
    today.move_to("2026-11-22T00:00:01+08:00")
    assert "不再受理" in play.refused(case, key, A if key == "party" else None)
    assert play.time_out(case, key).accepted
    assert (play.case(case).ending, on(play, "2026-11-21")) == ("timed_out", [(A, None)])


def test_a_swap_may_be_taken_back_until_it_is_in_force(play: Hotline) -> None:
    send(play, ("2026-11-21", "休息日班", A, ""))
    case = send(play, ("2026-11-21", "休息日班", B, ""), by=A)
    assert play.withdraw(case, A).accepted
    assert play.case(case).ending == "withdrawn"


def test_nobody_swaps_more_than_three_times_a_month(play: Hotline) -> None:
    """At most 3 a person and month."""
    days = ["2026-11-19", "2026-11-20", "2026-11-23", "2026-11-24"]
    send(play, *((day, "晚班", A, "") for day in days), ("2026-12-01", "晚班", A, ""))
    for day in days[:3]:
        case = send(play, (day, "晚班", B, ""), by=A)
        play.decide(case, "party", B)
        play.decide(case, "swap")
    fourth = plan((days[3], "晚班", "E1027", ""), by=A)
    assert "已换班 3 次" in play.wrong(process="DR", **fourth)
    assert play.case(send(play, ("2026-12-01", "晚班", B, ""), by=A)).ending is None, "another month"


def test_no_swaps_on_public_holidays_of_shifts_of_others_or_of_the_past(play: Hotline, today: Any) -> None:
    """None on holidays."""
    today.move_to("2026-09-28T10:00:00+08:00")
    send(play, ("2026-10-01", "休息日班", A, ""), ("2026-11-21", "休息日班", A, ""))
    assert "节假日不能换班" in play.wrong(process="DR", **plan(("2026-10-01", "休息日班", B, ""), by=A))
    today.move_to("2026-11-18T10:00:00+08:00")
    assert "没有值班人" in play.wrong(process="DR", **plan(("2026-11-22", "休息日班", B, ""), by=A))
    assert "与申报人无关" in play.wrong(process="DR", **plan(("2026-11-21", "休息日班", B, ""), by="E1027"))
    assert "不能早于今天" in play.wrong(process="DR", **plan(("2026-11-17", "晚班", B, "")))
    assert "没有这位在职员工" in play.wrong(process="DR", **plan(("2026-11-21", "休息日班", "E9999", "")))
    two = plan(("2026-11-21", "休息日班", B, ""), ("2026-11-21", "休息日班", "E1027", ""), by=A)
    assert "一个班次" in play.wrong(process="DR", **two)


def test_who_is_on_duty_is_named_on_what_comes_in_duty_hours(play: Hotline) -> None:
    send(play, ("2026-11-18", "晚班", B, ""))
    case = play.call(来电时间="2026-11-17 18:30")
    assert B in "".join(play.items(case)["first-1"].brief)


def test_cases_of_who_is_on_leave_pass_to_the_rosters_deputy_without_one_to_the_supervisor(play: Hotline) -> None:
    """Absence: cases pass to the roster's deputy; none → SUPERVISOR."""
    play.retire("E1031")
    send(play, ("2026-11-18", "休假", HANDLER, B))
    case = play.valid()
    item = play.items(case)["coordinate-1"]
    assert (item.role, B in "".join(item.brief)) == ("COMPLAINT_HANDLER", True)
    assert "投诉专管员" in play.refused(case, "coordinate-1", "E1016")
    play.decide(case, "coordinate-1", B, 品管判定="否", 责任单位="PANEL")
    send(play, ("2026-11-18", "休假", HANDLER, ""))
    other = play.valid(同一事项="否")
    assert play.items(other)["coordinate-1"].role == "SUPERVISOR"
