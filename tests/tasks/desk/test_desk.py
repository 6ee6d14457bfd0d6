"""What staff see: masks, names and tags of runs, the dialog's eight lines, pages, artifacts, look-ups."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from sqlalchemy import Engine, event, select

from schemas.forms.applications import OrderReceived
from schemas.forms.base import form_at
from schemas.parts import Cycle, LineQuantity, OrderProgress, PartsLine, PlannedLine, Registration
from schemas.problems import NotFound
from schemas.processes.parts_application import PartsEnding
from schemas.shapes import LineTable, Measure
from schemas.tables import service_case
from schemas.words import Channel, DocumentKind, FeeCategory, Reason, Role, Supply, Urgency
from tasks.desk.chain import Passage, chain, chain_diagram
from tasks.desk.dialog import DIALOG_LINES, DIALOG_WIDTH, gate_description
from tasks.desk.links import Links, RunForm
from tasks.desk.pages import case_sheet, inbox_page, start_page
from tasks.desk.queries import case_view, inbox, open_counts
from tasks.desk.reading import said
from tasks.desk.rules import JOINER, brief_line, cut, plain, run_name, run_tags, unbold, width
from tasks.desk.timeline import timeline_rows
from tasks.desk.views import CaseFacts, CaseView, DocumentView, Happening, ItemView, Waiting
from tasks.durable.stage import advance
from tasks.logistics.rules import FreightRuling
from tasks.lookups.queries import find_cases
from tasks.people.queries import offices
from tasks.privacy.rules import mask_address, mask_phone, mask_text
from tests import toy
from tests.flows.returns import bring_back
from tests.play import Play, cells, line

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
DUE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
RUN = UUID("65955a68-d56d-4d33-8439-860094f69bb9")
PHONE, ADDRESS = "13812341048", "天津市河西区晴川道144号望江轩7栋1单元2004室"
FORMS = "schemas.forms.applications:"


def make_case(**values: Any) -> CaseFacts:
    defaults: dict[str, Any] = {
        "id": 1,
        "number": "PA-2026-000123",
        "process": "PA",
        "title": "配件申报",
        "version": 1,
        "office": "BJ",
        "office_name": "北京办事处",
        "applicant": "E1049",
        "applicant_name": "常北辰",
        "channel": Channel.CLI,
        "customer_name": "钱雨桐",
        "customer_phone": PHONE,
        "customer_address": ADDRESS,
        "order_no": "SO20260318-0042",
        "model": "BD-201",
        "urgency": Urgency.NORMAL,
        "link": "审核修正",
        "step": "审核修正",
        "due_at": DUE,
        "ending": None,
        "ending_reason": "",
        "opened_at": NOW - timedelta(days=1),
        "closed_at": None,
        "fault": None,
        "seq": 3,
        "run_id": RUN,
        "run_item": "review-1",
        "run_seq": 3,
    }
    return CaseFacts(**defaults | values)


HEADINGS = ("行", "配件 Part", "数量 Qty", "预留 Held", "完成 Made", "入库 In", "出库 Out", "承诺 Promised")
NONE = Decimal(0)


def make_line(line_no: int = 1, made: Decimal = NONE, promised: str = "") -> tuple[Any, ...]:
    part = "**铰链(全盖110°)** 缓冲 镍色 · 质量问题 · 免费(三包) · 9.20 CNY"
    return line_no, part, Measure(Decimal("4.00"), "只"), NONE, made, NONE, NONE, promised


LINKS = {  # what the steps and questions of process 1 say
    "register-lines": "办事处申报",
    "review-1": "审核修正",
    "record-review-1": "审核修正",
    "place-order": "录入系统",
    "order-number": "录入系统",
    "reserve-stock-1": "周期确认",
    "find-cycle-1": "周期确认",
    "plan-1": "计划确认",
    "confirm-plan-1": "计划确认",
    "produce-1-panel-2": "车间生产",
    "record-production-1-1": "车间生产",
    "goods-in-1-1": "出货入库",
    "goods-out-1-1": "出库",
    "anomaly-pickup-1-1": "催提",
}


def make_item(key: str = "review-1", **values: Any) -> ItemView:
    defaults: dict[str, Any] = {
        "case_id": 123,
        "number": "PA-2026-000123",
        "office_name": "北京办事处",
        "customer_name": "王女士",
        "customer_phone": PHONE,
        "customer_address": ADDRESS,
        "order_no": "SO20260318-0042",
        "urgency": Urgency.NORMAL,
        "key": key,
        "title": "审核修正",
        "link": LINKS.get(key, "审核修正"),
        "role": Role.PARTS_REVIEWER,
        "also": None,
        "office": None,
        "unit_name": None,
        "form": f"{FORMS}ReviewDecision",
        "brief": ["1. 铰链 × 4 @ 9.20 · 质量问题"],
        "prefill": {},
        "refusals": 0,
        "refused_because": "",
        "due_at": DUE,
        "overdue": values.get("due_at", DUE) < NOW,
        "run_id": RUN,
    }
    return ItemView(**defaults | values)


def happened(key: str, kind: str = "step", **values: Any) -> Happening:
    defaults: dict[str, Any] = {
        "at": NOW,
        "key": key,
        "kind": kind,
        "title": key,
        "link": LINKS.get(key),
        "output": None,
        "actor": "SYSTEM",
        "actor_name": None,
        "channel": Channel.PREFECT,
        "form": None,
    }
    return Happening(**defaults | values)


def make_view(*items: ItemView, timeline: tuple[Happening, ...] = (), **values: Any) -> CaseView:
    more = {name: values.pop(name) for name in ("lines", "documents", "related", "now") if name in values}
    lines = LineTable(HEADINGS, [make_line()])
    defaults: dict[str, Any] = {"lines": lines, "documents": [], "related": [], "now": NOW}
    return CaseView(case=make_case(**values), items=items, timeline=timeline, **defaults | more)


def make_document(number: str, kind: DocumentKind, **values: Any) -> DocumentView:
    defaults: dict[str, Any] = {
        "number": number,
        "kind": kind,
        "step_key": "release-goods-1",
        "issued_at": NOW,
        "reverses": None,
        "carrier": None,
        "tracking": None,
    }
    return DocumentView(**defaults | values)


# privacy


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        (PHONE, "138****1048"),
        ("+86 138 1234 1048", "138****1048"),
        ("010-88881001", "010****1001"),
        ("12345", "***"),
        ("", ""),
    ],
)
def test_a_phone_shows_its_ends_only(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("address", "masked"), [(ADDRESS, "天津市河西区***"), ("松涛里9栋", "松涛***"), ("津", "***"), ("", "")]
)
def test_an_address_shows_its_beginning_only(address: str, masked: str) -> None:
    assert mask_address(address) == masked


def test_contact_data_in_free_text_is_masked_and_codes_are_not() -> None:
    text = f"客户 {PHONE}，{ADDRESS}，邻居 13911112222，订单 SO20260318-0042 2026031813911112222"
    masked = "客户 138****1048，天津市河西区***，邻居 139****2222，订单 SO20260318-0042 2026031813911112222"
    assert mask_text(text, make_case()) == masked


def test_a_view_that_lands_in_a_log_tells_no_contact_data() -> None:
    view = make_view(timeline=(happened("resubmit-1", "decision", output={"remark": PHONE}),))
    assert PHONE not in repr(view)
    assert ADDRESS not in repr(view)


def test_pages_and_timeline_show_no_contact_data() -> None:
    text = f"电话 {PHONE} 地址 {ADDRESS}"
    line = {"part": "铰链", "quantity": "1", "reason": "quality"}
    given = {"staff": "E1049", "lines": [line], "remark": text}
    note = happened("resubmit-1", "decision", output=given, form=f"{FORMS}PartsResubmission")
    typed = LineTable(("配件 Part",), [(text,)], [("承诺 Promised", text)])
    told = {"fault": text, "ending_reason": text, "customer_name": f"王女士{PHONE}"}
    view = make_view(make_item(brief=[text], refused_because=text), timeline=(note,), lines=typed, **told)
    shown = [case_sheet(view), run_name(view), *run_tags(view), *(row.what for row in timeline_rows(view))]
    shown.append(inbox_page(Role.PARTS_REVIEWER, [make_item(brief=[text])], Links()))
    shown.append(gate_description(view, view.items[0]))
    assert not any(PHONE in one or ADDRESS in one for one in shown)
    assert "138****1048" in timeline_rows(view)[0].what


# names and tags of runs


def test_a_run_is_named_by_case_office_and_its_item() -> None:
    other = make_item("x", title="车间生产", unit_name="油漆车间")
    view = make_view(make_item(), other)
    assert run_name(view) == "PA-2026-000123 · 北京办事处 · 审核修正"
    assert run_name(view, other) == "PA-2026-000123 · 北京办事处 · 车间生产 油漆车间"


def test_a_closed_run_is_named_by_its_ending() -> None:
    closed = make_view(ending=PartsEnding.REJECTED, closed_at=NOW)
    assert run_name(closed) == "PA-2026-000123 · 北京办事处 · 已驳回"


def test_tags_tell_process_office_and_the_roles_that_may_answer_its_item() -> None:
    other = make_item("b", role=Role.PLANNER, also=Role.WORKSHOP, due_at=NOW - timedelta(hours=1))
    view = make_view(make_item(), other)
    assert run_tags(view) == ["配件申报", "办事处:北京办事处", "待办:配件审核员", "待办:配件审核员@北京办事处"]
    assert run_tags(view, other)[2:] == [
        "待办:计划员",
        "待办:计划员@北京办事处",
        "待办:售后车间",
        "待办:售后车间@北京办事处",
        "逾期",
    ]


def test_tags_tell_overdue_and_urgent_and_have_no_commas() -> None:
    view = make_view(make_item(due_at=NOW - timedelta(hours=1)), urgency=Urgency.URGENT, office_name="甲,乙")
    assert run_tags(view)[-2:] == ["逾期", "加急"]
    assert not any("," in tag for tag in run_tags(view))


def test_tags_of_a_closed_case_tell_its_ending_and_nobody_waits() -> None:
    closed = make_view(ending=PartsEnding.DELIVERED, closed_at=NOW)
    assert run_tags(closed) == ["配件申报", "办事处:北京办事处", "已结案", "已交付"]


# the resume dialog


def rows_of(description: str) -> int:
    """Count the lines that a dialog of our width needs before anybody unfolds the rest."""
    above = description.split("\n\n<details>")[0].splitlines()
    return sum(-(-width(text.rstrip().replace("\\", "")) // DIALOG_WIDTH) for text in above) + 1


def test_the_dialog_says_case_office_urgency_due_and_links_to_the_sheet() -> None:
    text = gate_description(make_view(make_item(), urgency=Urgency.URGENT), make_item())
    assert text.splitlines()[:3] == [
        "**PA-2026-000123** 北京办事处 · 加急 · 到期 due 11-23 17:30  ",
        "1\\. 铰链 × 4 @ 9.20 · 质量问题  ",
        "[案件全貌 case sheet](/v2/artifacts/key/case-pa-2026-000123)",
    ]


def test_the_dialog_marks_what_is_late() -> None:
    late = make_item(due_at=NOW - timedelta(hours=1))
    assert "🔴 逾期 overdue 11-23 09:00" in gate_description(make_view(late), late)


def test_the_dialog_says_why_the_last_answer_was_refused() -> None:
    item = make_item(refusals=1, refused_because="原因 reason: “” — 必填 is required\n行号 line: “9” — 重复")
    shown, folded = gate_description(make_view(item), item).split("<details>")
    assert "⚠ 原因 reason: “” — 必填 is required（共 2 项 in all）" in shown
    assert "行号 line: “9” — 重复" in folded


@pytest.mark.parametrize("lines", [0, 1, 4, 5, 6, 30])
@pytest.mark.parametrize("refused", ["", "经办人工号 staff: “E1049” — " + "没有权限" * 40])
@pytest.mark.parametrize("text", ["{}. 铰链 × 4", "{}. " + "很长的说明" * 60, "{}. 一\n二\n\n# 三"])
def test_the_dialog_never_needs_more_than_eight_lines(lines: int, refused: str, text: str) -> None:
    item = make_item(brief=[text.format(n) for n in range(lines)], refused_because=refused)
    description = gate_description(make_view(item), item)
    assert rows_of(description) <= DIALOG_LINES
    folded = description.split("<details>")[1]
    assert folded.count("\n- ") == 4 + lines + bool(refused)


@pytest.mark.parametrize("role", [Role.OFFICE, Role.WAREHOUSE, Role.LOGISTICS, Role.AGENT])
def test_who_must_reach_the_customer_finds_the_contact_folded_away(role: Role) -> None:
    item = make_item(role=role)
    shown, folded = gate_description(make_view(item), item).split("<details>")
    assert PHONE not in shown
    assert f"钱雨桐 · {PHONE} · {ADDRESS}" in folded


@pytest.mark.parametrize("role", [Role.PARTS_REVIEWER, Role.PLANNER, Role.WORKSHOP, Role.SUPERVISOR])
def test_nobody_else_sees_the_contact(role: Role) -> None:
    item = make_item(role=role)
    text = gate_description(make_view(item), item)
    assert PHONE not in text
    assert "138\\*\\*\\*\\*1048 · 天津市河西区" in text


# markdown


def test_what_people_typed_is_no_markdown() -> None:
    assert plain("a|b *c* <i> [d](e)\n# f") == "a\\|b \\*c\\* &lt;i> \\[d\\](e) \\# f"
    assert plain("很长" * 200).endswith("很…")


OUTSIDE = ["http://evil.example/x", "HTTPS://evil.example", "ftp://evil.example", "www.evil.example", "a@evil.example"]


@pytest.mark.parametrize("typed", [*OUTSIDE, "![](http://evil.example/x.png)", "<https://evil.example>"])
@pytest.mark.parametrize("escaped", [plain, brief_line])
def test_what_people_typed_is_no_link_and_no_image_even_where_a_reader_makes_links_by_itself(
    escaped: Callable[[str], str], typed: str
) -> None:
    shown = escaped(f"见 {typed}")
    assert not re.search(r"\w+://|www\.\w|@\w|[^\\]\[|[^\\]\]|<", shown)
    assert shown.replace(JOINER, "").replace("\\", "").replace("&lt;", "<") == f"见 {typed}"


def test_what_is_no_address_stays_as_it_is() -> None:
    assert plain("待办:审核@华北 12:30 https wwwx") == "待办:审核@华北 12:30 https wwwx"


def test_a_masked_number_stays_masked_however_it_is_cut() -> None:
    assert cut("客户 139****2222 来电，**急**要", 20) == "客户 139****2222 …"
    assert width("139****2222") == 11
    assert brief_line("**急** 139****2222") == "**急** 139\\*\\*\\*\\*2222"
    assert unbold("**急** 139****2222 ***") == "急 139****2222 ***"


def test_a_brief_keeps_its_bold_and_nothing_else() -> None:
    assert brief_line("1. **缺** 600*400*20 <b>") == "1\\. **缺** 600\\*400\\*20 &lt;b>"
    assert brief_line("**半") == "\\*\\*半"
    assert brief_line("- x") == "\\- x"


# the chain


def states(view: CaseView) -> dict[str, Passage]:
    return dict(chain(view))


REVIEWED = ("register-lines", "review-1", "record-review-1", "place-order")
PLANNED = (*REVIEWED, "order-number", "reserve-stock-1", "find-cycle-1", "plan-1", "confirm-plan-1")


def past(*keys: str) -> tuple[Happening, ...]:
    return tuple(happened(key, "decision" if key in {"review-1", "plan-1"} else "step") for key in keys)


def test_the_chain_has_the_eleven_arrows_of_the_source() -> None:
    titles = "办事处申报 审核修正 录入系统 周期确认 计划确认 车间生产 出货入库 入库制票 出库 出库制票 催提"
    assert list(states(make_view())) == titles.split()


def test_a_case_in_review_has_applied_and_waits_there() -> None:
    found = states(make_view(make_item(), timeline=past("register-lines")))
    assert [*found.values()] == [Passage.DONE, Passage.CURRENT, *[Passage.PENDING] * 9]


def test_two_steps_may_be_current() -> None:
    making = make_item("produce-1-panel-2"), make_item("goods-in-1-1")
    found = states(make_view(*making, timeline=past(*PLANNED, "record-production-1-1")))
    assert [title for title, passage in found.items() if passage == Passage.CURRENT] == ["车间生产", "出货入库"]


def test_what_stock_made_needless_is_skipped() -> None:
    sent = past(*REVIEWED, "order-number", "reserve-stock-1")
    found = states(make_view(make_item("goods-out-1-1"), timeline=sent))
    skipped = [title for title, passage in found.items() if passage == Passage.SKIPPED]
    assert skipped == ["计划确认", "车间生产", "出货入库", "入库制票"]
    assert (found["周期确认"], found["出库"]) == (Passage.DONE, Passage.CURRENT)


def test_links_come_again_when_a_case_went_back() -> None:
    back = make_item("resubmit-1", title="办事处重报", link="办事处申报")
    found = states(make_view(back, timeline=past("register-lines", "review-1")))
    assert [*found.values()] == [Passage.CURRENT, *[Passage.PENDING] * 10]


def test_an_anomaly_at_pickup_belongs_to_pickup() -> None:
    found = states(make_view(make_item("anomaly-pickup-1-1"), timeline=past(*PLANNED)))
    assert (found["催提"], found["车间生产"]) == (Passage.CURRENT, Passage.SKIPPED)


def test_a_refused_case_shows_where_it_ended() -> None:
    closed = {"ending": PartsEnding.REJECTED, "closed_at": NOW}
    found = states(make_view(timeline=past("register-lines", "review-1", "close"), **closed))
    assert [*found.values()] == [Passage.DONE, Passage.ENDED, *[Passage.PENDING] * 9]


def test_a_case_between_two_steps_is_shown_at_the_next_one() -> None:
    assert states(make_view(timeline=past(*REVIEWED)))["周期确认"] == Passage.CURRENT


def test_the_diagram_colours_each_step() -> None:
    drawn = chain_diagram(make_view(make_item(), timeline=past("register-lines"))).splitlines()
    assert 'n0["✓ 办事处申报"]:::done' in drawn
    assert 'n1["▶ 审核修正"]:::current' in drawn
    assert 'n10["催提"]:::pending' in drawn
    assert {f"n{n} --> n{n + 1}" for n in (0, 1, 2, 4, 5, 6, 8, 9)} <= set(drawn)
    assert {line.split()[1] for line in drawn if line.startswith("classDef")} >= set(Passage)


# pages


def test_the_sheet_shows_lines_next_steps_and_promise() -> None:
    rows = [make_line(promised="2026-11-23", made=Decimal("3.50"))]
    lines = LineTable(HEADINGS, rows, [("承诺 Promised", "2026-11-23")])
    sheet = case_sheet(make_view(make_item(), lines=lines))
    assert "| 承诺 Promised | 2026-11-23 |" in sheet
    assert "|--:|---|--:|--:|--:|--:|--:|---|" in sheet.replace(" ", "")
    assert "| 1 | **铰链(全盖110°)** 缓冲 镍色 · 质量问题" in sheet
    assert "| 4 只 |  | 3.5 |  |  | 2026-11-23 |" in sheet
    assert "- 承诺 Promised: 2026-11-23" in gate_description(make_view(make_item(), lines=lines), make_item())
    assert f"- **审核修正** — 配件审核员，到期 due 11-23 17:30 · [去办理 open](/v2/runs/flow-run/{RUN})" in sheet
    assert "```mermaid\nflowchart TB\n" in sheet


def test_red_slips_stand_out_and_name_what_they_reverse() -> None:
    slip = make_document("CK-2026-000002", DocumentKind.OUTBOUND_SLIP)
    red = make_document(
        "CK-2026-000003", DocumentKind.OUTBOUND_SLIP, step_key="undo-release-goods-1", reverses=slip.number
    )
    note = make_document("FH-2026-000001", DocumentKind.DISPATCH_NOTE, carrier="德邦", tracking="DB1")
    undone = happened("undo-release-goods-1", "undo", title="红字冲销", output=str(uuid4()))
    view = make_view(documents=[slip, note, red], timeline=(undone,))
    sheet = case_sheet(view)
    assert "| CK-2026-000002 | 出库单 | 2026-11-23 10:00 |  |" in sheet
    assert "| FH-2026-000001 | 发货单 | 2026-11-23 10:00 | 德邦 DB1 |" in sheet
    assert "**出库单（红字）** reversal | 2026-11-23 10:00 | 冲销 reverses CK-2026-000002 |" in sheet
    assert timeline_rows(view)[0][2:4] == ("撤销 undo：红字冲销", "出库单（红字） CK-2026-000003")


def test_a_table_survives_what_people_type() -> None:
    rude = happened(
        "review-1",
        "decision",
        form=f"{FORMS}ReviewDecision",
        output={"staff": "E1001", "verdict": "reject", "reason": "a|b\n\n# c"},
    )
    sheet = case_sheet(make_view(timeline=(rude,), customer_name="<script>|"))
    assert "驳回 · 原因 a\\|b \\# c |" in sheet
    assert "| 客户 Customer | &lt;script>\\| ·" in sheet


def test_a_long_case_stays_readable() -> None:
    sheet = case_sheet(make_view(lines=LineTable(HEADINGS, [make_line(n) for n in range(1, 201)])))
    assert "… 共 200 行 lines in all" in sheet
    assert sheet.count("**铰链") == 60


def test_an_open_case_can_be_withdrawn_from_its_sheet() -> None:
    links = Links(forms={"撤回申报": RunForm(RUN, "撤回单", "单号"), "表格导入": RunForm(RUN, "导入单")})
    sheet = case_sheet(make_view(make_item()), links)
    assert "[撤回申报](/v2/deployments/deployment/" in sheet
    assert "表格导入" not in sheet
    closed = make_view(ending=PartsEnding.DELIVERED, closed_at=NOW)
    assert "撤回申报" not in case_sheet(closed, links)


def test_a_case_that_nobody_may_take_back_is_not_offered_for_it() -> None:
    import flows.cycle_control  # noqa: F401  registers process CY

    links = Links(forms={"撤回申报": RunForm(RUN, "撤回单", "单号")})
    assert "撤回申报" not in case_sheet(make_view(make_item(), process="CY"), links)


def test_an_inbox_is_sorted_by_due_time_and_marks_what_is_late() -> None:
    late = make_item(number="PA-2026-000009", due_at=NOW - timedelta(days=1), urgency=Urgency.URGENT)
    page = inbox_page(Role.PARTS_REVIEWER, [make_item(refusals=2), late], Links())
    first, second = [row for row in page.splitlines() if "[PA-" in row]
    assert first.startswith("| 🔴 **11-22 10:00** | [PA-2026-000009](/v2/artifacts/key/case-pa-2026-000009)")
    assert "**加急** 审核修正" in first
    assert f"[去办理 open](/v2/runs/flow-run/{RUN})" in second
    assert "已退回 2 次" in second
    assert "🔴 逾期 overdue **1**" in page


def test_an_inbox_links_what_has_a_run_and_shows_what_has_none_yet() -> None:
    rows = [make_item(), make_item(number="PA-2026-000124", run_id=None)]
    page = inbox_page(Role.PARTS_REVIEWER, rows, Links(), total=950)
    assert f"[去办理 open](/v2/runs/flow-run/{RUN}) |" in page
    assert "| 审核修正 | 1\\. 铰链 × 4 @ 9.20 · 质量问题 |" in page
    assert "共 950 项" in page


def test_an_inbox_shows_messages_that_could_not_be_sent_with_phones_masked() -> None:
    one = {"id": 7, "number": "PA-2026-000123", "destination": "order", "address": "", "kind": "place_order"}
    two = {"id": 8, "number": None, "destination": "sms", "address": "13800001048", "kind": "send_text"}
    more = {"attempts": 10, "last_error": "HTTP 500 | 13800001048 晴川道144号"}
    more |= {"customer_phone": "", "customer_address": "晴川道144号"}
    links = Links(forms={"外发失败处理": RunForm(RUN, "处理单")})
    page = inbox_page(Role.SUPERVISOR, [], links, dead=[SimpleNamespace(**row, **more) for row in (one, two)])
    assert "| 7 | [PA-2026-000123](/v2/artifacts/key/case-pa-2026-000123) | order  place\\_order | 10 |" in page
    assert "sms 138\\*\\*\\*\\*1048" in page
    assert "13800001048" not in page
    assert "晴川道144号" not in page
    assert f"/deployments/deployment/{RUN}/run" in page
    assert "Messages that could not be sent" not in inbox_page(Role.SUPERVISOR, [], links)


def test_an_empty_inbox_says_so() -> None:
    assert "没有待办 nothing waits" in inbox_page(Role.FINANCE, [], Links())


def withdraw() -> None:
    """撤回申报 Take an application back."""


def test_the_start_page_links_worklists_inboxes_and_prefilled_forms() -> None:
    links = Links(
        artifacts={"inbox-planner": RUN},
        forms={"配件申报": RunForm(RUN, "申报单"), "撤回申报": RunForm(RUN, "撤回单", "单号")},
    )
    jobs = {"撤回申报": withdraw, "表格导入": withdraw}
    page = start_page({Role.PLANNER: Waiting(3, 1)}, links, [("BJ", "北京办事处")], jobs)
    begun = [line.partition("](")[0] for line in page.splitlines() if line.startswith("- [**")]
    assert begun == ["- [**配件申报**", "- [**撤回申报**"]
    assert ") Supply the parts that an office applied for, from review to pickup." in page
    apart = start_page({}, links, [], jobs, by_itself={"撤回申报"})
    assert [line for line in apart.splitlines() if line.startswith("- [**")] == [page.splitlines()[2]]
    assert "\n[撤回申报](" in apart.partition("### 定时任务")[2]
    assert ") Take an application back." in page
    assert f"| [**计划员**](/v2/artifacts/artifact/{RUN}) planner | 3 | 🔴 1 |" in page
    assert "(/v2/artifacts/key/inbox-finance)" in page
    assert "(/v2/runs?state=Suspended&tags=%E5%BE%85%E5%8A%9E%3A%E8%AE%A1%E5%88%92%E5%91%98)" in page
    prefilled = "%7B%22%E7%94%B3%E6%8A%A5%E5%8D%95%22%3A%20%7B%22%E5%8A%9E%E4%BA%8B%E5%A4%84%22%3A%20%22"
    assert f"(/v2/deployments/deployment/{RUN}/run?parameters={prefilled}" in page


# readings


def planned(**values: Any) -> PlannedLine:
    made = {"supply": Supply.WORKSHOP, "unit": "PANEL", "days": 7, "promised": "2026-12-01", "planned": "2026-11-30"}
    made |= {"since": "2026-11-20"}
    looks = {"specification": "大", "colour": "白", "uom": "块", "price": "8.5"}
    return PlannedLine(**{"line_no": 1, "part": "P-1", "name": "门板", "quantity": "3.00"} | looks | made | values)


PART = PartsLine(
    line_no=2, part="P-1", name="门板", category="板", uom="块", specification="大", colour="白", quantity="3", price="8.5",
    reason=Reason.MISSING, unit="PANEL", fee=FeeCategory.FREE, warranty=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("output", "read"),
    [
        (None, ""),
        (True, ""),
        ([], ""),
        (FeeCategory.FREE, "免费(三包)"),
        (Role.PLANNER, "计划员"),
        (NOW.date(), "2026-11-23"),
        (RUN, ""),
        ("PA-2026-000123:place-order", ""),
        ([1, 3], "第1、3行"),
        ([LineQuantity(line_no=1, quantity="2.00")], "第1行 ×2"),
        ([LineQuantity(line_no=n, quantity=1) for n in range(1, 6)], "第1行 ×1；第2行 ×1；第3行 ×1；… 共 5 行"),
        (FreightRuling(role=Role.SUPERVISOR, reason="超出参考价"), "客服主管 · 原因 超出参考价"),
        (FreightRuling(role=None, reason="免批"), "原因 免批"),
        (OrderReceived(order_number="OS-1"), "系统单号 OS-1"),
        ([PART], "第2行 门板 ×3 @8.50 缺件 免费(三包)"),
        (Registration(lines=[PART], reviewer="PARTS_REVIEWER"), "第2行 门板 ×3 @8.50 缺件 免费(三包)"),
        ([Cycle(line_no=1, quantity="3", days=7, supply="workshop")], "第1行 ×3 周期天数 7"),
        ([planned()], "第1行 门板 ×3 本厂生产 PANEL 周期天数 7 承诺 2026-12-01 计划日期 2026-11-30"),
        ([OrderProgress(line_no=1, quantity="3", made="2.5", scrapped="0")], "第1行 ×3 完成数量 2.5"),
    ],
)
def test_what_a_step_returned_reads_well(output: Any, read: str) -> None:
    assert said(output) == read


@pytest.mark.parametrize(
    ("form", "given", "read"),
    [
        (
            "applications:ReviewDecision",
            {"verdict": "approve", "lines": [{"line_no": 1, "part": "铰链", "quantity": "4.00", "price": "9.2"}]},
            "通过 · 第1行 铰链 ×4 @9.20",
        ),
        (
            "production:PlanDecision",
            {"lines": [{"line_no": 1, "supply": "workshop", "unit": "PANEL", "planned": "2026-11-30"}]},
            "第1行 本厂生产 PANEL 计划日期 2026-11-30",
        ),
        (
            "production:ProductionReport",
            {"lines": [{"line_no": 2, "made": "0", "anomaly": "缺料"}]},
            "第2行 完成数量 0 异常说明 缺料",
        ),
        (
            "logistics:GoodsOut",
            {"method": "express", "carrier": "德邦", "freight": "1200", "packages": 2},
            "快递 · 承运商 德邦 · 运费 1,200.00 · 件数 2",
        ),
    ],
)
def test_what_was_filled_in_reads_well(form: str, given: dict[str, Any], read: str) -> None:
    filled = form_at(f"schemas.forms.{form}").model_validate({"staff": "E1001"} | given)
    assert said(filled) == read


def test_who_decided_what_reads_well() -> None:
    given = {"staff": "E1001", "verdict": "approve", "lines": [], "reason": ""}
    reviewer = {"actor": "E1001", "actor_name": "苏静怡", "form": f"{FORMS}ReviewDecision"}
    applicant = {"actor": "E1049", "actor_name": "常北辰"}
    timeline = (
        happened("review-1", "decision", title="审核修正", output=given, **reviewer),
        happened("review-2", "refused", title="审核修正", actor="x" * 90, output="没有权限", channel=Channel.CLI),
        happened("pickup-1", "notice", title="pickup-2:OFFICE", actor="OFFICE", output="PA-2026-000123 催提 · 请提货"),
        happened("pickup-1", "withdrawn", title="催提", output={"reason": "错"}, **applicant),
        happened("gone-1", "decision", output={"note": "旧表单"}, form="schemas.forms.gone:Gone"),
    )
    rows = timeline_rows(make_view(timeline=timeline))
    assert rows[0][:5] == ("2026-11-23 10:00", "苏静怡 E1001", "审核修正", "通过", "Prefect 界面")
    assert rows[1][1:5] == ("x" * 18 + "…", "审核修正：未通过 refused", "没有权限", "命令行")
    assert rows[2][1:4] == ("系统", "催提 → 办事处售后", "催提 · 请提货")
    assert rows[3][1:4] == ("常北辰 E1049", "催提：撤回 withdrawn", "错")
    assert (rows[4].title, rows[4].what) == ("gone-1", "")  # the code has no such form any more


# queries


@contextmanager
def statements(db: Engine) -> Iterator[list[str]]:
    """The statements that are run meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(db, "before_cursor_execute", note)
    yield seen
    event.remove(db, "before_cursor_execute", note)


