"""Urgent goods that leave before the review, and what happens to the application meanwhile (DOMAIN 1.9)."""

from tests.play import Play, cells, line

HINGES = line("P-HW-001", 4)  # on stock


def damaged(play: Play) -> int:
    """Send an urgent application whose goods left early and arrived damaged, all before its review."""
    case = play.apply([HINGES], urgency="加急")
    play.decide(case, "release-early")
    play.decide(case, "goods-out-1-1")
    play.decide(case, "pickup-1", 核对结果="损坏", 照片编号="IMG-1", 明细=cells("完好数量", {1: 3}))
    assert set(play.items(case)) == {"review-1", "anomaly-pickup-1-1"}
    return case


def test_an_anomaly_of_what_left_early_is_settled_before_the_review(play: Play) -> None:
    case = damaged(play)
    again = play.ordered(play.settle(case, "anomaly-pickup-1-1"))
    assert set(play.items(case)) == {"review-1"}
    assert [play.finish(one) for one in (case, again)] == ["delivered", "delivered"]
    assert play.moved(case, "delivery_out") == {"P-HW-001": -4}, "what the office has stays with it"


def test_what_was_ordered_again_is_taken_back_with_a_rejection_that_overtakes_it(play: Play) -> None:
    case = damaged(play)
    again = play.ordered(play.settle(case, "anomaly-pickup-1-1"))
    play.decide(case, "review-1", 审核结论="驳回", 原因="不属于售后范围")
    entry = next(row for row in play.timeline(case) if row.step_key == "cancel-again")
    assert (entry.title, entry.output) == ("取消补单", [again])
    assert play.finish(case) == "rejected"
    play.rest()
    assert play.case(again).ending == "withdrawn"


def wanted(play: Play, quantity: int) -> int:
    """Send an urgent application for so many hinges, and slides by mistake."""
    return play.apply([line("P-HW-001", quantity), line("P-HW-002", 5)], urgency="加急")


def test_what_is_released_early_are_the_lines_as_the_office_resubmitted_them(play: Play) -> None:
    case = wanted(play, 400)
    play.decide(case, "review-1", 审核结论="退回办事处", 原因="数量有误")
    play.decide(case, "resubmit-1", 明细=[line("P-HW-001", 4)])
    item = play.items(case)["release-early-2"]
    assert [said for said in item.brief if "×" in said] == ["1. 铰链(全盖110°) × 4 @ 9.20 · 质量问题"]
    assert "不需要办理" in play.refused_form(case, "release-early", {"经办人工号": "E1040", "放行结论": "先行放行"})
    play.decide(case, "release-early-2")
    assert play.moved(case, "delivery_out") == {"P-HW-001": -4}
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-HW-001": -4}


def test_what_is_released_early_are_the_lines_as_the_reviewer_corrected_them(play: Play) -> None:
    case = wanted(play, 400)
    play.decide(case, "review-1", 明细=cells("数量", {1: 300}, 配件名称="P-HW-003", 单价=10))
    assert set(play.items(case)) == {"approve-1-1", "release-early-2"}
    play.decide(case, "release-early-2")
    assert play.moved(case, "delivery_out") == {"P-HW-003": -300, "P-HW-002": -5}


def test_an_unchanged_application_is_offered_once(play: Play) -> None:
    case = wanted(play, 4)
    play.decide(case, "review-1", 审核结论="退回办事处", 原因="补照片")
    play.decide(case, "resubmit-1")
    assert set(play.items(case)) == {"review-2", "release-early"}


def test_after_a_resubmission_nothing_more_is_offered_where_goods_have_left_or_shall_wait(play: Play) -> None:
    for verdict in ("先行放行", "不提前放行"):
        case = wanted(play, 4)
        play.decide(case, "release-early", 放行结论=verdict)
        play.decide(case, "review-1", 审核结论="退回办事处", 原因="数量有误")
        play.decide(case, "resubmit-1", 明细=[line("P-HW-001", 6)])
        assert not [key for key in play.items(case) if key.startswith("release")]
        assert play.finish(case) == "delivered"


def test_stock_that_comes_after_all_was_given_to_production_is_not_released(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3)], urgency="加急")
    other = play.apply([line("P-PB-001", 5)])
    play.run_to(case, "produce-1-panel-1")
    play.run_to(other, "produce-1-panel-1")
    play.decide(other, "produce-1-panel-1")
    play.decide(other, "goods-in-1-1")
    assert play.withdraw(other, "E1040").accepted
    assert play.stock("P-PB-001") == (5, 0)
    assert "没有可放行的现货" in play.refused(case, "release-early")
    assert not play.documents(case, "CK")


def test_two_cases_never_release_the_same_goods(play: Play) -> None:
    first, second = (play.apply([line("P-PB-019", 2)], urgency="加急") for _ in range(2))
    play.decide(first, "release-early")
    assert "没有可放行的现货" in play.refused(second, "release-early")
    assert play.finish(first) == "delivered"
