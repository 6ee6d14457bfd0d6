"""Where parts come from: stock, workshop, or both (DOMAIN 1.4)."""

from tests.play import Play, line


def test_parts_on_stock_skip_planning_and_production(play: Play) -> None:
    before, _ = play.stock("P-HW-001")
    case = play.apply([line("铰链(全盖110°)", 4)])
    play.run_to(case, "goods-out-1-1")
    assert play.stock("P-HW-001") == (before, 4)
    assert not play.orders(case)
    assert not any(key.startswith(("cycle", "plan", "produce", "goods-in")) for key in play.keys(case))

    assert play.finish(case) == "delivered"
    assert play.stock("P-HW-001") == (before - 4, 0)
    assert play.moved(case, "delivery_out") == {"P-HW-001": -4}
    assert [len(play.documents(case, kind)) for kind in ("SQ", "RK", "CK", "FH", "ZX")] == [1, 1, 1, 1, 1]
    assert play.documents(case, "RK")[0].step_key == "confirm-receipt-1", "nothing came in but at the office"


def test_parts_that_are_not_on_stock_are_made_and_pass_through_the_stock(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3), line("P-PT-001", 1)])
    assert play.finish(case) == "delivered"
    assert [(order.unit, order.made, order.state) for order in play.orders(case)] == [
        ("PANEL", 3, "done"),
        ("PAINT", 1, "done"),
    ]
    assert play.moved(case, "production_in") == {"P-PB-001": 3, "P-PT-001": 1}
    assert play.moved(case, "delivery_out") == {"P-PB-001": -3, "P-PT-001": -1}
    assert play.stock("P-PB-001") == (0, 0)
    assert len(play.documents(case, "RK")) == 2 + 1, "one slip a receipt, and the office's"
    assert len(play.documents(case, "CK")) == 1


def test_purchased_parts_come_in_as_purchases(play: Play) -> None:
    case = play.apply([line("P-GL-003", 2)])
    assert play.run_to(case, "plan-1").prefill["明细"][0]["来源"] == "采购 purchase"
    assert play.finish(case) == "delivered"
    assert play.moved(case, "purchase_in") == {"P-GL-003": 2}


def test_what_stock_does_not_cover_of_a_line_is_made(play: Play) -> None:
    case = play.apply([line("P-HW-023", 8), line("P-HW-001", 2), line("P-PB-001", 1)])
    plan = play.run_to(case, "plan-1")
    assert [row["行号"] for row in plan.prefill["明细"]] == [1, 3]
    assert play.stock("P-HW-023") == (6, 6)
    play.run_to(case, "goods-out-1-1")
    assert [(order.line_no, order.quantity) for order in play.orders(case)] == [(1, 2), (3, 1)]

    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-HW-023": -8, "P-HW-001": -2, "P-PB-001": -1}
    assert play.stock("P-HW-023") == (0, 0)


def test_two_lines_of_one_part_share_its_stock(play: Play) -> None:
    case = play.apply([line("P-HW-023", 4, "质量问题"), line("P-HW-023", 4, "缺件")])
    play.run_to(case, "goods-out-1-1")
    assert [(order.line_no, order.quantity) for order in play.orders(case)] == [(2, 2)]
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-HW-023": -8}


def test_what_one_case_has_reserved_the_next_must_have_made(play: Play) -> None:
    first, second = (play.apply([line("P-HW-023", 5)]) for _ in range(2))
    play.run_to(first, "goods-out-1-1")
    play.run_to(second, "plan-1")
    assert play.stock("P-HW-023") == (6, 6)
    assert play.finish(second) == "delivered"
    assert play.finish(first) == "delivered"
    assert [order.quantity for order in play.orders(second)] == [4]


def test_the_order_goes_out_once_and_its_number_comes_back(play: Play) -> None:
    case = play.apply(lines=2)
    play.finish(case)
    sent = play.rows("SELECT kind, state, answer FROM outbox WHERE case_id = :case", case=case)
    number = play.case(case).number
    assert [tuple(row) for row in sent] == [("place_order", "answered", {"order_number": f"OS-{number}"})]
    answered = next(row for row in play.timeline(case) if row.step_key == "order-number")
    assert (answered.actor, answered.output) == ("SYSTEM", {"order_number": f"OS-{number}"})
