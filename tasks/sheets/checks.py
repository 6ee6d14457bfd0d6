"""Check a sheet with Great Expectations: which rows may go on, which go back and why, what the sentences found.

The rows become a frame of cells as their form takes them, and the suite of their kind is asked of it at once.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Any, NamedTuple

from schemas.expectations.sentences import NO, YES, day_of, fact
from schemas.expectations.suites import LOOKED_UP, UNREADABLE, ColumnShape, expectations
from schemas.problems import Problem
from schemas.words import Labelled
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.sheets.apply import set_aside, take_back
from tasks.sheets.cells import Cell, read_cell
from tasks.sheets.columns import NUMBER, CellType, SheetKind
from tasks.sheets.docs import data_docs
from tasks.sheets.outcome import MOST_REASONS, Became, RowOutcome, SheetRow
from tasks.sheets.quiet import quiet
from tasks.sheets.rows import case_number, read_key

Known = Mapping[str, Collection[str]]  # what a look-up found, by heading
_one_at_a_time = Lock()  # Great Expectations keeps its context in one place for the whole process


class Finding(NamedTuple):
    """A sentence, and of how many rows it was not true."""

    sentence: str
    failed: int


@dataclass(frozen=True)
class Checked:
    """Rows that may go on; rows that were not decided yet or go back; every sentence; the Data Docs page."""

    accepted: list[SheetRow]
    outcomes: list[RowOutcome]
    findings: list[Finding]
    page: str


@dataclass
class Frame:
    """The cells by heading as their form takes them, None for an empty one; what could not be read by row."""

    cells: dict[str, list[str | None]]
    unreadable: dict[int, list[Problem]]


def check_rows(kind: SheetKind, rows: Sequence[SheetRow], known: Known) -> Checked:
    """Part the rows of a table by what must be true of them; a form with a wrong row goes back whole."""
    today = shanghai_day(clock.now())
    decided, skipped = set_aside(kind, rows)
    if not decided:
        return Checked([], skipped, [], "")
    headings = [c.heading for c in kind.all_columns if any(c.heading in row.cells for row in decided[:1])]
    frame = _frame(kind, decided, headings, today)
    with _one_at_a_time, quiet:
        suite = expectations(kind.code, [shape_of(kind, heading) for heading in headings], today)
        result, page = _ask(kind, _pandas(kind, decided, frame, known), suite)
    wrong = _wrong(kind, decided, frame, suite, result)
    accepted, back = take_back(kind, decided, wrong)
    findings = [Finding(one.description, len(result[one.description])) for one in suite]
    return Checked(accepted, [*skipped, *wrong, *back], findings, page)


def shape_of(kind: SheetKind, heading: str) -> ColumnShape:
    """Describe a column by the form field that it fills."""
    field, must = kind.field(heading), kind.required(heading)
    labelled = [part for part in [getattr(field, "annotation", None)] if isinstance(part, type)]
    words = [member for part in labelled if issubclass(part, Labelled) for member in part]
    return ColumnShape(
        heading,
        kind.type_of(heading).value,
        ("每份" if _of_whole(kind, heading) else "每行") if must else "",
        field,
        [spelling for word in words for spelling in (word.zh, word.option, word.value)],
        kind.choices(heading),
    )


def _of_whole(kind: SheetKind, heading: str) -> bool:
    """Say whether a column belongs to a whole form of several rows."""
    return bool(kind.lines) and kind.field(heading) is not None and not kind.of_line(heading)


def _frame(kind: SheetKind, rows: Sequence[SheetRow], headings: Sequence[str], today: date) -> Frame:
    frame = Frame({}, {})
    for heading in headings:
        frame.cells[heading] = list(_column(kind, rows, heading, today, frame.unreadable))
        if _of_whole(kind, heading) and kind.required(heading):
            _spread(kind, rows, frame.cells[heading])
    return frame


def _column(
    kind: SheetKind, rows: Sequence[SheetRow], heading: str, today: date, unreadable: dict[int, list[Problem]]
) -> Iterator[str | None]:
    """Read a column; cells that say the same are read once."""
    holds, read = kind.type_of(heading), dict[tuple[type, Cell], tuple[str | None, str]]()
    for row in rows:
        cell = row.cells.get(heading)
        if cell is None:
            yield None
            continue
        seen = (cell.__class__, cell)  # 1, 1.0 and True are equal
        if seen not in read:
            read[seen] = _read(heading, cell, holds, today)
        text, why = read[seen]
        if why:
            unreadable.setdefault(row.no, []).append(Problem(heading, cell, why, row.no))
        yield text


def _read(heading: str, cell: Cell, holds: CellType, today: date) -> tuple[str | None, str]:
    """Give what a cell says, or what was expected of it."""
    try:
        text = read_cell(cell, holds, today)
    except ValueError as wrong:
        return str(cell), str(wrong)
    return (case_number(text) if heading == NUMBER else text) or None, ""


def _spread(kind: SheetKind, rows: Sequence[SheetRow], cells: list[str | None]) -> None:
    """Fill in on every row of a form what only one of them says: it belongs to the whole."""
    keys = [read_key(kind, row) or f"row {row.no}" for row in rows]
    said = {key: cell for key, cell in zip(keys, cells, strict=True) if cell is not None}
    cells[:] = [cell if cell is not None else said.get(key) for key, cell in zip(keys, cells, strict=True)]


def _pandas(kind: SheetKind, rows: Sequence[SheetRow], frame: Frame, known: Known) -> Any:
    """Make the frame that is asked, under the rows' numbers in the sheet, with its helper columns."""
    import pandas as pd

    columns: dict[str, Any] = dict(frame.cells)
    wrong = frame.unreadable
    columns[UNREADABLE] = ["、".join(p.field for p in wrong[row.no]) if row.no in wrong else None for row in rows]
    for heading, cells in frame.cells.items():
        if heading in LOOKED_UP:
            listed = known.get(heading, ())
            columns[fact(heading)] = [cell and (YES if cell in listed else NO) for cell in cells]
    table = pd.DataFrame(columns, index=pd.Index([row.no for row in rows]), dtype=object)
    for heading in frame.cells:
        if kind.type_of(heading) is CellType.DAY:
            table[day_of(heading)] = pd.to_datetime(table[heading], format="%Y-%m-%d", errors="coerce")
    return table


