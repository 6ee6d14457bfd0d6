"""What all pages share: names and tags of runs, markdown, widths, times; pure."""

import re
import unicodedata
from datetime import datetime

from schemas.forms.base import standing_forms
from schemas.words import Role, Urgency
from tasks.desk.views import CaseView, ItemView
from tasks.unit.work import SHANGHAI

OVERDUE = "逾期"  # the tag of a run with something late
# what a reader of markdown makes a link of by itself; a word joiner, which nobody sees, keeps it from that
LINKING = re.compile(r"(?:https?|ftp):(?=//)|\bwww(?=\.)|@(?=[\w-]+\.)", re.IGNORECASE)
JOINER = "\u2060"
BOLD = re.compile(r"(?<!\*)\*\*(?!\*)")  # two stars; more are a mask: 139****2222
ESCAPED = str.maketrans({sign: f"\\{sign}" for sign in r"\`*_[]|~#"} | {"&": "&amp;", "<": "&lt;"})


def run_name(view: CaseView, item: ItemView | None = None) -> str:
    """Name the run of an item, by default the first: PA-2026-000123 · 北京办事处 · 审核修正; a closed case's by its ending."""
    case, item = view.case, item or next(iter(view.items), None)
    waits = " ".join(filter(None, [item.title, item.unit_name])) if item else case.step or case.link
    at = case.ending.zh if case.ending else waits
    return f"{case.number} · {case.office_name} · {at}"


def run_tags(view: CaseView, item: ItemView | None = None) -> list[str]:
    """Tag the run of an item, by default the first, for worklists: process, office, for whom it waits, overdue, urgent.

    A closed case's is tagged by its ending; what may be filled in at any time waits for nobody.
    """
    case, item = view.case, item or next(iter(view.items), None)
    tags = [case.title, f"办事处:{case.office_name}"]
    if case.ending:
        tags += ["已结案", case.ending.zh]
    elif item and item.form not in standing_forms():
        for role in filter(None, [item.role, item.also]):
            tags += [waiting_tag(role), waiting_tag(role, case.office_name)]
        tags += [OVERDUE] if item.overdue else []
    tags += [case.urgency.zh] if case.urgency == Urgency.URGENT else []
    return [tag.replace(",", "，") for tag in tags]


def waiting_tag(role: Role, office_name: str = "") -> str:
    """Give the tag of a role's worklist, of one office or of all."""
    return f"待办:{role.zh}@{office_name}" if office_name else f"待办:{role.zh}"


class Markdown(str):
    """Text that is markdown already; everything else is escaped before it is shown."""

    __slots__ = ()


def plain(value: object, most: int = 200) -> str:
    """Make one line of text that markdown leaves as it is, at most so many characters."""
    text = " ".join(str(value).split())
    return _escaped(f"{text[: most - 1]}…" if len(text) > most else text)


def _escaped(text: str) -> str:
    """Make of a line of text neither image nor link, nor table, tag or heading."""
    return LINKING.sub(rf"\g<0>{JOINER}", text).translate(ESCAPED)


def brief_line(text: str) -> str:
    """Make one line of a brief: bold stays, all else that markdown would read is escaped."""
    text = " ".join(text.split())
    parts = BOLD.split(text)
    safe = "**".join(map(_escaped, parts)) if len(parts) % 2 else _escaped(text)
    return re.sub(r"^(\d+)\.|^([+>-])", lambda m: f"{m[1]}\\." if m[1] else f"\\{m[2]}", safe)


def width(text: str) -> int:
    """Measure a text in half-width characters."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in unbold(text))


def unbold(text: str) -> str:
    """Give a text without its bold."""
    return BOLD.sub("", text)


def cut(text: str, most: int) -> str:
    """Cut a text to a width; a text that is cut loses its bold."""
    if width(text) <= most:
        return text
    shown, left = "", most - 2
    for sign in unbold(text):
        left -= width(sign)
        if left < 0:
            break
        shown += sign
    return f"{shown}…"


def short_time(moment: datetime) -> str:
    """Write a moment for a dialog: 11-23 17:30, Shanghai time."""
    return f"{moment.astimezone(SHANGHAI):%m-%d %H:%M}"


def full_time(moment: datetime) -> str:
    """Write a moment in full: 2026-11-23 17:30, Shanghai time."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
