"""What commands print for people: tables and pages; times are Asia/Shanghai, contact data is masked."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from schemas.problems import Problem
from schemas.words import Role
from tasks.desk.chain import waits_of
from tasks.desk.links import Links
from tasks.desk.pages import case_sheet, inbox_page
from tasks.desk.rules import full_time
from tasks.desk.views import CaseView, ItemView
from tasks.durable.process import Process
from tasks.policies.rulebook import InForce, Rule

PIPED_WIDTH = 160  # columns where the output is no terminal


def new_console() -> Console:
    """Give a console that prints text as it is, wide where nobody sees its edge."""
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(width=width, markup=False, emoji=False, highlight=False)


def unseen_console(width: int) -> Console:
    """Give a console of so many columns that shows nothing and keeps what it was told for `export_text`."""
    return Console(width=width, file=StringIO(), record=True, markup=False, emoji=False, highlight=False)


def table(*headings: str, rows: Iterable[Sequence[object]]) -> Table:
    """Make a table."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in headings:
        made.add_column(heading, overflow="fold")
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


def rules_table(rules: Iterable[Rule], values: Mapping[str, InForce]) -> Table:
    """List rules of the rulebook; of one that is not held yet with what it comes."""
    rows = [
        (
            one.id,
            one.rule,
            f"{one.place} · {one.source}",
            "\n".join(f"{key} {values[key]}" for key in one.policies),
            "\n".join(one.tests) or f"尚无 not yet: {one.waits}",
        )
        for one in rules
    ]
    return table("编号 Id", "规则 Rule", "出处 Source", "政策 Policy", "测试 Shown by", rows=rows)


def inbox_parts(rows: Sequence[ItemView], roles: Iterable[Role], links: Links) -> list[RenderableType]:
    """Draw what waits, an inbox each role."""
    inboxes = {role: [row for row in rows if role in (row.role, row.also)] for role in roles}
    return [drawn(inbox_page(role, own, links, len(own))) for role, own in inboxes.items() if own]


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


def case_parts(view: CaseView, links: Links) -> list[RenderableType]:
    """Draw a case as a person wants to read it: its sheet, and last what is next."""
    return [drawn(case_sheet(view, links, diagram=False)), *next_lines(view)]


def drawn(page: str) -> Markdown:
    """Draw a page of the desk; it says for a narrow column where no line may break, which here are letters only."""
    return Markdown(page.replace("&NoBreak;", "").replace("&#8209;", "-"))


def reasons(what: str, problems: Iterable[Problem]) -> str:
    """Say what was refused, and every reason."""
    return "\n".join([f"✗ {what}", *(f"  {problem}" for problem in problems)])
