"""Process 4: what a unit's delay costs; opinion, objection, confirmation, notice (DOMAIN 4, DOMAIN-BRANCHES 4)."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import text

from tasks.durable.stage import advance
from tests.flows.anomalies import charges, reported
from tests.flows.cycles import PANEL, control_of, counted_short, late_case, made, made_late, penalties, planned, sweep
from tests.play import Play, line
from tests.waiting import wait_until

ANSWER, DECISION = "answer-panel-2026-11", "penalty-panel-2026-11"
UNIT, OTHER_UNIT, MANAGER = "E1032", "E1033", "E1043"
PRICE = Decimal(298)


@pytest.fixture
def late(play: Play, today: time_machine.Traveller) -> int:
    """The control of a case of five pieces, all a working day over; its opinion waits for the unit, on 12-01 08:30."""
    return late_case(play, today)


def refusal(play: Play, control: int, key: str, staff: str, **fields: object) -> str:
    return play.refused(control, key, staff, **fields)


def test_a_unit_pays_half_a_percent_a_day_of_what_was_late_in_the_month_of_completion(
    play: Play, today: time_machine.Traveller
) -> None:
    case = planned(play)
    sweep(play, today, "11-18T10:15")
    for day, quantity, number in (("11-27", 2, 1), ("11-30", 1, 2), ("12-02", 2, 3)):
        today.move_to(f"2026-{day}T10:00:00+08:00")
        made(play, case, quantity, f"produce-1-panel-{number}")
        sweep(play, today, f"{day}T10:15")
    control = control_of(play, case)
    assert {key for key in play.items(control) if "panel" in key} == {"progress-panel-3", ANSWER, "month-panel-2026-12"}
    play.finish(case)
    play.decide(control, ANSWER)
    play.decide(control, DECISION)
    sweep(play, today, "2027-01-04T08:30")
    found = [(f"{row.made_on:%m-%d}", row.quantity, row.over, row.amount) for row in penalties(play, control)]
    share = PRICE * Decimal("0.005")
    cents = Decimal("0.01")
    assert found == [("11-30", 1, 1, share), ("12-02", 2, 3, (2 * share * 3).quantize(cents))]
    assert [row.content["month"] for row in play.documents(control, "YJ")] == ["2026-11", "2026-12"]


def test_a_line_costs_at_most_a_tenth_of_its_value_for_life(play: Play, today: time_machine.Traveller) -> None:
    case = planned(play)
    sweep(play, today, "11-18T10:15")
    today.move_to("2026-12-24T10:00:00+08:00")
    made(play, case, 4)
    sweep(play, today, "12-24T10:15")
    today.move_to("2027-01-20T10:00:00+08:00")
    sweep(play, today, "2027-01-20T10:15")
    made(play, case, 1, "produce-1-panel-2")
    sweep(play, today, "2027-01-20T10:30")
    sweep(play, today, "2027-02-01T08:30")
    paid = penalties(play, control_of(play, case))
    assert [row.over for row in paid] == [19, 38]
    assert sum(row.amount for row in paid) == PRICE * 5 / 10
    assert paid[0].amount == PRICE * 4 * Decimal("0.005") * 19


def delay_reported(play: Play, case: int, cost: object = 50) -> int:
    """Let an anomaly find that a unit is to pay so much for the delay of a line, up to the unit's answer."""
    child = reported(play, case, 异常类别="延期", 数量=5)
    play.run_to(child, "responsibility")
    found = {"责任方类别": "生产单位", "责任方": "PANEL", "异常费用": cost, "责任依据": "排产失误"}
    play.decide(child, "responsibility", **found)
    play.run_to(child, "plan-1")
    play.decide(child, "plan-1", 处理办法="改期", 新日期="2026-12-10", 货物去向="无实物")
    play.run_to(child, "confirm-1")
    return child


def test_a_delay_that_an_anomaly_charged_costs_no_penalty(play: Play, today: time_machine.Traveller) -> None:
    case = planned(play)
    sweep(play, today, "11-18T10:15")
    child = delay_reported(play, case)
    play.decide(child, "confirm-1")
    assert charges(play, child) == [("unit", "PANEL", 50)]
    advance(play.db, case)
    made_late(play, today, case)
    play.finish(case)
    sweep(play, today, "12-01T08:45")
    control = control_of(play, case)
    assert (delay_costs(play, control, child), play.case(control).ending) == ((0, 50), "late")


def delay_costs(play: Play, control: int, child: int) -> tuple[Decimal, Decimal]:
    """Give what a delay costs the unit: as penalties, and as an anomaly's charge."""
    paid = play.rows("SELECT coalesce(sum(amount), 0) AS sum FROM charge WHERE case_id = :case", case=child)
    return sum((one.confirmed for one in penalties(play, control)), Decimal(0)), paid[0].sum


