"""The command line: what people type is done or refused in clear words; machines read stable keys."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine
from openpyxl import Workbook, load_workbook
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from deployments.cli import sheets
from deployments.cli.app import app
from deployments.local.prefect_server import free_port
from flows import load
from tasks.desk.queries import case_view
from tasks.durable.process import PROCESSES
from tasks.policies.rulebook import not_covered, rulebook
from tests.play import Play, books_balance

APPLICATION = {
    "办事处": "BJ",
    "申报人工号": "E1049",
    "订单号": "SO20260318-0042",
    "备注": "电话 13912345678",
    "明细": [
        {"配件名称": "P-HW-001", "数量": 4, "原因": "质量问题"},
        {"配件名称": "P-PB-001", "数量": 3, "原因": "缺件"},
    ],
}
ENGLISH = """
office: BJ
applicant: E1049
order_no: SO20260318-0042
customer_phone: 013800001343
found_on: 2026-11-01
lines:
  - {part: P-HW-001, quantity: 4, reason: quality}
"""
NUMBER = "PA-2026-000001"
Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False):
        yield


@pytest.fixture
def anywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in an installation whose home is fresh."""
    monkeypatch.setenv("AFTERSALES_HOME", str(tmp_path / "home"))
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def run(anywhere: Run, db: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run a command on the test's database; whatever it does, the books balance in the end."""
    monkeypatch.setenv("AFTERSALES_DATABASE_URL", db.url.render_as_string(hide_password=False))
    load()
    for code in set(PROCESSES) - {"PA"}:
        monkeypatch.delitem(PROCESSES, code)
    yield anywhere
    books_balance(db)


@pytest.fixture
def applied(run: Run, tmp_path: Path) -> str:
    """A case that waits for its review."""
    assert run("apply", write(tmp_path, APPLICATION)).exit_code == 0
    return NUMBER


def write(folder: Path, content: Any, name: str = "form.json") -> Path:
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return folder / name


def read(result: Any) -> Any:
    """What a machine reads; nothing else is on stdout."""
    return json.loads(result.stdout)


def refused(result: Any, *expected: str) -> None:
    """Exit code 1 and every expected text on stderr, no traceback."""
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    for words in expected:
        assert words in result.stderr


def open_steps(run: Run, number: str = NUMBER) -> list[str]:
    return [item["step"] for item in read(run("case", number, "--json"))["open"]]


# apply


def test_an_application_is_accepted_and_waits_for_its_review(run: Run, tmp_path: Path) -> None:
    result = run("apply", write(tmp_path, APPLICATION))
    assert result.exit_code == 0
    assert f"✓ {NUMBER} 已受理 accepted" in result.stdout
    assert "→ 审核修正 [review-1] · 配件审核员 PARTS_REVIEWER · 2026-11-19 10:00" in result.stdout


def test_yaml_with_english_names_is_as_good(run: Run, db: Engine, tmp_path: Path) -> None:
    result = run("apply", write(tmp_path, ENGLISH, "form.yaml"), "--json")
    assert read(result) == {"accepted": [{"number": NUMBER, "new": True}], "problems": []}
    with db.connect() as connection:
        phone = connection.execute(text("SELECT customer_phone FROM service_case")).scalar_one()
    assert phone == "013800001343"


def test_the_same_origin_is_accepted_once(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path, APPLICATION)
    first, again = (read(run("apply", file, "--origin", "cli:one", "--json")) for _ in range(2))
    assert first["accepted"] == [{"number": NUMBER, "new": True}]
    assert again["accepted"] == [{"number": NUMBER, "new": False}]


def test_a_wrong_application_is_refused_with_every_reason(run: Run, tmp_path: Path) -> None:
    wrong = APPLICATION | {"明细": [{"配件名称": "金把手", "数量": 1, "原因": "缺件"}], "发现日期": "2027-01-01"}
    file = write(tmp_path, wrong)
    refused(run("apply", file), "第1行 row 1, 配件名称 part: “金把手”", "发现日期 found on: “2027-01-01”")
    result = run("apply", file, "--json")
    assert result.exit_code == 1
    assert set(read(result)["problems"][0]) == {"row", "field", "value", "expected", "text"}
    assert run("inbox").stdout == "没有待办 nothing waits\n"


def test_a_sheet_is_taken_in_in_part_and_tells_so(run: Run, tmp_path: Path) -> None:
    book = Workbook()
    rows: Any = book.active
    rows.append(["申报单号", "办事处", "申报人工号", "订单号", "配件名称", "数量", "原因"])
    rows.append(["BJ-1", "北京办事处", "E1049", "SO20260318-0042", "P-HW-001", 4, "质量问题"])
    rows.append(["BJ-2", "北京办事处", "E1049", "SO20251023-0164", "P-HW-001", 0, "质量问题"])
    book.save(tmp_path / "apps.xlsx")
    result = run("sheet", "import", tmp_path / "apps.xlsx")
    refused(result, "第3行 row 3, 数量: “0”")
    assert "受理 accepted 1；退回 sent back 1" in result.stdout
    assert f"✓ 配件申报: {NUMBER}" in result.stdout
    assert "apps.rejected.xlsx" in result.stdout.replace("\n", "")
    assert [item["step"] for item in read(run("inbox", "--json"))] == ["review-1"]
    report = read(run("sheet", "import", tmp_path / "apps.xlsx", "--json"))
    assert (report["counts"], report["numbers"]) == ({"unchanged": 1, "rejected": 1}, [NUMBER])
    assert [(row["row"], row["key"]) for row in report["rejected"]] == [(3, "BJ-2")]
    refused(run("apply", tmp_path / "apps.xlsx"), "aftersales sheet import")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("form.json", "{", "JSON"),
        ("form.yaml", "a: [", "YAML"),
        ("form.json", "[]", "应为一份表单"),
        ("form.txt", "x", "应为 must be .json .yaml"),
        ("form.xlsx", "x", "aftersales sheet import"),
        ("form.json", "[" * 100_000, "JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(
    run: Run, tmp_path: Path, name: str, content: str, expected: str
) -> None:
    result = run("apply", write(tmp_path, content, name))
    refused(result, name, expected)
    assert result.stderr.count("\n") == 1


def test_where_there_are_several_processes_one_is_asked_for(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("processes")  # they are loaded
    monkeypatch.setitem(PROCESSES, "XX", replace(PROCESSES["PA"], code="XX", title="别的申报"))
    file = write(tmp_path, APPLICATION)
    refused(run("apply", file), "--process", "PA 配件申报、XX 别的申报")
    refused(run("apply", file, "--process", "YY"), "YY", "PA 配件申报")
    assert run("apply", file, "--process", "pa").exit_code == 0


def test_processes_are_listed_with_their_chain(run: Run) -> None:
    shown = run("processes").stdout
    for words in ("PA", "配件申报", "办事处申报 → 审核修正 → 录入系统", "配件审核员 parts reviewer", "review.hours"):
        assert words in shown
    (process,) = read(run("processes", "--json"))
    assert (process["code"], process["title"], process["version"]) == ("PA", "配件申报", 1)
    applied, review, entered, *_ = process["links"]
    assert applied == {"label": "办事处申报", "kind": "event", "role": "OFFICE", "due": "resubmit.days"}
    assert review == {"label": "审核修正", "kind": "gate", "role": "PARTS_REVIEWER", "due": "review.hours"}
    assert entered == {"label": "录入系统", "kind": "auto", "role": None, "due": ""}
    assert process["endings"] == ["delivered", "rejected", "withdrawn", "replaced", "timed_out"]


def test_rules_are_listed_with_source_policy_in_force_and_test(run: Run, db: Engine, tmp_path: Path) -> None:
    with db.begin() as connection:
        connection.execute(text("UPDATE policy SET value = '36' WHERE key = 'default.review.hours'"))
    shown = run("rules", "pa.review.term").stdout
    for words in ("pa.review.term", "S3 §3 1.1", "default.review.hours", "36 hour", "not covered yet"):
        assert words in shown
    (rule,) = read(run("rules", "pa.review.term", "--json"))["rules"]
    assert rule["policies"] == {"default.review.hours": {"value": 36, "unit": "hour"}}
    assert (
        "flows/test_parts_application_review::test_a_review_is_due_24_hours_after_receipt_without_days_off"
        in rule["tests"]
    )
    every = read(run("rules", "--json"))
    assert len(every["rules"]) > 200
    assert every["not_covered"] == not_covered(rulebook())
    assert run("rules", "--page", tmp_path / "rules.md").exit_code == 0
    assert "`default.review.hours` 36 hour" in (tmp_path / "rules.md").read_text("utf-8")


def test_a_file_that_is_not_there_is_one_line(run: Run, tmp_path: Path) -> None:
    refused(run("apply", tmp_path / "none.json"), "没有这个文件")


# inbox and case


@pytest.mark.parametrize("role", ["PARTS_REVIEWER", "parts_reviewer", "配件审核员"])
def test_the_inbox_of_a_role_lists_what_waits_for_it(run: Run, applied: str, role: str) -> None:
    assert applied in run("inbox", "--role", role).stdout
    (item,) = read(run("inbox", "--role", role, "--json"))
    assert item == {
        "number": applied,
        "step": "review-1",
        "title": "审核修正",
        "role": "PARTS_REVIEWER",
        "office": "北京办事处",
        "unit": None,
        "urgency": "normal",
        "due_at": "2026-11-19T02:00:00+00:00",
        "overdue": False,
        "refusals": 0,
        "run_id": None,
    }
    assert read(run("inbox", "--role", "WAREHOUSE", "--json")) == []


def test_an_unknown_role_lists_the_roles(run: Run) -> None:
    refused(run("inbox", "--role", "boss"), "boss", "配件审核员 PARTS_REVIEWER")


def test_what_is_late_is_shown_as_late(run: Run, applied: str) -> None:
    with time_machine.travel("2026-11-30T10:00:00+08:00", tick=False):
        shown = run("inbox").stdout
        assert "配件审核员 parts reviewer · 待办 open 1 · 🔴 逾期 overdue 1" in shown
        assert "🔴 11-19 10:00" in shown
        assert read(run("inbox", "--json"))[0]["overdue"] is True


def test_a_case_is_shown_as_a_person_wants_to_read_it(run: Run, applied: str) -> None:
    shown = run("case", applied).stdout
    for words in (
        f"{applied} · 配件申报 · 北京办事处",
        "北京办事处 BJ · 常北辰 E1049",
        "SO20260318-0042",
        "铰链(全盖110°)",
        "配件申报单",
        "SQ-2026-000001",
        "2026-11-18 10:00",
        "下一步 Next",
        "→ 审核修正 [review-1] · 配件审核员",
    ):
        assert words in shown, words
    assert re.search("状态 State +审核修正", shown)
    assert "mermaid" not in shown
    assert "13800002787" not in shown
    assert "138****2787" in shown


def test_a_case_for_machines_has_stable_keys_and_masked_contacts(run: Run, applied: str) -> None:
    result = run("case", applied.lower(), "--json")
    case = read(result)
    assert list(case) == [
        "number",
        "process",
        "title",
        "version",
        "office",
        "office_name",
        "applicant",
        "applicant_name",
        "customer",
        "order_no",
        "model",
        "urgency",
        "link",
        "ending",
        "ending_reason",
        "opened_at",
        "closed_at",
        "due_at",
        "facts",
        "fault",
        "run_id",
        "lines",
        "documents",
        "open",
        "timeline",
    ]
    assert case["customer"]["phone"] == "138****2787"
    assert "13800002787" not in result.stdout
    assert (case["link"], case["ending"], case["opened_at"]) == ("审核修正", None, "2026-11-18T02:00:00+00:00")
    assert [line["quantity"] for line in case["lines"]] == ["4.00", "3.00"]
    assert [entry["step"] for entry in case["timeline"]][-1:] == ["register-lines"]


def test_a_phone_number_in_what_somebody_wrote_of_a_case_is_masked(
    run: Run, applied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("decide", applied, "--as", "E1001", "审核结论=驳回", "原因=客户 13800002787 已另行购买")

    def with_more(*words: Any) -> Any:
        view = case_view(*words)
        facts = view.lines._replace(facts=[("联系 Contact", "改打 13912345678")])
        return replace(view, lines=facts, case=replace(view.case, fault="电话 13800002787 无效"))

    monkeypatch.setattr(sheets, "case_view", with_more)
    for result in (run("case", applied), run("case", applied, "--json")):
        assert result.exit_code == 0
        for shown in ("客户 138****2787 已另行购买", "电话 138****2787 无效", "改打 139****5678"):
            assert shown in result.stdout
        assert "13800002787" not in result.stdout
        assert "13912345678" not in result.stdout
    assert "13800002787" not in run("decide", applied, "--as", "E1001", "审核结论=通过").output


def test_a_cases_number_is_read_as_people_type_it(run: Run, applied: str) -> None:
    assert read(run("case", "ｐａ－2026－000001", "--json"))["number"] == applied


@pytest.mark.parametrize("text", ["SO20260318-0042", "13800002787"])
def test_a_case_is_found_by_order_or_phone(run: Run, applied: str, text: str) -> None:
    assert [one["number"] for one in read(run("find", text, "--json"))] == [applied]


@pytest.mark.parametrize("words", [["case", "X"], ["decide", "X", "--as", "E1", "a=b"]])
def test_a_case_that_does_not_exist_is_one_line(run: Run, words: list[str]) -> None:
    result = run(*words)
    refused(result, "没有单号为 X 的单据")
    assert result.stderr.count("\n") == 1


# decide


def test_a_whole_case_is_decided_by_its_people(run: Run, applied: str, db: Engine) -> None:
    play = Play(db)
    reviewer, planner, warehouse = (
        play.holders(role)[0] for role in map(_role, ["PARTS_REVIEWER", "PLANNER", "WAREHOUSE"])
    )
    worker = play.holders(_role("WORKSHOP"), unit="PANEL")[0]
    for staff, answers in (
        (reviewer, ["审核结论=通过", "明细.2.单价=100"]),
        (planner, ["延期原因="]),
        (worker, ["明细.2.完成数量=1"]),
        (worker, ["lines.2.made=2", "--step", "produce-1-panel-2"]),
        (warehouse, ["明细.2.实收数量=1", "--step", "goods-in-1-1"]),
        (warehouse, ["明细.2.实收数量=2"]),
        (warehouse, ["运输方式=自有车辆", "承运商=集团自有车队", "运费=0", "件数=1"]),
        ("E1049", ["到货日期=2026-11-18", "核对结果=货单相符"]),
    ):
        result = run("decide", applied, "--as", staff, *answers)
        assert result.exit_code == 0, (answers, result.output)
        assert "已受理 accepted" in result.stdout
    assert "已结案 closed: 已交付 delivered" in result.stdout
    shown = run("case", applied).stdout
    assert "RK-2026-000002" in shown
    assert "已结案 closed: 已交付 delivered" in shown
    assert read(run("case", applied, "--json"))["ending"] == "delivered"


def test_decisions_for_machines_tell_what_is_open_next(run: Run, applied: str) -> None:
    result = run("decide", applied, "--as", "E1001", "verdict=通过", "--json")
    assert result.exit_code == 0
    reply = read(result)
    assert list(reply) == ["accepted", "problems", "number", "link", "ending", "open"]
    assert (reply["accepted"], reply["problems"], reply["link"]) == (True, [], "计划确认")
    assert [(item["step"], item["role"]) for item in reply["open"]] == [("plan-1", "PLANNER")]


def test_the_wrong_person_is_refused_with_the_reason(run: Run, applied: str) -> None:
    result = run("decide", applied, "--as", "E1049", "审核结论=通过")
    refused(result, "未受理 refused", "E1049 常北辰", "需要配件审核员的权限")
    assert "上次未通过 refused 1×" in result.stdout
    assert open_steps(run) == ["review-1"]
    machine = run("decide", applied, "--as", "E1049", "审核结论=通过", "--json")
    assert machine.exit_code == 1
    assert read(machine)["accepted"] is False
    assert read(machine)["problems"][0]["field"] == "经办人工号 staff"


def test_what_is_pre_filled_stands_unless_it_is_changed(run: Run, applied: str, db: Engine) -> None:
    run("decide", applied, "--as", "E1001", "审核结论=通过", "明细.1.费用类别=分摊", "明细.1.数量=2")
    with db.connect() as connection:
        lines = connection.execute(text("SELECT quantity, fee FROM case_line ORDER BY line_no")).all()
    assert [(int(line.quantity), line.fee) for line in lines] == [(2, "shared"), (3, "free")]


def test_a_form_file_is_the_whole_answer_and_pairs_go_over_it(run: Run, applied: str, tmp_path: Path) -> None:
    file = write(tmp_path, {"verdict": "退回办事处", "经办人工号": "somebody"})
    refused(run("decide", applied, "--as", "E1001", "--form", file), "退回或驳回时必填")
    assert run("decide", applied, "--as", "E1001", "--form", file, "原因=型号不对").exit_code == 0
    assert open_steps(run) == ["resubmit-1"]


@pytest.mark.parametrize("rows", [["x"], [["x"]], "x", 3, {"1": {}}])
@pytest.mark.parametrize("answer", ["明细.1.数量=1", "明细.1="])
def test_rows_that_are_none_are_told_and_not_sent(
    run: Run, applied: str, tmp_path: Path, rows: Any, answer: str
) -> None:
    file = write(tmp_path, {"审核结论": "通过", "明细": rows})
    refused(run("decide", applied, "--as", "E1001", "--form", file, answer), "明细", "字段: 值")
    assert read(run("case", applied, "--json"))["open"][0]["refusals"] == 0


def test_rows_are_added_and_taken_out_by_their_place(run: Run, applied: str) -> None:
    run("decide", applied, "--as", "E1001", "审核结论=退回办事处", "原因=型号不对")
    answers = ["明细.1=", "明细.3.配件名称=P-HW-002", "明细.3.数量=１", "明细.3.原因=缺件"]
    assert run("decide", applied, "--as", "E1049", *answers).exit_code == 0
    assert [line["part"] for line in read(run("case", applied, "--json"))["lines"]] == ["P-PB-001", "P-HW-002"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("结论=通过", "没有这个字段 is no field of this form; 应为 one of: 经办人工号 staff、审核结论 verdict"),
        ("通过", "应为 字段=值"),
        ("明细.x.数量=1", "行应为 1、2、3…"),
        ("明细.1.颜色=红", "没有这个字段"),
        ("明细.1=3", "应为 must be 明细.行"),
        ("审核结论.1.x=3", "没有明细 has no rows"),
    ],
)
def test_a_mistyped_answer_is_told_and_not_sent(run: Run, applied: str, answer: str, expected: str) -> None:
    refused(run("decide", applied, "--as", "E1001", answer), expected)
    assert read(run("case", applied, "--json"))["open"][0]["refusals"] == 0


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("审核结论=也许", "应为 expected one of: 通过 approve"),
        ("明细.9.数量=1", "配件名称"),
        ("明细.1.数量=-1", "第1行 row 1, 明细.数量: “-1” — 应大于"),
        ("明细.1.数量=1.234", "最多 2 位小数"),
        ("明细.1.数量=多", "应为数字"),
        ("原因=坏\x07", "控制字符"),
        (f"原因={'长' * 2001}", "最多 2000 个字符"),
    ],
)
def test_a_wrong_answer_is_refused_by_the_form(run: Run, applied: str, answer: str, expected: str) -> None:
    refused(run("decide", applied, "--as", "E1001", "审核结论=通过", answer), expected)
    assert open_steps(run) == ["review-1"]


