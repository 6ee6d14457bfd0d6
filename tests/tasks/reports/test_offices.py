"""配件申报评估表: the rate is lines unchanged at first review ÷ lines reviewed, as reviews and corrections have it."""

from datetime import date

import pytest
import time_machine

from schemas.forms.evaluations import ReviewObjection, ReviewRuling
from schemas.forms.periods import PeriodWanted
from schemas.problems import BadInput, NotFound
from tasks.desk.reports.publishing import rounds_of
from tasks.reports.offices.monthly import offices
from tasks.reports.offices.objections import object_to_review, rule_on_review
from tasks.reports.offices.rules import Cards, Evaluated, ranked, together
from tasks.rounds.rules import Period
from tasks.rounds.steps import do_rounds
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


def test_each_month_has_what_happened_in_it_whether_the_case_is_open_or_closed_since(
    play: Play, today: time_machine.Traveller
) -> None:
    rejected, delivered, waiting = (play.apply(lines) for lines in (1, 2, 3))
    play.decide(rejected, "review-1", 审核结论="驳回", 原因="不属售后")
    today.move_to("2026-12-02T10:00:00+08:00")
    play.decide(delivered, "review-1", 明细={1: {"数量": 2}})
    assert play.finish(delivered) == "delivered"
    play.decide(waiting, "review-1")
    today.move_to("2027-02-01T10:00:00+08:00")
    assert [play.case(case).closed_at is None for case in (rejected, delivered, waiting)] == [False, False, True]
    december, january = Period(date(2026, 12, 1), date(2026, 12, 31)), Period(date(2027, 1, 1), date(2027, 1, 31))
    with play.db.connect() as connection:
        found = [offices.made(connection, month) for month in (NOVEMBER, december, january)]
    names = ("applications", "lines", "corrected", "rejected")
    told = [{row[0]: row[1:] for row in rows(one, "offices", "office", *names)} for one in found]
    assert [rows_of.get("北京办事处") for rows_of in told] == [(3, 1, 0, 1), (0, 5, 1, 0), None]
    assert not any(any(row) for row in told[2].values())


# objections


def objection(number: str, line_no: int, staff: str = "E1049") -> ReviewObjection:
    said = {"number": number, "line_no": line_no, "reason": "规格写得清楚", "staff": staff}
    return ReviewObjection.model_validate(said)


def ruling(number: str, line_no: int, verdict: str = "同意", reason: str = "", staff: str = "E1040") -> ReviewRuling:
    said = {"number": number, "line_no": line_no, "verdict": verdict, "reason": reason, "staff": staff}
    return ReviewRuling.model_validate(said)


@pytest.fixture
def corrected(play: Play) -> str:
    """An application of 2 lines, of which the first was corrected; gives its number."""
    case = play.apply(2)
    play.decide(case, "review-1", 明细={1: {"数量": 2}})
    return str(play.case(case).number)


def rate(play: Play) -> float | None:
    with play.db.connect() as connection:
        return measures(offices.made(connection, NOVEMBER))["rate"]


def test_where_the_office_is_right_a_new_edition_says_so(
    play: Play, corrected: str, today: time_machine.Traveller
) -> None:
    """The office objects within 5 wd (D); a correction is a new edition."""
    today.move_to("2026-12-01T10:00:00+08:00")
    do_rounds(play.db, rounds_of(offices), PeriodWanted())
    object_to_review(play.db, objection(corrected, 1))
    assert rate(play) == 0.5
    _, edition = rule_on_review(play.db, ruling(corrected, 1))
    assert rate(play) == 1.0
    assert edition
    assert (edition.edition, corrected in edition.reason) == (2, True)
    with pytest.raises(BadInput, match="没有待裁定"):
        rule_on_review(play.db, ruling(corrected, 1))


def test_a_ruling_stands_with_its_edition_or_not_at_all(
    play: Play, corrected: str, today: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What breaks while the new edition is made breaks the ruling: the objection waits, the next ruling publishes."""
    today.move_to("2026-12-01T10:00:00+08:00")
    do_rounds(play.db, rounds_of(offices), PeriodWanted())
    object_to_review(play.db, objection(corrected, 1))
    with monkeypatch.context() as power:
        power.delattr("tasks.reports.editions.keep")
        with pytest.raises(AttributeError):
            rule_on_review(play.db, ruling(corrected, 1))
    _, edition = rule_on_review(play.db, ruling(corrected, 1))
    assert edition is not None
    assert edition.edition == 2


def test_where_the_office_is_not_right_nothing_changes(play: Play, corrected: str) -> None:
    object_to_review(play.db, objection(corrected, 1))
    with pytest.raises(BadInput, match="不同意时必填"):
        rule_on_review(play.db, ruling(corrected, 1, "不同意"))
    with pytest.raises(BadInput, match="须为客服主管"):
        rule_on_review(play.db, ruling(corrected, 1, staff="E1001"))
    assert rule_on_review(play.db, ruling(corrected, 1, "不同意", "确有错误"))[1] is None
    assert rate(play) == 0.5


def test_what_was_sent_back_may_count_as_unchanged_too(play: Play) -> None:
    case = play.apply(2)
    play.decide(case, "review-1", 审核结论="退回办事处", 原因="写清规格")
    number = play.case(case).number
    assert rate(play) == 0.0
    object_to_review(play.db, objection(number, 0))
    assert rule_on_review(play.db, ruling(number, 0)) == (f"{number} 第0行 同意 approve", None), "nothing was published"
    assert rate(play) == 1.0


def test_an_objection_is_of_the_office_about_what_was_corrected_once_and_in_time(
    play: Play, corrected: str, today: time_machine.Traveller
) -> None:
    for staff, number, line_no, why in [
        ("E1052", corrected, 1, "OFFICE · BJ"),
        ("E1049", corrected, 2, "corrected: 1"),
        ("E1049", corrected, 0, "首次审核已通过"),
        ("E1049", "PA-2026-999999", 1, "没有审核过"),
    ]:
        with pytest.raises((BadInput, NotFound), match=why):
            object_to_review(play.db, objection(number, line_no, staff))
    today.move_to("2026-12-08T23:00:00+08:00")  # the fifth working day after the first of December
    object_to_review(play.db, objection(corrected, 1))
    with pytest.raises(BadInput, match="已提出异议"):
        object_to_review(play.db, objection(corrected, 1))
    today.move_to("2026-12-09T00:00:00+08:00")
    with pytest.raises(BadInput, match="异议期至 2026-12-08"):
        object_to_review(play.db, objection(corrected, 1))


def test_published_late_an_office_has_its_days_all_the_same(
    play: Play, corrected: str, today: time_machine.Traveller
) -> None:
    """The machines stood still for a week: the office reads its evaluation on the 10th, and has 5 wd from there."""
    today.move_to("2026-12-10T09:00:00+08:00")
    do_rounds(play.db, rounds_of(offices), PeriodWanted())
    today.move_to("2026-12-17T23:59:59+08:00")
    object_to_review(play.db, objection(corrected, 1))
    today.move_to("2026-12-18T00:00:00+08:00")
    with pytest.raises(BadInput, match="异议期至 2026-12-17"):
        object_to_review(play.db, objection(corrected, 1))
