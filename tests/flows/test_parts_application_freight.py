"""出库: how goods travel and who must approve the freight (DOMAIN, "Freight rules", S3 §3 3.2)."""

from datetime import datetime

import pytest
import time_machine

from schemas.words import Role
from tests.play import OWN_VAN, Play, books_balance, cells, line

FLEET = "集团自有车队"


def ready(play: Play, office: str = "BJ") -> int:
    """Bring a case from stock to the form that sends its goods."""
    case = play.apply([line("P-HW-001", 4)], office=office)
    play.run_to(case, "goods-out-1-1")
    return case


GOES_BY = {"自有车辆": FLEET, "专车": "德邦", "快递": "顺丰", "空运": "国航"}


def how(method: str, freight: object) -> dict[str, object]:
    return {"运输方式": method, "承运商": GOES_BY[method], "运费": freight, "件数": 1}


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
        "承运商 carrier: “顺丰速运” — 自有车辆须为OWN、自有车队、集团自有车队",
    ),
    "an own vehicle for money": (
        {"运输方式": "自有车辆", "承运商": FLEET, "运费": "9999.99"},
        "运费 freight: “9999.99” — 自有车辆不计运费",
    ),
    "the fleet hired": ({"承运商": FLEET}, "承运商 carrier: “集团自有车队” — 集团车队请选自有车辆"),
    "air freight as hired transport": (
        {"承运商": "航空货运代理"},
        "承运商 carrier: “航空货运代理” — 不做专车，请选空运 does not go by hired: choose air",
    ),
    "express as hired transport": ({"承运商": "顺丰 速运"}, "承运商 carrier: “顺丰 速运” — 不做专车，请选快递"),
    "air freight as express, by its code": (
        {"运输方式": "快递", "承运商": "sfa"},
        "承运商 carrier: “sfa” — 不做快递，请选空运 does not go by express: choose air",
    ),
    "express by its short name as hired transport": ({"承运商": "顺丰"}, "承运商 carrier: “顺丰” — 不做专车，请选快递"),
    "the fleet by its short name hired": ({"承运商": "自有车队"}, "承运商 carrier: “自有车队” — 集团车队请选自有车辆"),
    "unknown method": ({"运输方式": "马车"}, "运输方式: “马车” — 应为 expected one of: 专车 hired"),
}


def test_a_wrong_form_is_refused(play: Play, subtests: pytest.Subtests) -> None:
    case = ready(play)
    for name, (change, told) in WRONG.items():
        with subtests.test(name):
            assert told in play.refused(case, "goods-out-1-1", **how("专车", 100) | change)
    play.decide(case, "goods-out-1-1")


@pytest.mark.parametrize("carrier", ["集团 自有车队", "own", "ＯＷＮ"])
def test_the_fleet_is_known_by_whatever_spelling(play: Play, carrier: str) -> None:
    case = ready(play)
    assert "请选自有车辆" in play.refused(case, "goods-out-1-1", **how("专车", 1000) | {"承运商": carrier})
    play.decide(case, "goods-out-1-1", **OWN_VAN | {"承运商": carrier})
    assert list(play.items(case)) == ["pickup-1"]


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
    told = [(entry["kind"], entry["role"]) for entry in play.items(case)["goods-out-1-1"].schedule]
    assert told == [("daily", "WAREHOUSE"), ("over-3", "SUPERVISOR"), ("over-7", "MANAGER")]

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


# before the review: as soon as an urgent application is registered (DOMAIN 1.9)


def urgent(play: Play) -> int:
    """Send an urgent application for 4 hinges, which are on stock, and 3 doors, which are not."""
    case = play.apply([line("P-HW-001", 4), line("P-PB-001", 3)], urgency="加急")
    assert set(play.items(case)) == {"review-1", "release-early"}
    return case


