"""A case's history as a person wants to read it; pure."""

from typing import NamedTuple, get_type_hints

from pydantic import ValidationError

from schemas.forms.base import form_at
from schemas.words import EntryKind, Role
from tasks.cycle.rules import Notice
from tasks.desk.reading import said
from tasks.desk.rules import cut, full_time
from tasks.desk.views import NOTICE, REFUSED, CaseView, Happening
from tasks.durable.process import CLOSE
from tasks.durable.step import step_of
from tasks.privacy.rules import mask_text

TITLES = {
    REFUSED: "{}：未通过 refused",
    EntryKind.WITHDRAWN: "{}：撤回 withdrawn",
    EntryKind.TIMED_OUT: "{}：时限已到 time is over",
    EntryKind.UNDO: "撤销 undo：{}",
}
ACTS = {EntryKind.STEP, EntryKind.UNDO}  # what the system does


class TimelineRow(NamedTuple):
    """A line of a case's history: Shanghai time, who, what happened and how it reads, which door; and its source."""

    at: str
    who: str
    title: str
    what: str
    channel: str
    source: Happening


def timeline_rows(view: CaseView) -> list[TimelineRow]:
    """Write a case's history, oldest first; contact data masked.

    It begins with the applicant's own row: when it was received, by which channel. A step that only records the
    decision before it is told with that decision; one with nothing to say is left out.
    """
    slips: dict[str, list[str]] = {}
    for document in view.documents:
        red = "（红字）" if document.red else ""
        slips.setdefault(document.step_key, []).append(f"{document.kind.zh}{red} {document.number}")
    rows: list[TimelineRow] = []
    decided = ""
    for entry in view.timeline:
        act, begins = entry.kind in ACTS, entry is view.timeline[0] and entry.kind == EntryKind.STEP
        if begins:
            entry = entry._replace(at=view.case.opened_at, channel=view.case.channel)
        issued = slips.get(entry.key, []) if act else []
        records = entry.kind == EntryKind.STEP and entry.title == decided and not issued
        decided = entry.title if entry.kind == EntryKind.DECISION else ""
        what = mask_text(" · ".join(filter(None, [_what(entry, view), *issued])), view.case)
        if records or (act and not (what or begins)):
            continue
        who = f"{view.case.applicant_name} {view.case.applicant}" if begins else _who(entry)
        rows.append(TimelineRow(full_time(entry.at), who, _title(entry), what, entry.channel.zh, entry))
    return rows


def _who(entry: Happening) -> str:
    if entry.kind == NOTICE or entry.actor in {Role.SYSTEM, ""}:
        return Role.SYSTEM.zh
    return f"{entry.actor_name} {entry.actor}" if entry.actor_name else cut(entry.actor, 20)


def _title(entry: Happening) -> str:
    if entry.kind == NOTICE:
        family = entry.title.partition(":")[0].partition("-")[0]
        called = next((one.zh for one in Notice if one == family), "提醒")
        return f"{called} → {Role(entry.actor).zh}"
    if entry.kind == EntryKind.DECISION and entry.form is None and entry.link:  # it came before anybody asked
        return f"{entry.link}·{entry.title}"
    return TITLES.get(entry.kind, "{}").format(entry.title)


def _what(entry: Happening, view: CaseView) -> str:
    if entry.kind in {REFUSED, NOTICE}:
        return str(entry.output).removeprefix(f"{view.case.number} ")
    if entry.kind == EntryKind.WITHDRAWN:
        return str(entry.output["reason"])
    if entry.key == CLOSE:
        return " · ".join(filter(None, [view.case.ending and view.case.ending.zh, view.case.ending_reason]))
    other = view.answering(entry.key)
    if other and other.ending:
        return f"{other.number} {other.ending.zh}"
    try:
        return _said_by_step(entry) if entry.kind in ACTS else _said_by_form(entry)
    except (ImportError, AttributeError, ValidationError):  # by now the code has no such form, or another shape
        return ""


def _said_by_step(entry: Happening) -> str:
    """Say an output by the step's return type: a text only if that is plain `str`, for its like is for machines."""
    definition = step_of(entry.key)
    if definition and entry.kind == EntryKind.UNDO:
        definition = definition.undo
    if definition is None:
        return ""
    output = definition.output.validate_python(entry.output)
    return str(output) if get_type_hints(definition.function)["return"] is str else said(output)


def _said_by_form(entry: Happening) -> str:
    """Say a decision by its form; an event that came before anybody asked has none, and says its own words."""
    if entry.form is None:
        told = entry.output.values() if isinstance(entry.output, dict) else []
        return " · ".join(value for value in told if isinstance(value, str))
    return said(form_at(entry.form).model_validate(entry.output))
