"""What commands print for people: tables and panels; times are Asia/Shanghai, contact data is masked."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from schemas.problems import Problem
from schemas.shapes import LineTable
from schemas.words import Urgency
from tasks.desk.chain import waits_of
from tasks.desk.reading import cell_text, is_figure
from tasks.desk.rules import full_time, unbold
from tasks.desk.timeline import timeline_rows
from tasks.desk.views import CaseView, ItemView
from tasks.durable.process import Process
from tasks.privacy.rules import mask_address, mask_phone

PIPED_WIDTH = 160  # columns where the output is no terminal
WAITING = ("单号 Case", "待办 Waiting for", "步骤 Step", "角色 Role", "办事处 Office", "到期 Due", "未通过 Refused")
DOCUMENTS = ("时间 Time", "单据 Document", "编号 Number", "备注 Note")
TIMELINE = ("时间 Time", "经办 Who", "事项 What", "内容 Details", "渠道 Channel")


def new_console() -> Console:
    """Give a console that prints text as it is, wide where nobody sees its edge."""
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(width=width, markup=False, emoji=False, highlight=False)


def table(*headings: str, rows: Iterable[Sequence[object]], right: Sequence[str] = ()) -> Table:
    """Make a table; columns named in `right` hold figures."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in headings:
        made.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text("" if cell is None else str(cell)) for cell in row))
    return made


# what waits


def links_table(process: Process) -> Table:
    """List the links of a process's chain: who moves a case on there, and within which term."""
    rows = [
        (link, wait.kind.option, wait.role.option if wait.role else "", wait.due) for link, wait in waits_of(process)
    ]
    endings = "、".join(ending.zh for ending in process.endings)
    made = table(f"{process.code} 环节 Link", "方式 Kind", "角色 Role", "时限政策 Term", rows=rows)
    made.caption, made.caption_justify = f"结局 endings: {endings}", "left"
    return made


def inbox_table(rows: Sequence[ItemView]) -> Table:
    """List what waits, by due time."""
    shown = [
        (
            Text(row.number, "bold red" if row.urgency == Urgency.URGENT else "bold"),
            row.title,
            row.key,
            f"{row.role.zh} {row.role.value}",
            " · ".join(filter(None, [row.office_name, row.unit_name])),
            _due(row.due_at, row.overdue),
            row.refusals or "",
        )
        for row in rows
    ]
    return table(*WAITING, rows=shown)


def next_lines(view: CaseView) -> list[Text]:
    """Say what is next and who has it, or how the case ended."""
    if view.case.ending:
        reason = f" · {view.case.ending_reason}" if view.case.ending_reason else ""
        return [Text(f"已结案 closed: {view.case.ending.option}{reason}", "bold")]
    lines = [_next_line(view, item) for item in view.items]
    return lines or [Text("处理中 on its way: nobody has to do anything now")]


def _next_line(view: CaseView, item: ItemView) -> Text:
    other = view.answering(item.key)
    role = f"等待 waits for {other.number}" if other else f"{item.role.zh} {item.role.value}"
    who = " · ".join(filter(None, [role, item.unit_name]))
    line = Text.assemble("→ ", (item.title, "bold"), f" [{item.key}] · {who} · ", _due(item.due_at, item.overdue))
    if item.refusals:
        first = item.refused_because.partition("\n")[0]
        line.append(f"\n  上次未通过 refused {item.refusals}×: {first}", "yellow")
    return line


def _due(moment: datetime, late: bool) -> Text:
    return Text(f"逾期 overdue {full_time(moment)}" if late else full_time(moment), "red" if late else "")


# one case


def case_parts(view: CaseView) -> list[RenderableType]:
    """Draw a case as a person wants to read it."""
    parts: list[RenderableType] = [_header(view), lines_table(view.lines)]
    if view.documents:
        issued = [
            (
                full_time(one.issued_at),
                f"{one.kind.zh}{'（红字）' if one.red else ''}",
                Text(one.number, "red" if one.red else ""),
                one.note,
            )
            for one in view.documents
        ]
        parts += [heading("单据 Documents"), table(*DOCUMENTS, rows=issued)]
    history = [(row.at, row.who, row.title, row.what, row.channel) for row in timeline_rows(view)]
    parts += [heading("经过 Timeline（北京时间 Asia/Shanghai）"), table(*TIMELINE, rows=history)]
    return [*parts, heading("下一步 Next"), *next_lines(view)]


def heading(text: str) -> Text:
    """Give a line that stands above what follows."""
    return Text(f"\n{text}", "bold cyan")


def _header(view: CaseView) -> Panel:
    case = view.case
    contact = f"{case.customer_name} {mask_phone(case.customer_phone)} {mask_address(case.customer_address)}"
    facts = [
        ("状态 State", case.ending.option if case.ending else " · ".join(dict.fromkeys([case.link, case.step]))),
        ("办事处 Office", f"{case.office_name} {case.office} · {case.applicant_name} {case.applicant}"),
        ("客户 Customer", contact),
        ("订单 Order", f"{case.order_no} {case.model}"),
        ("申报 Opened", full_time(case.opened_at) + (f" → {full_time(case.closed_at)}" if case.closed_at else "")),
        *view.lines.facts,
        ("相关 Related", " ".join(one.number for one in view.related)),
        ("故障 Fault", case.fault or ""),
    ]
    grid = Table.grid(padding=(0, 2))
    for name, value in facts:
        if value.strip():
            grid.add_row(Text(name, "dim"), Text(value, "red" if name == "故障 Fault" else ""))
    title = Text(
        f"{case.number} {case.title}" + (f" · {case.urgency.zh}" if case.urgency == Urgency.URGENT else ""), "bold"
    )
    return Panel(grid, title=title, title_align="left", expand=False)


def lines_table(lines: LineTable) -> Table:
    """List the lines of a case as its process shows them; columns of figures stand to the right."""
    columns = zip(lines.headings, zip(*lines.rows, strict=True), strict=False)
    figures = [name for name, cells in columns if all(map(is_figure, cells))]
    rows = [[unbold(cell_text(cell)) for cell in row] for row in lines.rows]
    return table(*lines.headings, rows=rows, right=figures)


def reasons(what: str, problems: Iterable[Problem]) -> str:
    """Say what was refused, and every reason."""
    return "\n".join([f"✗ {what}", *(f"  {problem}" for problem in problems)])
