"""Complaints: from the call to the file and the callback, and every other ending (DOMAIN 3; DOMAIN-BRANCHES 3)."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

import flows
from schemas.forms.calls import CallWhy
from schemas.words import Role
from tasks.calls.listing import list_calls
from tasks.desk.chain import Passage, chain, waits_of
from tasks.desk.pages import case_sheet
from tasks.desk.queries import case_view
from tasks.durable import clock
from tasks.durable.process import PROCESSES
from tasks.notices.watch import watch_deadlines
from tests.books import books_balance
from tests.flows.complaints import AGENT, HANDLER, MANAGER, SUPERVISOR, Hotline

PLANNED = {"处理办法": "说明致歉", "处理措施": "换门板", "措施期限": "2026-11-27"}


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Iterator[Hotline]:
    play = Hotline(db)
    yield play
    play.rest()
    books_balance(db)


def watch(play: Hotline) -> None:
    watch_deadlines(play.db, clock.now())


# the way to the file


def test_a_complaint_is_recorded_judged_planned_done_verified_filed_and_called_back(play: Hotline) -> None:
    """投诉、咨询发起 → … → 结案归档; archive with 投诉档案目录; a callback asks for satisfaction."""
    case = play.planned(quality=True)
    assert play.finish(case) == "settled"
    assert play.issued(case) == ["DA", "LD", "QR", "TS"]
    (file,) = play.documents(case, "DA")
    listed = [line["title"] for line in file.content["lines"]]
    assert sorted(set(listed)) == ["来电信息记录表", "解决方案确认书", "顾客投诉处理单"]
    assert all(line["document"] for line in file.content["lines"])
    sheet = play.documents(case, "TS")[-1].content
    assert {"severity", "cause", "production_unit", "remedy", "corrective", "released_by", "effect"} <= sheet.keys()
    assert (sheet["edition"], sheet["customer_says"]) == (3, "满意")


def test_a_settled_complaint_has_passed_every_arrow_of_its_own_and_its_sheet_says_how_grave_it_was(
    play: Hotline,
) -> None:
    """制作报表 and 统计分析 are scheduled: part of the chain, not of the case."""
    case = play.planned("重要")
    assert play.finish(case) == "settled"
    with play.db.connect() as connection:
        view = case_view(connection, case)
    passed = dict(chain(view))
    assert Passage.DONE not in [passed.pop(link) for link in ("制作报表", "统计分析")]
    assert set(passed.values()) == {Passage.DONE}
    shown = case_sheet(view)
    assert "重要" in shown
    assert "柜门开裂" in shown
    assert play.case(case).customer_phone not in shown


def test_the_items_of_a_played_complaint_wait_for_whom_its_chain_says(play: Hotline) -> None:
    case = play.planned()
    assert play.finish(case) == "settled"
    found = {(row.link, row.role) for row in play.rows("SELECT link, role FROM work_item WHERE case_id = :c", c=case)}
    said = {(link, str(wait.role)) for link, wait in waits_of(PROCESSES["CC"]) if wait.role}
    assert said <= found


# hours, first answers, callbacks


@pytest.mark.parametrize(
    ("received", "promised", "due"),
    [
        ("2026-11-18 09:30", "", "2026-11-18 18:00"),  # hotline: the same day
        ("2026-11-17 18:30", "", "2026-11-18 18:00"),  # duty of a working day: the next
        ("2026-11-15 10:00", "", "2026-11-16 18:00"),  # duty of a Sunday: the next
        ("2026-11-18 09:30", "2026-11-18 15:00", "2026-11-18 15:00"),  # as promised
        ("2026-11-18 07:00", "", "2026-11-18 18:00"),  # before the hotline opens: heard when it does, on that day
        ("2026-11-17 20:00", "", "2026-11-18 18:00"),  # after duty: heard on the next working morning
        ("2026-11-13 20:00", "", "2026-11-15 18:00"),  # on a Friday night: by the duty of Saturday, the next day
    ],
)
def test_an_answer_is_due_the_same_day_on_duty_the_next_or_when_it_was_promised(
    play: Hotline, received: str, promised: str, due: str
) -> None:
    """S1 1.2.4 当天必须回答; on duty: the next day (S1 1.3.4.2); the callback time promised is a due time."""
    case = play.call(来电时间=received, 约定回复时间=promised)
    shown = play.rows("SELECT to_char(due_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI') AS due FROM work_item")
    assert [row.due for row in shown] == [due]
    assert f"{play.case(case).opened_at:%H:%M}" == f"{(int(received[11:13]) - 8) % 24:02}:{received[14:16]}"


def test_what_can_be_answered_is_answered_and_closed(play: Hotline) -> None:
    """What can be answered is answered and closed, at latest the same day (S1 1.2.4)."""
    case = play.call("咨询")
    assert "答复内容" in play.refused(case, "first-1", 接听结论="已答复", 答复内容="")
    play.decide(case, "first-1", 接听结论="已答复", 答复内容="三包一年")
    assert play.case(case).ending == "answered"


def test_what_cannot_be_answered_gets_an_interim_answer_and_a_new_callback_time(play: Hotline) -> None:
    """What cannot be answered at once still gets an interim answer and a new callback time the same day."""
    case = play.call("咨询")
    assert "约定时间" in play.refused(case, "first-1", 接听结论="暂复再约", 答复内容="查询中")
    play.decide(case, "first-1", 接听结论="暂复再约", 答复内容="查询中", 约定时间="2026-11-19 11:00")
    assert str(play.items(case)["first-2"].due_at) == "2026-11-19 03:00:00+00:00"
    play.decide(case, "first-2", 接听结论="已答复", 答复内容="有货")
    assert play.case(case).ending == "answered"


def test_a_callback_is_not_promised_in_the_past_and_no_call_comes_after_now(play: Hotline) -> None:
    """Bad input of the issue: a callback promised in the past."""
    assert "不能早于现在" in play.wrong(约定回复时间="2026-11-18 09:59")
    assert "不能晚于现在" in play.wrong(来电时间="2026-11-18 10:01")
    assert "应为日期和时间" in play.wrong(约定回复时间="明天下午")
    case = play.call("咨询")
    assert "不能早于现在" in play.refused(
        case, "first-1", 接听结论="暂复再约", 答复内容="查", 约定时间="2026-11-17 10:00"
    )


def test_an_enquiry_may_pass_to_a_specialist_unit_and_its_callback_stays_due(play: Hotline) -> None:
    """Enquiries may pass to a specialist unit, the callback stays due (S2)."""
    case = play.call("咨询", 约定回复时间="2026-11-19 16:00")
    assert "责任单位" in play.refused(case, "first-1", 接听结论="转办", 责任单位="没有的车间")
    play.decide(case, "first-1", 接听结论="转办", 责任单位="软包车间")
    item = play.items(case)["unit-1"]
    assert (item.role, item.unit, str(item.due_at)) == ("RESPONSIBLE_UNIT", "SOFT", "2026-11-19 08:00:00+00:00")
    play.decide(case, "unit-1", 单位意见="已解答", 答复内容="可拆洗")
    assert "可拆洗" in "".join(play.items(case)["told-1"].brief)
    play.decide(case, "told-1")
    assert play.case(case).ending == "answered"


@pytest.mark.parametrize(("said", "ending"), [("采纳", "adopted"), ("不采纳", "not_adopted")])
def test_a_suggestion_is_answered_by_the_unit_and_the_customer_is_informed(
    play: Hotline, said: str, ending: str
) -> None:
    """Suggestion: the unit answers in 5 wd, the customer is informed, adopted or declined (S1 1.4.4 反馈及跟踪)."""
    case = play.call("建议", 来电事项="说明书字太小")
    play.decide(case, "first-1", 接听结论="转办", 责任单位="PANEL")
    assert str(play.items(case)["unit-1"].due_at)[:10] == "2026-11-25"
    play.decide(case, "unit-1", 单位意见=said, 答复内容="下版调整")
    play.decide(case, "told-1", 回复内容="已转告")
    assert play.case(case).ending == ending
    (sheet,) = play.documents(case, "JB")
    assert (sheet.content["matter"], said in sheet.content["reply"]) == ("说明书字太小", True)


def test_an_urgent_call_on_duty_and_an_incident_call_the_manager_at_once(play: Hotline) -> None:
    """Duty: urgent: the responsible manager is called; incident of public weight: MANAGER at once (S0)."""
    urgent = play.call(来电时间="2026-11-17 18:30", 紧急程度="加急")
    assert ("record-contact", "MANAGER") in play.told(urgent)
    normal = play.call(紧急程度="加急", 同一事项="否")
    assert not play.told(normal)
    incident = play.call(特别事项="公共事件", 同一事项="否")
    assert ("record-contact", "MANAGER") in play.told(incident)
    play.decide(incident, "first-1")
    assert play.items(incident)["coordinate-1"].role == "MANAGER"


# repair requests


def test_our_own_repair_is_visited_by_appointment_and_its_report_is_signed(play: Hotline) -> None:
    """Our own → the responsible person agrees the repair time; visit by appointment, 维修服务报告 signed; repaired."""
    case = play.call("报修")
    assert "维修方式" in play.refused(case, "first-1", 接听结论="转办")
    assert "约定时间" in play.refused(case, "first-1", 接听结论="转办", 维修方式="本公司")
    play.decide(case, "first-1", 接听结论="转办", 维修方式="本公司", 约定时间="2026-11-20 14:00")
    item = play.items(case)["visit-1"]
    assert (item.role, str(item.due_at)) == ("OFFICE", "2026-11-20 06:00:00+00:00")
    assert "签字" in play.refused(case, "visit-1", 签收单编号="")
    play.decide(case, "visit-1", 修理费=30)
    assert play.case(case).ending == "repaired"
    assert [row.content["amount"] for row in play.documents(case, "WX")] == ["30.00"]


def test_a_suppliers_repair_goes_to_the_supplier_by_a_repair_notice(play: Hotline) -> None:
    """A supplier's → 维修通知单 to the supplier."""
    case = play.call("报修")
    assert "供应商" in play.refused(case, "first-1", 接听结论="转办", 维修方式="供应商", 责任单位="PANEL")
    play.decide(case, "first-1", 接听结论="转办", 维修方式="供应商", 责任单位="GLS")
    assert [row.content["supplier"] for row in play.documents(case, "TZ")] == ["玻璃镜面供应商 GLS"]
    assert (play.items(case)["visit-1"].role, play.items(case)["visit-1"].unit) == ("RESPONSIBLE_UNIT", "GLS")


