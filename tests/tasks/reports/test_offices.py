"""配件申报评估表: the rate is lines unchanged at first review ÷ lines reviewed, as reviews and corrections have it."""

from datetime import date

import pytest
import time_machine

from schemas.problems import BadInput
from tasks.reports.offices.monthly import offices
from tasks.reports.offices.rules import Cards, Evaluated, ranked, together
from tasks.rounds.rules import Period
from tests.flows.anomalies import at
from tests.play import Play
from tests.tasks.reports.test_complaints import NOVEMBER
from tests.tasks.reports.test_lists import measures, rows


def office(name: str, unchanged: int, lines: int, staff: str = "E1") -> Evaluated:
    return Evaluated(name, staff, "某", 1, lines, unchanged, lines - unchanged)


@pytest.mark.parametrize(("lines", "rank"), [(5, 1), (4, None)])
def test_who_has_five_lines_is_ranked(lines: int, rank: int | None) -> None:
    """评估表: ranked from 5 lines (D)."""
    assert ranked([office("北京", 3, lines)], 5)[0][1] == rank


def test_equals_have_one_rank_and_the_next_counts_on() -> None:
    found = ranked(
        [office("甲", 3, 6), office("乙", 9, 10), office("丙", 5, 10), office("丁", 0, 9), office("戊", 4, 4)], 5
    )
    assert [(row.office, rank) for row, rank in found] == [("乙", 1), ("丙", 2), ("甲", 2), ("丁", 4), ("戊", None)]


def test_an_office_is_the_sum_of_its_people() -> None:
    (found,) = together([office("甲", 3, 6, "E1"), office("甲", 1, 2, "E2")], lambda row: (row.office, "", ""))
    assert (found.lines, found.unchanged, found.rate) == (8, 4, 0.5)
    assert (Evaluated("甲", "", "").rate, Cards(0, 0).rate) == (None, None)


def test_the_evaluation_says_what_the_reviews_say(play: Play, today: time_machine.Traveller) -> None:
    """Per office and applicant: applications, lines, corrected, sent back, rejected, duplicates, anomalies, cards, rate (S0)."""
    first = play.apply(3)
    play.decide(first, "review-1", 明细={1: {"数量": 2}})
    back = play.apply(2)
    play.decide(back, "review-1", 审核结论="退回办事处", 原因="写清规格")
    play.decide(back, "resubmit-1")
    play.decide(back, "review-2", 审核结论="驳回", 原因="不属售后")
    with pytest.raises(BadInput):
        play.apply(2, 订单号=play.case(first).order_no)
    with pytest.raises(BadInput):
        play.apply(2, 订单号=play.case(first).order_no)
    play.apply(1, office="SH")
    at(play, "plan-1", 责任方类别="办事处", 责任方="BJ", 异常费用=0, 责任依据="申报写错")
    today.move_to("2026-11-30T12:00:00+08:00")
    with play.db.connect() as connection:
        found = offices.made(connection, NOVEMBER)
        empty = offices.made(connection, Period(date(2026, 10, 1), date(2026, 10, 31)))
    names = ("office", "rank", "rate", "applications", "lines", "corrected", "sent_back", "rejected", "duplicates")
    assert rows(found, "offices", *names, "anomalies")[:2] == [
        ("北京办事处", 1, 0.5714, 3, 7, 1, 1, 1, 2, 1),
        ("上海办事处", None, None, 1, 0, 0, 0, 0, 0, 0),
    ]
    who = play.rows("SELECT name || ' ' || code AS who FROM staff WHERE code = 'E1049'")[0].who
    assert rows(found, "people", "applicant", "lines")[0] == (who, 7)
    assert measures(found)["rate"] == 0.5714
    assert measures(empty)["rate"] is None
