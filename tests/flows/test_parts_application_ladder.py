"""The approval ladder by amount, and the separation of duties (DOMAIN, "Approvals")."""

import pytest

from schemas.words import Role
from tests.play import Play, cells, line


def apply_worth(play: Play, price: str, **overrides: object) -> int:
    """Bring an application of one part to the end of its review at a price."""
    case = play.apply([line("P-PB-001", 1)], **overrides)
    play.decide(case, "review-1", staff="E1001", 明细=cells("单价", {1: price}, 配件名称="P-PB-001", 数量=1))
    return case


@pytest.mark.parametrize(
    ("price", "rungs"),
    [
        ("2000.00", []),
        ("2000.01", ["SUPERVISOR"]),
        ("10000.00", ["SUPERVISOR"]),
        ("10000.01", ["SUPERVISOR", "MANAGER"]),
        ("50000.00", ["SUPERVISOR", "MANAGER"]),
        ("50000.01", ["SUPERVISOR", "MANAGER", "GENERAL_MANAGER"]),
    ],
)
def test_rungs_climb_in_order_to_the_first_whose_limit_covers_the_amount(
    play: Play, price: str, rungs: list[str]
) -> None:
    case = apply_worth(play, price)
    climbed = []
    for number, rung in enumerate(rungs, start=1):
        item = play.items(case)[f"approve-1-{number}"]
        assert f"{float(price):,.2f} CNY" in item.brief[-1]
        climbed.append(item.role)
        assert item.role == rung
        play.decide(case, f"approve-1-{number}")
    assert climbed == rungs
    assert "plan-1" in play.items(case)
    assert play.finish(case) == "delivered"


def test_all_lines_count_free_ones_too(play: Play) -> None:
    case = play.apply([line("P-PB-001", 2), line("P-HW-001", 1)])
    corrected = [
        {"行号": 1, "配件名称": "P-PB-001", "数量": 2, "单价": 999, "费用类别": "免费(三包)"},
        {"行号": 2, "配件名称": "P-HW-001", "数量": 1, "单价": 2.01, "费用类别": "收费"},
    ]
    play.decide(case, "review-1", 明细=corrected)
    assert list(play.items(case)) == ["approve-1-1"]
    assert play.state(case) == "审核修正"


@pytest.mark.parametrize(("approved", "refuser"), [(0, "SUPERVISOR"), (1, "MANAGER")])
def test_a_refusal_ends_it(play: Play, approved: int, refuser: str) -> None:
    case = apply_worth(play, "20000")
    for number in range(approved):
        play.decide(case, f"approve-1-{number + 1}")
    key = f"approve-1-{approved + 1}"
    assert play.items(case)[key].role == refuser
    assert "原因 reason" in play.refused(case, key, 审批结论="不同意")
    play.decide(case, key, 审批结论="不同意", 原因="金额不合理")
    row = play.case(case)
    assert (row.ending, row.ending_reason) == ("rejected", "金额不合理")
    assert not play.rows("SELECT 1 FROM outbox WHERE case_id = :case", case=case)


def test_after_a_resubmission_the_ladder_belongs_to_the_last_review(play: Play) -> None:
    case = play.apply([line("P-PB-001", 1)])
    play.decide(case, "review-1", 审核结论="退回办事处", 原因="补照片")
    play.decide(case, "resubmit-1", 明细=[line("P-PB-001", 20)])
    play.decide(case, "review-2")
    assert list(play.items(case)) == ["approve-2-1"]
    assert play.finish(case) == "delivered"


def test_an_applicant_who_is_a_supervisor_does_not_approve_the_own_case(play: Play) -> None:
    play.grant("E1049", Role.SUPERVISOR)
    case = apply_worth(play, "5000")
    assert "E1049 常北辰" in play.refused(case, "approve-1-1", staff="E1049")
    play.decide(case, "approve-1-1", staff="E1040")
    assert play.finish(case) == "delivered"


def test_a_rung_where_only_the_applicant_stands_is_replaced_by_the_next(play: Play) -> None:
    play.grant("E1049", Role.SUPERVISOR)
    play.retire("E1040", "E1041", "E1042")
    case = apply_worth(play, "5000")
    assert play.items(case)["approve-1-1"].role == "MANAGER"
    play.decide(case, "approve-1-1", staff="E1043")
    assert play.finish(case) == "delivered"