def test_without_answers_the_form_is_told_and_nothing_is_sent(run: Run, applied: str) -> None:
    result = run("decide", applied, "--as", "E1001")
    refused(result, "没有填写内容")
    assert "审核结论 (verdict) 必填 required: 通过 approve / 退回办事处 send back" in result.stdout
    assert "行号=1，配件名称=铰链(全盖110°)，数量=4，单价=9.2" in result.stdout
    machine = run("decide", applied, "--as", "E1001", "--json")
    assert machine.exit_code == 1
    assert read(machine)["open"][0]["prefill"]["明细"][0]["配件名称"] == "铰链(全盖110°)"
    assert read(machine)["open"][0]["refusals"] == 0


def test_where_several_steps_wait_for_one_person_the_step_is_asked_for(run: Run, applied: str, db: Engine) -> None:
    play = Play(db)
    case = play.rows("SELECT id FROM service_case")[0].id
    play.run_to(case, "produce-1-panel-1")
    worker = play.holders(_role("WORKSHOP"), unit="PANEL")[0]
    for _ in range(2):
        run("decide", applied, "--as", worker, "明细.2.完成数量=1", "--step", open_steps(run)[-1])
    counts = [step for step in open_steps(run) if step.startswith("goods-in")]
    warehouse = play.holders(_role("WAREHOUSE"))[0]
    refused(run("decide", applied, "--as", warehouse, "明细.2.实收数量=1"), "请指定", *counts)


