"""Surveys from the sample to what the units hear (DOMAIN, "Scheduled work"; DOMAIN-BRANCHES, "Survey")."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

import flows.complaint
import flows.corrective_action
import flows.repair_return  # noqa: F401  what is surveyed
from schemas.forms.periods import PeriodWanted
from schemas.forms.surveys import Mark, SurveyAbout, SurveyAnswer, SurveyDoor, SurveyWanted
from schemas.problems import BadInput, NotFound
from tasks.desk.lookups import look_up
from tasks.people.queries import ALL
from tasks.rounds.rules import Period
from tasks.rounds.steps import do_rounds
from tasks.surveys import queries
from tasks.surveys.answers import FormAnswered, enter_answer, keep_answer
from tasks.surveys.asking import survey_on_demand
from tasks.surveys.closing import close_surveys
from tasks.surveys.rules import MOST_SAID, TOPICS, Said
from tasks.surveys.sampling import draw, send_survey
from tests.flows.complaints import Hotline
from tests.tasks.surveys.survey_cases import made_by, repaired

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
GOOD, BAD = Said(Mark.VERY), Said(Mark.NOT)


@pytest.fixture
def play(db: Engine, today: Any) -> Iterator[Hotline]:
    play = Hotline(db)
    yield play
    play.rest()


def send(db: Engine, about: SurveyAbout = SurveyAbout.REPAIRS, **more: Any) -> str:
    with db.begin() as connection:
        return send_survey(connection, about, OCTOBER, more.pop("origin", "test"), **more)[0]


def forms(play: Hotline) -> list[Any]:
    return play.rows("SELECT f.*, s.number FROM survey_form f JOIN survey s ON s.id = f.survey ORDER BY f.survey, f.no")


def answer(play: Hotline, form: Any, said: Said = GOOD, door: SurveyDoor = SurveyDoor.PAGE) -> FormAnswered:
    return keep_answer(play.db, form.id, said, door)


def entered(play: Hotline, **fields: Any) -> FormAnswered:
    given = {"问卷编号": "MY-202610-1-001", "经办人工号": "E1025", "客户总体评价": "很满意"} | fields
    return enter_answer(play.db, SurveyAnswer.model_validate(given), SurveyDoor.AGENT)


# the sample


def test_the_months_repairs_are_asked_at_random_by_a_seed_that_draws_the_same_again(play: Hotline) -> None:
    repaired(play.db, 230)
    repaired(play.db, 5, "2026-11-01T00:30:00+08:00", first=300)  # the next month's
    repaired(play.db, 5, "2026-09-30T23:59:00+08:00", first=400)  # the month's before
    assert send(play.db) == "MY-202610-1"
    (row,) = play.rows("SELECT * FROM survey")
    assert (row.population, row.sent, len(forms(play))) == (230, 23, 23)
    assert (str(row.closes_at), str(row.links_until)) == ("2026-12-03 16:00:00+00:00", "2026-12-18 16:00:00+00:00")
    with play.db.connect() as connection:
        found = queries.customers_served(connection, SurveyAbout.REPAIRS, date(2026, 10, 1), date(2026, 11, 1))
    assert [asked.about for asked in draw(found, 23, row.seed)] == [form.about for form in forms(play)]


def test_a_survey_is_sent_once_a_month_however_often_the_job_runs(play: Hotline) -> None:
    from flows.jobs.surveys import MONTHLY

    repaired(play.db, 3)
    (came,) = do_rounds(play.db, MONTHLY, PeriodWanted())
    assert "发出 sent 3" in came[1]
    assert do_rounds(play.db, MONTHLY, PeriodWanted()) == []
    again = do_rounds(play.db, MONTHLY, PeriodWanted(since=OCTOBER.first, until=OCTOBER.last))
    assert again[0][1] == came[1]
    assert len(forms(play)) == 3


def test_a_month_without_repairs_sends_nothing_and_says_so(play: Hotline) -> None:
    from flows.jobs.surveys import MONTHLY

    assert "没有可调查的" in do_rounds(play.db, MONTHLY, PeriodWanted())[0][1]
    assert forms(play) == []


def test_the_stores_are_all_asked_each_half_year(play: Hotline, today: Any) -> None:
    from flows.jobs.surveys import STORES

    today.move_to("2027-01-04T09:00:00+08:00")
    assert "发出 sent 5" in do_rounds(play.db, STORES, PeriodWanted())[0][1]
    assert [form.store for form in forms(play)] == ["ZM001", "ZM002", "ZM003", "ZM004", "ZM005"]


def test_a_supervisor_asks_whom_and_how_many(play: Hotline) -> None:
    repaired(play.db, 8)
    asked = SurveyWanted(staff="E1040", about=SurveyAbout.REPAIRS, since=OCTOBER.first, until=OCTOBER.last, size=4)
    assert "发出 sent 4" in survey_on_demand(play.db, asked, "run:1")
    assert survey_on_demand(play.db, asked, "run:1") in survey_on_demand(play.db, asked, "run:1"), "a job that died"
    assert len(forms(play)) == 4
    with pytest.raises(BadInput, match="SUPERVISOR"):
        survey_on_demand(play.db, asked.model_copy(update={"staff": "E1025"}), "run:2")
    with pytest.raises(BadInput, match="不能晚于今天"):
        survey_on_demand(play.db, asked.model_copy(update={"until": date(2026, 11, 19)}), "run:2")
    with pytest.raises(BadInput, match="不能早于"):
        survey_on_demand(play.db, asked.model_copy(update={"since": date(1, 1, 1)}), "run:2")
    with pytest.raises(ValueError, match="晚于截止日"):
        SurveyWanted(staff="E1040", about=SurveyAbout.REPAIRS, since=OCTOBER.last, until=OCTOBER.first)


def test_what_is_wanted_twice_is_asked_once_until_it_is_counted(play: Hotline, today: Any) -> None:
    """Clicked twice, or wanted by two at once with other figures: customers have one form."""
    repaired(play.db, 8)
    asked = SurveyWanted(staff="E1040", about=SurveyAbout.REPAIRS, since=OCTOBER.first, until=OCTOBER.last, size=4)
    again = asked.model_copy(update={"staff": "E1041", "size": 3})
    with ThreadPoolExecutor(2) as both:
        said = list(both.map(survey_on_demand, [play.db] * 2, [asked, again], ["run:1", "run:2"]))
    assert said[0] == said[1]
    assert len(play.rows("SELECT FROM survey")) == 1
    today.move_to("2026-12-05T10:00:00+08:00")
    close_surveys(play.db)
    assert survey_on_demand(play.db, again, "run:3") != said[0], "the next one is another one"


# answers


def test_the_first_answer_wins_and_the_second_hears_of_it_through_whichever_door(play: Hotline) -> None:
    repaired(play.db, 2)
    send(play.db)
    first = forms(play)[0]
    assert answer(play, first).new
    again = entered(play, 客户总体评价="不满意")
    assert (again.new, again.said) == (
        False,
        "MY-202610-1-001 已于 2026-11-18 10:00 收到，不再改动 was answered before",
    )
    (kept,) = play.rows("SELECT overall, door FROM survey_answer")
    assert (kept.overall, kept.door) == ("very", "page")
    assert play.rows("SELECT id FROM service_case WHERE process = 'CC'") == []


def test_of_answers_at_the_same_moment_one_is_kept_with_one_complaint(play: Hotline) -> None:
    repaired(play.db, 1)
    send(play.db)
    (form,) = forms(play)
    with ThreadPoolExecutor(4) as pool:
        became = list(pool.map(lambda _: answer(play, form, BAD), range(4)))
    assert sum(one.new for one in became) == 1
    assert len(play.rows("SELECT id FROM service_case WHERE process = 'CC'")) == 1


def test_an_answer_never_changes(play: Hotline) -> None:
    repaired(play.db, 1)
    send(play.db)
    answer(play, forms(play)[0])
    for statement in ("UPDATE survey_answer SET overall = 'not'", "DELETE FROM survey_answer"):
        with pytest.raises(IntegrityError, match="never change"):
            play.run(statement)


@pytest.mark.parametrize(
    ("said", "opens"),
    [
        (Said(Mark.NOT), "投诉"),
        (Said(Mark.VERY, {"e": Mark.NOT}), "投诉"),
        (Said(Mark.VERY, {"e2": Mark.NOT}), "投诉"),
        (Said(Mark.HARDLY, {"e": Mark.HARDLY}), None),
        (Said(Mark.VERY, wants_reply=True), "咨询"),
        (Said(None, remarks={"": "请回电"}, wants_reply=True), "咨询"),
        (Said(Mark.BASICALLY), None),
    ],
)
def test_not_satisfied_with_anything_opens_a_complaint_and_who_asks_for_a_reply_gets_one(
    play: Hotline, said: Said, opens: str | None
) -> None:
    repaired(play.db, 1)
    send(play.db)
    became = answer(play, forms(play)[0], said)
    assert (became.complaint is None) is (opens is None)
    if opens and became.complaint:
        play.rest()
        case = play.case(became.complaint)
        kind = {"complaint": "投诉", "enquiry": "咨询"}[case.request["kind"]]
        assert (kind, case.request["about"], case.customer_name) == (opens, "RR-2026-900001", "客户1")
        assert "first-1" in play.items(became.complaint)
        (kept,) = play.rows("SELECT complaint FROM survey_answer")
        assert kept.complaint == became.complaint


def test_a_store_that_is_not_satisfied_opens_a_complaint_too(play: Hotline) -> None:
    send(play.db, SurveyAbout.STORES)
    became = answer(play, forms(play)[2], Said(None, {"c1": Mark.NOT}))
    assert became.complaint is not None
    play.rest()
    case = play.case(became.complaint)
    assert (case.office, case.customer_name, case.request["standing"]) == ("TJ", "天津河西专卖店", "dealer")
    assert "c1 款式是否满意" in case.request["matter"]


def test_a_store_without_a_phone_is_heard_too(play: Hotline) -> None:
    play.run("UPDATE store SET phone = ''")
    send(play.db, SurveyAbout.STORES)
    became = answer(play, forms(play)[2], BAD)
    assert became.complaint is not None
    assert play.case(became.complaint).customer_name == "天津河西专卖店"


def test_what_staff_enter_must_name_a_form_and_be_entered_by_who_takes_calls(play: Hotline) -> None:
    repaired(play.db, 1)
    send(play.db)
    for fields, why in (
        ({"问卷编号": "MY-202610-1-099"}, "没有这份问卷"),
        ({"经办人工号": "E9999"}, "没有这位在职员工"),
        ({"经办人工号": "E1016"}, "须为客服专员"),
        ({"分项评价": "a9 很满意"}, "没有这一题"),
        ({"分项评价": "a1 五分"}, "应为题号和评价"),
        ({"客户总体评价": ""}, "至少评一项"),
    ):
        with pytest.raises(BadInput, match=why):
            entered(play, **fields)
    with pytest.raises(ValueError, match="客户总体评价"):
        entered(play, 客户总体评价="6")
    assert play.rows("SELECT form FROM survey_answer") == []
    assert entered(play).new


def test_a_form_that_is_none_is_not_found(play: Hotline) -> None:
    from uuid import uuid4

    with pytest.raises(NotFound):
        keep_answer(play.db, uuid4(), GOOD, SurveyDoor.PAGE)


def test_the_customer_file_shows_what_a_customer_was_asked_and_answered(play: Hotline) -> None:
    repaired(play.db, 2)
    send(play.db)
    answer(play, forms(play)[0], Said(Mark.HARDLY, {"e": Mark.NOT}, {"f": "快些"}))
    with play.db.connect() as connection:
        shown = [look_up(connection, f"客户{no}", ALL).file for no in (1, 2)]
    first, second = ({one.key: table for one, table in file.sections.items()}["surveys"] for file in shown if file)
    assert [[*map(str, row)] for row in first.rows] == [
        ["MY-202610-1-001", "RR-2026-900001", "2026-11-18 10:00", "2026-11-18 10:00", "不太满意", "e", "快些"]
    ]
    assert [row[3:] for row in second.rows] == [["", "", "", ""]]


# closing


def test_a_closed_survey_tells_its_units_late_forms_are_kept_and_not_counted(play: Hotline, today: Any) -> None:
    repaired(play.db, 12)
    made_by(play.db, "PANEL", "PAINT")
    send(play.db)
    panel = [form for form in forms(play) if form.unit == "PANEL"]
    paint = [form for form in forms(play) if form.unit == "PAINT"]
    for form in panel[:4]:
        answer(play, form)
    answer(play, panel[4], Said(Mark.HARDLY))  # 4 of 5: exactly the target
    answer(play, paint[0], Said(Mark.NOT, {"e": Mark.NOT}, {"": "等了一个月"}))
    assert close_surveys(play.db) == [], "it is not over"
    today.move_to("2026-12-04T00:00:00+08:00")
    late = answer(play, paint[1], BAD)
    assert (late.late, late.complaint is not None) == (True, True)
    (told,) = close_surveys(play.db)
    assert "合计 all: 发出 12 回收 6 满意 4 · 满意率 66.67%" in told
    assert close_surveys(play.db) == []
    play.rest()
    cases = {case.request["unit"]: case for case in play.rows("SELECT * FROM service_case WHERE process = 'JC'")}
    assert (cases["PANEL"].ending, cases["PAINT"].ending) == ("commended", None)
    (letter,) = play.documents(cases["PAINT"].id, "LL")
    assert "通报批评，限 2026-12-18 前整改" in letter.content["remark"]
    assert {line["item"]: line["result"] for line in letter.content["lines"]} == {
        "客户总体评价 Overall": "不满意 1",
        "e 服务": "不满意 1",
        "客户留言 Remarks": "等了一个月",
    }
    assert "表彰" in play.documents(cases["PANEL"].id, "LL")[0].content["remark"]
    assert play.items(cases["PAINT"].id)["plan-1"].unit == "PAINT"


def test_where_nothing_came_back_there_is_no_rate_and_nobody_is_told(play: Hotline, today: Any) -> None:
    repaired(play.db, 2)
    send(play.db)
    today.move_to("2026-12-04T00:00:00+08:00")
    (told,) = close_surveys(play.db)
    assert "回收 0 满意 0 · 无满意率" in told
    assert play.rows("SELECT id FROM service_case WHERE process = 'JC'") == []


def test_who_has_much_to_say_is_heard_all_the_same(play: Hotline) -> None:
    """Each remark may be as long as the page says; all of them together are no fault of the customer's."""
    repaired(play.db, 1)
    send(play.db)
    long = {code: code * MOST_SAID for code in TOPICS}
    became = answer(play, forms(play)[0], Said(Mark.NOT, remarks=long))
    assert became.new
    assert became.complaint is not None
    assert play.case(became.complaint).request["matter"].startswith("MY-202610-1-001 不满意：总体评价")
