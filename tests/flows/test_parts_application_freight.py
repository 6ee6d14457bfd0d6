"""出库: how goods travel and who must approve the freight (DOMAIN, "Freight rules", S3 §3 3.2)."""

import pytest

from schemas.words import Role
from tests.play import OWN_VAN, Play, line

FLEET = "集团自有车队"


def ready(play: Play, office: str = "BJ") -> int:
    """Bring a case from stock to the form that sends its goods."""
    case = play.apply([line("P-HW-001", 4)], office=office)
    play.run_to(case, "goods-out-1-1")
    return case


def how(method: str, freight: object) -> dict[str, object]:
    return {"运输方式": method, "承运商": FLEET if method == "自有车辆" else "德邦", "运费": freight, "件数": 1}


@pytest.mark.parametrize(
    ("office", "method", "freight", "approver"),
    [
        ("BJ", "专车", "2486.00", None),  # 2,260 + 10 %
        ("BJ", "专车", "2486.01", "SUPERVISOR"),
        ("KM", "专车", "1.00", "SUPERVISOR"),  # no reference price for the route
        ("BJ", "快递", "200.00", None),
        ("BJ", "快递", "200.01", "SUPERVISOR"),
        ("BJ", "空运", "1.00", "MANAGER"),
        ("BJ", "自有车辆", "0", None),
    ],
    ids=[
        "hired at the limit",
        "hired above",
        "hired without a reference",
        "express at the limit",
        "express above",
        "air",
        "own",
    ],
)
def test_each_method_has_its_rule_on_each_side_of_its_limit(
    play: Play, office: str, method: str, freight: str, approver: str | None
) -> None:
    case = ready(play, office)
    play.decide(case, "goods-out-1-1", **how(method, freight))
    if approver:
        item = play.items(case)["freight-1-1"]
        assert (item.role, play.state(case)) == (approver, "出库")
        assert play.stock("P-HW-001")[1] == 4, "nothing leaves before the freight is approved"
        play.decide(case, "freight-1-1")
    assert list(play.items(case)) == ["pickup-1"]


def test_a_refused_freight_is_changed_and_asked_again(play: Play) -> None:
    case = ready(play)
    play.decide(case, "goods-out-1-1", **how("空运", 3000))
    assert "原因 reason" in play.refused(case, "freight-1-1", 审批结论="不同意")
    play.decide(case, "freight-1-1", 审批结论="不同意", 原因="不急，走专车")
    assert "不急，走专车" in play.items(case)["goods-out-1-2"].brief[0]
    assert not play.documents(case, "CK")

    play.decide(case, "goods-out-1-2", **how("专车", 2000))
    assert play.finish(case) == "delivered"
    (note,) = play.documents(case, "FH")
    assert (note.content["method"], note.content["freight"]) == ("专车 hired", "2000")


def test_who_refused_one_freight_may_approve_the_next(play: Play) -> None:
    case = ready(play)
    play.decide(case, "goods-out-1-1", **how("快递", 500))
    play.decide(case, "freight-1-1", staff="E1040", 审批结论="不同意", 原因="太贵")
    play.decide(case, "goods-out-1-2", **how("快递", 250))
    play.decide(case, "freight-1-2", staff="E1040")
    assert play.finish(case) == "delivered"


WRONG: dict[str, tuple[dict[str, object], str]] = {
    "free of charge": ({"运费": 0}, "运费 freight: “0”"),
    "negative": ({"运费": -5}, "运费: “-5” — 应不小于 must be at least 0"),
    "too many decimals": ({"运费": "12.345"}, "运费: “12.345” — 最多 2 位小数"),
    "no package": ({"件数": 0}, "件数: “0” — 应不小于 must be at least 1"),
    "no carrier": ({"承运商": ""}, "承运商: “” — 必填 is required"),
    "an own vehicle of another carrier": (
        {"运输方式": "自有车辆", "承运商": "顺丰速运", "运费": 5000},
        "承运商 carrier: “顺丰速运” — 自有车辆须为OWN、集团自有车队",
    ),
    "an own vehicle for money": (
        {"运输方式": "自有车辆", "承运商": FLEET, "运费": "9999.99"},
        "运费 freight: “9999.99” — 自有车辆不计运费",
    ),
    "the fleet hired": ({"承运商": FLEET}, "承运商 carrier: “集团自有车队” — 集团车队请选自有车辆"),
    "unknown method": ({"运输方式": "马车"}, "运输方式: “马车” — 应为 expected one of: 专车 hired"),
}


def test_a_wrong_form_is_refused(play: Play, subtests: pytest.Subtests) -> None:
    case = ready(play)
    for name, (change, told) in WRONG.items():
        with subtests.test(name):
            assert told in play.refused(case, "goods-out-1-1", **how("专车", 100) | change)
    play.decide(case, "goods-out-1-1")


def test_logistics_may_send_the_goods_too(play: Play) -> None:
    case = ready(play)
    assert "WAREHOUSE" in play.refused(case, "goods-out-1-1", staff="E1004")
    play.decide(case, "goods-out-1-1", staff="E1020")
    assert play.finish(case) == "delivered"


def test_urgent_goods_leave_before_the_form(play: Play) -> None:
    before, _ = play.stock("P-HW-001")
    case = play.apply([line("P-HW-001", 4)], urgency="加急")
    play.run_to(case, "goods-out-1-1")
    assert set(play.items(case)) == {"goods-out-1-1", "release-1-1"}
    play.decide(case, "release-1-1")
    assert play.stock("P-HW-001") == (before - 4, 0)
    assert [len(play.documents(case, kind)) for kind in ("CK", "FH", "ZX")] == [1, 0, 0]
    assert list(play.items(case)) == ["goods-out-1-1"]
    assert [entry["kind"] for entry in play.items(case)["goods-out-1-1"].schedule] == ["daily"]

    play.decide(case, "goods-out-1-1")
    assert [len(play.documents(case, kind)) for kind in ("CK", "FH", "ZX")] == [1, 1, 1]
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-HW-001": -4}


def test_urgent_goods_wait_for_the_form_where_the_supervisor_says_so(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)], urgency="加急")
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "release-1-1", 放行结论="不提前放行")
    assert list(play.items(case)) == ["goods-out-1-1"]
    assert not play.documents(case, "CK")
    assert play.finish(case) == "delivered"


def test_the_form_may_be_faster_than_the_supervisor(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)], urgency="加急")
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1")
    assert list(play.items(case)) == ["pickup-1"]
    assert "不需要办理" in play.refused_form(case, "release-1-1", {"经办人工号": "E1040", "放行结论": "先行放行"})
    assert play.finish(case) == "delivered"
    assert len(play.documents(case, "CK")) == 1


def test_urgent_goods_may_still_leave_early_after_a_refused_freight(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)], urgency="加急")
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1", **how("空运", 900))
    assert list(play.items(case)) == ["freight-1-1"]
    play.decide(case, "freight-1-1", 审批结论="不同意", 原因="走快递")
    assert set(play.items(case)) == {"goods-out-1-2", "release-1-2"}
    play.decide(case, "release-1-2")
    assert len(play.documents(case, "CK")) == 1
    play.decide(case, "goods-out-1-2", **OWN_VAN)
    assert play.finish(case) == "delivered"
    assert len(play.documents(case, "CK")) == 1


def test_the_applicant_does_not_release_the_own_goods(play: Play) -> None:
    play.grant("E1049", Role.SUPERVISOR)
    case = play.apply([line("P-HW-001", 4)], urgency="加急")
    play.run_to(case, "goods-out-1-1")
    assert "E1049 常北辰" in play.refused(case, "release-1-1", staff="E1049")