@pytest.fixture
def play(db: Engine) -> Iterator[Play]:
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=True):
        yield Play(db)


def view_of(play: Play, case: int) -> CaseView:
    with play.db.connect() as connection:
        return case_view(connection, case)


def test_a_case_is_seen_with_names_items_and_who_did_what(play: Play) -> None:
    case = play.apply(2, urgency="加急")
    play.refused(case, "review-1", staff="E1049")
    view = view_of(play, case)
    assert (view.case.title, view.case.office_name, view.case.applicant_name) == ("配件申报", "北京办事处", "常北辰")
    assert (view.case.urgency, view.case.link) == (Urgency.URGENT, "审核修正")
    assert {item.key: (item.role, item.refusals) for item in view.items} == {
        "review-1": (Role.PARTS_REVIEWER, 1),
        "release-early": (Role.SUPERVISOR, 0),  # urgent: goods on stock may go first
    }
    assert [document.number for document in view.documents] == ["SQ-2026-000001"]
    rows = timeline_rows(view)
    assert (rows[0].who, rows[0].title) == ("常北辰 E1049", "办事处申报")
    assert rows[0].what.endswith("缺件 免费(三包) · 配件申报单 SQ-2026-000001")
    assert (rows[-1].who, rows[-1].title) == ("常北辰 E1049", "审核修正：未通过 refused")


