"""The pages that staff read in the Prefect UI, as markdown: case sheet, inbox of a role, start page.

The text stands in templates/*.md.j2. Whatever a template prints is escaped unless it is `Markdown` already.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.shapes import CaseNumber, LineTable
from schemas.words import Role, Urgency
from tasks.desk.chain import chain_diagram
from tasks.desk.links import Links
from tasks.desk.lookups import LookUp, choices
from tasks.desk.reading import cell_text, is_figure
from tasks.desk.rules import Markdown, brief_line, cut, full_time, plain, short_time, waiting_tag
from tasks.desk.timeline import timeline_rows
from tasks.desk.views import CaseView, ItemView, Waiting
from tasks.durable.process import PROCESSES
from tasks.privacy.rules import mask_address, mask_phone, mask_phones, mask_text

if TYPE_CHECKING:
    from jinja2 import Template

Function = Callable[..., object]
TEMPLATES = Path(__file__).with_name("templates")
MOST_LINES = 60  # of a case, shown on its sheet
MOST_WAITING = 200  # items of an inbox
SUMMARY_WIDTH = 80  # half-width characters of an inbox row's brief
STAFF_ROLES = [role for role in Role if role is not Role.SYSTEM]


def case_sheet(view: CaseView, links: Links | None = None, diagram: bool = True) -> str:
    """Draw all that staff want to know of a case; contact data masked. Not every reader draws a `diagram`."""
    links, kept = links or Links(), PROCESSES[view.case.process].kept
    return _template("case_sheet").render(
        view=view,
        case=view.case,
        links=links,
        forms={} if view.case.ending or kept else links.of_case(view.case.number),
        diagram=Markdown(chain_diagram(view)) if diagram else None,
        lines=_line_table(view.lines, partial(mask_text, customer=view.case)) if view.lines.rows else None,
        clocks=_line_table(view.clocks, partial(mask_text, customer=view.case)) if view.clocks else None,
        awaited=lambda item: _awaited(view, item, links),
        timeline=timeline_rows(view),
        phone=mask_phone(view.case.customer_phone),
        address=mask_address(view.case.customer_address),
        brief=lambda line: Markdown(brief_line(mask_text(line, view.case))),
        masked=lambda text: mask_text(text, view.case),
    )


def look_up_page(found: LookUp, links: Links, full: bool = False) -> str:
    """Draw what was looked up; contact data masked unless it is wanted in `full`, cases linked to their sheets."""

    def drawn(table: LineTable) -> Markdown:
        return _line_table(table, mask_phones, links)

    return _template("look_up").render(
        customer=found.file.customer if found.file else None,
        sections={one.title: table for one, table in (found.file.sections if found.file else {}).items()},
        choices=choices(found.customers),
        cases=found.cases,
        parts=found.parts,
        drawn=drawn,
        phone=str if full else mask_phone,
        address=str if full else mask_address,
    )


def _awaited(view: CaseView, item: ItemView, links: Links) -> Markdown:
    """Say for whom an item waits: a role, or another case."""
    if other := view.answering(item.key):
        return Markdown(f"等待 waits for [{other.number}]({links.case(other.number)})")
    return Markdown(plain(" ".join(filter(None, [item.role.zh, item.unit_name]))))


def inbox_page(
    role: Role,
    rows: Sequence[ItemView],
    links: Links,
    total: int | None = None,
    dead: Sequence[Any] = (),
    told: Sequence[str] = (),
) -> str:
    """Draw what waits for a role, sorted by due time: what is overdue comes first.

    Above it stands what the role is `told`, below it the `dead` letters.
    """
    shown = sorted(rows, key=lambda row: (row.due_at, row.number))[:MOST_WAITING]
    return _template("inbox").render(
        role=role,
        rows=shown,
        links=links,
        total=len(rows) if total is None else total,
        overdue=sum(row.overdue for row in rows),
        summary=_summary,
        dead=dead,
        masked=mask_text,
        told=list(map(Markdown, told)),
    )


def start_page(
    counts: Mapping[Role, Waiting],
    links: Links,
    offices: Sequence[tuple[str, str]],
    jobs: Mapping[str, Function],
    by_itself: Collection[str] = (),
    warning: str = "",
    reports: str = "",
) -> str:
    """Draw the page where everybody starts: each role's worklist, and the run forms of processes and jobs.

    by_itself  the jobs that come at their times too, which stand apart; warning: what stands above all
    reports    where the list of published reports opens, if there are any
    """
    processes = {process.title: process for process in PROCESSES.values()}
    return _template("start").render(
        roles=[(role, counts.get(role, Waiting(0, 0))) for role in STAFF_ROLES],
        links=links,
        offices=offices,
        begin={title: _about(title, process.function) for title, process in processes.items()},
        by_hand={title: _about(title, function) for title, function in jobs.items() if title not in by_itself},
        by_itself=[title for title in jobs if title in by_itself],
        office_fields={title: process.request.model_fields["office"].alias for title, process in processes.items()},
        waiting_tag=waiting_tag,
        warning=warning,
        reports=reports,
        urgent=Urgency.URGENT,
        office_role=Role.OFFICE,
    )


def _about(title: str, function: Function) -> str:
    """Say in one line what a flow does, by its docstring."""
    return (function.__doc__ or "").partition("\n")[0].removeprefix(title).strip()


def _line_table(table: LineTable, mask: Callable[[str], str], links: Links | None = None) -> Markdown:
    """Draw a table, the first lines of it: figures to the right, bold as it is, case numbers as links."""
    rows = table.rows[:MOST_LINES]
    right = [all(map(is_figure, cells)) for cells in zip(*rows, strict=True)] or [False] * len(table.headings)
    drawn = [[_heading(text) for text in table.headings], ["--:" if figures else "---" for figures in right]]
    drawn += [[_cell(cell, mask, links) for cell in row] for row in rows]
    more = ["", f"… 共 {len(table.rows)} 行 lines in all"] if len(table.rows) > MOST_LINES else []
    return Markdown("\n".join([*(f"| {' | '.join(cells)} |" for cells in drawn), *more]))


def _cell(cell: object, mask: Callable[[str], str], links: Links | None) -> str:
    if isinstance(cell, CaseNumber) and links:
        return f"[{plain(cell)}]({links.case(cell)})"
    return plain(cell_text(cell)) if is_figure(cell) else brief_line(mask(cell_text(cell)))


def _heading(text: str) -> str:
    """Keep the Chinese word of a heading on one line, however narrow its column is."""
    return re.sub(r"(?<=[一-鿿])(?=[一-鿿])", "&NoBreak;", plain(text))


def _summary(row: ItemView) -> Markdown:
    text = cut("；".join(mask_text(line, row) for line in row.brief), SUMMARY_WIDTH)
    return Markdown(brief_line(text))


@cache
def _template(name: str) -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # not on the path of importing a process

    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        autoescape=False,
        finalize=_shown,  # markdown, so we escape ourselves
    )
    templates.filters |= {"md": Markdown, "due": short_time, "whole": _whole}
    return templates.get_template(f"{name}.md.j2")


def _shown(value: Any) -> Any:
    """Escape what a template prints, unless it is markdown already; nothing for what is not known."""
    if isinstance(value, Markdown):
        return str(value)
    if isinstance(value, datetime):
        return full_time(value)
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else plain(value)


def _whole(text: str) -> Markdown:
    """Write a time so that no line breaks at its hyphens."""
    return Markdown(plain(text).replace("-", "&#8209;"))
