"""查找责任, 确认处理意见: who is responsible, who answers for it, what it costs whom (DOMAIN 6)."""

import pytest
import time_machine

from tasks.durable.stage import advance
from tests.flows.anomalies import KEY, at, charges, source
from tests.play import Play

UNIT = {"责任方类别": "生产单位", "责任方": "板式车间", "异常费用": 120, "责任依据": "漏检"}
PARTIES = {
    "unit": (UNIT, "WORKSHOP", "PANEL"),
    "warehouse": ({"责任方类别": "仓库"}, "WAREHOUSE", "MAIN-DAMAGED"),
    "carrier": ({"责任方类别": "承运商", "责任方": "中通快递"}, "LOGISTICS", "ZTO"),
    "reviewer": ({"责任方类别": "审核员", "责任方": "E1001"}, "PARTS_REVIEWER", "E1001"),
    "office": ({"责任方类别": "办事处", "责任方": "BJ"}, "OFFICE", "BJ"),
    "supplier": ({"责任方类别": "供应商", "责任方": "GLS"}, "PLANNER", "GLS"),
}


@pytest.mark.parametrize("kind", PARTIES)
def test_the_responsible_party_confirms_and_is_charged(play: Play, kind: str) -> None:
    fields, role, code = PARTIES[kind]
    _, child = at(play, "confirm-1", **{"异常费用": 120, "责任依据": "漏检", **fields})
    item = play.items(child)["confirm-1"]
    assert (item.role, item.unit) == (role, "PANEL" if kind == "unit" else None)
    play.decide(child, "confirm-1", code if kind == "reviewer" else None, 确认结论="确认")
    assert play.case(child).ending == "settled"
    assert charges(play, child) == [(kind, code, 120)]


UNKNOWN_PARTIES = {
    "unit": ({"责任方类别": "生产单位", "责任方": "板材车间"}, "板式车间"),
    "carrier": ({"责任方类别": "承运商", "责任方": "中通快运"}, "中通快递"),
    "office": ({"责任方类别": "办事处", "责任方": "北京办事所"}, "北京办事处"),
    "supplier": ({"责任方类别": "供应商", "责任方": "没有"}, "没有这个供应商"),
    "a unit is no supplier": ({"责任方类别": "供应商", "责任方": "PANEL"}, "没有这个供应商"),
    "nobody named": ({"责任方类别": "承运商", "责任方": ""}, "没有这个承运商"),
    "another office": ({"责任方类别": "办事处", "责任方": "TJ"}, "应为本单的办事处"),
    "no evidence": (UNIT | {"责任依据": ""}, "责任方已明时必填"),
}


def test_a_party_that_does_not_exist_is_refused_with_the_nearest_names(play: Play, subtests: pytest.Subtests) -> None:
    _, child = at(play, "responsibility")
    for name, (fields, told) in UNKNOWN_PARTIES.items():
        with subtests.test(name):
            assert told in play.refused(child, "responsibility", **{"异常费用": 1, "责任依据": "漏检", **fields})


def test_quality_decides_within_two_working_days(play: Play) -> None:
    _, child = at(play, "responsibility")
    item = play.items(child)["responsibility"]
    assert (item.role, item.due_at.isoformat()) == ("QUALITY", "2026-11-20T09:30:00+00:00")


def test_silence_of_the_party_is_consent_after_two_working_days(play: Play, today: time_machine.Traveller) -> None:
    _, child = at(play, "confirm-1", **UNIT)
    today.move_to("2026-11-20T17:29:00+08:00")
    assert not play.time_out(child, "confirm-1").accepted
    today.move_to("2026-11-20T17:30:00+08:00")
    assert play.time_out(child, "confirm-1").accepted
    assert play.case(child).ending == "settled"
    assert charges(play, child) == [("unit", "PANEL", 120)]


def test_another_unit_s_workshop_does_not_answer(play: Play) -> None:
    _, child = at(play, "confirm-1", **UNIT)
    assert "WORKSHOP" in play.refused(child, "confirm-1", staff="E1009")


@pytest.mark.parametrize(
    ("ruling", "charged"),
    [
        (UNIT, ("unit", "PANEL", 120)),
        (UNIT | {"责任方": "PAINT", "异常费用": 80}, ("unit", "PAINT", 80)),
        ({"责任方类别": "不明", "异常费用": 50}, ("unknown", "", 50)),
    ],
    ids=["upheld", "another party", "the department"],
)
def test_of_an_objection_the_manager_decides_once(
    play: Play, ruling: dict[str, object], charged: tuple[str, str, int]
) -> None:
    _, child = at(play, "confirm-1", **UNIT)
    assert "有异议时必填" in play.refused(child, "confirm-1", 确认结论="有异议", 原因="")
    play.decide(child, "confirm-1", 确认结论="有异议", 原因="来料不良")
    (item,) = play.items(child).values()
    assert (item.step_key, item.role, "来料不良" in item.brief[0]) == ("ruling-1", "MANAGER", True)
    play.decide(child, "ruling-1", **ruling)
    assert play.case(child).ending == "settled"
    assert charges(play, child) == [charged]