def moved(view: CaseView) -> list[tuple[Any, ...]]:
    """How many of each line are held, made, came in and went out."""
    return [row[3:7] for row in view.lines.rows]


def test_quantities_follow_a_line_from_reservation_to_delivery_and_back(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4), line("P-PB-001", 3)])
    play.run_to(case, "goods-in-1-1")
    assert moved(view_of(play, case)) == [(4, 0, 0, 0), (0, 3, 0, 0)]
    play.decide(case, "goods-in-1-1", 明细=cells("实收数量", {2: 2}, 差异原因="少一块"))
    held, _, received, sent = moved(view_of(play, case))[1]
    assert (held, received, sent) == (2, 2, 0)
    play.run_to(case, "pickup-1")
    view = view_of(play, case)
    assert [sent for *_, sent in moved(view)] == [4, 2]
    assert [name for name, _ in view.lines.facts] == ["承诺 Promised", "金额 Total", "三包 Warranty"]
    assert [d.carrier for d in view.documents if d.kind == DocumentKind.DISPATCH_NOTE] == ["集团自有车队"]
    play.withdraw(case, play.holders(Role.SUPERVISOR)[0])
    view = view_of(play, case)
    assert [sent for *_, sent in moved(view)] == [0, 0]
    [red] = [document for document in view.documents if document.red]
    assert red.reverses in {document.number for document in view.documents}
    assert states(view)["催提"] == Passage.ENDED
    assert view.case.ending is PartsEnding.WITHDRAWN


