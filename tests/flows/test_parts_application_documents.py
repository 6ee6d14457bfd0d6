"""What stands on the documents of a case (DOMAIN, "Documents", Contents)."""

from typing import Any

from tests.play import Play, cells, line

DOOR = {"part": "P-PB-001", "name": "柜门板(左)", "uom": "块"}


def content(play: Play, case: int, kind: str) -> dict[str, Any]:
    """Give what stands on the only document of a kind."""
    (found,) = play.documents(case, kind)
    return dict(found.content)


def test_an_application_says_what_for_whom_by_whom_and_how_fast(play: Play) -> None:
    order = "SO20260318-0042"
    case = play.apply([line("P-PB-001", 3, "缺件")], urgency="加急", 订单号=order, 备注="客户催")
    sold = play.rows("SELECT * FROM sales_record WHERE order_no = :order ORDER BY line_no", order=order)[0]
    said = content(play, case, "SQ")
    assert said | {"lines": []} == {
        "case": play.case(case).number,
        "edition": 1,
        "urgency": "加急 urgent",
        "office": "北京办事处 BJ",
        "applicant": "E1049 常北辰",
        "order": order,
        "model": sold.model,
        "customer": f"{sold.customer_name} {sold.customer_phone} {sold.customer_address}",
        "remark": "客户催",
        "found_on": "",
        "lines": [],
    }
    (row,) = said["lines"]
    assert row.items() >= {**DOOR, "line_no": 1, "quantity": "3", "reason": "缺件", "price": "298.00"}.items()
    assert row["specification"]
    assert row["colour"]


def test_a_corrected_application_is_reissued_as_a_new_edition(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3)])
    play.decide(case, "review-1", 审核结论="退回办事处", 原因="数量不对")
    play.decide(case, "resubmit-1", 明细=[line("P-PB-001", 2)])
    play.decide(case, "review-2", 明细=[{"行号": 1, "配件名称": "P-PB-001", "数量": 1, "单价": 298}])
    issued = play.documents(case, "SQ")
    assert [(one.number, one.content["edition"]) for one in issued] == [
        ("SQ-2026-000001", 1),
        ("SQ-2026-000002", 2),
        ("SQ-2026-000003", 3),
    ]
    assert [one.content["lines"][0]["quantity"] for one in issued] == ["3", "2", "1"]


def test_an_approval_without_corrections_issues_no_new_edition(play: Play) -> None:
    case = play.apply([line("P-HW-001", 1)])
    play.decide(case, "review-1")
    assert len(play.documents(case, "SQ")) == 1


def test_a_slip_names_warehouse_category_and_the_other_side(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3)])
    play.run_to(case, "pickup-1")
    inbound, outbound = content(play, case, "RK"), content(play, case, "CK")
    house = "MAIN-GOOD 总部良品仓"
    assert (inbound["warehouse"], inbound["category"], inbound["supplier"]) == (house, "生产入库", "板式车间 PANEL")
    assert (outbound["warehouse"], outbound["category"], outbound["receiver"]) == (house, "发货出库", "北京办事处 BJ")
    assert inbound["red"] is outbound["red"] is False
    for slip in (inbound, outbound):
        (row,) = slip["lines"]
        assert row.items() >= {**DOOR, "quantity": "3"}.items()
        assert row["specification"]
        assert row["colour"]


def test_dispatch_note_and_packing_list_say_what_is_in_which_package(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4), line("P-HW-002", 2)])
    play.run_to(case, "goods-out-1-1")
    how = {"运输方式": "快递", "承运商": "中通快递", "运费": 86, "运单号": "ZT1", "备注": "轻放"}
    play.decide(case, "goods-out-1-1", 件数=2, 明细=cells("箱号", {1: "1×3，2×1", 2: "2"}), **how)
    note, packed = content(play, case, "FH"), content(play, case, "ZX")
    for one in (note, packed):
        assert [(row["package"], row["part"], row["quantity"]) for row in one["lines"]] == [
            (1, "P-HW-001", "3"),
            (2, "P-HW-001", "1"),
            (2, "P-HW-002", "2"),
        ]
        assert one["receiver"] == "北京办事处 BJ"
        assert "大兴区" in one["receiver_address"]
        assert (one["carrier"], one["tracking"], one["packages"]) == ("中通快递", "ZT1", 2)
    assert note["freight"] == "86"
    assert "freight" not in packed


def test_packages_hold_what_leaves_all_of_it_and_none_is_empty(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4), line("P-HW-002", 2)])
    play.run_to(case, "goods-out-1-1")

    def told(packages: int, **by_line: str) -> str:
        rows = cells("箱号", {int(no[1:]): text for no, text in by_line.items()})
        return play.refused(case, "goods-out-1-1", 件数=packages, 明细=rows)

    assert "多件时写明每行货在哪一箱" in told(2)
    assert "未写箱号" in told(2, _1="1")
    assert "行号 line: “3” — 应为 must be one of 1, 2" in told(2, _1="1", _2="2", _3="1")
    assert "“上面” — 整行在一箱填箱号" in told(2, _1="上面", _2="2")
    assert "合计应为 4 must add up" in told(2, _1="1×2，2×1", _2="2")
    assert "应在 1 至 2 之间" in told(2, _1="1", _2="3")
    assert "第 2 箱是空的" in told(2, _1="1", _2="1")
    play.decide(case, "goods-out-1-1", 件数=2, 明细=cells("箱号", {1: "1", 2: "2"}))


def test_goods_that_left_early_are_packed_as_they_left(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)], urgency="加急")
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "release-1-1")
    assert "合计应为 4" in play.refused(case, "goods-out-1-1", 件数=2, 明细=cells("箱号", {1: "1×1，2×2"}))
    play.decide(case, "goods-out-1-1", 件数=2, 明细=cells("箱号", {1: "1×1，2×3"}))
    assert [row["quantity"] for row in content(play, case, "ZX")["lines"]] == ["1", "3"]


def test_a_count_of_zero_issues_no_slip_and_a_line_closed_short_to_zero_is_not_sent(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4), line("P-PB-001", 2)])
    play.run_to(case, "goods-in-1-1")
    play.decide(case, "goods-in-1-1", 明细=cells("实收数量", {1: 0, 2: 0}, 差异原因="全损")[1:])
    assert not play.documents(case, "RK")
    play.run_to(case, "pickup-1")
    for kind in ("CK", "FH", "ZX"):
        assert [row["part"] for row in content(play, case, kind)["lines"]] == ["P-HW-001"]


def test_a_line_that_was_counted_at_zero_is_not_on_the_slip_of_the_others(play: Play) -> None:
    case = play.apply([line("P-PB-001", 2), line("P-PB-002", 2)])
    play.run_to(case, "goods-in-1-1")
    play.decide(case, "goods-in-1-1", 明细=[*cells("实收数量", {1: 0}, 差异原因="全损"), *cells("实收数量", {2: 2})])
    assert [row["part"] for row in content(play, case, "RK")["lines"]] == ["P-PB-002"]
