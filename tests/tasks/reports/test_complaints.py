"""The hotline's figures: what was due in a period is judged by its end, and they are what the timelines say."""

from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

from schemas.forms.complaints import Satisfaction
from schemas.forms.contacts import ContactKind, ContactWay, Severity
from schemas.processes.complaint import ContactEnding
from tasks.reports.complaints.analysis import monthly_complaints, yearly_complaints
from tasks.reports.complaints.queries import hotline, months_of
from tasks.reports.complaints.rules import Callback, Contact, Hotline, Targets, measures
from tasks.reports.complaints.sections import breakdowns, causes, kinds, requests, topics, unsolved
from tasks.reports.complaints.weekly import weekly_complaints
from tasks.reports.shapes import Report, ReportSection
from tasks.rounds.rules import Period
from tasks.unit.work import SHANGHAI
from tests.flows.complaints import Hotline as People
from tests.flows.test_complaint_afterwards import heard

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def moment(day: str, hour: int = 10) -> datetime:
    return datetime.fromisoformat(f"2026-{day}").replace(hour=hour, tzinfo=SHANGHAI)


def contact(day: str = "11-02", kind: ContactKind = ContactKind.ENQUIRY, **more: Any) -> Contact:
    about = {
        "office": "北京办事处",
        "way": ContactWay.PHONE,
        "matter": "问",
        "model": "柜",
        "part": "",
        "special": "无",
    }
    dates = {"close_by": date(2026, 11, 30), "solve_by": date(2026, 12, 2), "due": moment(day, 18)}
    known = about | dates | {"closed": None, "ending": None, "contacts": 1}
    return Contact(number=f"CC-{day}", kind=kind, received=moment(day), **known | more)


def complaint(day: str = "11-02", severity: Severity = Severity.MINOR, **more: Any) -> Contact:
    return contact(day, ContactKind.COMPLAINT, judged=moment(day, 11), severity=severity, **more)


def counted(*contacts: Contact, callbacks: tuple[Callback, ...] = (), majors: int = 0) -> Hotline:
    return Hotline(NOVEMBER, contacts, callbacks, majors, Targets(0.95, 0.95, 5), 10, "")


def told(seen: Hotline) -> dict[str, Any]:
    return {one.key: (one.value, one.reached) for one in measures(seen)}


def rows(section: ReportSection, *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(row[key] for key in keys) for row in section.rows]


# the measures


@pytest.mark.parametrize(
    ("filed", "rate"), [(moment("11-30", 23), (1.0, True)), (moment("12-01", 0), (0.0, False)), (None, (0.0, False))]
)
def test_a_complaint_is_closed_in_time_when_it_is_filed_by_the_end_of_its_last_day(
    filed: datetime | None, rate: tuple[float, bool]
) -> None:
    """Closed in due time ≥ 95 % (D): closed when its 投诉档案目录 is filed."""
    assert told(counted(complaint(filed=filed, filings=1)))["closed_in_time"] == rate


def test_a_month_judges_what_fell_due_in_it_and_no_other() -> None:
    early, late = complaint("10-30", close_by=date(2026, 10, 31)), complaint("11-20", close_by=date(2026, 12, 1))
    assert told(counted(early, late))["closed_in_time"] == (None, None)
    assert told(counted(complaint(solve_by=date(2026, 11, 2), solved=moment("11-02"))))["solved_in_time"][0] == 1.0


def test_ninety_five_of_a_hundred_reach_the_target_and_one_less_does_not() -> None:
    on_time = contact(answered=moment("11-02", 17))
    assert told(counted(*[on_time] * 95, *[contact()] * 5))["answered_in_time"] == (0.95, True)
    assert told(counted(*[on_time] * 94, *[contact()] * 6))["answered_in_time"] == (0.94, False)


def test_what_was_appended_owes_no_answer_of_its_own_and_counts_as_a_second_complaint() -> None:
    again = contact(kind=ContactKind.COMPLAINT, ending=ContactEnding.APPENDED, contacts=2)
    found = told(counted(again))
    assert (found["answered_in_time"], found["second"]) == ((None, None), (1, None))


def test_satisfaction_counts_who_said_whether_and_nobody_gives_no_rate() -> None:
    said = [Satisfaction.SATISFIED, Satisfaction.SATISFIED, Satisfaction.UNSATISFIED, Satisfaction.NOT_REACHED]
    calls = tuple(Callback("CC-1", "板式车间", moment("11-05"), one) for one in said)
    assert told(counted(callbacks=calls))["satisfaction"][0] == 0.6667
    assert told(counted(callbacks=calls[3:]))["satisfaction"] == (None, None)


@pytest.mark.parametrize(("majors", "reached"), [(4, True), (5, False)])
def test_majors_stay_below_five_a_year(majors: int, reached: bool) -> None:
    """majors < 5 (S4)."""
    assert told(counted(majors=majors))["majors"] == (majors, reached)