def test_who_comes_too_late_is_told_who_was_faster(run: Run, applied: str) -> None:
    run("decide", applied, "--as", "E1001", "审核结论=通过")
    refused(
        run("decide", applied, "--as", "E1002", "审核结论=驳回", "--step", "review-1"),
        "已由 E1001 于 2026-11-18 10:00 办理",
    )


def test_a_closed_case_takes_no_decision(run: Run, applied: str) -> None:
    run("decide", applied, "--as", "E1001", "审核结论=驳回", "原因=重复")
    refused(run("decide", applied, "--as", "E1001", "审核结论=通过"), "本单已结案")


# withdraw


def test_an_application_is_withdrawn_by_its_applicant(run: Run, applied: str) -> None:
    refused(run("withdraw", applied, "--as", "E1001", "--reason", "客户取消"), "只有申报人或客服主管可以撤回")
    result = run("withdraw", applied, "--as", "E1049", "--reason", "客户取消")
    assert result.exit_code == 0
    assert "已结案 closed: 已撤回 withdrawn · 客户取消" in result.stdout
    again = run("withdraw", applied, "--as", "E1040", "--reason", "重复撤回", "--json")
    assert again.exit_code == 1
    assert read(again)["ending"] == "withdrawn"
    assert "本单已结案" in read(again)["problems"][0]["text"]