def test_a_delivered_case_has_passed_every_arrow(play: Play) -> None:
    case = play.apply(3)
    assert play.finish(case) == "delivered"
    assert set(states(view_of(play, case)).values()) == {Passage.DONE}


def test_every_gate_of_the_process_stands_on_the_chain(play: Play) -> None:
    case = play.apply(2, urgency="加急")
    while play.state(case) != "closed":
        view = view_of(play, case)
        assert Passage.CURRENT in states(view).values(), view.items[0].key
        assert rows_of(gate_description(view, view.items[0])) <= DIALOG_LINES
        case_sheet(view)
        play.decide(case, play.next_key(case))


def test_a_case_is_seen_with_as_many_statements_however_long_it_is(play: Play) -> None:
    short, made, long = play.apply(1), play.apply([line("P-PB-001", 5)]), play.apply(4)
    for case in (made, long):
        play.finish(case)
    taken = []
    for case in (short, made, long):
        with play.db.connect() as connection, statements(play.db) as seen:
            case_view(connection, case)
        taken.append(len(seen))
    assert taken == [7, 8, 8], "one more for the stamp of the calendar by which clocks are counted, which is kept"


def test_a_case_that_is_not_there_is_not_found(db: Engine) -> None:
    with db.connect() as connection, pytest.raises(NotFound, match="no case with id 9"):
        case_view(connection, 9)