def test_an_empty_month_has_measures_without_values() -> None:
    """Bad input of the issue: a report on an empty month."""
    found = told(counted())
    assert [found[key][0] for key in ("closed_in_time", "answered_in_time", "solved_in_time", "satisfaction")] == [
        None
    ] * 4
    assert [section.rows for section in (*breakdowns(counted()), causes(counted()))] == [[]] * 6


# the sections


def test_causes_are_a_pareto_of_what_was_found() -> None:
    seen = counted(*[complaint(cause="封边胶不足")] * 3, complaint(cause="运输"))
    assert rows(causes(seen), "cause", "complaints", "upto") == [("封边胶不足", 3, 0.75), ("运输", 1, 1.0)]


def test_complaints_are_counted_by_severity_unit_product_type_and_office() -> None:
    grave = complaint(
        "11-03", Severity.MAJOR, graver=moment("11-04"), unit="板式车间", filed=moment("11-09"), filings=1
    )
    severity, unit, product, special, office = breakdowns(counted(complaint(), grave, contact()))
    assert rows(severity, "severity", "complaints", "filed", "major", "open") == [
        ("一般", 1, 0, 0, 1),
        ("重大", 1, 1, 1, 0),
    ]
    assert rows(unit, "unit", "complaints") == [("未注明 not said", 1), ("板式车间", 1)]
    assert [rows(one, one.key, "complaints") for one in (product, special, office)] == [
        [("柜", 2)],
        [("无", 2)],
        [("北京办事处", 2)],
    ]


def test_what_must_be_solved_next_month_is_what_is_open_the_gravest_first() -> None:
    filed, again = complaint("11-05", filings=1), complaint("11-06", filings=1, reopenings=1)
    grave = complaint("11-20", Severity.MAJOR)
    found = unsolved(counted(complaint("11-10"), filed, again, grave, contact()), "next", "下月亟待解决问题")
    assert rows(found, "number", "age") == [("CC-11-20", 10), ("CC-11-06", 24), ("CC-11-10", 20)]


def test_requests_are_counted_by_what_became_of_them_and_topics_by_what_they_are_about() -> None:
    done = contact(closed=moment("11-02", 12), ending=ContactEnding.ANSWERED, answered=moment("11-02", 12))
    seen = counted(done, done, contact("11-30", ContactKind.REPAIR, model="", due=moment("12-01", 18)))
    assert rows(requests(seen), "kind", "became", "contacts") == [("咨询", "已答复", 2), ("报修", "办理中 open", 1)]
    assert rows(topics(seen), "topic", "contacts") == [("柜 · 咨询", 2), ("未注明 not said · 报修", 1)]
    by_kind = kinds(seen, "kind", "按类别", "类别", lambda one: one.kind)
    assert rows(by_kind, "kind", "contacts", "in_time", "open") == [("咨询", 2, 1.0, 0), ("报修", 1, None, 1)]


# the timelines


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> People:
    return People(db)


def section(report: Report, key: str) -> ReportSection:
    return next(one for one in report.sections if one.key == key)


def test_causes_are_counted_by_their_category_where_one_is_said(play: People) -> None:
    """By cause (S0 3.2): categories are policy data; what the unit says counts where QUALITY was not asked."""
    first, second = play.valid(), play.planned(同一事项="否")
    play.decide(first, "coordinate-1", 品管判定="是")
    assert "材料、工艺" in play.refused(first, "cause-1", 责任单位="PANEL", 投诉原因类别="天气")
    play.decide(first, "cause-1", 责任单位="PANEL", 投诉原因类别="工艺")
    play.decide(second, "plan-1", 投诉原因类别="运输")
    with play.db.connect() as connection:
        found = monthly_complaints.made(connection, Period(date(2026, 11, 1), date(2026, 11, 18)))
    assert sorted(rows(section(found, "causes"), "cause", "complaints")) == [("工艺", 1), ("运输", 1)]


def test_a_cause_that_names_the_customer_is_published_without_name_and_number(play: People) -> None:
    """Nothing published holds contact data: causes are analysed in people's own words."""
    one = play.valid()
    play.decide(one, "coordinate-1", 品管判定="是")
    case = play.case(one)
    told = f"{case.customer_name}（{case.customer_phone}）家受潮"
    play.decide(one, "cause-1", 责任单位="PANEL", 投诉原因类别="", 原因分析=told)
    with play.db.connect() as connection:
        found = monthly_complaints.made(connection, Period(date(2026, 11, 1), date(2026, 11, 18)))
    assert case.customer_name
    assert case.customer_name not in str(found)
    assert case.customer_phone not in str(found)
    assert "家受潮" in str(found)


def test_what_a_customer_says_before_the_file_is_a_finding_and_no_satisfaction_with_it(
    play: People, today: time_machine.Traveller
) -> None:
    """A callback asks for satisfaction (DOMAIN 3): it comes after the file."""
    case, november = play.planned(), Period(date(2026, 11, 1), date(2026, 11, 20))
    heard(play, "MY-2026-000001", about=case)
    today.move_to("2026-11-20T10:00:00+08:00")
    with play.db.connect() as connection:
        monthly, seen = monthly_complaints.made(connection, november), hotline(connection, november)
    assert {one.key: one.value for one in monthly.measures}["satisfaction"] is None
    assert section(monthly, "satisfaction").rows == []
    assert section(monthly, "trend").rows[-1]["contacts"] == 1
    assert [(one.number, one.reason) for one in seen.callbacks] == [(play.case(case).number, "柜门仍响")]