def test_the_reviewer_does_not_approve_again_as_a_supervisor(play: Play) -> None:
    play.grant("E1001", Role.SUPERVISOR)
    case = apply_worth(play, "5000")
    assert "E1001 苏静怡" in play.refused(case, "approve-1-1", staff="E1001")
    play.decide(case, "approve-1-1", staff="E1041")
    assert play.finish(case) == "delivered"


def test_nobody_approves_on_two_rungs(play: Play) -> None:
    case = apply_worth(play, "20000")
    play.decide(case, "approve-1-1", staff="E1042")  # holds SUPERVISOR and MANAGER
    assert "E1042 祝嘉禾" in play.refused(case, "approve-1-2", staff="E1042")
    play.decide(case, "approve-1-2", staff="E1043")
    assert play.finish(case) == "delivered"


def test_who_approved_the_amount_does_not_approve_the_freight(play: Play) -> None:
    case = apply_worth(play, "5000")
    play.decide(case, "approve-1-1", staff="E1040")
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1", 运输方式="快递", 承运商="顺丰", 运费=300, 件数=1)
    assert play.items(case)["freight-1-1"].role == "SUPERVISOR"
    assert "E1040 方正楠" in play.refused(case, "freight-1-1", staff="E1040")
    play.decide(case, "freight-1-1", staff="E1041")
    assert play.finish(case) == "delivered"


def test_where_all_of_a_rung_approved_already_the_next_approves_the_freight(play: Play) -> None:
    case = apply_worth(play, "20000")
    play.decide(case, "approve-1-1", staff="E1042")
    play.decide(case, "approve-1-2", staff="E1043")
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1", 运输方式="空运", 承运商="国航", 运费=300, 件数=1)
    assert play.items(case)["freight-1-1"].role == "GENERAL_MANAGER"
    assert play.finish(case) == "delivered"


def nobody_left(play: Play) -> int:
    """Bring a case of the GENERAL_MANAGER's own past the MANAGER: nobody is left for 60,000 CNY."""
    play.grant("E1046", Role.OFFICE, office="BJ")
    case = apply_worth(play, "60000", 申报人工号="E1046")
    play.decide(case, "approve-1-1", staff="E1040")
    play.decide(case, "approve-1-2", staff="E1043")
    return case


def test_where_nobody_is_left_for_the_amount_the_manager_decides(play: Play) -> None:
    case = nobody_left(play)
    item = play.items(case)["approve-1-3"]
    assert item.role == "MANAGER"
    assert "没有可审批的人" in item.brief[0]
    assert "E1043" in play.refused(case, "approve-1-3", staff="E1043"), "nobody approves twice"
    assert "E1046" in play.refused(case, "approve-1-3", staff="E1046"), "nor an own case"
    play.decide(case, "approve-1-3", staff="E1042")
    assert "plan-1" in play.items(case)
    assert play.finish(case) == "delivered"


def test_who_approved_before_may_still_refuse_where_nobody_is_left(play: Play) -> None:
    case = nobody_left(play)
    play.decide(case, "approve-1-3", staff="E1043", 审批结论="不同意", 原因="请分单")
    assert (play.case(case).ending, play.case(case).ending_reason) == ("rejected", "请分单")


def test_where_nobody_is_left_for_a_manager_s_own_case_it_is_the_general_manager_s(play: Play) -> None:
    play.grant("E1043", Role.OFFICE, office="BJ")
    play.retire("E1046")
    case = apply_worth(play, "60000", 申报人工号="E1043")
    play.decide(case, "approve-1-1", staff="E1040")
    play.decide(case, "approve-1-2", staff="E1042")
    assert play.items(case)["approve-1-3"].role == "GENERAL_MANAGER"
    play.grant("E1041", Role.GENERAL_MANAGER)
    play.decide(case, "approve-1-3", staff="E1041")
    assert play.finish(case) == "delivered"


def test_where_nobody_is_left_for_the_freight_the_manager_decides(play: Play) -> None:
    case = apply_worth(play, "60000")
    for key, staff in (("approve-1-1", "E1042"), ("approve-1-2", "E1043"), ("approve-1-3", "E1046")):
        play.decide(case, key, staff=staff)
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1", 运输方式="空运", 承运商="国航", 运费=300, 件数=1)
    item = play.items(case)["freight-1-1"]
    assert (item.role, "没有可审批的人" in item.brief[0]) == ("MANAGER", True)
    assert "E1043" in play.refused(case, "freight-1-1", staff="E1043")
    play.decide(case, "freight-1-1", staff="E1043", 审批结论="不同意", 原因="走专车")
    assert "走专车" in play.items(case)["goods-out-1-2"].brief[0]
    assert play.finish(case) == "delivered"


