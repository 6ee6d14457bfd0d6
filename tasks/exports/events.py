"""What happened to cases, as programs that read event logs want it: one event for each decision, at a link of the chain.

What the system does at a link where nobody decided anything meanwhile is one event. Names and codes, no contact data.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple

from schemas.forms.base import form_at
from schemas.words import EntryKind, Labelled, Role
from tasks.durable.process import PROCESSES

OUTCOMES = {
    EntryKind.WITHDRAWN: "撤回 withdrawn",
    EntryKind.TIMED_OUT: "时限已到 timed out",
    EntryKind.UNDO: "撤销 undone",
}
DONE = "完成 done"
APPLICANT = "APPLICANT"


class LedgerRow(NamedTuple):
    """A row of the ledger with what its case is, and what the item was that it answers; the first is the applicant's.

    documents   the numbers of those that it issued
    customer    phone and name together, and `lines` the case's: of the first row, which applies for them
    """

    number: str
    process: str
    step_key: str
    kind: str
    link: str
    title: str
    actor: str | None
    channel: str
    output: Any
    finished_at: datetime
    ending: str | None
    role: str | None
    form: str | None
    documents: Sequence[str]
    customer: str
    lines: Sequence[int]


class Event(NamedTuple):
    """Something that happened to a case at a link of its chain, and what it is about: as `LedgerRow` says it."""

    id: str
    number: str
    process: str
    link: str
    title: str
    at: datetime
    resource: str
    role: str
    channel: str
    outcome: str
    documents: Sequence[str]
    customer: str
    lines: Sequence[int]


def events(rows: Iterable[LedgerRow]) -> Iterator[Event]:
    """Make the events of ledger rows, which come case by case in their order."""
    for _, visit in groupby(_along_the_chain(rows), lambda row: (row.number, row.link)):
        waiting: list[LedgerRow] = []
        decided = False
        for row in visit:
            waiting.append(row)
            if row.kind not in {EntryKind.STEP, EntryKind.UNDO}:
                decided = True
                yield _event(row, waiting)
                waiting = []
        if waiting and not decided:
            yield _event(waiting[0], waiting)


def _along_the_chain(rows: Iterable[LedgerRow]) -> Iterator[LedgerRow]:
    """Give each row at a link of its chain; what is done beside it, as the closing is, where the case stood then."""
    for _, of_case in groupby(rows, lambda row: row.number):
        stood = ""
        for row in of_case:
            links = PROCESSES[row.process].links if row.process in PROCESSES else [row.link]
            stood = row.link if row.link in links else stood or links[0]
            yield row._replace(link=stood)


def _event(row: LedgerRow, rows: Sequence[LedgerRow]) -> Event:
    applied = rows[0].lines or rows[0].customer
    return Event(
        id=f"{row.number}/{row.step_key}",
        number=row.number,
        process=row.process,
        link=row.link,
        title=row.title,
        at=row.finished_at,
        resource=row.actor or Role.SYSTEM,
        role=row.role or (APPLICANT if applied else Role.SYSTEM),
        channel=row.channel,
        outcome=_outcome(row),
        documents=[number for one in rows for number in one.documents],
        customer=rows[0].customer,
        lines=rows[0].lines,
    )


def _outcome(row: LedgerRow) -> str:
    """Say how it came out: the first choice that the form offers, else that it was done."""
    if row.kind in OUTCOMES:
        return OUTCOMES[EntryKind(row.kind)]
    said = row.output if isinstance(row.output, dict) else {}
    for names, words in _choices(row.form) if row.form else ():
        chosen = next((said[name] for name in names if name in said), None)
        if chosen is not None:
            return words.parse(chosen).option
    return DONE


@cache
def _choices(form: str) -> list[tuple[tuple[str, ...], type[Labelled]]]:
    """Name the fields of a form in which one of several words is chosen; none where the code has no such form any more."""
    try:
        fields = form_at(form).model_fields
    except (ImportError, AttributeError):
        return []
    return [
        ((name, field.alias or name), field.annotation)
        for name, field in fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Labelled)
    ]


def event_text(value: object) -> str:
    """Write a value as both formats want it: everything is text."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def as_json(value: object) -> str:
    """Write a value as one line of JSON, Chinese as it is."""
    return json.dumps(value, ensure_ascii=False)
