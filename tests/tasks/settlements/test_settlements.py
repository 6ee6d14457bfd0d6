"""A month is settled once; what comes later follows with the next; parties object, FINANCE confirms."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from flows.jobs.settlement import SETTLES
from schemas.forms.periods import PeriodWanted
from schemas.forms.settlements import SettlementConfirmed, SettlementObjection, SettlementRuling
from schemas.problems import BadInput, NotFound
from tasks.reports.lists.settlement import settlement
from tasks.reports.shapes import Report
from tasks.rounds.rules import Period
from tasks.rounds.steps import do_rounds
from tasks.settlements.steps import confirm, object_to, rule_on
from tests.flows.repairs import Repairs
from tests.play import Play
from tests.tasks.reports.test_complaints import NOVEMBER
from tests.tasks.reports.test_lists import rows

DUE = PeriodWanted()
THIRD_DAY, NEXT_THIRD_DAY = "2026-12-03T09:30:00+08:00", "2027-01-06T09:30:00+08:00"
DECEMBER = Period(date(2026, 12, 1), date(2026, 12, 31))
FINANCE, SUPERVISOR, OFFICE, UNIT, CARRIER = "E1047", "E1040", "E1049", "E1032", "E1020"


def charge(play: Play, kind: str, party: str, amount: int, what: str = "quality", day: str = "2026-11-20") -> None:
    case = play.rows("SELECT id, number FROM service_case ORDER BY id LIMIT 1")[0]
    play.run(
        "INSERT INTO charge (case_id, step_key, party_kind, party, amount, source, line_no, kind, charged_at) "
        "VALUES (:case, 'test', :kind, :party, :amount, :source, 1, :what, CAST(:day AS timestamptz))",
        case=case.id, kind=kind, party=party, amount=amount, source=case.number, what=what, day=day,
    )  # fmt: skip


def penalty(play: Play, confirmed: int | None) -> None:
    case = play.rows("SELECT id FROM service_case ORDER BY id LIMIT 1")[0].id
    play.run(
        "INSERT INTO penalty (case_id, line_no, turn, made_on, unit, quantity, over, amount, confirmed) "
        "VALUES (:case, 1, 1, '2026-11-20', 'PANEL', 1, 2, 30, :confirmed)",
        case=case, confirmed=confirmed,
    )  # fmt: skip


def shown(db: Engine, period: Period = NOVEMBER) -> Report:
    with db.connect() as connection:
        return settlement.made(connection, period)


def told(report: Report, section: str) -> dict[str, Any]:
    """Give by party what was settled with it, without the empty kinds."""
    found = next(one for one in report.sections if one.key == section)
    kinds = ("parts", "repair_fee", "freight", "anomaly", "penalty", "refund")
    return {row["party"]: {kind: row[kind] for kind in kinds if row[kind]} for row in found.rows}


@pytest.fixture
def settled(play: Play, today: time_machine.Traveller) -> Play:
    """A delivered case whose month is settled: 2 doors made and 4 hinges of the stock, by a hired carrier."""
    case = play.apply(2)
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1", 运输方式="快递", 承运商="中通快递", 运费=86, 件数=1)
    assert play.finish(case) == "delivered"
    charge(play, "office", "BJ", 50)
    charge(play, "carrier", "ZTO", 20)
    charge(play, "warehouse", "MAIN-GOOD", 7)
    penalty(play, None)
    today.move_to(THIRD_DAY)
    assert len(do_rounds(play.db, SETTLES, DUE)) == 1
    return play


def test_a_month_is_settled_per_office_unit_and_carrier_as_the_timelines_say(settled: Play) -> None:
    """Per office, unit, carrier: parts, repair fees, freight, anomaly costs, confirmed penalties, refunds (S0)."""
    hinges, doors = settled.lines(1)
    found = shown(settled.db)
    parts = hinges.quantity * hinges.price + doors.quantity * doors.price
    assert told(found, "office") == {"北京办事处 BJ": {"parts": parts, "freight": 86, "anomaly": 50}}
    assert told(found, "unit") == {"板式车间 PANEL": {"parts": -doors.quantity * doors.price}}
    assert told(found, "carrier") == {"中通快递 ZTO": {"freight": -86, "anomaly": 20}}
    assert list(told(found, "department").values()) == [{"anomaly": 7}]


def test_nothing_is_settled_twice_and_what_comes_later_follows_with_the_next_month(
    settled: Play, today: time_machine.Traveller
) -> None:
    """Idempotent per period; late items next period; unconfirmed penalties settle next month (D)."""
    assert rows(shown(settled.db), "waiting", "party", "amount") == [("板式车间 PANEL", Decimal(30))]
    before = shown(settled.db)
    charge(settled, "office", "BJ", 11)
    assert do_rounds(settled.db, SETTLES, DUE) == []
    do_rounds(settled.db, SETTLES, PeriodWanted(since=NOVEMBER.first, until=NOVEMBER.last))
    assert told(shown(settled.db), "office") == told(before, "office")
    settled.run("UPDATE penalty SET confirmed = 25")
    today.move_to(NEXT_THIRD_DAY)
    ((period, _),) = do_rounds(settled.db, SETTLES, DUE)
    assert period == DECEMBER
    found = shown(settled.db, DECEMBER)
    assert told(found, "office") == {"北京办事处 BJ": {"anomaly": 11}}
    assert told(found, "unit") == {"板式车间 PANEL": {"penalty": 25}}
    assert rows(shown(settled.db), "waiting", "party") == []


def test_freight_is_settled_by_the_signed_copy(play: Play, today: time_machine.Traveller) -> None:
    """The signed copy settles the freight (S3 §3 1.2)."""
    case = play.apply(1)
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1", 运输方式="快递", 承运商="中通快递", 运费=86, 件数=1)
    today.move_to(THIRD_DAY)
    do_rounds(play.db, SETTLES, DUE)
    assert told(shown(play.db), "carrier") == {}
    assert play.finish(case) == "delivered"
    today.move_to(NEXT_THIRD_DAY)
    do_rounds(play.db, SETTLES, DUE)
    assert told(shown(play.db, DECEMBER), "carrier") == {"中通快递 ZTO": {"freight": -86}}


def test_a_repair_costs_its_office_what_its_unit_gets(db: Engine, today: time_machine.Traveller) -> None:
    play = Repairs(db)
    case = play.arrived()
    play.run_to(case, "repair-1-1")
    play.decide(case, "repair-1-1", 修理费=40)
    assert play.finish(case) == "repaired"
    today.move_to(THIRD_DAY)
    do_rounds(db, SETTLES, DUE)
    assert told(shown(db), "office")["北京办事处 BJ"]["repair_fee"] == 40
    assert sum(row.get("repair_fee", 0) for row in told(shown(db), "unit").values()) == -40


# objections


def objection(party: str = "北京办事处", staff: str = OFFICE, **more: Any) -> SettlementObjection:
    known = {"month": date(2026, 11, 9), "party": party, "reason": "运费非本处", "staff": staff}
    return SettlementObjection.model_validate(known | more)


def ruling(verdict: str = "同意", reason: str = "", staff: str = SUPERVISOR, party: str = "BJ") -> SettlementRuling:
    said = {"month": date(2026, 11, 9), "party": party, "verdict": verdict, "reason": reason, "staff": staff}
    return SettlementRuling.model_validate(said)


def confirmation(staff: str = FINANCE, month: date = date(2026, 11, 9)) -> SettlementConfirmed:
    return SettlementConfirmed.model_validate({"month": month, "staff": staff})


def test_a_party_that_is_right_is_settled_with_next_month(settled: Play, today: time_machine.Traveller) -> None:
    """A party objects within 5 wd (D)."""
    object_to(settled.db, objection())
    rule_on(settled.db, ruling())
    assert told(shown(settled.db), "office") == {}
    assert rows(shown(settled.db), "objections", "party", "verdict") == [("BJ", "同意")]
    today.move_to(NEXT_THIRD_DAY)
    do_rounds(settled.db, SETTLES, DUE)
    assert told(shown(settled.db, DECEMBER), "office")["北京办事处 BJ"]["freight"] == 86
    assert told(shown(settled.db), "carrier"), "the others stay where they are"


def test_a_party_that_is_not_right_stays_settled(settled: Play) -> None:
    object_to(settled.db, objection("PANEL", UNIT))
    with pytest.raises(BadInput, match="不同意时必填"):
        rule_on(settled.db, ruling("不同意", party="PANEL"))
    rule_on(settled.db, ruling("不同意", "有签收", party="PANEL"))
    assert told(shown(settled.db), "unit")
    with pytest.raises(BadInput, match="没有待裁定"):
        rule_on(settled.db, ruling(party="PANEL"))


@pytest.mark.parametrize(
    ("form", "why"),
    [
        (objection(staff="E1052"), "OFFICE"),  # of another office
        (objection("PANEL"), "RESPONSIBLE_UNIT"),
        (objection("ZTO"), "LOGISTICS"),
        (objection("上海办事处"), "本期没有此结算方"),
        (objection(staff="E9999"), "E9999"),
        (objection(month=date(2026, 10, 9)), "尚未汇总"),
    ],
)
def test_only_somebody_of_a_party_that_was_settled_with_objects(
    settled: Play, form: SettlementObjection, why: str
) -> None:
    with pytest.raises((BadInput, NotFound), match=why):
        object_to(settled.db, form)
    assert rows(shown(settled.db), "objections", "party") == []


def test_an_objection_comes_once_and_in_time(settled: Play, today: time_machine.Traveller) -> None:
    object_to(settled.db, objection("中通快递", CARRIER))
    with pytest.raises(BadInput, match="已提出异议"):
        object_to(settled.db, objection("ZTO", CARRIER))
    today.move_to("2026-12-10T23:00:00+08:00")  # the fifth working day
    object_to(settled.db, objection())
    today.move_to("2026-12-11T00:00:00+08:00")
    with pytest.raises(BadInput, match="异议期至 2026-12-10"):
        object_to(settled.db, objection("PANEL", UNIT))


# confirmation


def test_finance_confirms_once_and_the_finance_system_is_told(settled: Play, today: time_machine.Traveller) -> None:
    """FINANCE confirms; exported to the finance system, idempotent per period (S0)."""
    with pytest.raises(BadInput, match="异议期至"):
        confirm(settled.db, confirmation())
    object_to(settled.db, objection())
    today.move_to("2026-12-11T09:00:00+08:00")
    with pytest.raises(BadInput, match="异议待裁定"):
        confirm(settled.db, confirmation())
    rule_on(settled.db, ruling("不同意", "有签收"))
    with pytest.raises(BadInput, match="须为财务"):
        confirm(settled.db, confirmation(SUPERVISOR))
    confirm(settled.db, confirmation())
    with pytest.raises(BadInput, match="已由 E1047 确认"):
        confirm(settled.db, confirmation())
    (sent,) = settled.rows("SELECT * FROM outbox WHERE destination = 'finance'")
    assert (sent.idempotency_key, sent.kind, sent.state) == ("settlement:2026-11-30", "book_settlement", "answered")
    assert {"party_kind": "carrier", "party": "ZTO", "kind": "freight", "amount": "-86.00"} in sent.payload["rows"]
    assert "财务已确认" in shown(settled.db).of
    with pytest.raises(BadInput, match="已由 E1047 确认"):
        object_to(settled.db, objection())
    with pytest.raises(IntegrityError, match="never changes"):
        settled.run("UPDATE settlement SET confirmed_by = NULL, confirmed_at = NULL")


def test_what_is_not_taken_up_is_not_confirmed(db: Engine, today: time_machine.Traveller) -> None:
    with pytest.raises(NotFound, match="2026-10 尚未汇总"):
        confirm(db, confirmation(month=date(2026, 10, 9)))
    for day in (date.min, date.max):
        with pytest.raises(NotFound, match="尚未汇总"):
            confirm(db, confirmation(month=day))


def test_offices_stand_beside_their_budget(settled: Play) -> None:
    """Budget against actual per office (S0)."""
    settled.run("UPDATE policy SET value = '{\"BJ\": 1000}' WHERE key = 'settlement.budget'")
    ((total, planned, left),) = rows(shown(settled.db), "office", "total", "budget", "left")
    assert (planned, left) == (1000, 1000 - total)