def test_urgent_goods_on_stock_leave_before_the_review(play: Play, today: time_machine.Traveller) -> None:
    before, _ = play.stock("P-HW-001")
    case = urgent(play)
    play.decide(case, "release-early", staff="E1041")
    assert play.stock("P-HW-001") == (before - 4, 0)
    assert [row.content["lines"][0]["part"] for row in play.documents(case, "CK")] == ["P-HW-001"]
    assert set(play.items(case)) == {"review-1", "goods-out-1-1"}
    form = play.items(case)["goods-out-1-1"]
    assert form.due_at == datetime.fromisoformat("2026-11-20T17:30:00+08:00")
    assert not any("柜门板" in said for said in form.brief), "the doors are not there yet"

    today.move_to("2026-11-19T10:00:00+08:00")
    play.decide(case, "goods-out-1-1", **how("空运", 900))
    play.decide(case, "freight-1-1", 审批结论="不同意", 原因="走快递")
    assert play.items(case)["goods-out-1-2"].due_at == form.due_at, "the form is due whatever is refused meanwhile"
    play.decide(case, "goods-out-1-2", **OWN_VAN)
    assert set(play.items(case)) == {"review-1", "pickup-1"}

    play.decide(case, "review-1")
    play.run_to(case, "goods-out-2-1")
    assert [(order.line_no, order.quantity) for order in play.orders(case)] == [(2, 3)]
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-HW-001": -4, "P-PB-001": -3}
    assert [len(play.documents(case, kind)) for kind in ("CK", "FH", "ZX")] == [2, 2, 2]


def test_what_left_early_is_not_sent_again_where_the_review_asks_for_more(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)], urgency="加急")
    play.decide(case, "release-early")
    play.decide(case, "review-1", 明细=cells("数量", {1: 6}, 配件名称="P-HW-001", 单价=1))
    play.run_to(case, "goods-out-2-1")
    assert play.stock("P-HW-001")[1] == 2
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-HW-001": -6}


def rejected_after_its_release(play: Play) -> int:
    """Reject an application whose hinges left early, of which the form is there: they are on the road."""
    case = urgent(play)
    play.decide(case, "release-early")
    play.decide(case, "review-1", 审核结论="驳回", 原因="不属于售后范围")
    assert list(play.items(case)) == ["goods-out-1-1"], "the form is owed though the application is rejected"
    play.decide(case, "goods-out-1-1")
    return case


def test_goods_of_a_rejected_application_are_in_nobodys_stock_until_they_are_back(play: Play) -> None:
    before, _ = play.stock("P-HW-001")
    case = rejected_after_its_release(play)
    (item,) = play.items(case).values()
    assert (item.step_key, item.role, play.stock("P-HW-001")) == ("recall-1", "WAREHOUSE", (before - 4, 0))
    assert item.brief[1:] == ["1. 铰链(全盖110°): 报 reported 4"]
    play.decide(case, "recall-1")
    assert play.case(case).ending == "rejected"
    assert play.stock("P-HW-001") == (before, 0)
    assert [bool(slip.reverses) for slip in play.documents(case, "CK")] == [False, True]
    books_balance(play.db)


@pytest.mark.parametrize("came", [3, 0])
def test_what_does_not_come_back_is_not_booked_and_has_its_reason(play: Play, came: int) -> None:
    before, _ = play.stock("P-HW-001")
    case = rejected_after_its_release(play)
    assert "差异原因" in play.refused(case, "recall-1", 明细=cells("实收数量", {1: came}))
    play.decide(case, "recall-1", 明细=cells("实收数量", {1: came}, 差异原因="办事处留用"))
    assert (play.case(case).ending, play.stock("P-HW-001")) == ("rejected", (before - 4 + came, 0))
    books_balance(play.db)


def test_what_left_early_beyond_what_the_review_grants_is_called_back(play: Play) -> None:
    before = {part: play.stock(part)[0] for part in ("P-HW-001", "P-HW-002", "P-HW-003")}
    case = play.apply([line("P-HW-001", 6), line("P-HW-002", 5)], urgency="加急")
    play.decide(case, "release-early")
    play.decide(case, "goods-out-1-1")
    corrected = [
        *cells("数量", {1: 2}, 配件名称="P-HW-001", 单价=1),
        *cells("数量", {2: 5}, 配件名称="P-HW-003", 单价=1),
    ]
    play.decide(case, "review-1", 明细=corrected)
    (item,) = (item for key, item in play.items(case).items() if key == "recall-1")
    assert [said.rpartition(" ")[2] for said in item.brief[1:]] == ["4", "5"]
    assert play.stock("P-HW-001")[0] == before["P-HW-001"] - 6, "they are on the road"
    play.decide(case, "recall-1")
    assert play.finish(case) == "delivered"
    after = {part: play.stock(part)[0] for part in before}
    assert after == {
        "P-HW-001": before["P-HW-001"] - 2,
        "P-HW-002": before["P-HW-002"],
        "P-HW-003": before["P-HW-003"] - 5,
    }
    books_balance(play.db)


