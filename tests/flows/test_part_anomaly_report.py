"""异常情况申报, 初步审核: how an anomaly comes up, what it is tied to, who goes on meanwhile (DOMAIN 6)."""

from datetime import date

import pytest
import time_machine

from schemas.forms.anomalies import AnomalyKind
from tasks.durable.process import PROCESSES
from tasks.durable.stage import advance
from tests.flows.anomalies import KEY, at, in_production, refused, reported, source
from tests.play import Play, cells, line

NEXT_DAY = ("PARTS_REVIEWER", "2026-11-19T09:30:00+00:00")


def test_the_chain_is_the_department_s_own_word_for_word(play: Play) -> None:
    words = "异常情况申报 → 初步审核 → 查找责任 → 处理方案 → 领导审核 → 确认处理意见 → 重新下单生产 → 回复申报方"
    assert PROCESSES["AN"].chain == words
    _, child = at(play, "confirm-1", 责任方类别="仓库", 异常费用=10, 责任依据="漏装")
    assert play.finish(child) == "settled"
    links = list(dict.fromkeys(row.link for row in play.timeline(child)))
    assert [link for link in links if link in PROCESSES["AN"].links] == [
        link for link in PROCESSES["AN"].links if link != "重新下单生产"
    ]


def test_the_kinds_of_s3_are_said_beside_ours() -> None:
    said = {kind.zh for kind in AnomalyKind}
    for word in ("单货不符", "包装破损", "质量问题"):
        assert any(word in one for one in said), word
    wanted = {"wrong_part", "wrong_size_or_colour", "damaged", "missing", "quality", "wrong_address", "delayed"}
    assert wanted < {kind.value for kind in AnomalyKind}


@pytest.mark.parametrize("kind", [kind.zh for kind in AnomalyKind])
def test_an_anomaly_of_each_kind_is_reported_by_hand_and_tied_to_its_case_and_line(play: Play, kind: str) -> None:
    case = in_production(play)
    row = play.case(reported(play, case, 异常类别=kind, 行号=2))
    assert (row.parent_id, row.order_no, row.office) == (case, play.case(case).order_no, "BJ")
    assert row.number == "AN-2026-000001"


def test_it_is_found_in_production_at_goods_in_and_by_the_office(play: Play) -> None:
    case = source(play)
    play.deny(case, KEY)
    play.run_to(case, "goods-in-1-1")
    play.decide(case, "goods-in-1-1", 明细=cells("实收数量", {1: 0}, 差异原因="搬运破损"))
    play.deny(case, next(key for key in play.items(case) if key.startswith("anomaly-1-")))
    play.run_to(case, "pickup-1")
    play.decide(case, "pickup-1", 核对结果="损坏", 照片编号="IMG-1", 明细=cells("完好数量", {2: 1}))
    play.deny(case, "anomaly-pickup-1-2")
    found = play.rows("SELECT applicant, request ->> 'kind' AS kind FROM service_case WHERE process = 'AN' ORDER BY id")
    assert [(row.applicant, row.kind) for row in found] == [
        ("E1007", "quality"),
        ("E1016", "missing"),
        ("E1049", "damaged"),
    ]
    assert play.case(case).ending == "delivered"


def test_only_that_line_waits_and_the_others_go_on_and_out(play: Play) -> None:
    case = source(play, 发货方式="分批")
    play.decide(case, "produce-1-paint-1")
    play.decide(case, next(key for key in play.items(case) if key == "goods-in-1-2"))
    play.decide(case, "goods-out-1-1")
    assert {"pickup-1", KEY} < set(play.items(case))
    assert "produce-1-panel-2" not in play.items(case)
    assert (play.items(case)[KEY].role, play.items(case)[KEY].title) == ("SYSTEM", "等待异常处理")


