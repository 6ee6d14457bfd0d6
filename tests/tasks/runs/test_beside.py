"""Items that are open at once: each has a run of its own, whoever is first, whatever is pressed."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName

from schemas.words import Role
from tasks.desk.queries import case_view, inbox
from tasks.durable.process import PROCESSES
from tasks.runs.mending import RecoverReport
from tasks.runs.rules import TAKEN_OVER
from tests.play import LINES
from tests.tasks.runs.people import PARAMETER, PRESSED, Desk, changed_process, right

NOTHING = RecoverReport()
PANEL, PAINT = "produce-1-panel-1", "produce-1-paint-1"
SOMEBODY_ELSE = "E1049"  # an office's: makes nothing
CUSTOMER = {"客户姓名": "欧阳雪", "客户电话": "13912345678", "客户地址": "青岛市崂山区海尔路1号"}


def two_units(desk: Desk) -> tuple[int, UUID, UUID]:
    """A case that two units work on: the case's own run shows the first, another run the second."""
    run_id = desk.apply(lines=LINES[1:3])
    case = desk.case(run_id)
    assert [desk.decide(run_id) for _ in range(2)] == ["plan-1-0", f"{PANEL}-0"]
    assert desk.watch() == RecoverReport(created=1)
    assert right(desk, case) == f"{PANEL}-0"
    [beside] = desk.beside(case).values()
    return case, run_id, beside


def state(desk: Desk, run_id: UUID) -> tuple[str, str]:
    run = desk.run(run_id)
    assert run.state is not None
    return run.state.type.value, str(run.state.name)


def test_each_unit_sees_its_own_run_by_name_tags_and_link(desk: Desk) -> None:
    case, own, beside = two_units(desk)
    number = desk.play.case(case).number
    runs = {run_id: desk.run(run_id) for run_id in (own, beside)}
    assert [run.name for run in runs.values()] == [
        f"{number} · 北京办事处 · 车间生产 {unit}" for unit in ("板式车间", "油漆车间")
    ]
    assert runs[beside].labels | {"case_no": number, "item": PAINT} == runs[beside].labels
    assert runs[beside].idempotency_key == f"{number}/{PAINT}/0"
    assert runs[beside].deployment_id == runs[own].deployment_id
    assert "待办:售后车间" in runs[beside].tags
    with desk.db.connect() as connection:
        rows = inbox(connection, Role.WORKSHOP)
        items = case_view(connection, case).items
    assert (
        {row.key: row.run_id for row in rows}
        == {item.key: item.run_id for item in items}
        == {PANEL: own, PAINT: beside}
    )
    assert all(f"/runs/flow-run/{run_id}" in desk.sheet(number) for run_id in runs)
    assert desk.watch() == NOTHING


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["own first", "beside first"])
def test_both_resume_in_either_order_and_each_goes_on(desk: Desk, order: tuple[int, int]) -> None:
    case, own, beside = two_units(desk)
    runs = (own, beside)
    answers = [desk.answer(run_id) for run_id in runs]
    for which in order:
        assert desk.resume(runs[which], answers[which]) == ""
    gates = {runs[which]: desk.leg(runs[which]) for which in order}
    assert gates[beside] == "已办"
    assert gates[own].startswith("goods-in-1-")
    assert {PANEL, PAINT} <= set(desk.play.keys(case))
    desk.watch()
    right(desk, case)
    assert state(desk, beside) == ("COMPLETED", "已办")
    assert not any(tag.startswith("待办") for tag in desk.run(beside).tags)
    assert beside not in desk.beside(case).values()
    assert desk.watch() == NOTHING


def test_both_legs_at_once_do_everything_once(desk: Desk) -> None:
    case, own, beside = two_units(desk)
    for run_id in (own, beside):
        assert desk.resume(run_id, desk.answer(run_id)) == ""
    with ThreadPoolExecutor(3) as hands:
        legs = [hands.submit(desk.leg, run_id) for run_id in (own, beside)]
        watching = hands.submit(desk.watch)
        assert [leg.result().split("-")[0] for leg in legs] == ["goods", "已办"]
        assert watching.result().failed == 0
    for _ in range(3):
        desk.watch()
    right(desk, case)
    keys = desk.play.keys(case)
    assert len(keys) == len(set(keys))
    assert {PANEL, PAINT} <= set(keys)
    assert desk.watch() == NOTHING