def test_what_may_be_filled_in_at_any_time_stands_by_its_case_and_waits_for_nobody(play: Play) -> None:
    """意愿更改 of a return: seen on the case, answered by its run or sheet, in no list of tasks."""
    view = view_of(play, bring_back(play))
    with play.db.connect() as connection:
        listed, counts = inbox(connection, None, most=9), open_counts(connection)
        by_sheet = inbox(connection, Role.AGENT)
    assert ([row.key for row in listed], counts) == (["review-1"], {Role.AGENT: Waiting(1, 0)})
    assert [row.key for row in by_sheet] == [item.key for item in view.items] == ["review-1", "news-1"]
    tags = [run_tags(view, item) for item in view.items]
    assert ["待办:客服专员" in of for of in tags] == [True, False]


def test_an_inbox_lists_what_waits_first_due_first(play: Play) -> None:
    first, second = play.apply(1), play.apply(1, office="SH")
    making = play.apply([line("P-PB-001", 3), line("P-PT-001", 1)])
    play.run_to(making, "produce-1-panel-1")
    later = view_of(play, first).now + timedelta(days=60)
    with play.db.connect() as connection:
        rows = inbox(connection, Role.PARTS_REVIEWER)
        capped = inbox(connection, None, most=1)
        counts = open_counts(connection)
        with time_machine.travel(later):
            everybody = inbox(connection, None)
    assert [(row.number, row.office_name, row.overdue) for row in rows] == [
        (view_of(play, first).case.number, "北京办事处", False),
        (view_of(play, second).case.number, "上海办事处", False),
    ]
    assert [row.role for row in everybody] == [Role.PARTS_REVIEWER] * 2 + [Role.WORKSHOP] * 2
    assert [row.run_id for row in everybody] == [None] * 4  # nobody made runs here
    assert all(row.overdue for row in everybody)
    assert [row.role for row in capped] == [Role.PARTS_REVIEWER, Role.WORKSHOP]
    assert counts == {Role.PARTS_REVIEWER: Waiting(2, 0), Role.WORKSHOP: Waiting(2, 0)}


