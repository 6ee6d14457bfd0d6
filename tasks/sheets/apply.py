"""From the rows of a sheet to the engine, in chunks: what became of each row comes back.

set_aside    rows of an inbox workbook that were not decided yet
take_back    rows that go back with the wrong ones of their form: a form goes on whole or not at all
row_chunks   all rows of a case, or of an application, together
apply_rows   one chunk through the engine
"""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import Engine

from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.durable.stage import CHUNK
from tasks.sheets.applications import apply_applications
from tasks.sheets.columns import DAY, LINE_NO, NUMBER, STEP, SheetKind
from tasks.sheets.decisions import apply_decisions
from tasks.sheets.kinds import SALES
from tasks.sheets.outcome import Became, RowOutcome, SheetRow, all_became, goes_with
from tasks.sheets.rows import SheetForm, forms_of, is_undecided, read_key, read_row


def set_aside(kind: SheetKind, rows: Sequence[SheetRow]) -> tuple[list[SheetRow], list[RowOutcome]]:
    """Part the rows that are to be checked and applied from those that were not decided yet."""
    if not kind.decides:
        return list(rows), []
    skipped: list[RowOutcome] = []
    from_inbox = [row for row in rows if row.cells.get(STEP)]
    for form in _forms(kind, from_inbox, kind.undecided):
        if is_undecided(kind, form):
            skipped += all_became([row.row for row in form.rows], Became.SKIPPED, form.number)
    numbers = {outcome.row.no for outcome in skipped}
    return [row for row in rows if row.no not in numbers], skipped


def take_back(
    kind: SheetKind, rows: Sequence[SheetRow], wrong: Sequence[RowOutcome]
) -> tuple[list[SheetRow], list[RowOutcome]]:
    """Part the rows that may go on from those whose form has a wrong row; `rows` are all, wrong ones too."""
    bad = {outcome.row.no for outcome in wrong}
    if not bad:
        return list(rows), []
    going, back = list[SheetRow](), list[RowOutcome]()
    for key, form in _together(kind, rows):
        own = [row.no for row in form if row.no in bad]
        if own:
            back += [
                RowOutcome(row, Became.REJECTED, key, (goes_with(key, own, row.no),))
                for row in form
                if row.no not in bad
            ]
        else:
            going += form
    return sorted(going, key=lambda row: row.no), back


def row_chunks(kind: SheetKind, rows: Iterable[SheetRow]) -> list[list[SheetRow]]:
    """Cut rows into chunks of so many cases; all rows of a case stay together, in order."""
    groups: dict[str, list[SheetRow]] = {}
    for row in rows:
        key = read_key(kind, row)
        groups.setdefault(key.upper() or f"row {row.no}", []).append(row)
    cases = list(groups.values())
    return [[row for group in cases[first : first + CHUNK] for row in group] for first in range(0, len(cases), CHUNK)]


def apply_rows(db: Engine, kind: SheetKind, rows: Sequence[SheetRow]) -> list[RowOutcome]:
    """Take the rows of one chunk through the engine; gives what became of each, in their order."""
    if kind is SALES:
        from tasks.sheets.sales import apply_sales

        outcomes = apply_sales(db, kind, rows)
    elif kind.decides:
        outcomes = apply_decisions(db, kind, rows)
    else:
        outcomes = apply_applications(db, rows)
    return sorted(outcomes, key=lambda outcome: outcome.row.no)


def _together(kind: SheetKind, rows: Sequence[SheetRow]) -> list[tuple[str, list[SheetRow]]]:
    """Bring the rows of each form together, under its key."""
    if kind.decides:
        return [(form.number, [row.row for row in form.rows]) for form in _forms(kind, rows)]
    groups: dict[str, list[SheetRow]] = {}
    for row in rows:
        key = read_key(kind, row) if kind.lines else ""
        groups.setdefault(key or f"row {row.no}", []).append(row)
    return list(groups.items())


def _forms(kind: SheetKind, rows: Sequence[SheetRow], also: Sequence[str] = ()) -> list[SheetForm]:
    """Bring decisions' rows together by the few cells that this takes."""
    headings, today = (NUMBER, STEP, DAY, LINE_NO, *also), _today()
    few = (SheetRow(row.no, {h: row.cells[h] for h in headings if h in row.cells}) for row in rows)
    whole = {row.no: row for row in rows}
    read = [read_row(kind, row, today) for row in few]
    for one in read:
        one.row = whole[one.row.no]
    return forms_of(kind, read)


def _today() -> date:
    return shanghai_day(clock.now())