def test_where_nobody_is_there_somebody_calls_within_48_clock_hours_then_the_supervisor(
    play: Hotline, today: Any
) -> None:
    """Where the responsible person is gone or nobody can come: contact within 48 hours, then SUPERVISOR; plain hours."""
    today.move_to("2026-11-20T16:00:00+08:00")  # a Friday
    case = play.call("报修")
    play.decide(case, "first-1", 接听结论="转办", 维修方式="责任人不在")
    assert str(play.items(case)["first-2"].due_at) == "2026-11-22 08:00:00+00:00", "no weekend is skipped"
    today.move_to("2026-11-23T09:00:00+08:00")
    watch(play)
    assert play.items(case)["first-3"].role == "SUPERVISOR"
    play.decide(case, "first-3", 接听结论="转办", 维修方式="本公司", 约定时间="2026-11-24 10:00")
    assert play.finish(case) == "repaired"


def test_nobody_home_means_a_new_date_twice_then_the_supervisor(play: Hotline) -> None:
    """Nobody home: new date, twice, then SUPERVISOR."""
    case = play.call("报修")
    play.decide(case, "first-1", 接听结论="转办", 维修方式="本公司", 约定时间="2026-11-20 14:00")
    assert "另约时间" in play.refused(case, "visit-1", 上门结果="家中无人")
    play.decide(case, "visit-1", 上门结果="家中无人", 另约时间="2026-11-23 10:00")
    assert str(play.items(case)["visit-2"].due_at) == "2026-11-23 02:00:00+00:00"
    play.decide(case, "visit-2", 上门结果="家中无人", 另约时间="2026-11-24 10:00")
    assert play.items(case)["visit-3"].role == "SUPERVISOR"
    assert play.finish(case) == "repaired"