def test_what_is_late_is_counted(play: Play) -> None:
    play.apply(1)
    with time_machine.travel("2026-12-30T10:00:00+08:00"), play.db.connect() as connection:
        assert open_counts(connection) == {Role.PARTS_REVIEWER: Waiting(1, 1)}


def test_a_case_is_found_by_number_order_and_phone(play: Play) -> None:
    case = play.apply(2)
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1", 运单号="YD-7")
    row = play.case(case)
    for text in (row.number.lower(), f" {row.order_no} ", row.customer_phone):
        with play.db.connect() as connection:
            [found] = find_cases(connection, text)
        assert found.number == row.number
    view = view_of(play, case)
    assert (view.case.link, {note.tracking for note in view.documents} - {None}) == ("催提", {"YD-7"})
    assert [name for name, _ in view.lines.facts] == ["承诺 Promised", "金额 Total", "三包 Warranty"]
    assert all(line["out_on"] for line in view.lines.records)
    assert row.customer_phone not in case_sheet(view)


def test_nothing_is_found_by_nothing(play: Play) -> None:
    play.apply(1)
    with play.db.connect() as connection:
        assert find_cases(connection, "  ") == []
        assert find_cases(connection, "PA-1999-000001") == []


def test_an_office_is_known_by_its_code_and_by_its_name(db: Engine) -> None:
    with db.connect() as connection:
        known = offices(connection)
    assert known["BJ"] is known["北京办事处"]


