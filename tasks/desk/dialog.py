"""What stands above the form of a gate: at most eight lines, the rest folded; pure."""

from collections.abc import Sequence

from schemas.words import Role, Urgency
from tasks.desk.links import Links
from tasks.desk.rules import brief_line, cut, plain, short_time, width
from tasks.desk.views import CaseView, ItemView
from tasks.privacy.rules import mask_address, mask_phone, mask_text

CONTACT_ROLES = frozenset({Role.OFFICE, Role.WAREHOUSE, Role.LOGISTICS, Role.AGENT})  # who must reach the customer
DIALOG_LINES = 8  # of text above a form before it is pushed out of sight (PREFECT.md, "Gate dialog")
DIALOG_WIDTH = 62  # half-width characters in a line of the dialog, 510 px wide


def gate_description(view: CaseView, item: ItemView, links: Links | None = None) -> str:
    """Write what the decider must see: at most eight lines, the rest folded."""
    links = links or Links()
    shown, reasons = [_gate_heading(view, item)], mask_text(item.refused_because, view.case).splitlines()
    if reasons:
        more = f"（共 {len(reasons)} 项 in all）" if len(reasons) > 1 else ""
        shown.append(f"⚠ {cut(reasons[0], 2 * DIALOG_WIDTH - 4 - width(more))}{more}")
    left = DIALOG_LINES - 2 - sum(-(-width(line) // DIALOG_WIDTH) for line in shown)  # 2: the link, the fold
    brief = [mask_text(line, view.case) for line in item.brief]
    fits = len(brief) <= left
    shown += [cut(line, DIALOG_WIDTH) for line in brief[: left if fits else left - 1]]
    shown += [] if fits else [f"… 另有 {len(brief) - left + 1} 项，见下 more below"]
    lines = [shown[0], *map(brief_line, shown[1:]), f"[案件全貌 case sheet]({links.case(view.case.number)})"]
    return "  \n".join(lines) + "\n\n" + _details(view, item, brief, reasons)


def _gate_heading(view: CaseView, item: ItemView) -> str:
    late = "🔴 逾期 overdue" if item.overdue else "到期 due"
    urgent = [view.case.urgency.zh] if view.case.urgency == Urgency.URGENT else []
    words = [f"**{view.case.number}** {plain(view.case.office_name)}", *urgent, f"{late} {short_time(item.due_at)}"]
    return " · ".join(words)


def _details(view: CaseView, item: ItemView, brief: Sequence[str], reasons: Sequence[str]) -> str:
    case = view.case
    open_to = item.role in CONTACT_ROLES
    name = case.customer_name if open_to else mask_text(case.customer_name, case)
    phone = case.customer_phone if open_to else mask_phone(case.customer_phone)
    address = case.customer_address if open_to else mask_address(case.customer_address)
    points = [
        f"{item.title} · {item.role.zh}{f' · {item.unit_name}' if item.unit_name else ''}",
        f"申报人 applicant: {case.applicant_name} {case.applicant}",
        f"订单 order: {case.order_no} {case.model}",
        f"客户 customer: {name} · {phone} · {address}",
        *(f"{called}: {mask_text(fact, case)}" for called, fact in view.lines.facts),
        *brief,
        *(f"⚠ {reason}" for reason in reasons),
    ]
    listed = "\n".join(f"- {brief_line(point)}" for point in points)
    return f"<details><summary>更多 more</summary>\n\n{listed}\n\n</details>"
