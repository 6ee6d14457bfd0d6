"""From the rows of a sheet to the engine, in chunks: what became of each row comes back."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Engine

from schemas.sheet_kinds import SheetKind
from tasks.durable.stage import CHUNK
from tasks.sheets.decisions import apply_decisions
from tasks.sheets.outcome import RowOutcome
from tasks.sheets.requests import apply_requests
from tasks.sheets.rows import SheetRow


def row_chunks(rows: Iterable[SheetRow]) -> list[list[SheetRow]]:
    """Cut rows into chunks of so many cases; all rows of a case stay together, in order."""
    groups: dict[str, list[SheetRow]] = {}
    for row in rows:
        groups.setdefault(row.key or f"row {row.no}", []).append(row)
    cases = list(groups.values())
    return [[row for group in cases[first : first + CHUNK] for row in group] for first in range(0, len(cases), CHUNK)]


def apply_rows(db: Engine, kind: SheetKind, rows: Sequence[SheetRow]) -> list[RowOutcome]:
    """Take the rows of one chunk through the engine; gives what became of each, in their order."""
    if kind.decides:
        outcomes = apply_decisions(db, kind, rows)
    elif kind.requests:
        outcomes = apply_requests(db, kind, rows)
    else:  # a list of its own, which opens and answers nothing
        from tasks.sheets.sales import apply_sales

        outcomes = apply_sales(db, kind, rows)
    return sorted(outcomes, key=lambda outcome: outcome.no)