# a process that the desk knows nothing of


@pytest.fixture
def toys() -> Iterator[None]:
    with toy.registered():
        yield


def test_a_toy_is_shown_by_its_own_words(play: Play, toys: None) -> None:
    case = toy.opened(play.db)
    view = view_of(play, case)
    sheet = case_sheet(view)
    assert [*states(view).items()] == [("提出", Passage.DONE), ("核对", Passage.CURRENT), ("完成", Passage.PENDING)]
    assert "| 行 | 愿望 Wish |\n| --: | --- |\n| 1 | 木马 |\n| 2 | — |" in sheet.replace("&NoBreak;", "")
    assert "产品 Product" not in sheet  # it is about no order
    assert run_name(view) == f"{view.case.number} · 北京办事处 · 核对"
    with play.db.connect() as connection:
        [row] = inbox(connection, Role.SUPERVISOR)
    assert "核对" in inbox_page(Role.SUPERVISOR, [row], Links())
    play.send(case, "check-1", {"经办人工号": "E1040", "核对结论": "同意"})
    rows = timeline_rows(view_of(play, case))
    assert [(one.who.partition(" ")[0], one.title, one.what) for one in rows] == [
        ("常北辰", "提出", "木马"),
        (rows[1].who.partition(" ")[0], "核对", "同意"),
        ("系统", "完成", "木马"),
        ("系统", "结案", "已如愿"),
    ]


def test_a_case_that_waits_for_another_says_for_which(play: Play, toys: None) -> None:
    parent = toy.opened(play.db, "TOW")
    advance(play.db, parent)
    view = view_of(play, parent)
    [child] = view.related
    sheet = case_sheet(view)
    assert f"**等待** — 等待 waits for [{child.number}](/v2/artifacts/key/case-{child.number.lower()})" in sheet
    assert f"| 下级 opened [{child.number}]" in sheet
    with play.db.connect() as connection:
        [below] = connection.execute(select(service_case.c.id).where(service_case.c.number == child.number)).scalars()
    advance(play.db, below)
    play.send(below, "check-1", {"经办人工号": "E1040", "核对结论": "不同意", "原因": "太贵"})
    advance(play.db, parent)
    assert [row.what for row in timeline_rows(view_of(play, parent)) if row.title == "等待"] == [
        f"{child.number} 未如愿"
    ]
    seen = view_of(play, below)
    assert [(one.number, one.is_parent) for one in seen.related] == [(view.case.number, True)]
    up = f"| 上级 opened by [{view.case.number}](/v2/artifacts/key/case-{view.case.number.lower()}) | 托付 | 未如愿 |"
    assert up in case_sheet(seen)