def test_a_rejected_application_of_which_nothing_left_needs_no_form(play: Play) -> None:
    case = urgent(play)
    play.decide(case, "review-1", 审核结论="驳回", 原因="不属于售后范围")
    assert play.case(case).ending == "rejected"


def test_who_releases_goods_early_approves_nothing_of_the_case_and_the_other_way_round(play: Play) -> None:
    case = urgent(play)
    dear = cells("单价", {1: 5000, 2: 1}, 配件名称="P-HW-001", 数量=1)
    play.decide(case, "review-1", staff="E1001", 明细=dear[:1])
    assert set(play.items(case)) == {"approve-1-1", "release-early-2"}
    play.decide(case, "release-early-2", staff="E1040")
    assert "E1040 方正楠" in play.refused(case, "approve-1-1", staff="E1040")
    play.decide(case, "approve-1-1", staff="E1041")
    assert play.finish(case) == "delivered"

    other = urgent(play)
    play.decide(other, "review-1", staff="E1001", 明细=dear[:1])
    play.decide(other, "approve-1-1", staff="E1040")
    assert "E1040 方正楠" in play.refused(other, "release-early-2", staff="E1040")
    play.decide(other, "release-early-2", staff="E1041")
    assert play.finish(other) == "delivered"


def test_nothing_is_released_early_where_nothing_is_on_stock(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3)], urgency="加急")
    assert "没有可放行的现货" in play.refused(case, "release-early")
    play.decide(case, "release-early", 放行结论="不提前放行")
    assert list(play.items(case)) == ["review-1"]
    assert play.finish(case) == "delivered"


def test_an_early_release_stays_open_after_its_day_until_it_is_decided(
    play: Play, today: time_machine.Traveller
) -> None:
    case = urgent(play)
    today.move_to("2026-11-19T09:00:00+08:00")
    assert not play.time_out(case, "release-early").accepted
    play.decide(case, "release-early")
    assert play.moved(case, "delivery_out") == {"P-HW-001": -4}
    assert play.finish(case) == "delivered"


def test_the_form_overtakes_an_early_release_that_nobody_decided(play: Play, today: time_machine.Traveller) -> None:
    case = urgent(play)
    today.move_to("2026-11-19T09:00:00+08:00")
    play.run_to(case, "goods-out-1-1")
    assert set(play.items(case)) == {"goods-out-1-1", "release-1-1"}
    play.decide(case, "goods-out-1-1")
    assert list(play.items(case)) == ["pickup-1"]


def test_an_early_release_ends_with_the_last_line_that_it_could_be_of(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3)], urgency="加急")
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 0}, 报废数量=3, 异常说明="板材开裂"))
    assert "release-early" in play.items(case)
    play.settle(case, "anomaly-1-1-1", "让步接收", 申报方同意="客户已自购")
    assert not play.items(case)
    assert play.case(case).ending == "replaced"


def test_what_was_called_back_is_not_put_back_again_when_a_supervisor_withdraws(play: Play) -> None:
    before, _ = play.stock("P-HW-001")
    case = play.apply([line("P-HW-001", 6)], urgency="加急")
    play.decide(case, "release-early")
    play.decide(case, "review-1", 明细=cells("数量", {1: 2}, 配件名称="P-HW-001", 单价=1))
    play.decide(case, "recall-1")
    assert play.stock("P-HW-001") == (before - 2, 0)
    assert play.withdraw(case, "E1040").accepted
    assert play.stock("P-HW-001") == (before - 2, 0)
    books_balance(play.db)


def test_what_left_early_comes_back_when_a_supervisor_withdraws(play: Play) -> None:
    before, _ = play.stock("P-HW-001")
    case = urgent(play)
    play.decide(case, "release-early")
    assert not play.withdraw(case, "E1049").accepted, "the goods have left"
    assert play.withdraw(case, "E1040").accepted
    assert play.stock("P-HW-001") == (before, 0)