@pytest.mark.parametrize(("result", "code"), [("须配件", "PA"), ("须返厂", "RR")])
def test_a_visit_may_need_parts_or_the_workshop_whose_case_is_followed_to_its_end(
    play: Hotline, result: str, code: str
) -> None:
    """Outcome parts (PA) / workshop (RR): 报修 opens RR or PA."""
    case = play.call("报修")
    play.decide(case, "first-1", 接听结论="转办", 维修方式="本公司", 约定时间="2026-11-20 14:00")
    assert "标准" in play.refused(case, "visit-1", 上门结果=result, 配件="没有的件", 件数=1)
    play.decide(case, "visit-1", 上门结果=result, 配件="P-PT-001", 件数=1)
    child = play.child(case, "child-1")
    assert (play.case(child).process, play.case(child).remark) == (code, play.case(case).number)
    play.rest()
    play.decide(child, "review-1", **{"审核结论" if code == "PA" else "返修结论": "驳回"}, 原因="不属售后")
    play.rest()
    assert "visit-2" in play.items(case), "it did not help: another visit"
    assert play.finish(case) == "repaired"


# the same matter


def test_the_same_matter_is_found_by_order_and_line_and_the_agent_says_so(play: Hotline) -> None:
    """Same matter = same order and line or part, the agent confirms."""
    first = play.valid()
    number = play.case(first).number
    assert number in play.wrong()
    assert "没有同一客户" in play.wrong(同一事项="CC-2026-999999")
    other_line = play.call(订单行=2)
    assert not play.told(other_line)
    play.call(同一事项="否")
    again = play.call(同一事项=number)
    assert play.case(again).ending == "appended"


def test_the_same_matter_is_found_by_the_customer_where_no_order_is_known(play: Hotline) -> None:
    caller = {"订单号": "", "订单行": 0, "客户姓名": "凌霄", "客户电话": "138 0000 9999"}
    first = play.valid(**caller)
    assert play.case(first).number in play.wrong(**caller)
    assert play.case(play.call(**caller | {"客户电话": "13800001111"})).ending is None


def test_a_second_call_is_appended_to_the_open_complaint_and_the_third_makes_it_major(play: Hotline) -> None:
    """First one open: the contact is appended, SUPERVISOR informed, the third → major."""
    first = play.planned()
    second = play.call(同一事项="是", 来电事项="还没人来")
    play.rest()
    assert (play.case(second).ending, play.case(second).ending_reason) == ("appended", play.case(first).number)
    assert ("note-contact-1", "SUPERVISOR") in play.told(first)
    assert not any(role == "MANAGER" for _, role in play.told(first))
    play.call(同一事项="是", 来电事项="第三次了")
    play.rest()
    assert ("raise-to-major", "MANAGER") in play.told(first)
    play.decide(first, "plan-1", **PLANNED)
    assert play.items(first)["release-1"].role == "MANAGER", "major is released by the MANAGER"
    assert play.finish(first) == "settled"


def test_a_second_complaint_on_a_closed_matter_is_a_new_case_held_by_the_supervisor(play: Hotline, today: Any) -> None:
    """First one closed: a new linked case, held by the SUPERVISOR (S1 1.1.3)."""
    first = play.planned()
    assert play.finish(first) == "settled"
    again = play.valid(同一事项=play.case(first).number)
    assert play.items(again)["coordinate-1"].role == "SUPERVISOR"
    with play.db.connect() as connection:
        assert play.case(first).number in case_sheet(case_view(connection, again))
    assert play.finish(again) == "settled"
    third = play.valid(同一事项="是")
    assert ("raise-to-major", "MANAGER") not in play.told(third)
    assert "重大" in play.documents(third, "TS")[0].content["severity"], "the third recorded contact on the matter"


def test_a_complaint_about_a_closed_case_of_another_process_never_reopens_that(play: Hotline) -> None:
    parts = play.apply(1)
    assert play.finish(parts) == "delivered"
    case = play.call(相关单号=play.case(parts).number)
    play.rest()
    assert play.case(parts).ending == "delivered"
    with play.db.connect() as connection:
        assert play.case(parts).number in case_sheet(case_view(connection, case))


# validity