@pytest.mark.parametrize(
    ("price", "rungs"), [("0", ["MANAGER"]), ("50000.00", ["MANAGER"]), ("50000.01", ["MANAGER", "GENERAL_MANAGER"])]
)
def test_by_signatures_supervisor_and_manager_sign_every_application(play: Play, price: str, rungs: list[str]) -> None:
    play.run("UPDATE policy SET value = '\"signatures\"' WHERE key = 'approval.chain'")
    case = play.apply([line("P-PB-001", 1)])
    assert play.items(case)["review-1"].role == "SUPERVISOR"
    play.decide(case, "review-1", staff="E1040", 明细=cells("单价", {1: price}, 配件名称="P-PB-001", 数量=1))
    for number, rung in enumerate(rungs, start=1):
        assert play.items(case)[f"approve-1-{number}"].role == rung
        play.decide(case, f"approve-1-{number}")
    assert "plan-1" in play.items(case)
    assert play.finish(case) == "delivered"


def test_who_resubmitted_lines_does_not_review_them(play: Play) -> None:
    play.grant("E1050", Role.PARTS_REVIEWER)
    case = play.apply([line("P-PB-001", 1)])
    play.decide(case, "review-1", staff="E1001", 审核结论="退回办事处", 原因="补照片")
    play.decide(case, "resubmit-1", staff="E1050", 明细=[line("P-PB-001", 2)])
    assert "E1050 燕晓雯" in play.refused(case, "review-2", staff="E1050")
    play.decide(case, "review-2", staff="E1001")
    assert play.finish(case) == "delivered"


def test_where_only_who_resubmitted_could_review_the_next_rung_does(play: Play) -> None:
    play.grant("E1050", Role.PARTS_REVIEWER)
    case = play.apply([line("P-PB-001", 1)])
    play.decide(case, "review-1", staff="E1001", 审核结论="退回办事处", 原因="补照片")
    play.retire("E1001", "E1002", "E1003")
    play.decide(case, "resubmit-1", staff="E1050", 明细=[line("P-PB-001", 2)])
    assert play.items(case)["review-2"].role == "SUPERVISOR"
    play.decide(case, "review-2")
    assert play.finish(case) == "delivered"


def test_who_approved_the_amount_does_not_grant_the_early_release_nor_who_grants_it_the_freight(play: Play) -> None:
    case = play.apply([line("P-HW-001", 1)], urgency="加急")
    play.decide(case, "review-1", staff="E1001", 明细=cells("单价", {1: 5000}, 配件名称="P-HW-001", 数量=1))
    play.decide(case, "approve-1-1", staff="E1040")
    play.run_to(case, "goods-out-1-1")
    assert "E1040 方正楠" in play.refused(case, "release-1-1", staff="E1040")
    play.decide(case, "release-1-1", staff="E1041")
    play.decide(case, "goods-out-1-1", 运输方式="快递", 承运商="顺丰", 运费=300, 件数=1)
    assert "E1041 洪启元" in play.refused(case, "freight-1-1", staff="E1041")
    play.decide(case, "freight-1-1", staff="E1042")
    assert play.finish(case) == "delivered"


def test_where_no_supervisor_is_free_the_manager_grants_the_early_release(play: Play) -> None:
    play.retire("E1041", "E1042")
    case = play.apply([line("P-HW-001", 1)], urgency="加急")
    play.decide(case, "review-1", staff="E1001", 明细=cells("单价", {1: 5000}, 配件名称="P-HW-001", 数量=1))
    play.decide(case, "approve-1-1", staff="E1040")
    play.run_to(case, "goods-out-1-1")
    assert play.items(case)["release-1-1"].role == "MANAGER"
    play.decide(case, "release-1-1", staff="E1043")
    assert play.finish(case) == "delivered"


# anomalies: their plans are approvals too