def test_waiting_for_an_anomaly_s_case_stops_no_clock(play: Play, today: time_machine.Traveller) -> None:
    case = source(play)
    promised = play.lines(case)[0].promised
    today.move_to("2026-11-25T10:00:00+08:00")
    play.deny(case, KEY)
    assert play.lines(case)[0].promised == promised == date(2026, 11, 27)
    assert play.items(case)["produce-1-panel-2"].due_at.date() == promised


def test_a_review_that_refuses_lets_the_line_resume_and_the_reply_says_why(play: Play) -> None:
    case = source(play)
    child = play.anomaly(case, KEY)
    assert "不同意时必填" in play.refused(child, "review", 初审结论="不同意", 原因="")
    play.decide(child, "review", 初审结论="不同意", 原因="明日到料")
    row = play.case(child)
    assert (row.ending, row.ending_reason) == ("rejected", "明日到料")
    (notice,) = play.rows("SELECT role, text FROM notice WHERE case_id = :case", case=child)
    assert (notice.role, "明日到料" in notice.text) == ("WORKSHOP", True)
    advance(play.db, case)
    assert "produce-1-panel-2" in play.items(case)


def test_neither_who_reported_it_nor_who_applied_for_the_case_reviews_it(play: Play) -> None:
    for staff in ("E1007", "E1049"):
        play.run("INSERT INTO staff_role (staff, role) VALUES (:staff, 'PARTS_REVIEWER')", staff=staff)
    child = play.anomaly(source(play), KEY)
    for staff in ("E1007", "E1049"):
        assert "may not approve" in play.refused(child, "review", staff=staff)


def test_the_reviewer_may_correct_the_kind(play: Play) -> None:
    _, child = at(play, "responsibility", kind="延期")
    assert "延期 delayed" in play.items(child)["responsibility"].brief[0]


WRONG = {
    "no such case": ({"来源单号": "PA-2026-000999"}, "没有这张单"),
    "no such line": ({"行号": 3}, "行号 line: “3” — 应为 must be one of 1, 2"),
    "more than the line has": ({"数量": 4}, "最多 3 at most what the line has"),
    "another office's case": ({"办事处": "TJ", "申报人工号": "E1051"}, "是其他办事处的单"),
    "no such office": ({"办事处": "北京办事"}, "是否 did you mean"),
    "nobody by that number": ({"申报人工号": "E9999"}, "没有这位在职员工"),
    "somebody who has nothing to do with goods": ({"申报人工号": "E1047"}, "须为北京办事处的售后人员"),
    "nothing": ({"数量": 0}, "应大于"),
    "nothing said": ({"异常情况": " "}, "必填"),
}


def test_a_wrong_report_is_refused_with_its_reason(play: Play, subtests: pytest.Subtests) -> None:
    case = in_production(play)
    for name, (fields, told) in WRONG.items():
        with subtests.test(name):
            assert told in refused(play, case, **fields)


def test_an_anomaly_on_a_closed_case_is_refused(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)])
    assert play.finish(case) == "delivered"
    assert "已结案，不能再报异常" in refused(play, case)


def test_an_anomaly_on_a_line_that_was_ordered_again_is_refused(play: Play) -> None:
    case = in_production(play)
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 0}, 异常说明="停产"))
    play.settle(case, KEY)
    assert "该行已结束" in refused(play, case)


def test_the_number_of_a_case_is_found_as_people_type_it(play: Play) -> None:
    case = in_production(play)
    assert play.case(reported(play, case, 来源单号=f" {play.case(case).number.lower()} ")).parent_id == case


def test_what_people_report_of_a_case_is_soon_on_its_page(play: Play) -> None:
    case = in_production(play)
    play.run("UPDATE service_case SET run_seq = seq")
    reported(play, case)
    assert play.case(case).run_seq == -1


def test_a_case_does_not_end_before_what_people_reported_of_it_is_settled(play: Play) -> None:
    case = in_production(play)
    play.run_to(case, "pickup-1")
    child = reported(play, case)
    play.decide(case, "pickup-1")
    assert [item.title for item in play.items(case).values()] == ["等待异常处理"]
    assert "该行已结束" not in refused(play, case, 数量=9)
    assert play.finish(child) == "settled"
    advance(play.db, case)
    assert play.case(case).ending == "delivered"