@pytest.mark.parametrize(("verdict", "ending"), [("无效投诉", "invalid"), ("非我方责任", "not_ours")])
def test_what_is_invalid_or_not_ours_is_explained_and_closed_with_its_reason(
    play: Hotline, verdict: str, ending: str
) -> None:
    """Invalid: explained, closed with reason; not ours: explained, help offered, 维修服务报告 (S3 §8 5.2–5.3)."""
    case = play.call()
    play.decide(case, "first-1", 接听结论=verdict, 答复内容="属使用不当")
    assert ("WX" in play.issued(case)) is (ending == "not_ours")
    play.decide(case, "explained-1")
    assert (play.case(case).ending, play.case(case).ending_reason) == (ending, "属使用不当")


def test_silence_on_an_explanation_ends_it(play: Hotline, today: Any) -> None:
    case = play.call()
    play.decide(case, "first-1", 接听结论="无效投诉", 答复内容="超过期限")
    today.move_to("2026-11-26T09:00:00+08:00")
    watch(play)
    assert play.case(case).ending == "invalid"


@pytest.mark.parametrize("right", [True, False])
def test_a_customer_objects_and_the_supervisor_decides(play: Hotline, right: bool) -> None:
    """The customer objects to that or to *invalid* → SUPERVISOR decides."""
    case = play.call()
    play.decide(case, "first-1", 接听结论="无效投诉", 答复内容="超过期限")
    assert "不满意时必填" in play.refused(case, "explained-1", 客户意见="不满意")
    play.decide(case, "explained-1", 客户意见="不满意", 原因="一直在报修")
    assert (play.items(case)["ruling-1"].role, play.items(case)["ruling-1"].title) == ("SUPERVISOR", "异议裁定")
    play.decide(case, "ruling-1", 审批结论="同意" if right else "不同意", 原因="核实记录")
    assert play.finish(case) == ("settled" if right else "invalid")


def test_quality_finds_it_not_ours_then_the_agent_explains(play: Hotline) -> None:
    """Not ours found by QUALITY → explained by AGENT, 维修服务报告 (S3 §8 5.3.2); an objection → SUPERVISOR."""
    case = play.valid()
    play.decide(case, "coordinate-1", 品管判定="是")
    play.decide(case, "cause-1", 责任结论="非我方责任", 责任单位="", 原因分析="装修受潮")
    assert play.items(case)["explained-1"].role == "AGENT"
    play.decide(case, "explained-1", 客户意见="不满意", 原因="未装修")
    play.decide(case, "ruling-1")
    assert "coordinate-2" in play.items(case)
    play.decide(case, "coordinate-2", 品管判定="否", 责任单位="PANEL")
    assert play.finish(case) == "settled"


# severity


@pytest.mark.parametrize(
    ("severity", "roles"), [("一般", ["SUPERVISOR"]), ("重要", ["MANAGER"]), ("重大", ["MANAGER"])]
)
def test_severity_decides_who_releases_the_plan(play: Hotline, severity: str, roles: list[str]) -> None:
    """Severity decides who releases the plan: minor SUPERVISOR, important MANAGER, major MANAGER."""
    case = play.planned(severity)
    play.decide(case, "plan-1", **PLANNED)
    assert play.items(case)["release-1"].role == roles[0]
    play.decide(case, "release-1")
    assert "reply-1" in play.items(case)


def test_a_major_quality_complaint_is_jointly_reviewed_before_the_general_manager(play: Hotline) -> None:
    """Major: MANAGER and, for quality, GENERAL_MANAGER with a joint review of the departments (S3 §8 5.5)."""
    case = play.planned("重大", quality=True)
    play.decide(case, "plan-1", **PLANNED)
    play.decide(case, "release-1")
    item = play.items(case)["review-1"]
    assert (item.role, "换门板" in "".join(item.brief)) == ("GENERAL_MANAGER", True)
    assert play.finish(case) == "settled"
    assert "HS" in play.issued(case)


def test_what_an_authority_sends_is_at_least_important_and_has_a_file_a_deadline_and_a_reply(play: Hotline) -> None:
    """Authority (消协/工商): at least important; file number, its deadline, the reply to it."""
    assert "文号" in play.wrong(来电渠道="消协/工商")
    case = play.valid(来电渠道="消协/工商", 来件文号="消协〔2026〕18号", 来件期限="2026-12-10")
    assert play.documents(case, "TS")[0].content["severity"] == "重要"
    key = play.to(case, "authority")
    assert str(play.items(case)[key].due_at)[:10] == "2026-12-10"
    play.decide(case, key, 回复方式="书面")
    assert play.finish(case) == "settled"


def test_a_valid_complaint_that_is_unsolved_for_a_month_is_major_by_itself(play: Hotline, today: Any) -> None:
    """A valid complaint unsolved one calendar month after receipt (S0 4.1.3); the month's clock never pauses."""
    case = play.planned()
    play.decide(case, "plan-1", 措施期限="2026-12-31", 纠正期限="2026-12-31")
    play.to(case, "answer")
    item = play.items(case)["month-1"]
    assert (item.role, str(item.expires_at)) == ("SYSTEM", "2026-12-18 02:00:00+00:00")
    today.move_to("2026-12-18T10:15:00+08:00")
    watch(play)
    assert ("raise-to-major", "MANAGER") in play.told(case)
    assert play.finish(case) == "settled"


def test_what_is_solved_within_the_month_never_becomes_major(play: Hotline, today: Any) -> None:
    """Solved = effect verified."""
    case = play.planned()
    play.to(case, "file")
    assert "month-1" not in play.items(case)
    today.move_to("2026-12-30T10:00:00+08:00")
    watch(play)
    assert ("raise-to-major", "MANAGER") not in play.told(case)
    assert play.finish(case) == "settled"


