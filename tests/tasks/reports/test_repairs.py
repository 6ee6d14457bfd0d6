"""The repair report counts what the timelines say, and what it cost."""

from datetime import date, datetime
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import Engine

from schemas.processes.repair_return import RepairEnding
from schemas.words import FeeCategory
from tasks.reports.registry import About
from tasks.reports.repairs.monthly import repair_report, repairs
from tasks.reports.repairs.rules import LineInRepair, OfficeCost, counts
from tasks.rounds.rules import Period
from tests.flows.repairs import Repairs, goods
from tests.tasks.reports.test_complaints import NOVEMBER, moment
from tests.tasks.reports.test_lists import measures, rows

SEEN = About("repairs", "返修月报", NOVEMBER)


def line(
    received: str, ended: datetime | None = None, ending: RepairEnding | None = None, cause: str = "掉漆"
) -> LineInRepair:
    return LineInRepair("RR-1", "北京办事处", cause, FeeCategory.FREE, moment(received), ended, ending)


def test_lines_are_counted_where_they_came_and_where_they_ended() -> None:
    lines = [
        line("10-20", moment("11-03"), RepairEnding.REPAIRED),
        line("11-02", moment("12-01", 0), RepairEnding.SCRAPPED),
        line("11-03", moment("11-30", 23), RepairEnding.REJECTED),
        line("11-04", moment("11-05"), RepairEnding.NEVER_SENT),
        line("11-05"),
    ]
    became = {"repaired": 1, "scrapped": 0, "unrepaired": 0, "refused": 1, "other": 1}
    assert counts(lines, NOVEMBER) == {"received": 4, **became, "open": 2}


def test_every_ending_is_counted_once() -> None:
    lines = [line("11-02", moment("11-03"), ending) for ending in RepairEnding]
    found = counts(lines, NOVEMBER)
    assert sum(found.values()) - found["received"] == len(RepairEnding)


def test_costs_are_freight_and_fees_less_what_customers_paid() -> None:
    cost = OfficeCost("北京办事处", 1, Decimal(30), Decimal(20), Decimal(100), Decimal(80))
    found = repair_report([], [cost], SEEN)
    assert rows(found, "costs", "office", "cost") == [("北京办事处", Decimal(70))]
    assert (measures(found)["cost"], measures(found)["repaired_rate"]) == (70.0, None)


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Repairs:
    return Repairs(db)


def test_the_report_says_what_the_timelines_say(play: Repairs, today: time_machine.Traveller) -> None:
    """Received, repaired, scrapped, refused, open, by cause and fee category; return freight and cost per office."""
    both = play.reviewed(goods(), goods("P-PB-001", 1, 损坏原因="开裂"))
    listed = play.draw_up(both)
    play.decide(listed, "list-1")
    play.decide(listed, "logistics", 运费=35.5)
    play.hear(both)
    play.decide(listed, "receive-1")
    play.hear(both)
    play.run_to(both, "repair-1-1")
    play.decide(both, "repair-1-1", 修理费=40)
    play.run_to(both, "goods-out-1-1")
    play.decide(both, "goods-out-1-1", 运输方式="快递", 承运商="中通快递", 运费=12, 件数=1)
    play.run_to(both, "handover-1")
    play.decide(both, "handover-1")
    refused = play.apply_repair(goods(损坏原因="变形"))
    play.decide(refused, "review-1", 返修结论="驳回", 原因="不属售后")
    today.move_to("2026-11-30T12:00:00+08:00")
    with play.db.connect() as connection:
        found = repairs.made(connection, NOVEMBER)
        empty = repairs.made(connection, Period(date(2026, 10, 1), date(2026, 10, 31)))
    assert rows(found, "cause", "cause", "received", "repaired", "refused", "open") == [
        ("变形", 1, 0, 1, 0),
        ("开裂", 1, 0, 0, 1),
        ("掉漆", 1, 1, 0, 0),
    ]
    assert sum(row[0] for row in rows(found, "fee", "received")) == 3
    assert rows(found, "costs", "office", "lists", "back", "out", "fees", "paid", "cost") == [
        ("北京办事处", 1, Decimal("35.5"), 12, 40, 0, Decimal("87.5"))
    ]
    assert (measures(found)["received"], measures(found)["repaired_rate"]) == (3, 0.5)
    assert [section.rows for section in empty.sections] == [[]] * 4


def test_what_is_repaired_again_after_a_failed_inspection_costs_its_last_fee_once(
    play: Repairs, today: time_machine.Traveller
) -> None:
    case = play.arrived()
    play.run_to(case, "repair-1-1")
    play.decide(case, "repair-1-1", 修理费=40)
    today.move_to("2026-12-02T10:00:00+08:00")
    play.decide(case, "inspect-1-1", 检验结论="不合格", 原因="有色差")
    play.decide(case, "repair-1-2", 修理费=60)
    today.move_to("2027-01-04T10:00:00+08:00")
    december = Period(date(2026, 12, 1), date(2026, 12, 31))
    with play.db.connect() as connection:
        fees = [
            sum(row[0] for row in rows(repairs.made(connection, month), "costs", "fees"))
            for month in (NOVEMBER, december)
        ]
    assert fees == [40, 20]