def test_a_responsible_reviewer_answers_in_person(play: Play) -> None:
    fields = {"责任方类别": "审核员", "责任方": "E1002", "异常费用": 120, "责任依据": "漏审"}
    _, child = at(play, "confirm-1", **fields)
    assert "本人答复" in play.refused(child, "confirm-1", staff="E1001")
    play.decide(child, "confirm-1", staff="E1002")


def test_an_unknown_party_blocks_nothing_and_the_department_pays(play: Play) -> None:
    case, child = at(play, "plan-1", 责任方类别="不明", 异常费用=90)
    assert set(play.items(child)) == {"search", "plan-1"}
    assert charges(play, child) == [("unknown", "", 90)]
    play.decide(child, "plan-1", 处理办法="重新制作", 货物去向="无实物")
    play.decide(child, "approve-1-1")
    assert list(play.items(child)) == ["search"]
    advance(play.db, case)
    assert "anomaly-1-1-1" not in play.items(case), "the line has gone on"
    assert play.finish(case) == "delivered"
    assert play.finish(child) == "settled"


def test_quality_has_five_days_more_then_the_manager_says_it(play: Play, today: time_machine.Traveller) -> None:
    _, child = at(play, "plan-1", 责任方类别="不明", 异常费用=90)
    item = play.items(child)["search"]
    assert (item.role, item.expires_at.isoformat()) == ("QUALITY", "2026-11-25T09:30:00+00:00")
    today.move_to("2026-11-25T17:30:00+08:00")
    assert play.time_out(child, "search").accepted
    assert play.items(child)["search-late"].role == "MANAGER"
    play.decide(child, "search-late", **UNIT)
    assert play.items(child)["confirm-late"].unit == "PANEL"
    play.decide(child, "confirm-late", 确认结论="确认")
    assert charges(play, child) == [("unknown", "", 90), ("unknown", "", -90), ("unit", "PANEL", 120)]
    assert play.finish(child) == "settled"


def test_who_is_found_late_may_object_too(play: Play) -> None:
    case, child = at(play, "plan-1", 责任方类别="不明", 异常费用=90)
    play.decide(child, "search", **UNIT)
    play.decide(child, "confirm-late", 确认结论="有异议", 原因="来料不良")
    play.decide(child, "ruling-late", 责任方类别="不明", 异常费用=90)
    assert charges(play, child) == [("unknown", "", 90)], "it stays where it was"
    assert play.finish(child) == "settled"
    advance(play.db, case)
    assert play.finish(case) == "delivered"


def test_the_source_may_be_withdrawn_though_its_settled_anomaly_still_looks_for_the_party(play: Play) -> None:
    case, child = at(play, "plan-1", 责任方类别="不明", 异常费用=90)
    play.decide(child, "plan-1")
    play.decide(child, "approve-1-1")
    advance(play.db, case)
    play.run_to(case, "goods-out-1-1")
    assert play.withdraw(case, "E1040").accepted
    play.rest()
    assert list(play.items(child)) == ["search"], "it was settled: only its party is looked for"
    assert play.finish(child) == "settled"


def test_what_costs_nothing_is_charged_to_nobody(play: Play) -> None:
    _, child = at(play, "confirm-1", **(UNIT | {"异常费用": 0}))
    assert play.finish(child) == "settled"
    assert charges(play, child) == []


def test_costs_are_shown_on_the_case_sheet(play: Play) -> None:
    from tasks.desk.queries import case_view

    _, child = at(play, "confirm-1", **UNIT)
    play.finish(child)
    with play.db.connect() as connection:
        facts = dict(case_view(connection, child).lines.facts)
    assert (facts["费用 Charged"], facts["来源 Source"]) == ("PANEL 120.00 CNY", "PA-2026-000001")


def test_a_charge_never_changes(play: Play) -> None:
    _, child = at(play, "confirm-1", **UNIT)
    play.finish(child)
    with pytest.raises(Exception, match="its rows never change"):
        play.run("UPDATE charge SET amount = 1")


def test_a_case_without_a_party_is_still_its_source_s(play: Play) -> None:
    assert play.case(play.anomaly(source(play), KEY)).applicant == "E1007"
