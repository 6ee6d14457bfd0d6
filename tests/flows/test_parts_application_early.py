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


def test_an_anomaly_of_what_left_early_may_close_the_case_before_its_review(play: Play) -> None:
    case = damaged(play)
    play.decide(case, "anomaly-pickup-1-1", 处理意见="关闭本单", 原因="改走退货")
    assert (play.state(case), play.case(case).ending) == ("closed", "replaced")
    assert play.moved(case, "delivery_out") == {"P-HW-001": -4}, "what the office has stays with it"
