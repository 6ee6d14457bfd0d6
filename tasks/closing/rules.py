"""What a day's journal says, who signs it, and when it is late (DOMAIN, "Stock"; S3 §2 7); pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from schemas.problems import Problem
from schemas.shapes import figure
from schemas.words import MovementKind, Role
from tasks.documents.contents import Content
from tasks.people.queries import Person
from tasks.unit.work import SHANGHAI

JOURNAL, REASON = "流水账编号 numbers", "迟交原因 reason"
OPENING = "期初 Opening"


def journals(day: date, moved: Iterable[Any]) -> dict[str, Content]:
    """Write the journal of each warehouse whose stock moved: by part what there was, each movement, what is left.

    The movements come by warehouse, part and time.
    """
    return {
        warehouse: _journal(day, list(rows)) for warehouse, rows in groupby(moved, key=lambda row: str(row.warehouse))
    }


def _journal(day: date, rows: Sequence[Any]) -> Content:
    lines = list[Content]()
    for _, of_part in groupby(rows, key=lambda row: str(row.part)):
        lines += _lines(list(of_part))
    place = {"warehouse": f"{rows[0].warehouse} {rows[0].warehouse_name}"}
    return place | ({"office": rows[0].office} if rows[0].office else {}) | {"day": str(day), "lines": lines}


def _lines(moved: Sequence[Any]) -> list[Content]:
    """Write the lines of one part, with the balance after each."""
    first, left = moved[0], moved[0].opening
    about = {name: getattr(first, name) for name in ("part", "name", "specification", "uom")}
    lines = [about | {"movement": OPENING, "balance": figure(left)}]
    for row in moved:
        kind, left = MovementKind(row.kind), left + row.quantity
        way = {"went": figure(-row.quantity)} if kind.goes else {"came": figure(row.quantity)}
        papers = {
            "movement": kind.zh,
            "document": row.slips or "",
            "source": row.number or "",
            "model": row.model or "",
        }
        at = f"{row.moved_at.astimezone(SHANGHAI):%m-%d %H:%M}"
        lines.append({"part": first.part, "at": at, **papers, **way, "balance": figure(left)})
    return lines


def signing_problems(person: Person, journal: Any, today: date, reason: str) -> list[Problem]:
    """Say why somebody may not sign a journal: it is signed, another's, or late without a reason."""
    if journal.signed_by:
        return [Problem(JOURNAL, journal.number, f"已由 {journal.signed_by} 签收 was signed already")]
    role, office = signs(journal)
    if not person.holds(role, office):
        expected = f"{person} 不能签收 {journal.name}，须为{role.zh} must hold {role} {office or ''}".strip()
        return [Problem(JOURNAL, journal.number, expected)]
    if today > journal.due_on and not reason:
        expected = f"{journal.number} 应于 {journal.due_on} 前签收，请写明迟交原因 it was due then: say why it is late"
        return [Problem(REASON, reason, expected)]
    return []


def signs(journal: Any) -> tuple[Role, str | None]:
    """Say who signs a journal: the office of its own warehouses, the WAREHOUSE of the group's."""
    return (Role.OFFICE, journal.office) if journal.office else (Role.WAREHOUSE, None)


def told_of(waiting: Iterable[Any], today: date, most: int = 20) -> Mapping[Role, str]:
    """Say to each role which journals wait for it, and to the SUPERVISOR which are late; in markdown."""
    lists: dict[Role, list[str]] = {Role.WAREHOUSE: [], Role.OFFICE: [], Role.SUPERVISOR: []}
    for journal in waiting:
        late = f"，逾期 late since {journal.due_on}" if today > journal.due_on else ""
        said = f"{journal.number} {journal.day} {journal.name}{late}"
        lists[signs(journal)[0]].append(said)
        if late:
            lists[Role.SUPERVISOR].append(said)
    titles = {Role.SUPERVISOR: "流水账迟交 Journals that are late"}
    return {
        role: "\n".join([f"**{titles.get(role, '流水账待签收 Journals to be signed')}** {len(said)}", ""]
                        + [f"- {one}" for one in said[:most]])
        if said else ""
        for role, said in lists.items()
    }  # fmt: skip