@pytest.mark.parametrize("penalty_first", [True, False])
@pytest.mark.parametrize(("cost", "paid"), [(50, 50), ("0.01", "7.45"), ("7.45", "7.45")])
def test_of_a_delay_a_unit_pays_the_larger_one_whichever_comes_first(
    play: Play, late: int, penalty_first: bool, cost: object, paid: object
) -> None:
    child = delay_reported(play, play.case(late).parent_id, cost)
    play.decide(late, ANSWER)
    turns = [(late, DECISION), (child, "confirm-1")]
    for case, key in turns if penalty_first else reversed(turns):
        play.decide(case, key)
    assert sum(delay_costs(play, late, child)) == Decimal(str(paid))
    assert len(play.documents(late, "CF")) == (delay_costs(play, late, child)[0] > 0)


@pytest.mark.parametrize("penalty_first", [True, False])
def test_where_the_penalty_is_dropped_the_anomaly_s_charge_stays(play: Play, late: int, penalty_first: bool) -> None:
    child = delay_reported(play, play.case(late).parent_id, 5)
    play.decide(late, ANSWER)
    turns = [(late, DECISION, {"处罚结论": "免除", "原因": "已另行处理"}), (child, "confirm-1", {})]
    for case, key, said in turns if penalty_first else reversed(turns):
        play.decide(case, key, **said)
    assert delay_costs(play, late, child) == (0, 5)


def test_what_an_anomaly_charged_before_comes_off_what_is_proposed(play: Play, today: time_machine.Traveller) -> None:
    case = planned(play)
    sweep(play, today, "11-18T10:15")
    child = delay_reported(play, case, 5)
    play.decide(child, "confirm-1")
    advance(play.db, case)
    made_late(play, today, case)
    control = control_of(play, case)
    assert play.documents(control, "YJ")[0].content["penalty"] == "2.45"
    play.decide(control, ANSWER)
    play.decide(control, DECISION)
    assert delay_costs(play, control, child) == (Decimal("2.45"), 5)


def test_a_penalty_and_a_charge_of_the_same_second_do_not_both_count(play: Play, late: int) -> None:
    source = play.case(late).parent_id
    child = delay_reported(play, source, 50)
    play.decide(late, ANSWER)
    with play.db.connect() as other, ThreadPoolExecutor(2) as both:
        other.execute(text("SELECT FROM case_line WHERE case_id = :case FOR UPDATE"), {"case": source})
        turns = [both.submit(play.decide, case, key) for case, key in ((late, DECISION), (child, "confirm-1"))]
        wait_until(lambda: play.rows("SELECT count(*) >= 2 AS both FROM pg_locks WHERE NOT granted")[0].both)
        other.rollback()
        assert [turn.result().reply.accepted for turn in turns] == [True, True]
    assert sum(delay_costs(play, late, child)) == 50


def test_what_is_counted_short_is_owed_by_its_first_promise(play: Play, today: time_machine.Traveller) -> None:
    case = planned(play)
    sweep(play, today, "11-18T10:15")
    for turn, (day, counted) in zip((1, 4, 7), (("11-26", 3), ("11-27", 1), ("12-01", 1)), strict=True):
        today.move_to(f"2026-{day}T10:00:00+08:00")
        play.decide(case, next(key for key in play.items(case) if key.startswith("produce")))
        if turn < 7:
            counted_short(play, case, counted, turn)
        sweep(play, today, f"{day}T10:15")
    sweep(play, today, "2027-01-04T08:30")
    paid = [(f"{row.made_on:%m-%d}", row.quantity, row.over) for row in penalties(play, control_of(play, case))]
    assert paid == [("12-01", 1, 2)]


def test_what_is_on_no_working_day_over_costs_nothing(play: Play, today: time_machine.Traveller) -> None:
    case = planned(play)
    sweep(play, today, "11-18T10:15")
    today.move_to("2026-11-29T10:00:00+08:00")  # Sunday; promised for Friday
    play.decide(case, PANEL)
    play.finish(case)
    sweep(play, today, "11-30T08:30")
    control = control_of(play, case)
    assert (play.case(control).ending, penalties(play, control)) == ("late", [])


def test_an_opinion_comes_with_the_first_working_moment_after_its_month(
    play: Play, today: time_machine.Traveller
) -> None:
    case = planned(play)
    sweep(play, today, "11-18T10:15")
    today.move_to("2026-11-30T23:59:59+08:00")
    play.decide(case, PANEL)
    sweep(play, today, "12-01T08:29")
    control = control_of(play, case)
    assert (next(iter(play.items(control))), penalties(play, control)) == ("month-panel-2026-11", [])
    sweep(play, today, "12-01T08:30")
    assert [item.role for item in play.items(control).values()] == ["SYSTEM", "SYSTEM", "RESPONSIBLE_UNIT"]
    assert [row.confirmed for row in penalties(play, control)] == [None], "it is proposed"


def test_silence_for_three_working_days_consents(play: Play, late: int, today: time_machine.Traveller) -> None:
    sweep(play, today, "12-04T17:29")
    assert ANSWER in play.items(late)
    sweep(play, today, "12-04T17:30")
    item = play.items(late)[DECISION]
    assert (item.role, ANSWER in play.items(late)) == ("MANAGER", False)
    assert "silence is consent" in item.brief[-1]