# the house


def test_up_serves_this_installation(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from deployments.local import serve
    from deployments.settings import Settings
    from schemas.problems import UpError

    served: list[tuple[Path, bool]] = []

    def refuse(settings: Settings, samples: bool) -> None:
        served.append((settings.home, samples))
        raise UpError("端口 4200 不可用 / port 4200 is not free")

    monkeypatch.setattr(serve, "serve", refuse)
    refused(run("up", "--no-samples"), "✗ 端口 4200 不可用")
    refused(run("up"), "✗ 端口 4200 不可用")
    assert served == [(tmp_path / "home", False), (tmp_path / "home", True)]


def test_recover_tells_what_it_did(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from deployments.cli import house as cli_house
    from tasks.runs import watch as recover

    monkeypatch.setattr(cli_house, "is_healthy", lambda settings: True)
    monkeypatch.setattr(recover, "recover", lambda db: recover.RecoverReport(parked=3, created=2))
    assert "parked 3, created 2" in run("recover").stdout
    assert read(run("recover", "--json"))["created"] == 2


def test_recover_says_in_one_line_that_prefect_failed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from deployments.cli import house as cli_house
    from tasks.runs import watch as recover

    def fail(db: Engine) -> None:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(cli_house, "is_healthy", lambda settings: True)
    monkeypatch.setattr(recover, "recover", fail)
    refused(run("recover"), "Prefect 出错 Prefect failed: refused")


def test_recover_says_in_one_line_that_no_server_runs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSALES_PORT", str(free_port()))
    result = run("recover")
    refused(result, "Prefect 未运行")
    assert result.stderr.count("\n") == 1


def test_a_template_is_written_once_unless_forced(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "t.xlsx"
    assert run("sheet", "template", "applications", out).exit_code == 0
    assert "北京办事处" in [cell.value for cell in load_workbook(out)["选项"]["A"]]
    refused(run("sheet", "template", "applications", out), "--force")
    assert run("sheet", "template", "applications", out, "--force").exit_code == 0
    refused(run("sheet", "template", "orders", tmp_path / "o.xlsx"), "applications")
    refused(run("sheet", "template", "applications", tmp_path / "no" / "t.xlsx"), "无法写入")


def test_an_inbox_goes_out_as_a_workbook_and_comes_back_decided(run: Run, tmp_path: Path) -> None:
    run("apply", write(tmp_path, APPLICATION))
    out = tmp_path / "待办.xlsx"
    result = run("inbox", "--role", "配件审核员", "--xlsx", out)
    assert (result.exit_code, "配件审核员待办 inbox: 审核修正 1" in result.stdout) == (0, True)
    refused(run("inbox", "--role", "PARTS_REVIEWER", "--xlsx", out), "--force")
    refused(run("inbox", "--xlsx", tmp_path / "other.xlsx"), "角色 role")
    assert "未办，跳过" in run("sheet", "import", out).stdout
    book = load_workbook(out)
    sheet: Any = book["审核修正"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for heading, value in {"审核结论": "通过", "经办人工号": "E1001"}.items():
        sheet.cell(2, columns[heading]).value = value
    book.save(out)
    result = run("sheet", "import", out)
    assert (result.exit_code, f"✓ 审核修正: {NUMBER}" in result.stdout) == (0, True)
    assert [item["step"] for item in read(run("inbox", "--json"))] == ["plan-1"]
    assert read(run("sheet", "import", out, "--kind", "review", "--json"))["counts"] == {"unchanged": 2}


def test_an_empty_database_is_upgraded_and_filled_once(
    anywhere: Run, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTERSALES_DATABASE_URL", empty_database)
    refused(anywhere("inbox"), "aftersales db upgrade")
    assert "已载入基础数据" not in anywhere("db", "upgrade", "--no-reference").stdout
    assert "已载入基础数据" in anywhere("db", "upgrade").stdout
    assert "已载入基础数据" not in anywhere("db", "upgrade").stdout
    assert anywhere("inbox").stdout == "没有待办 nothing waits\n"


def test_the_holidays_of_a_new_year_are_loaded_once(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "2027.csv"
    file.write_text("day,working,name,source\n2027-01-01,0,元旦,通知\n2027-10-01,0,国庆节,通知\n", "utf-8")
    told = json.loads(run("calendar", "import", file, "--json").stdout)
    assert told == {"days": 2, "known_to": "2027-12-31"}
    refused(run("calendar", "import", file), "2027 年及以前已公布")
    refused(run("calendar", "import", tmp_path), "读不出来 cannot be read")


def test_channels_of_notices_are_loaded_or_their_errors_named(run: Run, tmp_path: Path) -> None:
    (file := tmp_path / "channels.csv").write_text("role,office,way,address\nSUPERVISOR,,wecom,DESK\n", "utf-8")
    assert "消息渠道 1 条" in run("db", "channels", file).stdout
    assert "试发 1 条" in run("db", "channels", file, "--try").stdout
    file.write_text("role,office,way,address\nBOSS,,wecom,DESK\n", "utf-8")
    refused(run("db", "channels", file), "role")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("AFTERSALES_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/x", "数据库不可用"),
        ("AFTERSALES_DATABASE_URL", "mysql://x/y", "PostgreSQL"),
        ("AFTERSALES_PORT", "many", "AFTERSALES_PORT"),
        ("AFTERSALES_HOME", "~nobody-at-all/x", "AFTERSALES_HOME is wrong: Value error, 没有这个用户"),
        ("AFTERSALES_SHEET_FOLDERS", "/srv/sheets", "JSON list"),
    ],
)
def test_a_wrong_installation_is_one_line(
    anywhere: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(name, value)
    result = anywhere("inbox")
    refused(result, expected)
    assert result.stderr.count("\n") == 1


def test_without_a_url_the_embedded_database_is_used(
    anywhere: Run, make_home: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AFTERSALES_DATABASE_URL", raising=False)
    monkeypatch.setenv("AFTERSALES_HOME", str(make_home()))
    monkeypatch.setenv("AFTERSALES_FSYNC", "0")
    assert anywhere("db", "upgrade").exit_code == 0
    assert anywhere("inbox").stdout == "没有待办 nothing waits\n"


def test_help_and_inbox_do_not_wait_for_prefect() -> None:
    code = "import sys, deployments.cli.app, deployments.cli.desk; print('prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def _role(name: str) -> Any:
    from schemas.words import Role

    return Role(name)


# look-ups


def test_a_customer_is_shown_whole_with_masked_contact_data(run: Run, applied: str) -> None:
    shown = run("customer", "SO20260318-0042").stdout
    for words in ("销售记录 Sales", "保修卡 Warranty cards", "三包 Warranty", "单据 Cases", NUMBER, "审核修正"):
        assert words in shown
    known = read(run("customer", "so20260318-0042", "--json"))
    phone = known["customer"]["phone"]
    assert ("****" in phone, phone[3:-4] in shown) == (True, True)
    assert [case["number"] for case in known["cases"]] == [NUMBER]
    assert {sale["order_no"] for sale in known["sales"]} == {"SO20260318-0042"}


def test_contact_data_in_full_says_who_wants_it_and_is_for_holders_alone(run: Run, applied: str) -> None:
    refused(run("customer", "SO20260318-0042", "--full"), "--as")
    refused(run("customer", "SO20260318-0042", "--full", "--as", "E1001"), "contact data in full")
    refused(run("customer", "SO20260318-0042", "--full", "--as", "E9999"), "没有这位在职员工")


def test_the_office_that_must_resubmit_sees_its_customers_phone(run: Run, applied: str) -> None:
    decided = run("decide", NUMBER, "--as", "E1001", "审核结论=退回办事处", "原因=数量不符")
    assert decided.exit_code == 0
    phone = read(run("customer", "SO20260318-0042", "--full", "--as", "E1049", "--json"))["customer"]["phone"]
    assert re.fullmatch(r"1\d{10}", phone)
    assert phone not in run("customer", "SO20260318-0042").stdout


def test_an_office_looks_up_its_own_alone(run: Run, applied: str) -> None:
    assert [case["number"] for case in read(run("find", "1", "--office", "北京办事处", "--json"))] == [NUMBER]
    assert read(run("find", "1", "--office", "TJ", "--json")) == []
    refused(run("customer", "SO20260318-0042", "--office", "TJ"), "没有这位客户")
    refused(run("customer", "SO20250106-0101", "--as", "E1049"), "没有这位客户")
    refused(run("find", "1", "--office", "火星"), "--office")


def test_a_store_looks_up_its_own_alone(run: Run, applied: str, db: Engine) -> None:
    with db.begin() as connection:
        connection.execute(text("UPDATE sales_record SET store = 'ZM002' WHERE order_no = 'SO20260318-0042'"))
    for words in (["find", "1"], ["find", NUMBER]):
        assert [case["number"] for case in read(run(*words, "--as", "ZM002", "--json"))] == [NUMBER]
        assert read(run(*words, "--as", "ZM001", "--json")) == []
    assert "****" in read(run("customer", "SO20260318-0042", "--as", "ZM002", "--json"))["customer"]["phone"]
    refused(run("customer", "SO20260318-0042", "--as", "ZM001"), "没有这位客户")
    refused(run("customer", "SO20260318-0042", "--as", "ZM002", "--full"), "没有这位在职员工")
    refused(run("find", "1", "--as", "ZM999"), "没有这位在职员工，也没有这个专卖店或经销商")


def test_a_case_is_found_with_where_it_stands(run: Run, applied: str) -> None:
    shown = run("find", "000001").stdout
    for words in (NUMBER, "北京办事处", "审核修正", "配件审核员"):
        assert words in shown
    assert "nothing was found" in run("find", "000002").stdout
    assert "nothing was found" in run("parts", "qqqqqqqq").stdout


def test_parts_are_looked_up_with_the_price_in_force_today(run: Run) -> None:
    assert "铰链(全盖110°)" in run("parts", "铰链").stdout
    assert read(run("parts", "P-HW-001", "--json"))[0]["price"] == "9.20"
