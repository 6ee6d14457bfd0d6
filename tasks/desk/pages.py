"""The pages that staff read in the Prefect UI, as markdown: case sheet, inbox of a role, start page.

The text stands in templates/*.md.j2. Whatever a template prints is escaped unless it is `Markdown` already.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.words import Role
from tasks.desk.links import Links
from tasks.desk.rules import (
    Markdown,
    Passage,
    brief_line,
    chain,
    cut,
    full_time,
    plain,
    short_time,
    timeline_rows,
    waiting_tag,
)
from tasks.desk.views import CaseView, InboxRow, Waiting
from tasks.privacy.rules import MOBILE, mask_address, mask_phone, mask_text

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATES = Path(__file__).with_name("templates")
MOST_LINES = 60  # of a case, shown on its sheet
MOST_WAITING = 200  # items of an inbox
SUMMARY_WIDTH = 80  # half-width characters of an inbox row's brief
CHAIN_ROW = 4  # links of a chain side by side: an artifact's page is 65 characters wide
STAFF_ROLES = [role for role in Role if role is not Role.SYSTEM]

COLOURS = {
    Passage.DONE: "fill:#d1fae5,stroke:#059669,color:#065f46",
    Passage.CURRENT: "fill:#2563eb,stroke:#1e3a8a,color:#ffffff,stroke-width:3px",
    Passage.PENDING: "fill:#f3f4f6,stroke:#9ca3af,color:#4b5563",
    Passage.SKIPPED: "fill:#ffffff,stroke:#9ca3af,color:#9ca3af,stroke-dasharray:4 3",
    Passage.ENDED: "fill:#fee2e2,stroke:#dc2626,color:#991b1b,stroke-width:3px",
}
SIGNS = {Passage.DONE: "✓ ", Passage.CURRENT: "▶ ", Passage.ENDED: "✕ "}


def case_sheet(view: CaseView, links: Links | None = None) -> str:
    """Draw all that staff want to know of a case; contact data masked."""
    return _template("case_sheet").render(
        view=view,
        case=view.case,
        links=links or Links(),
        diagram=Markdown(chain_diagram(view)),
        lines=view.lines[:MOST_LINES],
        timeline=timeline_rows(view),
        phone=mask_phone(view.case.customer_phone),
        address=mask_address(view.case.customer_address),
        brief=lambda line: Markdown(brief_line(mask_text(line, view.case))),
        masked=lambda text: mask_text(text, view.case),
    )


def inbox_page(role: Role, rows: Sequence[InboxRow], links: Links, total: int | None = None) -> str:
    """Draw what waits for a role, sorted by due time: what is overdue comes first."""
    shown = sorted(rows, key=lambda row: (row.due_at, row.number))[:MOST_WAITING]
    return _template("inbox").render(
        role=role,
        rows=shown,
        links=links,
        total=len(rows) if total is None else total,
        overdue=sum(row.overdue for row in rows),
        summary=_summary,
    )


def start_page(
    counts: Mapping[Role, Waiting], links: Links, offices: Sequence[tuple[str, str]] = (), apply: str = "配件申报"
) -> str:
    """Draw the page where everybody starts: each role's worklist, and the forms to begin with."""
    return _template("start").render(
        roles=[(role, counts.get(role, Waiting(0, 0))) for role in STAFF_ROLES],
        links=links,
        offices=offices,
        apply=apply,
        waiting_tag=waiting_tag,
        office_role=Role.OFFICE,
    )


def chain_diagram(view: CaseView) -> str:
    """Draw the arrows of the process as a mermaid flowchart, in rows; colours say how far the case is."""
    links = chain(view)
    rows = [range(start, min(start + CHAIN_ROW, len(links))) for start in range(0, len(links), CHAIN_ROW)]
    drawn = ["flowchart TB"]
    for number, row in enumerate(rows):
        drawn += [f'subgraph row{number}[" "]', "direction LR"]
        drawn += [f'n{n}["{SIGNS.get(links[n][1], "")}{_label(links[n][0])}"]:::{links[n][1]}' for n in row]
        drawn += [f"n{n} --> n{n + 1}" for n in row[:-1]] + ["end"]
    drawn += [f"row{number} --> row{number + 1}" for number in range(len(rows) - 1)]
    drawn += [f"classDef {passage} {colours}" for passage, colours in COLOURS.items()]
    drawn += ["classDef row fill:none,stroke:none", f"class {','.join(f'row{n}' for n in range(len(rows)))} row"]
    return "\n".join(drawn)


def _summary(row: InboxRow) -> Markdown:
    text = cut("；".join(MOBILE.sub(lambda found: mask_phone(found[0]), line) for line in row.brief), SUMMARY_WIDTH)
    return Markdown(brief_line(text))


def _label(title: str) -> str:
    return "".join(sign for sign in title if sign not in '"[]<>{}|;')


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
    templates.filters |= {"md": Markdown, "when": full_time, "due": short_time}
    templates.filters |= {"number": _number, "whole": _whole}
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


def _number(value: Decimal) -> str:
    """Write a quantity without needless zeros; nothing for zero."""
    return f"{value.normalize():f}" if value else ""


def _whole(text: str) -> Markdown:
    """Write a time so that no line breaks at its hyphens."""
    return Markdown(plain(text).replace("-", "&#8209;"))
