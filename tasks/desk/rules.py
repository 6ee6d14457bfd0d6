"""How a case is worded for staff: masks, names and tags of runs, dialogs, the chain, the timeline; pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from schemas.words import Role, Urgency
from tasks.cycle.rules import SHANGHAI
from tasks.desk.chains import CHAINS, Arrow
from tasks.desk.links import Links
from tasks.desk.reading import form_behind, read_output
from tasks.desk.views import CaseView, Happening, ItemView
from tasks.privacy.rules import mask_address, mask_phone, mask_text

CONTACT_ROLES = frozenset({Role.OFFICE, Role.WAREHOUSE, Role.LOGISTICS, Role.AGENT})  # who must reach the customer
DIALOG_LINES = 8  # of text above a form before it is pushed out of sight (PREFECT.md, "Gate dialog")
DIALOG_WIDTH = 62  # half-width characters in a line of the dialog, 510 px wide
OVERDUE = "逾期"  # the tag of a run with something late


# names and tags of runs


def run_name(view: CaseView, item: ItemView | None = None) -> str:
    """Name the run of an item, by default the first: PA-2026-000123 · 北京办事处 · 审核修正; a closed case's by its ending."""
    case, item = view.case, item or next(iter(view.items), None)
    waits = " ".join(filter(None, [item.title, item.unit_name])) if item else case.step or case.link
    at = case.ending.zh if case.ending else waits
    return f"{case.number} · {case.office_name} · {at}"


def run_tags(view: CaseView, item: ItemView | None = None) -> list[str]:
    """Tag the run of an item, by default the first, for worklists: process, office, for whom it waits, overdue, urgent.

    A closed case's is tagged by its ending.
    """
    case, item = view.case, item or next(iter(view.items), None)
    tags = [case.title, f"办事处:{case.office_name}"]
    if case.ending:
        tags += ["已结案", case.ending.zh]
    elif item:
        for role in filter(None, [item.role, item.also]):
            tags += [waiting_tag(role), waiting_tag(role, case.office_name)]
        tags += [OVERDUE] if item.due_at < view.now else []
    tags += ["加急"] if case.urgency == Urgency.URGENT else []
    return [tag.replace(",", "，") for tag in tags]


def waiting_tag(role: Role, office_name: str = "") -> str:
    """Give the tag of a role's worklist, of one office or of all."""
    return f"待办:{role.zh}@{office_name}" if office_name else f"待办:{role.zh}"


# markdown


ESCAPED = str.maketrans({sign: f"\\{sign}" for sign in r"\`*_[]|~#"} | {"&": "&amp;", "<": "&lt;"})


class Markdown(str):
    """Text that is markdown already; everything else is escaped before it is shown."""

    __slots__ = ()


def plain(value: object, most: int = 200) -> str:
    """Make one line of text that markdown leaves as it is, at most so many characters."""
    text = " ".join(str(value).split())
    text = f"{text[: most - 1]}…" if len(text) > most else text
    return text.translate(ESCAPED)


def brief_line(text: str) -> str:
    """Make one line of a brief: bold stays, all else that markdown would read is escaped."""
    text = " ".join(text.split())
    bold = text.count("**") % 2 == 0
    safe = text.translate(ESCAPED)
    safe = safe.replace(r"\*\*", "**") if bold else safe
    return re.sub(r"^(\d+)\.|^([+>-])", lambda m: f"{m[1]}\\." if m[1] else f"\\{m[2]}", safe)