def test_no_case_waits_for_one_of_another_kind_that_people_opened_about_it(play: Play) -> None:
    case, other = in_production(play), play.apply()
    play.run("UPDATE service_case SET parent_id = :case WHERE id = :other", case=case, other=other)
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1")
    assert play.finish(case) == "delivered"
    assert not play.case(other).closed_at
    assert play.finish(other) == "delivered"


def test_what_was_settled_before_its_case_comes_to_its_end_is_heard_then(play: Play) -> None:
    case = in_production(play)
    child = reported(play, case, 异常类别="地址错误")
    play.run_to(child, "plan-1")
    play.decide(child, "plan-1", 处理办法="改送", 货物去向="留在原处", 新地址="松涛里9栋")
    assert play.finish(child) == "settled"
    assert play.finish(case) == "delivered"
    assert play.case(case).customer_address == "松涛里9栋"


def test_withdrawing_the_source_withdraws_its_anomalies_whoever_reported_them(play: Play) -> None:
    case = source(play)
    by_hand, own = reported(play, case, 行号=2), play.anomaly(case, KEY)
    play.decide(case, "goods-in-1-1")
    assert play.withdraw(case, "E1040").accepted
    play.rest()
    assert [play.case(child).ending for child in (by_hand, own)] == ["withdrawn", "withdrawn"]


def test_withdrawing_an_anomaly_lets_the_line_resume(play: Play) -> None:
    case = source(play)
    child = play.anomaly(case, KEY)
    assert "只有申报人或客服主管可以撤回" in str(play.withdraw(child, "E1049").problems[0])
    assert play.withdraw(child, "E1007").accepted, "who reported it"
    advance(play.db, case)
    assert play.items(case)["produce-1-panel-2"].prefill["明细"][0]["完成数量"] == 2


def test_silence_about_an_anomaly_is_reported_to_supervisor_and_manager(play: Play) -> None:
    item = play.items(source(play))[KEY]
    assert [entry["role"] for entry in item.schedule] == ["SUPERVISOR", "SUPERVISOR", "MANAGER"]
    assert item.expires_at is None


# a line of which people report something waits, resumes by letter, and makes and sends what it still owes


def of_two_units(play: Play, **form: object) -> tuple[int, int]:
    """Bring a case of 3 doors and 2 table tops to production, with a report by hand about 2 of the doors."""
    case = in_production(play, **form)
    return case, reported(play, case, 数量=2)


def test_a_line_of_which_people_reported_something_waits_and_the_others_go_on_and_out(play: Play) -> None:
    case, child = of_two_units(play, 发货方式="分批")
    told = play.refused(case, "produce-1-panel-1")
    assert f"该行等待异常单 {play.case(child).number}，其他行可先办" in told
    play.decide(case, "produce-1-paint-1")
    play.decide(case, "goods-in-1-1")
    play.decide(case, "goods-out-1-1")
    assert "pickup-1" in play.items(case)


def test_it_resumes_by_letter_as_soon_as_that_is_settled(play: Play) -> None:
    case, child = of_two_units(play)
    play.decide(child, "review", 初审结论="不同意", 原因="明日到料")
    play.rest()
    play.decide(case, "produce-1-panel-1")
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-PB-001": -3, "P-PT-001": -2}


def test_what_was_ordered_again_is_not_made_any_more(play: Play) -> None:
    case, child = of_two_units(play)
    play.run_to(child, "plan-1")
    play.decide(child, "plan-1", 处理办法="重新制作", 货物去向="无实物")
    assert play.finish(child) == "settled"
    play.rest()
    assert [(order.line_no, order.quantity) for order in play.orders(case)] == [(1, 1), (2, 2)]
    assert "最多 1" in play.refused(case, "produce-1-panel-2", 明细=cells("完成数量", {1: 2}))
    assert play.finish(play.ordered(child)) == "delivered"
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-PB-001": -1, "P-PT-001": -2}
    assert [line.replaced for line in play.lines(case)] == [2, 0]