def _ask(kind: SheetKind, frame: Any, suite: Sequence[Any]) -> tuple[dict[str, list[int]], str]:
    """Ask a suite of a frame; gives by sentence the rows of which it is not true, and the Data Docs page."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    defaults, bars = InMemoryStoreBackendDefaults(), ProgressBarsConfig(globally=False)
    quiet = DataContextConfig(store_backend_defaults=defaults, progress_bars=bars, analytics_enabled=False)
    context = gx.get_context(mode="ephemeral", project_config=quiet)
    asset = context.data_sources.add_pandas("sheet").add_dataframe_asset(kind.title)
    batch = asset.add_batch_definition_whole_dataframe("rows").get_batch({"dataframe": frame})
    result = batch.validate(
        gx.ExpectationSuite(name=f"{kind.title} {kind.code}", expectations=list(suite)),
        result_format={"result_format": "COMPLETE", "return_unexpected_index_query": False},
    )
    return dict(map(_failed, result.results)), data_docs(result)


def _failed(result: Any) -> tuple[str, list[int]]:
    """Give a sentence with the rows of which it is not true."""
    if "unexpected_index_list" not in result.result:
        raise RuntimeError(f"{result.expectation_config.description}: {result.exception_info}")
    return result.expectation_config.description, list(result.result["unexpected_index_list"])


def _wrong(
    kind: SheetKind, rows: Sequence[SheetRow], frame: Frame, suite: Sequence[Any], found: Mapping[str, list[int]]
) -> list[RowOutcome]:
    """Give each wrong row with its reasons, one for a cell: the first sentence that it breaks."""
    places = {row.no: (at, row) for at, row in enumerate(rows)}
    reasons = {no: {problem.field: problem for problem in said} for no, said in frame.unreadable.items()}
    for one in suite:
        heading = one.meta["heading"]
        for no in found[one.description] if heading else ():
            at, row = places[no]
            value = row.cells.get(heading)
            if value is None and frame.cells[heading][at] is not None:
                continue  # it was spread here: the row where it stands says it
            broken = Problem(heading, "" if value is None else value, f"要求 required: {one.description}", no)
            reasons.setdefault(no, {}).setdefault(heading, broken)
    return [
        RowOutcome(row, Became.REJECTED, read_key(kind, row), tuple(reasons[row.no].values())[:MOST_REASONS])
        for row in rows
        if row.no in reasons
    ]