# responsibility


def test_who_was_asked_first_stays_responsible_until_the_handler_takes_it_over(play: Hotline, today: Any) -> None:
    """Who is asked first stays responsible until another accepts (首问负责制, S3 §6 八)."""
    case = play.valid()
    item = play.items(case)["coordinate-1"]
    assert (item.role, item.also) == ("COMPLAINT_HANDLER", "AGENT")
    assert AGENT in "".join(item.brief)
    play.decide(case, "coordinate-1", AGENT, 品管判定="否")
    assert play.items(case)["plan-1"].role == "COMPLAINT_HANDLER", "the agent's own: nobody else's"


def test_quality_decides_with_a_cause_analysis_and_reinspects_all_goods(play: Hotline) -> None:
    """Samples or goods with a complaint: QUALITY re-inspects all (全数重检); failed goods are kept apart."""
    case = play.valid()
    play.decide(case, "coordinate-1", 品管判定="是")
    assert "标准配件" in play.refused(case, "cause-1", 重检件数=3, 配件="")
    assert "最多 3" in play.refused(case, "cause-1", 重检件数=3, 不合格件数=4, 配件="P-PB-001")
    play.decide(case, "cause-1", 重检件数=3, 不合格件数=1, 配件="P-PB-001", 追溯="批次 1105")
    (report,) = play.documents(case, "JY")
    assert "重检 3 不合格 1" in report.content["lines"][0]["reason"]
    assert play.moved(case, "damaged_in") == {"P-PB-001": 1}
    assert play.items(case)["plan-1"].unit == "PANEL"
    play.to(case, "reply")
    assert "不合格 1" in play.documents(case, "TS")[-1].content["tested"]


def test_responsibility_moves_once_and_each_move_is_recorded(play: Hotline) -> None:
    """Moved at most once, each move recorded; bad input: a third transfer of responsibility."""
    case = play.planned()
    moves: dict[str, Any] = {"方案结论": "转交他方", "原因": "非本车间产品"}
    assert "另一个单位" in play.refused(case, "plan-1", 责任单位="PANEL", **moves)
    play.decide(case, "plan-1", 责任单位="油漆车间", **moves)
    assert play.items(case)["plan-2"].unit == "PAINT"
    assert "最多转交 1 次" in play.refused(case, "plan-2", 责任单位="SOFT", **moves)
    assert [row.output["unit"] for row in play.timeline(case) if row.step_key == "plan-1"] == ["油漆车间"]


@pytest.mark.parametrize("how", ["disputed", "unclear", "late"])
def test_disputed_unclear_or_late_responsibility_goes_to_a_joint_review_that_binds(
    play: Hotline, today: Any, how: str
) -> None:
    """Unclear or disputed after 3 wd → joint review with the SALES_MANAGER; minutes; binding on unit, remedy, dates."""
    case = play.valid()
    play.decide(case, "coordinate-1", 品管判定="否" if how == "disputed" else "是", 责任单位="PANEL")
    if how == "disputed":
        play.decide(case, "plan-1", 方案结论="责任有异议", 原因="物流损坏")
    elif how == "unclear":
        play.decide(case, "cause-1", 责任结论="责任不清", 责任单位="")
    else:
        today.move_to("2026-11-24T09:00:00+08:00")
        watch(play)
    item = play.items(case)["review-1"]
    assert item.role == "SALES_MANAGER"
    play.decide(case, "review-1", 责任单位="SOFT")
    assert "reply-1" in play.items(case), "it binds: nobody releases it"
    play.to(case, "done-1")
    assert play.items(case)["done-1-remedy"].unit == "SOFT"
    assert play.documents(case, "HS")[0].content["minutes"] == "一致同意"


# plans


def test_a_refused_plan_goes_back_to_the_unit_twice_then_to_a_joint_review(play: Hotline) -> None:
    """Refused → back to the unit, 2 wd; twice → joint review."""
    case = play.planned()
    play.decide(case, "plan-1", **PLANNED)
    play.decide(case, "release-1", 审批结论="不同意", 原因="无纠正措施")
    item = play.items(case)["plan-2"]
    assert (str(item.due_at)[:10], "无纠正措施" in "".join(item.brief)) == ("2026-11-20", True)
    play.decide(case, "plan-2", **PLANNED)
    play.decide(case, "release-2", 审批结论="不同意", 原因="仍无")
    assert "review-1" in play.items(case)


def test_a_silent_unit_is_told_its_head_then_the_manager_plans(play: Hotline, today: Any) -> None:
    """Unit silent 3 wd → its head, +2 wd MANAGER, who plans in its place."""
    case = play.planned()
    today.move_to("2026-11-23T17:31:00+08:00")
    watch(play)
    assert ("plan-1", "RESPONSIBLE_UNIT") in play.told(case)
    today.move_to("2026-11-25T17:31:00+08:00")
    watch(play)
    assert play.items(case)["plan-2"].role == "MANAGER"
    play.decide(case, "plan-2", MANAGER, **PLANNED)
    assert "reply-1" in play.items(case), "nobody releases what the MANAGER has planned"


def test_a_plan_needs_relief_remedy_and_a_date_that_is_not_past(play: Hotline) -> None:
    """Remedy + corrective and preventive action with dates."""
    case = play.planned()
    assert "措施期限" in play.refused(case, "plan-1", 措施期限="")
    assert "不能早于现在" in play.refused(case, "plan-1", 措施期限="2026-11-17")
    assert "纠正期限" in play.refused(case, "plan-1", 纠正预防措施="抽检", 纠正期限="")
    assert "补偿金额" in play.refused(case, "plan-1", 处理办法="经济补偿")