def test_goods_that_are_ready_to_leave_wait_and_what_was_ordered_again_stays_here(play: Play) -> None:
    case = in_production(play)
    play.run_to(case, "goods-out-1-1")
    child = reported(play, case, 数量=2)
    assert "该行等待异常单" in play.refused(case, "goods-out-1-1")
    play.run_to(child, "plan-1")
    play.decide(child, "plan-1", 处理办法="补发", 货物去向="留在原处")
    assert play.finish(child) == "settled"
    play.rest()
    assert list(play.items(case)) == ["goods-out-2-1"]
    assert not [said for said in play.items(case)["goods-out-2-1"].brief if "柜门板(左) × 3" in said]
    again = play.ordered(child)
    assert [play.finish(one) for one in (case, again)] == ["delivered", "delivered"]
    assert play.moved(case, "delivery_out") == {"P-PB-001": -1, "P-PT-001": -2}


def test_a_case_of_whose_ready_goods_all_was_ordered_again_ends_replaced(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3)])
    play.run_to(case, "goods-out-1-1")
    child = reported(play, case, 数量=3)
    play.run_to(child, "plan-1")
    play.decide(child, "plan-1", 处理办法="重新制作", 货物去向="留在原处")
    assert play.finish(child) == "settled"
    play.rest()
    assert play.case(case).ending == "replaced"
    assert play.finish(play.ordered(child)) == "delivered"


def test_of_goods_that_have_left_the_order_again_is_noted_on_the_line(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3)])
    play.run_to(case, "pickup-1")
    child = reported(play, case, 数量=1, 异常类别="损坏(包装破损)")
    play.run_to(child, "plan-1")
    play.decide(child, "plan-1", 处理办法="重新制作", 货物去向="报废")
    play.decide(child, "approve-1-1")
    play.rest()
    assert play.finish(case) == "delivered"
    assert (play.lines(case)[0].replaced, play.moved(case, "delivery_out")) == (1, {"P-PB-001": -3})


def test_two_reports_that_are_settled_in_the_other_order_are_both_heard(play: Play) -> None:
    case = in_production(play)
    first, second = reported(play, case), reported(play, case, 行号=2)
    for child in (second, first):
        play.decide(child, "review", 初审结论="不同意", 原因="明日到料")
        play.rest()
    assert play.finish(case) == "delivered"
    assert len([key for key in play.keys(case) if key.startswith("heed-anomaly-an-")]) == 2


def test_what_is_settled_while_a_withdrawn_case_is_counted_sends_nothing(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4), line("P-PB-001", 3)], 发货方式="分批")
    play.run_to(case, "produce-1-panel-1")
    child = reported(play, case, 数量=2)
    play.decide(case, "produce-1-panel-1")
    assert play.withdraw(case, "E1040").accepted
    play.run_to(child, "plan-1")
    play.decide(child, "plan-1", 处理办法="重新制作", 货物去向="无实物")
    assert play.finish(child) == "settled"
    play.rest()
    assert list(play.items(case)) == ["goods-in-1-1-left"]
    assert play.finish(case) == "withdrawn"
    assert not play.moved(case, "delivery_out")


def test_reviewer_and_leader_have_a_working_day_each(play: Play) -> None:
    child = play.anomaly(source(play), KEY)
    assert (play.items(child)["review"].role, play.items(child)["review"].due_at.isoformat()) == NEXT_DAY
    play.run_to(child, "approve-1-1")
    leader = play.items(child)["approve-1-1"]
    assert (leader.title, leader.link) == ("领导审核", "领导审核")
    assert (leader.role, leader.due_at.isoformat()) == ("SUPERVISOR", NEXT_DAY[1])
