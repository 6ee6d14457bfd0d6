"""Corners of the duty roster: swaps with whom they cannot be, too often, deputies who are away too (S1 1.3.2)."""

from collections.abc import Iterator

import pytest
import time_machine
from sqlalchemy import Engine

from schemas.words import Role
from tests.books import books_balance
from tests.flows.complaints import HANDLER, Hotline
from tests.flows.test_duty import A, B, plan, send

C, DAY = "E1027", "2026-11-21"


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Iterator[Hotline]:
    play = Hotline(db)
    yield play
    play.rest()
    books_balance(db)


def swap(play: Hotline, day: str, shift: str, to: str, other: str, by: str) -> None:
    """Let two swap a shift, and the MANAGER approve it."""
    case = send(play, (day, shift, to, ""), by=by)
    play.decide(case, "party", other)
    play.decide(case, "swap")


def test_nobody_swaps_with_oneself_or_with_somebody_on_leave(play: Hotline) -> None:
    send(play, (DAY, "休息日班", A, ""), (DAY, "休假", B, C))
    assert "没有值班人" in play.wrong(process="DR", **plan((DAY, "休息日班", A, ""), by=A))
    assert "休假" in play.wrong(process="DR", **plan((DAY, "休息日班", B, ""), by=A))


def test_the_other_party_s_swaps_count_too(play: Hotline) -> None:
    """At most 3 a person and month: of both."""
    days = ["2026-11-19", "2026-11-20", "2026-11-23", "2026-11-24"]
    send(play, *((day, "晚班", A, "") for day in days))
    for day in days[:3]:
        swap(play, day, "晚班", B, B, A)
    send(play, ("2026-11-25", "晚班", C, ""))
    assert "已换班 3 次" in play.wrong(process="DR", **plan(("2026-11-25", "晚班", B, ""), by=C))


def test_swapping_one_shift_to_and_fro_counts_each_time_whatever_the_roster_says_then(play: Hotline) -> None:
    send(play, (DAY, "休息日班", A, ""))
    swap(play, DAY, "休息日班", B, B, A)
    swap(play, DAY, "休息日班", A, B, A)
    swap(play, DAY, "休息日班", B, B, A)
    send(play, (DAY, "休息日班", A, ""))
    assert "已换班 3 次" in play.wrong(process="DR", **plan((DAY, "休息日班", C, ""), by=A))


def test_swaps_that_still_wait_count_too(play: Hotline) -> None:
    days = ["2026-11-19", "2026-11-20", "2026-11-23", "2026-11-24"]
    send(play, *((day, "晚班", A, "") for day in days))
    for day in days[:3]:
        send(play, (day, "晚班", B, ""), by=A)
    assert "已换班 3 次" in play.wrong(process="DR", **plan((days[3], "晚班", C, ""), by=A))


def test_only_who_may_answer_the_hotline_is_on_duty(play: Hotline) -> None:
    """The other party signs as AGENT: nobody else could."""
    assert "客服专员" in play.wrong(process="DR", **plan((DAY, "休息日班", "E1022", "")))
    assert "代理" in play.wrong(process="DR", **plan((DAY, "休假", HANDLER, HANDLER)))


def test_a_deputy_who_is_away_too_leaves_it_to_the_supervisor(play: Hotline) -> None:
    """Cases pass to the roster's deputy; none → SUPERVISOR."""
    play.retire("E1031")
    send(play, ("2026-11-18", "休假", HANDLER, B), ("2026-11-18", "休假", B, C))
    case = play.valid()
    assert play.items(case)["coordinate-1"].role == Role.SUPERVISOR


def test_a_deputy_who_has_left_leaves_it_to_the_supervisor(play: Hotline) -> None:
    play.retire("E1031")
    send(play, ("2026-11-18", "休假", HANDLER, B))
    play.retire(B)
    assert play.items(play.valid())["coordinate-1"].role == Role.SUPERVISOR