def test_an_objection_after_its_term_is_refused_with_that_reason(
    play: Play, late: int, today: time_machine.Traveller
) -> None:
    today.move_to("2026-12-04T17:30:00+08:00")  # no watch has passed yet
    assert "已于 2026-12-04 17:30 到期" in refusal(play, late, ANSWER, UNIT, 部门意见="有异议", 原因="等料")


def test_an_objection_in_the_last_second_counts(play: Play, late: int, today: time_machine.Traveller) -> None:
    today.move_to("2026-12-04T17:29:59+08:00")
    play.decide(late, ANSWER, UNIT, 部门意见="有异议", 原因="等料")
    assert "有异议 object 等料" in play.items(late)[DECISION].brief[-1]


def test_a_unit_objects_once(play: Play, late: int) -> None:
    play.decide(late, ANSWER, UNIT, 部门意见="有异议", 原因="等料")
    again = {"经办人工号": UNIT, "部门意见": "无异议"}
    assert f"was already decided by {UNIT}" in play.refused_form(late, ANSWER, again)


@pytest.mark.parametrize("staff", [OTHER_UNIT, "E1007", MANAGER, "E9999"])
def test_only_the_unit_itself_answers_for_it(play: Play, late: int, staff: str) -> None:
    assert refusal(play, late, ANSWER, staff)


def test_an_objection_needs_a_reason(play: Play, late: int) -> None:
    assert "有异议时必填" in refusal(play, late, ANSWER, UNIT, 部门意见="有异议")


def test_what_the_manager_confirms_is_notified_and_not_before(
    play: Play, late: int, today: time_machine.Traveller
) -> None:
    play.decide(late, ANSWER, UNIT)
    assert play.documents(late, "CF") == []
    play.decide(late, DECISION, MANAGER)
    (opinion,), (notice,) = play.documents(late, "YJ"), play.documents(late, "CF")
    assert opinion.content["penalty"] == notice.content["penalty"] == str(PRICE * 5 * Decimal("0.005"))[:4]
    assert notice.content["production_unit"] == "板式车间 PANEL"
    case = play.case(late).parent_id
    assert play.finish(case) == "delivered"
    sweep(play, today, "12-01T09:00")
    assert play.case(late).ending == "penalised"


def test_what_is_reduced_is_shared_out_over_the_lines_to_the_cent(play: Play, today: time_machine.Traveller) -> None:
    control = late_case(play, today, line("P-PB-001", 5), line("P-PB-002", 3))
    play.decide(control, ANSWER, UNIT)
    play.decide(control, DECISION, MANAGER, 处罚结论="减少", 减至金额=5, 原因="部分等料")
    paid = penalties(play, control)
    assert sum(row.confirmed for row in paid) == 5
    assert all(0 < row.confirmed < row.amount for row in paid)
    assert play.documents(control, "CF")[0].content["penalty"] == "5.00"


def test_what_is_dropped_costs_nothing_and_no_notice_goes_out(
    play: Play, late: int, today: time_machine.Traveller
) -> None:
    play.decide(late, ANSWER, UNIT, 部门意见="有异议", 原因="等料")
    play.decide(late, DECISION, MANAGER, 处罚结论="免除", 原因="异议成立")
    assert [row.confirmed for row in penalties(play, late)] == [0]
    assert play.documents(late, "CF") == []
    play.finish(play.case(late).parent_id)
    sweep(play, today, "12-01T09:00")
    assert play.case(late).ending == "late"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"处罚结论": "减少", "减至金额": 5}, "减少或免除时必填"),
        ({"处罚结论": "免除"}, "减少或免除时必填"),
        ({"处罚结论": "减少", "减至金额": 7.45, "原因": "x"}, "小于 7.45"),
        ({"处罚结论": "减少", "原因": "x"}, "应大于 0"),
        ({"处罚结论": "确认", "减至金额": 5}, "只在减少时填写"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(
    play: Play, late: int, fields: dict[str, object], wrong: str
) -> None:
    play.decide(late, ANSWER, UNIT)
    assert wrong in refusal(play, late, DECISION, MANAGER, **fields)


def test_who_answered_for_the_unit_does_not_decide(play: Play, late: int) -> None:
    play.run("INSERT INTO staff_role (staff, role, unit) VALUES (:staff, 'RESPONSIBLE_UNIT', 'PANEL')", staff=MANAGER)
    play.decide(late, ANSWER, MANAGER)
    assert "不能审批" in refusal(play, late, DECISION, MANAGER)


def test_what_was_late_is_paid_for_though_the_case_is_withdrawn_after(
    play: Play, late: int, today: time_machine.Traveller
) -> None:
    case = play.case(late).parent_id
    assert play.withdraw(case, "E1040").accepted
    while play.items(case):
        play.decide(case, play.next_key(case))  # what was made is counted
    sweep(play, today, "12-01T09:00")
    play.decide(late, ANSWER, UNIT)
    play.decide(late, DECISION, MANAGER)
    assert play.case(late).ending == "penalised"
