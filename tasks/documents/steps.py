"""Numbered documents: issued with the step that they record, their gapless number drawn as the unit's last act."""

from collections.abc import Mapping
from typing import Any, NewType
from uuid import UUID

from schemas.tables import document
from schemas.words import DocumentKind
from tasks.unit.unit import Numbered
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
