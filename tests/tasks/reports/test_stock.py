"""The stock report shows stock as it stood at the end of the period, and what moved in it."""

from datetime import date
from typing import Any

import time_machine

from tasks.reports.stock.monthly import stock
from tasks.rounds.rules import Period
from tests.play import Play
from tests.tasks.reports.test_complaints import NOVEMBER
from tests.tasks.reports.test_lists import measures, rows


def in_left(play: Play) -> Any:
    return play.rows("SELECT sum(on_hand) AS sum FROM stock_lot")[0].sum


def test_balances_movements_and_safety_stock_are_those_of_the_books(play: Play, today: time_machine.Traveller) -> None:
    """Balances, movements of the month by kind, at or below safety stock (S0)."""
    # the opening stock was loaded whenever the tests run
    play.run("SET LOCAL session_replication_role = replica; UPDATE stock_movement SET moved_at = '2026-10-01'")
    opening = play.rows("SELECT sum(quantity) AS sum FROM stock_movement")[0].sum
    play.run("UPDATE part SET safety_stock = 0 WHERE code <> 'P-HW-001'")
    held, _ = play.stock("P-HW-001")
    play.run("UPDATE part SET safety_stock = :many WHERE code = 'P-HW-001'", many=held - 2)
    assert play.finish(play.apply(1)) == "delivered"
    left, _ = play.stock("P-HW-001")
    assert left == held - 4
    today.move_to("2026-12-01T12:00:00+08:00")
    with play.db.connect() as connection:
        found = stock.made(connection, NOVEMBER)
        before = stock.made(connection, Period(date(2026, 11, 1), date(2026, 11, 17)))
    assert rows(found, "low", "quantity", "safety") == [(left, held - 2)]
    assert measures(found)["low"] == 1
    assert rows(before, "low", "quantity") == [], "it was enough then"
    moved = play.rows("SELECT sum(quantity) AS sum FROM stock_movement")[0].sum - opening
    assert sum(came - went for came, went in rows(found, "movements", "came", "went")) == moved
    assert ("发货出库", 0, 4) in rows(found, "movements", "kind", "came", "went")
    assert before.sections[1].rows == []
    assert ("调拨入库", 4, 0) in rows(found, "movements", "kind", "came", "went"), "the office collected it"
    lots = rows(found, "lots", "warehouse", "≤30", "expired")
    assert lots == [("北京办事处良品仓", 4, 0), ("总部良品仓", in_left(play) - 4, 0)]
    in_all = play.rows("SELECT sum(on_hand) AS sum FROM stock_balance")[0].sum
    assert sum(row[0] for row in rows(found, "balances", "quantity")) == in_all
    assert sum(row[0] for row in rows(before, "balances", "quantity")) == in_all - moved
