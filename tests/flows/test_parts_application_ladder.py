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


def test_where_nobody_is_left_for_the_amount_the_case_is_rejected(play: Play) -> None:
    play.grant("E1046", Role.OFFICE, office="BJ")
    case = apply_worth(play, "60000", 申报人工号="E1046")
    play.decide(case, "approve-1-1")
    play.decide(case, "approve-1-2")
    assert play.case(case).ending == "rejected"
    assert "没有可审批的人" in play.case(case).ending_reason


def test_where_nobody_is_left_for_the_freight_another_way_is_asked_for(play: Play) -> None:
    case = apply_worth(play, "60000")
    for key, staff in (("approve-1-1", "E1042"), ("approve-1-2", "E1043"), ("approve-1-3", "E1046")):
        play.decide(case, key, staff=staff)
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1", 运输方式="空运", 承运商="国航", 运费=300, 件数=1)
    assert "没有可审批的人" in play.items(case)["goods-out-1-2"].brief[0]
    assert play.finish(case) == "delivered"