def test_the_own_run_keeps_its_item_and_then_takes_what_no_run_shows_then_what_is_due(desk: Desk) -> None:
    case, own, beside = two_units(desk)
    assert desk.decide(own).startswith("goods-in-1-")  # due before the other unit's, which has its run
    assert desk.watch() == NOTHING
    assert desk.beside(case) == {PAINT: beside}
    assert desk.decide(own) == f"{PAINT}-0"
    assert desk.watch() == RecoverReport(finished=1)
    assert state(desk, beside) == ("COMPLETED", TAKEN_OVER)
    assert desk.beside(case) == {}
    assert right(desk, case) == f"{PAINT}-0"
    assert desk.watch() == NOTHING
    assert desk.decide(own).startswith("goods-in-1-")


def test_an_item_that_opens_beside_an_open_one_gets_its_run(desk: Desk) -> None:
    case, own, beside = two_units(desk)
    assert desk.decide(beside) == "已办"
    assert desk.gate(own) == f"{PANEL}-0"
    assert desk.watch() == RecoverReport(created=1, finished=1)
    assert right(desk, case) == f"{PANEL}-0"
    [(item, other)] = desk.beside(case).items()
    assert item.startswith("goods-in-1-")
    assert desk.decide(other) == "已办"


def test_the_wrong_person_is_asked_again_in_the_same_run(desk: Desk) -> None:
    case, own, beside = two_units(desk)
    before = desk.play.snapshot(case)
    assert desk.decide(beside, 经办人工号=SOMEBODY_ELSE) == f"{PAINT}-1"
    assert SOMEBODY_ELSE in desk.dialog(beside)[1]
    assert SOMEBODY_ELSE in desk.sheet(desk.play.case(case).number)
    assert desk.play.snapshot(case) == before
    assert desk.watch() == NOTHING
    right(desk, case)
    assert desk.gate(own) == f"{PANEL}-0"
    assert desk.decide(beside) == "已办"


def test_who_answers_what_was_decided_elsewhere_is_told_so(desk: Desk) -> None:
    case, _, beside = two_units(desk)
    assert desk.resume(beside, desk.answer(beside)) == ""
    desk.play.decide(case, PAINT)
    assert desk.leg(beside) == "已办"
    run = desk.run(beside)
    assert run.state is not None
    assert "already decided by" in str(run.state.message)
    [late] = desk.play.rows("SELECT * FROM decision WHERE case_id = :case AND NOT accepted", case=case)
    assert late.step_key == PAINT


def test_after_any_button_the_item_waits_in_its_run_again(desk: Desk) -> None:
    case, own, _ = two_units(desk)
    for button, press in PRESSED.items():
        press(desk, desk.beside(case)[PAINT])
        done = desk.watch()
        assert done.parked + done.created == 1, button
        assert right(desk, case) == f"{PANEL}-0", button
        assert desk.run_of(case) == own
        assert desk.watch() == NOTHING, button
    assert desk.decide(desk.beside(case)[PAINT]) == "已办"


def test_retry_of_an_ended_run_asks_for_its_item_again(desk: Desk) -> None:
    _, _, beside = two_units(desk)
    desk.cancel(beside)
    desk.retry(beside)
    assert desk.watch() == NOTHING  # its leg is on the way
    assert desk.leg(beside) == f"{PAINT}-0"
    assert desk.decide(beside) == "已办"


def test_a_lost_own_run_is_made_again_at_its_item(desk: Desk) -> None:
    case, own, beside = two_units(desk)
    desk.delete(own)
    assert desk.watch() == RecoverReport(created=1)
    assert right(desk, case) == f"{PANEL}-0"
    assert desk.beside(case) == {PAINT: beside}


def test_what_a_dead_leg_had_is_not_lost(desk: Desk, hasty: None) -> None:
    case, _, beside = two_units(desk)
    assert desk.resume(beside, desk.answer(beside)) == ""
    desk.begin(beside)
    assert desk.watch() == RecoverReport(rescheduled=1)
    assert desk.leg(beside) == "已办"
    assert PAINT in desk.play.keys(case)