def at_fault(play: Play, price: int = 6000) -> int:
    """Bring a case of 3 doors and 2 table tops to an anomaly: 2 doors cannot be made."""
    case = play.apply([line("P-PB-001", 3), line("P-PT-001", 2)])
    priced = [
        {"行号": 1, "配件名称": "P-PB-001", "数量": 3, "单价": price},
        {"行号": 2, "配件名称": "P-PT-001", "数量": 2, "单价": 1},
    ]
    play.decide(case, "review-1", staff="E1001", 明细=priced)
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 1}, 异常说明="基材缺货"))
    return case


def to_make_again(play: Play, case: int, key: str = "anomaly-1-1-1") -> int:
    """Bring an anomaly to its leader: the plan is to make again; gives its id."""
    child = play.anomaly(case, key)
    play.run_to(child, "plan-1")
    play.decide(child, "plan-1", 处理办法="重新制作")
    return child


def test_an_applicant_who_is_a_supervisor_does_not_decide_on_the_own_anomaly(play: Play) -> None:
    play.grant("E1049", Role.SUPERVISOR)
    child = to_make_again(play, at_fault(play))
    assert "E1049 常北辰" in play.refused(child, "approve-1-1", staff="E1049", 审批结论="同意")
    play.decide(child, "approve-1-1", staff="E1040")
    assert play.finish(child) == "settled"


def test_a_re_make_within_the_supervisor_s_limit_needs_nobody_else(play: Play) -> None:
    child = to_make_again(play, at_fault(play, price=5000))
    play.decide(child, "approve-1-1")
    assert list(play.items(child)) == ["confirm-1"]


def test_a_dearer_re_make_climbs_the_ladder_while_other_lines_go_on(play: Play) -> None:
    case = at_fault(play)
    child = to_make_again(play, case)
    play.decide(child, "approve-1-1", staff="E1042")
    item = play.items(child)["approve-1-2"]
    assert (item.role, item.brief[-1]) == ("MANAGER", "金额 Amount: **12,000.00 CNY**")
    assert set(play.items(case)) == {"anomaly-1-1-1", "goods-in-1-1", "produce-1-paint-1"}
    assert "E1042 祝嘉禾" in play.refused(child, item.step_key, staff="E1042"), "nobody approves twice"
    play.decide(child, item.step_key, staff="E1043")
    assert play.finish(child) == "settled"
    assert play.finish(case) == "delivered"


def test_a_re_make_that_the_ladder_refuses_is_planned_anew(play: Play) -> None:
    child = to_make_again(play, at_fault(play))
    play.decide(child, "approve-1-1", staff="E1041")
    play.decide(child, "approve-1-2", staff="E1043", 审批结论="不同意", 原因="太贵")
    item = play.items(child)["plan-2"]
    assert (item.role, "太贵" in item.brief[0]) == ("PLANNER", True)
    assert play.finish(child) == "settled"


def test_what_arrived_damaged_climbs_the_ladder_too(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3)])
    play.decide(case, "review-1", staff="E1001", 明细=cells("单价", {1: 6000}, 配件名称="P-PB-001", 数量=3))
    play.run_to(case, "pickup-1")
    damaged = {"核对结果": "损坏", "照片编号": "IMG-1", "说明": "边角破损"}
    play.decide(case, "pickup-1", **damaged, 明细=cells("完好数量", {1: 1}))
    child = to_make_again(play, case, "anomaly-pickup-1-1")
    play.decide(child, "approve-1-1", staff="E1041")
    assert play.items(child)["approve-1-2"].role == "MANAGER"
    assert play.finish(child) == "settled"
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-PB-001": -3}


# while an approval waits, the only one who could give it becomes barred


def urgent_beside_its_approval(play: Play) -> int:
    """Bring an urgent application for 5,000 CNY to its approval, with the early release still to grant."""
    case = play.apply([line("P-HW-001", 100)], urgency="加急")
    play.decide(case, "review-1", staff="E1001", 明细=cells("单价", {1: 50}, 配件名称="P-HW-001", 数量=100))
    assert {key: item.role for key, item in play.items(case).items()} == dict.fromkeys(
        ["approve-1-1", "release-early-2"], "SUPERVISOR"
    )
    return case