def width(text: str) -> int:
    """Measure a text in half-width characters."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in text.replace("**", ""))


def cut(text: str, most: int) -> str:
    """Cut a text to a width; a text that is cut loses its bold."""
    if width(text) <= most:
        return text
    shown, left = "", most - 2
    for sign in text.replace("**", ""):
        left -= width(sign)
        if left < 0:
            break
        shown += sign
    return f"{shown}…"


# the resume dialog


def gate_description(view: CaseView, item: ItemView, refused: str | None = None, links: Links | None = None) -> str:
    """Write what the decider must see: at most eight lines, the rest folded.

    `refused` is why the last answer was refused; by default what the item remembers.
    """
    links = links or Links()
    shown = [_gate_heading(view, item)]
    reasons = (item.refused_because if refused is None else refused).splitlines()
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
    late = "🔴 逾期 overdue" if item.due_at < view.now else "到期 due"
    urgent = [view.case.urgency.zh] if view.case.urgency == Urgency.URGENT else []
    words = [f"**{view.case.number}** {plain(view.case.office_name)}", *urgent, f"{late} {short_time(item.due_at)}"]
    return " · ".join(words)


def _details(view: CaseView, item: ItemView, brief: Sequence[str], reasons: Sequence[str]) -> str:
    case = view.case
    open_to = item.role in CONTACT_ROLES
    phone = case.customer_phone if open_to else mask_phone(case.customer_phone)
    address = case.customer_address if open_to else mask_address(case.customer_address)
    points = [
        f"{item.title} · {item.role.zh}{f' · {item.unit_name}' if item.unit_name else ''}",
        f"申报人 applicant: {case.applicant_name} {case.applicant}",
        f"订单 order: {case.order_no} {case.model}",
        f"客户 customer: {case.customer_name} · {phone} · {address}",
        *([f"承诺 promised: {view.promised}"] if view.promised else []),
        *brief,
        *(f"⚠ {reason}" for reason in reasons),
    ]
    listed = "\n".join(f"- {brief_line(point)}" for point in points)
    return f"<details><summary>更多 more</summary>\n\n{listed}\n\n</details>"


# the chain


class Passage(StrEnum):
    """How far a case is with a link of its chain."""

    DONE = "done"
    CURRENT = "current"
    PENDING = "pending"
    SKIPPED = "skipped"
    ENDED = "ended"


def chain(view: CaseView) -> list[tuple[str, Passage]]:
    """Say of each arrow whether it is done, waits now, comes later, was skipped, or ended the case."""
    arrows = CHAINS.get(view.case.process) or _chain_of_questions(view)
    recorded = [entry.key for entry in view.timeline if entry.kind not in {"refused", "notice", "undo"}]
    done = [_any_begins(recorded, arrow.proof) for arrow in arrows]
    here = {_arrow_of(arrows, item.key) for item in view.items}
    ended = _arrow_of_last_answer(arrows, view) if (view.case.ending and not view.case.ending.good) else None
    reached = max((n for n, passed in enumerate(done) if passed or n in here), default=-1)
    if not (here - {None} or view.case.ending):
        here = {reached + 1}
    return [(arrow.title, _passage(n, done[n], here, ended, reached)) for n, arrow in enumerate(arrows)]


def _passage(n: int, done: bool, here: set[int | None], ended: int | None, reached: int) -> Passage:
    if n == ended:
        return Passage.ENDED
    if n in here:
        return Passage.CURRENT
    if done:
        return Passage.DONE
    return Passage.SKIPPED if n < reached else Passage.PENDING


def _chain_of_questions(view: CaseView) -> list[Arrow]:
    """Draw a process that has no chain by what was asked so far."""
    keys: dict[str, list[str]] = {}
    for entry in view.timeline:
        if entry.form and entry.kind not in {"refused", "notice"}:
            keys.setdefault(entry.title, []).append(entry.key)
    proofs = {title: list(found) for title, found in keys.items()}
    for item in view.items:
        keys.setdefault(item.title, []).append(item.key)
    return [Arrow(title, found, proofs.get(title, [])) for title, found in keys.items()]


def _any_begins(keys: Iterable[str], beginnings: Sequence[str]) -> bool:
    return any(key.startswith(tuple(beginnings)) for key in keys)


def _arrow_of(arrows: Sequence[Arrow], key: str) -> int | None:
    """Find the arrow to which a question belongs, by the longest beginning of its key."""
    fits = [(len(b), n) for n, arrow in enumerate(arrows) for b in arrow.waits if key.startswith(b)]
    return max(fits)[1] if fits else None


def _arrow_of_last_answer(arrows: Sequence[Arrow], view: CaseView) -> int | None:
    answers = [entry.key for entry in view.timeline if entry.kind in {"decision", "withdrawn", "timed_out"}]
    return _arrow_of(arrows, answers[-1]) if answers else None


# timeline


class TimelineRow(NamedTuple):
    """A line of a case's history: Shanghai time, who, what happened and how it reads, which door; and its source."""

    at: str
    who: str
    title: str
    what: str
    channel: str
    source: Happening


SPEAKING = {"录入系统"}  # steps whose title says all
NOTICES = {"warning": "到期预警", "overdue": "逾期提醒", "over": "逾期上报", "daily": "每日提醒", "pickup": "催提"}


def timeline_rows(view: CaseView) -> list[TimelineRow]:
    """Write a case's history as a person wants to read it, oldest first; contact data masked.

    A step that only records the decision before it is told with that decision; one with nothing to say is left out.
    """
    slips: dict[str, list[str]] = {}
    for document in view.documents:
        red = "（红字）" if document.red else ""
        slips.setdefault(document.step_key, []).append(f"{document.kind.zh}{red} {document.number}")
    rows: list[TimelineRow] = []
    decided = ""
    for entry in view.timeline:
        issued = slips.get(entry.key, []) if entry.kind in {"step", "undo"} else []
        records = entry.kind == "step" and entry.title == decided and not issued
        decided = entry.title if entry.kind == "decision" else ""
        what = mask_text(" · ".join(filter(None, [_what(entry, view), *issued])), view.case)
        if records or not (what or entry.title in SPEAKING):
            continue
        rows.append(
            TimelineRow(full_time(entry.at), _who(entry, view), _happening_title(entry), what, entry.channel.zh, entry)
        )
    return rows


def _who(entry: Happening, view: CaseView) -> str:
    if entry.key == "register-lines":
        return f"{view.case.applicant_name} {view.case.applicant}"
    if entry.kind == "notice" or entry.actor in {Role.SYSTEM, ""}:
        return Role.SYSTEM.zh
    return f"{entry.actor_name} {entry.actor}" if entry.actor_name else cut(entry.actor, 20)


def _happening_title(entry: Happening) -> str:
    match entry.kind:
        case "refused":
            return f"{entry.title}：未通过 refused"
        case "withdrawn":
            return f"{entry.title}：撤回 withdrawn"
        case "timed_out":
            return f"{entry.title}：超时 timed out"
        case "undo":
            return f"撤销 undo：{entry.title}"
        case "notice":
            family = re.split("[-:]", entry.title)[0]
            return f"{NOTICES.get(family, '提醒')} → {Role(entry.actor).zh}"
        case _:
            return entry.title


def _what(entry: Happening, view: CaseView) -> str:
    if entry.kind in {"refused", "notice"}:
        return str(entry.output).removeprefix(f"{view.case.number} ")
    if entry.kind == "withdrawn":
        return str(entry.output["reason"])
    said = read_output(entry.output, form_behind(entry.form) if entry.form else None)
    if entry.key == "close":
        return " · ".join(filter(None, [said, view.case.ending_reason]))
    return said


def short_time(moment: datetime) -> str:
    """Write a moment for a dialog: 11-23 17:30, Shanghai time."""
    return f"{moment.astimezone(SHANGHAI):%m-%d %H:%M}"


def full_time(moment: datetime) -> str:
    """Write a moment in full: 2026-11-23 17:30, Shanghai time."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
