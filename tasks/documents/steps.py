"""Numbered documents: issued with the step that they record, their gapless number drawn as the unit's last act."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NewType
from uuid import UUID, uuid4

from sqlalchemy import Connection

from schemas.tables import document
from schemas.words import DocumentKind
from tasks.cycle.rules import shanghai_day
from tasks.unit.unit import Numbered, Unit
from tasks.unit.work import Work

DocumentRef = NewType("DocumentRef", str)


def issue(work: Work, kind: DocumentKind, content: Mapping[str, Any], reverses: str | None = None) -> DocumentRef:
    """Issue a numbered document; gives a reference to it, never its number."""
    ref, year = work.id_of("document", work.count("document")), work.today.year
    row = {
        "id": ref, "case_id": work.case.id, "step_key": work.key, "kind": kind, "year": year,
        "content": dict(content), "reverses": UUID(reverses) if reverses else None, "issued_at": work.now,
    }  # fmt: skip
    work.unit.insert_numbered(work.case.id, Numbered(document, row, f"document:{kind}:{year}"))
    return DocumentRef(str(ref))


def issue_apart(
    connection: Connection, kind: DocumentKind, source: str, contents: Sequence[Mapping[str, Any]], now: datetime
) -> list[UUID]:
    """Issue numbered documents that are of no case but of `source`; gives their ids. Their numbers are held to the commit."""
    year, unit, refs = shanghai_day(now).year, Unit(connection, []), [uuid4() for _ in contents]
    for ref, content in zip(refs, contents, strict=True):
        row = {"id": ref, "step_key": source, "kind": kind, "year": year, "content": dict(content), "issued_at": now}
        unit.insert_numbered(0, Numbered(document, row, f"document:{kind}:{year}"))
    unit.flush()
    return refs