def test_an_approval_goes_to_the_next_rung_where_its_only_supervisor_grants_the_early_release(play: Play) -> None:
    play.retire("E1041", "E1042")
    case = urgent_beside_its_approval(play)
    play.decide(case, "release-early-2", staff="E1040")
    items = play.items(case)
    assert "approve-1-1" not in items
    assert items["approve-1-1-anew-2"].role == "MANAGER"
    play.decide(case, "approve-1-1-anew-2", staff="E1043")
    assert play.finish(case) == "delivered"


def test_an_approval_stays_where_it_is_while_somebody_of_its_rung_may_still_give_it(play: Play) -> None:
    case = urgent_beside_its_approval(play)
    opened = play.items(case)["approve-1-1"]
    play.decide(case, "release-early-2", staff="E1040")
    assert play.items(case)["approve-1-1"] == opened
    play.decide(case, "approve-1-1", staff="E1041")
    assert play.finish(case) == "delivered"


def test_an_early_release_goes_to_the_next_rung_where_its_only_supervisor_approves_the_amount(play: Play) -> None:
    play.retire("E1041", "E1042")
    case = play.apply([line("P-HW-001", 100), line("P-PB-001", 1)], urgency="加急")
    play.decide(case, "review-1", staff="E1001", 明细=cells("单价", {1: 50}, 配件名称="P-HW-001", 数量=100))
    play.decide(case, "approve-1-1", staff="E1040")
    assert play.items(case)["release-early-2-anew-3"].role == "MANAGER"
    play.decide(case, "release-early-2-anew-3", staff="E1043")
    assert play.finish(case) == "delivered"


def test_a_review_goes_to_the_next_rung_where_its_only_reviewer_grants_the_early_release(play: Play) -> None:
    play.grant("E1001", Role.SUPERVISOR)
    play.retire("E1002", "E1003")
    case = play.apply([line("P-HW-001", 4)], urgency="加急")
    due = play.items(case)["review-1"].due_at
    play.decide(case, "release-early", staff="E1001")
    review = play.items(case)["review-1-anew-2"]
    assert (review.role, review.due_at) == ("SUPERVISOR", due), "its 24 hours count from receipt"
    play.decide(case, "review-1-anew-2", staff="E1040", 审核结论="退回办事处", 原因="补照片")
    play.decide(case, "resubmit-1")
    assert play.finish(case) == "delivered"


def two_freights(play: Play) -> int:
    """Bring two parcels of a case to the approval of their freights, which wait side by side."""
    play.retire("E1041", "E1042")
    case = play.apply([line("P-HW-001", 4), line("P-PB-001", 3)], 发货方式="分批")
    play.run_to(case, "plan-1")
    dear = {"运输方式": "快递", "承运商": "顺丰速运", "运费": 300, "件数": 1}
    play.decide(case, "goods-out-1-1", **dear)
    play.decide(case, "plan-1")
    play.decide(case, "produce-1-panel-1")
    play.decide(case, "goods-in-1-1")
    play.decide(case, "goods-out-2-1", **dear)
    assert {key: item.role for key, item in play.items(case).items()} == dict.fromkeys(
        ["freight-1-1", "freight-2-1"], "SUPERVISOR"
    )
    return case


def test_of_two_freights_the_second_goes_to_the_next_rung_where_the_only_supervisor_approves_the_first(
    play: Play,
) -> None:
    case = two_freights(play)
    play.decide(case, "freight-1-1", staff="E1040")
    second = play.items(case)["freight-2-1-anew-2"]
    assert (second.role, second.brief[0]) == ("MANAGER", "快递 express · 顺丰速运 · **300.00 CNY**")
    play.decide(case, "freight-2-1-anew-2", staff="E1043")
    assert play.finish(case) == "delivered"


def test_where_nobody_is_left_for_the_second_freight_it_is_the_manager_s_who_may_only_refuse(play: Play) -> None:
    play.retire("E1043", "E1046")
    play.grant("E1040", Role.MANAGER)
    case = two_freights(play)
    play.decide(case, "freight-1-1", staff="E1040")
    second = play.items(case)["freight-2-1-anew-2"]
    assert (second.role, second.brief[0]) == ("MANAGER", "**没有可审批的人 nobody is left who may approve**")
    assert "may not approve" in play.refused(case, "freight-2-1-anew-2", staff="E1040")
    play.decide(case, "freight-2-1-anew-2", staff="E1040", 审批结论="不同意", 原因="改走专线")
    assert "goods-out-2-2" in play.items(case)