def test_two_plans_that_the_customer_refuses_go_to_the_supervisor_then_the_manager_rules(play: Hotline) -> None:
    """Two refused plans → SUPERVISOR, then the MANAGER rules finally (裁定, S4); still refused → no agreement."""
    case = play.planned()
    for turn, planner in enumerate(["RESPONSIBLE_UNIT", "RESPONSIBLE_UNIT", "SUPERVISOR", "MANAGER"], start=1):
        assert play.items(case)[f"plan-{turn}"].role == planner
        play.decide(case, f"plan-{turn}", SUPERVISOR if planner == "SUPERVISOR" else None, **PLANNED)
        if planner == "SUPERVISOR":
            assert play.items(case)["release-3"].role == "MANAGER"
        if planner == "MANAGER":
            assert "reply-4" in play.items(case), "final"
        play.to(case, "answer")
        play.decide(case, f"answer-{turn}", 客户意见="不满意", 原因="要求全额退款")
    assert play.case(case).ending == "no_agreement"
    assert "消协" in play.documents(case, "GZ")[0].content["reply"]


def test_a_silent_customer_is_called_three_times_then_written_to_then_unreachable(play: Hotline, today: Any) -> None:
    """Customer silent 5 wd: three attempts, 客户问题告知书, after 10 wd unreachable, reopened by contact in 90 days."""
    case = play.planned()
    play.to(case, "answer")
    today.move_to("2026-11-26T09:00:00+08:00")
    watch(play)
    for attempt in (2, 3, 4):
        assert "GZ" not in play.issued(case)
        play.decide(case, f"answer-{attempt}", 客户意见="未联系上")
    assert "GZ" in play.issued(case)
    today.move_to("2026-12-11T09:00:00+08:00")
    watch(play)
    assert list(play.items(case)) == ["month-1", "contact-1"]
    assert play.documents(case, "DA")[0].content["remark"] == "无法联系"
    today.move_to("2027-03-12T09:00:00+08:00")
    watch(play)
    assert play.case(case).ending == "unreachable"


def test_any_contact_within_ninety_days_reopens_what_was_unreachable(play: Hotline, today: Any) -> None:
    """Closed *unreachable*, reopened by any contact within 90 days."""
    case = play.planned()
    play.to(case, "answer")
    today.move_to("2026-11-26T09:00:00+08:00")
    watch(play)
    for attempt in (2, 3, 4):
        play.decide(case, f"answer-{attempt}", 客户意见="未联系上")
    play.decide(case, "answer-5", 客户意见="未联系上")
    assert "contact-1" in play.items(case)
    assert play.case(play.call(同一事项="是")).ending == "appended"
    play.rest()
    assert "answer-6" in play.items(case)
    assert play.finish(case) == "settled"


def test_money_or_terms_are_written_into_an_agreement(play: Hotline) -> None:
    """协议书 when money or terms are agreed; 现场处理纪要 after a visit."""
    case = play.planned()
    play.decide(case, "plan-1", 处理办法="经济补偿", 补偿金额=300)
    play.said(case, "done-1-remedy", 现场处理纪要="现场更换并清洁")
    assert play.documents(case, "XY")[0].content["amount"] == "300.00"
    assert play.documents(case, "JL")[0].content["minutes"] == "现场更换并清洁"


# implementation


@pytest.mark.parametrize(("relief", "code"), [("补发配件", "PA"), ("返修", "RR"), ("另行定做", "SO")])
def test_a_plan_may_open_a_case_of_another_process_and_follow_it(play: Hotline, relief: str, code: str) -> None:
    """A plan may open a case of process 1, 2, 5 or 7; the complaint follows it."""
    part = "定制衣柜门板(按尺寸)" if code == "SO" else "P-HW-001"
    case = play.planned()
    assert "标准" in play.refused(case, "plan-1", 处理办法=relief, 配件="没有的件", 件数=1)
    play.decide(case, "plan-1", 处理办法=relief, 配件=part, 件数=1)
    play.to(case, "child")
    child = play.child(case, "child-1")
    assert play.case(child).process == code
    with play.db.connect() as connection:
        view = case_view(connection, case)
    assert f"等待 waits for [{play.case(child).number}]" in case_sheet(view)
    if code == "PA":
        assert play.finish(case) == "settled"


def test_a_plan_may_be_a_return_or_an_exchange_where_that_process_is_there(play: Hotline) -> None:
    """A plan may open a case of process 5; one whose process is not there is refused."""
    flows.load()
    case = play.planned()
    if "RF" not in PROCESSES:
        assert "尚未开通" in play.refused(case, "plan-1", 处理办法="退货", 件数=1)
        return
    play.decide(case, "plan-1", 处理办法="换货", 件数=1)
    play.to(case, "child")
    child = play.case(play.child(case, "child-1"))
    assert (child.process, child.request["wish"], child.request["lines"][0]["line_no"]) == ("RF", "exchange", 1)


def test_a_child_case_that_is_refused_or_withdrawn_needs_a_new_plan_twice_a_joint_review(play: Hotline) -> None:
    """Verification failed, or a child case refused or withdrawn → new plan; twice → joint review."""
    case = play.planned()
    for turn in (1, 2):
        play.decide(case, f"plan-{turn}", 处理办法="补发配件", 配件="P-HW-001", 件数=1)
        play.to(case, "child")
        child = play.child(case, f"child-{turn}")
        play.rest()
        play.decide(child, "review-1", 审核结论="驳回", 原因="已停产")
        play.rest()
    assert "review-1" in play.items(case)


