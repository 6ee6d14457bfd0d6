"""A case at the Prefect UI: the run form opens it, gates are dialogs, its run tells where it stands."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from prefect.exceptions import PrefectHTTPStatusError

from schemas.words import Channel, Role
from tasks.durable.opening import open_case
from tasks.durable.process import PROCESSES
from tasks.logistics.shipping import EARLY
from tasks.runs.mending import RecoverReport
from tests.tasks.runs.people import PARAMETER, Desk, changed_process

SOMEBODY_ELSE = "E1049"  # an office's: applies, but reviews nothing


def drawn(desk: Desk) -> int:
    """The last case number that was drawn."""
    return int(desk.play.rows("SELECT value FROM counter WHERE name = 'case:PA:2026'")[0].value)


# the run form


def test_a_form_opens_the_case_and_its_run_tells_where_it_stands(desk: Desk) -> None:
    before = drawn(desk)
    run_id = desk.apply(office="BJ")
    number = f"PA-2026-{before + 1:06d}"
    row = desk.play.case(desk.case(run_id))
    assert (row.number, row.origin, row.run_id) == (number, f"run:{run_id}", run_id)
    run = desk.run(run_id)
    assert run.name == f"{number} · 北京办事处 · 审核修正"
    assert {"配件申报", "办事处:北京办事处", "待办:配件审核员", "待办:配件审核员@北京办事处"} == set(run.tags)
    sheet = desk.sheet(number)
    assert number in sheet
    assert row.customer_phone not in sheet
    assert {entry.channel for entry in desk.play.timeline(row.id)} == {Channel.SYSTEM}


def test_an_urgent_case_shows_its_early_release_and_beside_it_the_review(desk: Desk) -> None:
    run_id = desk.send({PARAMETER: desk.form(urgency="加急")})
    assert desk.leg(run_id) == f"{EARLY}-0"
    assert {"待办:客服主管", "加急"} <= set(desk.run(run_id).tags)
    desk.watch()
    beside = desk.beside(desk.case(run_id))
    assert {"待办:配件审核员", "加急"} <= set(desk.run(beside["review-1"]).tags)


def test_a_run_without_its_form_is_refused_at_once(desk: Desk) -> None:
    with pytest.raises(PrefectHTTPStatusError, match=PARAMETER):
        desk.send({})


def test_a_number_that_would_keep_the_server_from_listing_runs_is_refused_at_once(desk: Desk) -> None:
    form = desk.form()
    form["明细"][0]["数量"] = 10**20
    with pytest.raises(PrefectHTTPStatusError, match=r"maximum of 9999999\.99"):
        desk.send({PARAMETER: form})
    with pytest.raises(PrefectHTTPStatusError, match="Additional properties are not allowed"):
        desk.send({PARAMETER: desk.form(), "beside": 10**20})


def test_a_leg_that_died_after_the_case_was_made_goes_on_with_it(desk: Desk) -> None:
    run_id = desk.send({PARAMETER: (form := desk.form())})
    made = open_case(desk.db, "PA", form, f"run:{run_id}", Channel.PREFECT, run_id=run_id)
    assert desk.leg(run_id) == "review-1-0"
    assert desk.case(run_id) == made.case_id
    assert len(desk.play.rows("SELECT id FROM service_case")) == 1


def test_a_wrong_form_comes_back_filled_in_until_it_is_right(desk: Desk) -> None:
    before, form = drawn(desk), desk.form(lines=2)
    wrong = {**form, "申报人工号": "E9999", "明细": [form["明细"][0] | {"配件名称": "没有这种配件"}, form["明细"][1]]}
    run_id = desk.send({PARAMETER: wrong})

    assert desk.leg(run_id) == "draft-1"
    schema, text = desk.dialog(run_id)
    fields = schema["properties"]
    assert (fields["申报人工号"]["default"], fields["订单号"]["default"]) == ("E9999", form["订单号"])
    assert fields["明细"]["default"] == wrong["明细"]
    assert "E9999" in text
    assert "没有这种配件" in text
    assert desk.run(run_id).name == "草稿 draft · 配件申报"

    assert desk.correct(run_id, 申报人工号=form["申报人工号"]) == ""
    assert desk.leg(run_id) == "draft-2"
    schema, text = desk.dialog(run_id)
    assert schema["properties"]["申报人工号"]["default"] == form["申报人工号"]
    assert "E9999" not in text
    assert "没有这种配件" in text
    assert (drawn(desk), desk.play.rows("SELECT id FROM service_case")) == (before, [])

    assert desk.correct(run_id, 明细=form["明细"]) == ""
    assert desk.leg(run_id) == "review-1-0"
    assert drawn(desk) == before + 1
    assert desk.play.case(desk.case(run_id)).applicant == form["申报人工号"]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {PARAMETER: None},
        {PARAMETER: "请给我铰链"},
        {PARAMETER: [1, "x"]},
        {"别的": {"办事处": "BJ"}, "还有": 1},
        {PARAMETER: {"办事处": ["BJ"], "明细": "铰链", "found_on": {"a": 1}}},
        {PARAMETER: {"办事处": 7, "明细": [1, None], "不存在": True, "type": "object"}},
    ],
)
def test_garbage_becomes_a_draft_and_never_fails(desk: Desk, parameters: dict[str, Any]) -> None:
    run_id = desk.send(parameters, enforce=False)
    assert desk.leg(run_id) == "draft-1"
    assert desk.resume(run_id, desk.form()) == ""
    assert desk.leg(run_id) == "review-1-0"


def test_a_field_that_the_form_does_not_have_does_not_stay_in_the_draft(desk: Desk) -> None:
    run_id = desk.send({PARAMETER: desk.form() | {"不存在": 1}}, enforce=False)
    assert desk.leg(run_id) == "draft-1"
    assert "不存在" in desk.dialog(run_id)[1]
    assert "不存在" not in desk.dialog(run_id)[0]["properties"]
    assert desk.correct(run_id, 备注="已删除") == ""
    assert desk.leg(run_id) == "review-1-0"


def test_a_draft_that_is_sent_back_untouched_stays_a_draft(desk: Desk) -> None:
    run_id = desk.send({PARAMETER: desk.form() | {"申报人工号": "E9999"}})
    assert desk.leg(run_id) == "draft-1"
    assert desk.correct(run_id) == ""
    assert desk.leg(run_id) == "draft-2"
    assert "E9999" in desk.dialog(run_id)[1]


def test_a_draft_that_is_retried_is_asked_anew(desk: Desk) -> None:
    run_id = desk.send({PARAMETER: desk.form() | {"申报人工号": "E9999"}})
    assert desk.leg(run_id) == "draft-1"
    desk.cancel(run_id)
    desk.retry(run_id)
    assert desk.leg(run_id) == "draft-1"
    assert desk.correct(run_id, 申报人工号=desk.form()["申报人工号"]) == ""
    assert desk.leg(run_id) == "review-1-0"


# gates


def test_an_answer_is_recorded_and_the_run_goes_to_the_next_gate(desk: Desk) -> None:
    run_id = desk.apply()
    number = desk.play.case(case := desk.case(run_id)).number
    answer = desk.answer(run_id, 原因="照旧")
    assert desk.decide(run_id, 原因="照旧") == "plan-1-0"
    [decided] = [entry for entry in desk.play.timeline(case) if entry.step_key == "review-1"]
    assert (decided.actor, decided.channel, decided.run_id) == (answer["经办人工号"], Channel.PREFECT, run_id)
    assert decided.output["reason"] == "照旧"
    run = desk.run(run_id)
    assert run.name == f"{number} · 北京办事处 · 计划确认"
    assert {"待办:计划员", "待办:计划员@北京办事处"} <= set(run.tags)
    assert "待办:配件审核员" not in run.tags
    assert "计划确认" in desk.sheet(number)


def test_the_wrong_person_is_refused_and_the_same_gate_is_asked_again(desk: Desk) -> None:
    run_id = desk.apply()
    case = desk.case(run_id)
    before = desk.play.snapshot(case)
    assert desk.decide(run_id, 经办人工号=SOMEBODY_ELSE) == "review-1-1"
    text = desk.dialog(run_id)[1]
    assert SOMEBODY_ELSE in text
    assert "需要配件审核员的权限" in text
    assert "需要配件审核员的权限" in desk.sheet(desk.play.case(case).number)
    assert desk.decide(run_id, 经办人工号="E9999") == "review-1-2"
    assert "E9999" in desk.dialog(run_id)[1]
    assert desk.play.snapshot(case) == before
    assert desk.decide(run_id) == "plan-1-0"


def test_what_the_server_lets_pass_is_judged_by_us(desk: Desk) -> None:
    run_id = desk.apply()
    desk.decide(run_id)
    answer = desk.answer(run_id)
    rows = [{**row, "计划日期": "下周三"} for row in answer["明细"]]
    assert desk.resume(run_id, answer | {"明细": rows}) == ""
    assert desk.leg(run_id) == "plan-1-1"
    assert "下周三" in desk.dialog(run_id)[1]
    assert desk.decide(run_id).startswith("produce-")


def test_forms_that_are_empty_or_have_other_fields_are_rejected_at_once(desk: Desk) -> None:
    run_id = desk.apply()
    answer = desk.answer(run_id)
    missing = {name: value for name, value in answer.items() if name != "审核结论"}
    assert "required" in desk.resume(run_id, {})
    assert "审核结论" in desk.resume(run_id, missing)
    assert "不存在" in desk.resume(run_id, answer | {"不存在": 1})
    assert "也许" in desk.resume(run_id, answer | {"审核结论": "也许"})
    assert desk.gate(run_id) == "review-1-0"
    assert desk.decide(run_id) == "plan-1-0"
    assert desk.play.items(desk.case(run_id))["plan-1"].refusals == 0


def test_of_two_resumes_at_once_one_counts(desk: Desk) -> None:
    run_id = desk.apply()
    answer = desk.answer(run_id)

    def press(_: int) -> str:
        try:
            return desk.resume(run_id, answer)
        except Exception as error:  # noqa: BLE001  a conflict at the server
            return repr(error)

    with ThreadPoolExecutor(4) as people:
        replies = list(people.map(press, range(4)))
    assert replies.count("") == 1
    assert desk.leg(run_id) == "plan-1-0"
    assert "not paused" in desk.resume(run_id, answer) or desk.gate(run_id) == "plan-1-0"
    assert [key for key in desk.play.keys(desk.case(run_id)) if key == "review-1"] == ["review-1"]


def test_who_answers_a_gate_that_was_decided_elsewhere_is_told_so(desk: Desk) -> None:
    run_id = desk.apply()
    case = desk.case(run_id)
    assert desk.resume(run_id, desk.answer(run_id, 原因="第二个人")) == ""
    first = desk.play.decide(case, "review-1", 原因="第一个人")
    assert desk.leg(run_id) == "plan-1-0"
    assert first.reply.accepted
    [decided] = [entry for entry in desk.play.timeline(case) if entry.step_key == "review-1"]
    assert decided.output["reason"] == "第一个人"
    [late] = desk.play.rows("SELECT * FROM decision WHERE case_id = :case AND NOT accepted", case=case)
    assert (late.step_key, late.channel, late.form["原因"]) == ("review-1", Channel.PREFECT, "第二个人")
    assert "already decided by" in late.reason
    assert "already decided by" in desk.sheet(desk.play.case(case).number)
    assert desk.decide(run_id).startswith("produce-")


def test_an_answer_counts_though_somebody_was_refused_elsewhere_meanwhile(desk: Desk) -> None:
    run_id = desk.apply()
    case = desk.case(run_id)
    assert desk.resume(run_id, desk.answer(run_id)) == ""
    desk.play.refused(case, "review-1", SOMEBODY_ELSE)
    assert desk.leg(run_id) == "plan-1-0"


# the end


def test_a_closed_case_ends_its_run_and_leaves_no_contact_data_in_prefect(desk: Desk) -> None:
    form = desk.form(客户姓名="欧阳雪", 客户电话="13912345678", 客户地址="青岛市崂山区海尔路1号")
    run_id = desk.send({PARAMETER: form | {"申报人工号": "E9999"}})
    assert desk.leg(run_id) == "draft-1"
    assert desk.correct(run_id, 申报人工号=form["申报人工号"]) == ""
    desk.leg(run_id)
    case = desk.case(run_id)
    while desk.play.state(case) != "closed":
        assert "required" in desk.resume(run_id, {}), desk.gate(run_id)  # no gate is answered by an empty form
        desk.decide(run_id)
    assert desk.gate(run_id) == "已交付"
    assert desk.watch().finished == 1
    assert vars(desk.watch()) == vars(type(desk.watch())())

    run = desk.run(run_id)
    assert (run.state_type.value if run.state_type else "", run.state_name) == ("COMPLETED", "已交付")
    assert run.name.endswith("· 已交付")
    assert {"已结案", "已交付"} <= set(run.tags)
    assert not any(tag.startswith("待办") for tag in run.tags)
    assert run.parameters[PARAMETER]["订单号"] == form["订单号"]
    inputs = desk.client.filter_flow_run_input(run_id, "", limit=200, exclude_keys=set())
    left = str(run.parameters) + "".join(kept.value for kept in inputs)
    assert [secret for secret in ("欧阳雪", "13912345678", "海尔路") if secret in left] == []
    sheet = desk.sheet(desk.play.case(case).number)
    assert [secret for secret in ("13912345678", "海尔路") if secret in sheet] == []


SECRETS = ("欧阳雪", "13912345678", "海尔路", "13700001111", "137 0000 1111")
WROTE = "打 137 0000 1111 或 +8613912345678，送到 青岛市崂山区海尔路1号"


def left(desk: Desk, run_id: UUID) -> list[str]:
    """Say what Prefect still knows of the secrets."""
    inputs = desk.client.filter_flow_run_input(run_id, "", limit=200, exclude_keys=set())
    run = desk.run(run_id)
    known = f"{run.parameters} {run.state} {run.name}" + "".join(kept.value for kept in inputs)
    return [secret for secret in SECRETS if secret in known]


def with_secrets(desk: Desk) -> dict[str, Any]:
    """Fill in a form with a customer whom the sales records do not know, and tell of him in the remark too."""
    order = {"订单号": "T-1", "客户姓名": "欧阳雪", "客户电话": "13912345678", "客户地址": "青岛市崂山区海尔路1号"}
    return desk.form() | order | {"备注": WROTE}


def test_what_was_written_of_a_customer_in_remarks_and_reasons_is_not_in_prefect_once_the_case_is_closed(
    desk: Desk,
) -> None:
    run_id = desk.send({PARAMETER: with_secrets(desk)})
    assert desk.leg(run_id) == "review-1-0"
    assert desk.decide(run_id, 原因=WROTE) == "plan-1-0"
    assert set(left(desk, run_id)) == {*SECRETS} - {"13700001111"}
    desk.play.withdraw(desk.case(run_id), desk.form()["申报人工号"], WROTE)
    assert desk.watch().finished == 1
    assert desk.gate(run_id) == "已撤回"
    assert left(desk, run_id) == []
    assert desk.run(run_id).parameters[PARAMETER]["备注"].startswith("打 137****1111 或 ")


def test_the_reason_of_an_ending_tells_no_contact_data(desk: Desk) -> None:
    run_id = desk.send({PARAMETER: with_secrets(desk)})
    desk.leg(run_id)
    assert desk.decide(run_id, 审核结论="驳回", 原因=WROTE) == "已驳回"
    assert "137****1111" in str(desk.run(run_id).state)
    desk.watch()
    assert left(desk, run_id) == []


CANCELLED: dict[str, Callable[[Desk, UUID], object]] = {
    "that nobody took yet": lambda desk, run: None,
    "that was wrong": lambda desk, run: desk.leg(run),
    "that was corrected": lambda desk, run: (desk.leg(run), desk.correct(run, 备注=WROTE + "！")),
}


@pytest.mark.parametrize("draft", CANCELLED)
def test_of_a_draft_that_was_cancelled_nothing_is_left(desk: Desk, draft: str) -> None:
    run_id = desk.send({PARAMETER: with_secrets(desk) | {"申报人工号": "E9999"}})
    CANCELLED[draft](desk, run_id)
    desk.cancel(run_id)
    assert left(desk, run_id) != []
    assert desk.watch() == RecoverReport(finished=1)
    assert (desk.gate(run_id), left(desk, run_id), desk.run(run_id).parameters) == ("已取消", [], {})
    assert desk.watch() == RecoverReport()

    desk.retry(run_id)  # it is an application all the same, to be filled in anew
    assert desk.leg(run_id) == "draft-1"
    assert desk.resume(run_id, with_secrets(desk)) == ""
    assert desk.leg(run_id) == "review-1-0"


def test_what_was_typed_for_a_case_is_kept_though_somebody_cancels_its_run(desk: Desk) -> None:
    run_id = desk.send({PARAMETER: (form := with_secrets(desk))})
    desk.leg(run_id)
    desk.cancel(run_id)
    assert desk.watch() == RecoverReport(parked=1)
    assert desk.run(run_id).parameters[PARAMETER] == form


def test_of_a_draft_that_was_deleted_nothing_is_left(desk: Desk) -> None:
    run_id = desk.send({PARAMETER: with_secrets(desk) | {"申报人工号": "E9999"}})
    desk.leg(run_id)
    assert desk.client.filter_flow_run_input(run_id, "", limit=200, exclude_keys=set()) != []
    desk.delete(run_id)
    assert desk.client.filter_flow_run_input(run_id, "", limit=200, exclude_keys=set()) == []


def test_a_rejected_application_ends_its_run_by_that_name(desk: Desk) -> None:
    run_id = desk.apply()
    assert desk.decide(run_id, 审核结论="驳回", 原因="超出保修") == "已驳回"
    state = desk.run(run_id).state
    assert state is not None
    assert state.message is not None
    assert "超出保修" in state.message


# an engineer's work


def test_a_process_that_changed_is_an_engineers_gate_until_it_is_mended(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = desk.apply()
    case = desk.case(run_id)
    engineer = desk.play.holders(Role.PLANNER)[0]
    desk.play.grant(engineer, Role.ENGINEER)
    desk.play.run("UPDATE work_item SET due_at = due_at - interval '30 days'")  # overdue, yet it cannot come first
    with monkeypatch.context() as patch:
        patch.setitem(PROCESSES, "PA", replace(PROCESSES["PA"], function=changed_process))
        assert desk.decide(run_id) == "engineer-1-0"
        assert "待办:系统工程师" in desk.run(run_id).tags
        assert "recorded but not asked for" in desk.dialog(run_id)[1]
        assert desk.decide(run_id, 经办人工号=SOMEBODY_ELSE) == "engineer-1-1"
        assert desk.decide(run_id) == "engineer-2-0"  # it was not mended
        assert desk.watch().failed == 0
        assert "review-1" not in desk.play.keys(case)
    assert desk.decide(run_id, 处理说明="已修复") == "plan-1-0"  # with the answer that was given before
    assert {"engineer-1", "engineer-2", "review-1"} <= set(desk.play.keys(case))
    assert desk.play.case(case).fault is None
    assert desk.decide(run_id).startswith("produce-")
