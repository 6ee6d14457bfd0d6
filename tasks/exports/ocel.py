"""OCEL 2.0 as JSON: events about cases, lines, documents, parts and customers (ocel-standard.org).

A customer is an object without a name: the same person is the same object, and nobody can tell who it is.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO
from uuid import uuid5

from sqlalchemy import Connection

from schemas.words import DocumentKind
from tasks.durable.process import PROCESSES
from tasks.exports import queries
from tasks.exports.events import Event, as_json, event_text, events
from tasks.exports.queries import ExportPeriod
from tasks.unit.work import NAMESPACE

OBJECTS = {
    "case": ("process", "office", "urgency", "ending"),
    "line": ("part", "quantity", "reason", "unit"),
    "document": ("kind",),
    "part": ("name", "category"),
    "customer": (),
}
OF_EVENT = ("process", "step", "resource", "role", "channel", "outcome")
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)  # of what has no time: the format wants one for each attribute


def write_ocel(connection: Connection, period: ExportPeriod, out: TextIO) -> int:
    """Write the log of a period; gives the number of events."""
    links = dict.fromkeys(link for process in PROCESSES.values() for link in process.links)
    written = 0

    def counted() -> Iterator[Mapping[str, Any]]:
        nonlocal written
        for event in events(queries.ledger_rows(connection, period)):
            written += 1
            yield _event(event)

    out.write('{"objectTypes": ' + as_json([_type(name, has) for name, has in OBJECTS.items()]))
    out.write(',\n"eventTypes": ' + as_json([_type(link, OF_EVENT) for link in links]))
    _write_list(out, "objects", _objects(connection, period))
    _write_list(out, "events", counted())
    out.write("}\n")
    return written


def _type(name: str, has: Iterable[str]) -> Mapping[str, Any]:
    return {"name": name, "attributes": [{"name": one, "type": "string"} for one in has]}


def _write_list(out: TextIO, name: str, values: Iterable[Mapping[str, Any]]) -> None:
    out.write(f',\n"{name}": [')
    for at, value in enumerate(values):
        out.write((",\n" if at else "\n") + as_json(value))
    out.write("]")


def _event(event: Event) -> Mapping[str, Any]:
    said = event.process, event.title, event.resource, event.role, event.channel, event.outcome
    about = [_to(event.number, "case"), *(_to(number, "issued") for number in event.documents)]
    about += [_to(f"{event.number}/{no}", "line") for no in event.lines]
    about += [_to(_anonymous(event.customer), "customer")] if event.customer else []
    attributes = [{"name": name, "value": value} for name, value in zip(OF_EVENT, said, strict=True)]
    return {"id": event.id, "type": event.link, "time": event_text(event.at), "attributes": attributes} | {
        "relationships": about
    }


def _objects(connection: Connection, period: ExportPeriod) -> Iterator[Mapping[str, Any]]:
    for one in queries.parts(connection, period):
        yield _object("part", one.code, ALWAYS, one, ())
    for customer in queries.customers_of_cases(connection, period):
        yield {"id": _anonymous(customer), "type": "customer", "attributes": [], "relationships": []}
    for one in queries.cases(connection, period):
        about = [_to(part, "part") for part in one.parts]
        about += [_to(one.parent, "opened by")] if one.parent else []
        about += [_to(_anonymous(one.customer), "customer")] if one.customer else []
        yield _object("case", one.number, one.opened_at, one, about)
    for one in queries.lines(connection, period):
        about = [_to(one.number, "of"), _to(one.part, "part")]
        yield _object("line", f"{one.number}/{one.line_no}", one.opened_at, one, about)
    for one in queries.documents(connection, period):
        about = [_to(one.case_number, "of"), *([_to(one.reverses, "reverses")] if one.reverses else [])]
        kind = DocumentKind(one.kind)
        shown = [{"name": "kind", "value": kind.option, "time": event_text(one.issued_at)}]
        yield {"id": one.number, "type": "document", "attributes": shown, "relationships": about}


def _object(kind: str, name: str, since: datetime, row: Any, about: Iterable[Mapping[str, str]]) -> Mapping[str, Any]:
    said = ((one, getattr(row, one)) for one in OBJECTS[kind])
    attributes = [{"name": one, "value": event_text(value), "time": event_text(since)} for one, value in said if value]
    return {"id": name, "type": kind, "attributes": attributes, "relationships": list(about)}


def _to(name: str, qualifier: str) -> Mapping[str, str]:
    return {"objectId": name, "qualifier": qualifier}


def _anonymous(customer: str) -> str:
    return f"customer-{uuid5(NAMESPACE, customer)}"