def test_a_measure_that_is_overdue_goes_to_a_joint_review(play: Hotline, today: Any) -> None:
    """A measure overdue → joint review with the SALES_MANAGER (S3 §8 5.5.1)."""
    case = play.planned()
    play.decide(case, "plan-1", **PLANNED)
    play.to(case, "done-1")
    today.move_to("2026-11-30T09:00:00+08:00")
    watch(play)
    assert play.items(case)["review-1"].role == "SALES_MANAGER"
    play.decide(case, "review-1")
    assert play.finish(case) == "settled"


def test_two_roles_verify_the_effect_at_once_and_a_failure_needs_a_new_plan(play: Hotline) -> None:
    """QUALITY and AGENT verify the effect (3 wd); close needs the customer's answer."""
    case = play.planned()
    play.decide(case, "plan-1", **PLANNED)
    play.to(case, "verify")
    items = play.items(case)
    assert {items[key].role for key in ("verify-1", "effect-1")} == {"QUALITY", "AGENT"}
    play.decide(case, "effect-1")
    assert "file-1" not in play.items(case)
    play.decide(case, "verify-1", 检验结论="不合格", 原因="仍开裂")
    assert "plan-2" in play.items(case)
    play.decide(case, "plan-2", **PLANNED)
    play.said(case, "effect-2", 客户意见="不满意", 原因="仍响")
    play.decide(case, "verify-2")
    assert "review-1" in play.items(case)


# file, callback, rounds


def test_an_unsatisfied_customer_has_the_same_case_go_on_one_level_higher(play: Hotline) -> None:
    """Unsatisfied at the callback within 30 days: same number, new round, one level higher; GENERAL_MANAGER is the top."""
    case = play.planned()
    for turn, role in enumerate(
        ["COMPLAINT_HANDLER", "SUPERVISOR", "MANAGER", "GENERAL_MANAGER", "GENERAL_MANAGER"], 1
    ):
        key = play.to(case, "file")
        assert play.items(case)[key].role == role
        play.decide(case, key)
        play.said(case, "callback", 客户意见="不满意", 原因=f"第 {turn} 次仍不好")
        assert play.case(case).ending is None
    assert play.finish(case) == "settled"


def test_another_person_than_the_handler_calls_back_within_three_days_and_thirty_days_end_it(
    play: Hotline, today: Any
) -> None:
    """After a closed complaint: within 3 wd; by another person than the handler; later: a new case."""
    play.grant(HANDLER, Role.AGENT)
    case = play.planned()
    play.said(case, "file", HANDLER)
    item = play.items(case)["callback-1"]
    assert (item.role, str(item.due_at)[:10]) == ("SYSTEM", "2026-11-23")
    (listed,) = list_calls(play.db, {CallWhy.FILED})
    assert listed.agent != HANDLER
    (call,) = play.rows("SELECT case_id FROM call_reason WHERE source = :c", c=case)
    assert "不能审批" in play.refused(call.case_id, "call-1", HANDLER)
    today.move_to("2026-12-21T09:00:00+08:00")
    watch(play)
    assert play.case(case).ending == "settled"
    play.finish(call.case_id)


def test_a_further_call_in_the_window_is_an_unsatisfied_customer(play: Hotline) -> None:
    case = play.planned()
    play.to(case, "callback")
    play.call(同一事项="是")
    play.rest()
    assert "plan-2" in play.items(case)
    assert play.finish(case) == "settled"


def test_a_unit_at_fault_gets_a_penalty_opinion_objects_and_the_manager_confirms(play: Hotline) -> None:
    """Penalty: handler writes, unit objects within 3 wd, MANAGER confirms → 处罚通知单."""
    case = play.planned()
    key = play.to(case, "file")
    assert "责任单位和处罚原因" in play.refused(case, key, 处罚金额=200)
    play.decide(case, key, 处罚金额=200, 处罚原因="漏检出厂")
    assert {"answer-fault-1", "callback-1"} <= play.items(case).keys()
    play.decide(case, "answer-fault-1", 部门意见="有异议", 原因="已返工")
    item = play.items(case)["penalty-fault-1"]
    assert (item.role, "已返工" in "".join(item.brief)) == ("MANAGER", True)
    play.decide(case, "callback-1")
    assert play.case(case).ending is None, "the penalty is not decided yet"
    play.decide(case, "penalty-fault-1", 处罚结论="减少", 减至金额=120, 原因="初犯")
    assert play.case(case).ending == "settled"
    assert {"YJ", "CF"} <= set(play.issued(case))
    charged = play.rows("SELECT party_kind, party, amount FROM charge WHERE case_id = :c", c=case)
    assert [(row.party_kind, row.party, row.amount) for row in charged] == [("unit", "PANEL", 120)]


# special matters


def test_a_waiver_ends_the_warranty_of_the_line_once_the_supervisor_approves(play: Hotline) -> None:
    """Warranty waiver 放弃保修 (ends 三包 in the customer file; SUPERVISOR, S1 1.1.6)."""
    assert "订单和行" in play.wrong(特别事项="放弃保修", 订单行=0)
    case = play.valid(特别事项="放弃保修")
    assert play.items(case)["waiver-1"].role == "SUPERVISOR"
    play.decide(case, "waiver-1")
    assert play.case(case).ending == "answered"
    (waived,) = play.rows("SELECT staff, waived_on FROM warranty_waiver")
    assert (waived.staff, str(waived.waived_on)) == (SUPERVISOR, "2026-11-18")
    assert "已放弃保修" in play.wrong(特别事项="放弃保修", 同一事项="否")