def test_who_answered_what_was_decided_elsewhere_is_told_so_though_the_leg_died(desk: Desk, hasty: None) -> None:
    case, _, beside = two_units(desk)
    assert desk.resume(beside, desk.answer(beside)) == ""
    desk.begin(beside)
    desk.play.decide(case, PAINT)
    assert desk.watch().rescheduled == 1
    assert desk.leg(beside) == "已办"
    [late] = desk.play.rows("SELECT * FROM decision WHERE case_id = :case AND NOT accepted", case=case)
    assert late.step_key == PAINT
    desk.watch()
    assert desk.watch() == NOTHING
    assert right(desk, case) == f"{PANEL}-0"


def test_an_item_that_is_dropped_ends_its_run_and_nothing_of_the_customer_stays(desk: Desk) -> None:
    form = desk.form(lines=LINES[1:3], **CUSTOMER)
    own = desk.send({PARAMETER: form})
    assert desk.leg(own) == "review-1-0"
    case = desk.case(own)
    for _ in range(2):
        desk.decide(own)
    desk.watch()
    beside = desk.beside(case)[PAINT]
    assert desk.play.withdraw(case, "E1040").accepted
    assert desk.watch() == RecoverReport(finished=2)
    assert (state(desk, own), state(desk, beside)) == (("COMPLETED", "已撤回"), ("COMPLETED", "已取消"))
    for run_id in (own, beside):
        inputs = desk.client.filter_flow_run_input(run_id, "", limit=200, exclude_keys=set())
        left = str(desk.run(run_id).parameters) + "".join(kept.value for kept in inputs)
        assert [secret for secret in CUSTOMER.values() if secret in left] == []
    assert desk.beside(case) == {}
    assert desk.watch() == NOTHING


def test_a_withdrawn_case_shows_its_last_count_and_nothing_else(desk: Desk) -> None:
    case, own, beside = two_units(desk)
    desk.play.decide(case, PANEL)
    assert desk.play.withdraw(case, "E1040").accepted
    desk.watch()
    assert right(desk, case) == "goods-in-1-1-left-0"
    assert desk.run(own).name.endswith("已撤回·待清点")
    assert (state(desk, beside), desk.beside(case)) == (("COMPLETED", "已取消"), {})
    assert desk.decide(own) == "已撤回"
    assert desk.play.stock("P-PB-001") == (3, 0)


def test_an_answer_that_a_changed_process_cannot_judge_is_kept_until_it_can(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, own, beside = two_units(desk)
    desk.play.grant(desk.play.holders(Role.PLANNER)[0], Role.ENGINEER)
    with monkeypatch.context() as patch:
        patch.setitem(PROCESSES, "PA", replace(PROCESSES["PA"], function=changed_process))
        assert desk.decide(beside) == "Failed"
        assert desk.watch() == RecoverReport(parked=1, rescheduled=1)
        assert desk.gate(own) == "engineer-1-0"
    assert desk.decide(own) == f"{PANEL}-0"
    assert desk.leg(beside) == "已办"
    desk.watch()
    assert PAINT in desk.play.keys(case)
    assert right(desk, case) == f"{PANEL}-0"


def test_a_watch_that_was_killed_before_it_noted_a_run_finds_it_again(desk: Desk) -> None:
    case, _, beside = two_units(desk)
    desk.play.run("UPDATE work_item SET run_id = NULL")
    assert desk.watch() == RecoverReport(created=1)
    assert desk.beside(case) == {PAINT: beside}
    name = FlowRunFilterName(like_=desk.play.case(case).number)
    assert len(desk.client.read_flow_runs(flow_run_filter=FlowRunFilter(name=name))) == 2


def test_a_run_that_a_killed_watch_did_not_note_ends_with_its_case(desk: Desk) -> None:
    case, own, beside = two_units(desk)
    desk.play.run("UPDATE work_item SET run_id = NULL")
    assert desk.play.withdraw(case, "E1040").accepted
    assert desk.watch() == RecoverReport(finished=2)
    assert [state(desk, run_id) for run_id in (own, beside)] == [("COMPLETED", "已撤回")] * 2