def test_what_was_said_and_what_became_major_counts_in_its_own_period_whether_closed_since_or_open(
    play: People, today: time_machine.Traveller
) -> None:
    grave, said = play.valid("重大"), play.planned(同一事项="否", 订单行=3)
    play.to(said, "callback")
    today.move_to("2026-11-19T10:00:00+08:00")
    play.said(said, "callback", 客户意见="满意")
    play.rest()
    assert [play.case(case).closed_at is None for case in (grave, said)] == [True, False]
    today.move_to("2027-01-05T10:00:00+08:00")
    days = [date(2026, 11, 17), date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20), date(2027, 1, 4)]
    november = Period(date(2026, 11, 1), date(2026, 11, 30))
    with play.db.connect() as connection:
        found = [hotline(connection, Period(day, day)) for day in days]
        months = months_of(connection, [november, Period(date(2026, 12, 1), date(2026, 12, 31))])
        whole = hotline(connection, november)
    assert [seen.majors for seen in found] == [0, 1, 1, 1, 0]
    assert [[one.number for one in seen.callbacks] for seen in found] == [[], [], [play.case(said).number], [], []]
    assert [(row["contacts"], row["complaints"], row["filed"], row["satisfied"], row["asked"]) for row in months] == [
        (2, 2, 1, 1, 1),
        (0, 0, 0, 0, 0),
    ]
    assert ([one.number for one in whole.contacts], whole.majors) == (
        [play.case(case).number for case in (grave, said)],
        1,
    )


def test_the_figures_are_those_of_the_timelines(play: People, today: time_machine.Traveller) -> None:
    """Weekly list, monthly report and analysis, yearly statistics (S1; S0 3.2; S3 §8 5.7) of contacts that were played."""
    filed = play.planned("重要", quality=True, 来电事项="凌霄先生家柜门开裂")
    play.to(filed, "callback")
    asked = play.call("咨询", 来电事项="客户 13800009999 问")
    play.decide(asked, "first-1", 接听结论="已答复", 答复内容="三包一年")
    today.move_to("2026-11-19T10:00:00+08:00")
    play.said(filed, "callback", 客户意见="不满意", 原因="又裂")
    play.call("报修", 订单行=2)
    open_one = play.valid(订单行=3)
    play.call(订单行=3, 同一事项="是")
    play.rest()
    today.move_to("2026-11-20T10:00:00+08:00")
    month = Period(date(2026, 11, 1), date(2026, 11, 20))
    with play.db.connect() as connection:
        monthly, yearly = monthly_complaints.made(connection, month), yearly_complaints.made(connection, month)
        weekly = weekly_complaints.made(connection, Period(date(2026, 11, 16), date(2026, 11, 20)))
        before = monthly_complaints.made(connection, Period(date(2026, 10, 1), date(2026, 10, 31)))
        that_day = monthly_complaints.made(connection, Period(date(2026, 11, 1), date(2026, 11, 18)))
    found = {one.key: one.value for one in monthly.measures}
    assert (found["complaints"], found["second"], found["majors"], found["satisfaction"]) == (2, 1, 0, 0.0)
    assert found["unsolved"] == 2, "what was filed is open again"
    assert rows(section(monthly, "severity"), "severity", "complaints", "filed") == [("一般", 1, 0), ("重要", 1, 1)]
    (cause, none) = rows(section(monthly, "causes"), "cause", "complaints")
    assert {cause[1], none[1]} == {1}
    assert rows(section(monthly, "satisfaction"), "unit", "asked", "satisfied") == [("板式车间", 1, 0)]
    trend = section(monthly, "trend").rows
    assert len(trend) == 12
    assert {**trend[-1]} == {
        "month": "2026-11",
        "contacts": 5,
        "complaints": 2,
        "filed": 1,
        "asked": 1,
        "satisfied": 0,
        "rate": 0.0,
    }
    assert rows(section(monthly, "next"), "number") == [(play.case(filed).number,), (play.case(open_one).number,)]
    assert rows(section(weekly, "repairs"), "kind", "state") == [("报修", "接听和记录")]
    assert len(section(weekly, "complaints").rows) == 3
    assert section(yearly, "majors").rows == []
    assert section(before, "trend").rows[-1]["contacts"] == 0
    early = {one.key: one.value for one in that_day.measures}
    assert (early["complaints"], early["unsolved"], early["satisfaction"]) == (1, 0, None), "as it stood on that day"
    for published, key in ((monthly, "next"), (weekly, "unsolved"), (weekly, "complaints"), (weekly, "waiting")):
        listed = section(published, key)
        assert listed.rows
        assert {column.key for column in listed.columns} <= {*listed.rows[0]}, "no column is empty"
    assert "13800009999" not in str(monthly)
    assert not any("凌霄" in str(report) for report in (monthly, yearly, weekly)), "what customers say is not published"