def test_a_waiver_that_is_refused_changes_nothing(play: Hotline) -> None:
    case = play.valid(特别事项="放弃保修")
    play.decide(case, "waiver-1", 审批结论="不同意", 原因="客户误解")
    assert play.case(case).ending == "invalid"
    assert not play.rows("SELECT 1 FROM warranty_waiver")


def test_a_special_request_is_the_managers(play: Hotline) -> None:
    """Special request (MANAGER, S0 3.1)."""
    case = play.valid(特别事项="特殊要求")
    assert play.items(case)["request-1"].role == "MANAGER"
    play.decide(case, "request-1", 审批结论="不同意", 原因="超出权限")
    play.decide(case, "explained-1")
    assert play.case(case).ending == "invalid"


def test_a_legal_matter_is_the_managers_and_names_its_lawyer(play: Hotline) -> None:
    """Legal matter with lawyer (S1 1.1.9)."""
    case = play.valid(特别事项="法律事务")
    assert play.items(case)["coordinate-1"].role == "MANAGER"
    assert "律师" in play.refused(case, "coordinate-1")
    play.decide(case, "coordinate-1", 律师="邱律师", 品管判定="否", 责任单位="PANEL")


def test_a_contract_termination_is_coordinated_by_the_supervisor(play: Hotline) -> None:
    """Contract termination; 退单 is coordinated by the SUPERVISOR (S1 1.1.6)."""
    assert play.items(play.valid(特别事项="解除合同"))["coordinate-1"].role == "SUPERVISOR"


def test_the_reply_to_a_key_customer_is_released_by_the_manager(play: Hotline) -> None:
    """Key customer: reply released by MANAGER (S4)."""
    case = play.planned(客户身份="重点客户")
    play.said(case, "reply", 回复内容="致歉并更换")
    item = play.items(case)["reply-release-1"]
    assert (item.role, "致歉并更换" in "".join(item.brief)) == ("MANAGER", True)
    play.decide(case, "reply-release-1", 审批结论="不同意", 原因="措辞")
    assert "措辞" in "".join(play.items(case)["reply-2"].brief)
    assert play.finish(case) == "settled"


def test_a_difficult_customer_is_confirmed_by_the_supervisor(play: Hotline) -> None:
    """Difficult customer: SUPERVISOR confirms and records (S3 §7 二-9)."""
    case = play.valid(客户身份="疑难客户")
    item = play.items(case)["difficult-1"]
    assert item.role == "SUPERVISOR"
    confirms = play.somebody(case, item)
    play.decide(case, "difficult-1", confirms, 情况记录="多次反复")
    release = play.to(case, "release")
    assert play.items(case)[release].role == "SUPERVISOR"
    play.decide(case, release, confirms)  # recording is no approval
    assert play.finish(case) == "settled"


def test_an_anonymous_complaint_is_followed_without_a_reply(play: Hotline) -> None:
    """Anonymous: the reply is skipped."""
    case = play.planned(客户身份="匿名", 订单号="", 订单行=0)
    assert play.finish(case) == "settled"
    assert not {key.rpartition("-")[0] for key in play.keys(case)} & {"reply", "answer", "effect", "callback"}


def test_a_dealers_complaint_is_taken_too(play: Hotline) -> None:
    """Channel sales too (S3 §8 5.2.1)."""
    case = play.call(客户身份="渠道客户", 订单号="", 订单行=0, 客户姓名="华东渠道", 客户电话="02155550000")
    assert play.case(case).customer_name == "华东渠道"


# withdrawal, deputies


def test_the_customer_may_withdraw_before_closing_and_child_cases_stay_unless_named(play: Hotline) -> None:
    """The customer may withdraw any time before closing; child cases stay unless named."""
    for named in (False, True):
        case = play.planned(同一事项="否")
        play.decide(case, "plan-1", 处理办法="补发配件", 配件="P-HW-001", 件数=1, 措施期限="2026-12-31")
        play.to(case, "child")
        child = play.child(case, "child-1")
        assert "须为客服专员" in str(play.withdraw(case, "E1016").problems[0])
        assert play.withdraw(case, AGENT, f"客户撤诉 {play.case(child).number if named else ''}").accepted
        play.rest()
        assert play.case(case).ending == "withdrawn"
        assert play.case(child).ending == ("withdrawn" if named else None)


def test_a_filed_complaint_is_not_withdrawn_any_more(play: Hotline) -> None:
    case = play.planned()
    play.to(case, "callback")
    assert "已结案归档" in str(play.withdraw(case, AGENT).problems[0])
    play.decide(case, "callback-1", 客户意见="不满意", 原因="仍不好")
    assert play.withdraw(case, AGENT).accepted


def test_bad_input_of_a_record_is_named_field_by_field(play: Hotline) -> None:
    """A complaint on an unknown case; an unknown order, office, person; no customer."""
    assert "相关单号" in play.wrong(相关单号="PA-2026-009999")
    assert "订单号" in play.wrong(订单号="SO-NONE")
    assert "办事处" in play.wrong(办事处="火星办事处")
    assert "须为客服专员" in play.wrong(申报人工号="E1016")
    assert "姓名和电话" in play.wrong(订单号="", 订单行=0)
    case = play.call()
    assert "投诉应为" in play.refused(case, "first-1", 接听结论="转办", 责任单位="PANEL")
    assert "严重程度" in play.refused(case, "first-1", 接听结论="有效投诉", 严重程度="")
