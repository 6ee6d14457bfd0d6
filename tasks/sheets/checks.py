"""Check a sheet with Great Expectations: which rows may go on, which go back and why, what the sentences found.

The rows' values become a frame, and the suite of their kind is asked of it at once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, NamedTuple

from schemas.expectations.sentences import NO, YES, day_of, fact
from schemas.expectations.suites import LOOKED_UP, UNREADABLE, expectations, of_whole
from schemas.forms.fields import Register
from schemas.problems import Problem
from schemas.sheet_columns import CellType, Column
from schemas.sheet_kinds import SheetKind
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.sheets.docs import data_docs
from tasks.sheets.forms import set_aside, take_back
from tasks.sheets.outcome import MOST_REASONS, Became, RowOutcome
from tasks.sheets.quiet import quiet
from tasks.sheets.rows import SheetRow

Known = Mapping[Register, Collection[str]]  # what a look-up found
Frame = dict[str, list[str | None]]  # the values by heading, row by row, None for an empty one
Failed = Mapping[str, list[int]]  # by sentence the rows of which it is not true
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


def check_rows(kind: SheetKind, rows: Sequence[SheetRow], known: Known) -> Checked:
    """Part the rows of a table by what must be true of them; a form with a wrong row goes back whole."""
    decided, skipped = set_aside(kind, rows)
    if not decided:
        return Checked([], skipped, [], "")
    columns = [column for column in kind.columns if column.heading in decided[0].headings]
    frame = _frame(kind, columns, decided)
    with _one_at_a_time, quiet:
        suite = expectations(kind, columns, shanghai_day(clock.now()))
        result, page = _ask(kind, _pandas(columns, frame, decided, known), suite)
    wrong = _wrong(decided, frame, suite, result)
    accepted, back = take_back(kind, decided, wrong)
    findings = [Finding(one.description, len(result[one.description])) for one in suite]
    return Checked(accepted, [*skipped, *wrong, *back], findings, page)


def _frame(kind: SheetKind, columns: Sequence[Column], rows: Sequence[SheetRow]) -> Frame:
    """Give the rows' values; what must be said once a form stands in all its rows, what nobody can read as it is."""
    frame: Frame = {column.heading: [row.values.get(column.heading) for row in rows] for column in columns}
    for at, row in enumerate(rows):
        for problem in row.problems:
            frame[problem.field][at] = str(problem.value)
    keys = [row.key or f"row {row.no}" for row in rows]
    for column in columns:
        if column.required and of_whole(kind, column):
            cells = frame[column.heading]
            said = {key: cell for key, cell in zip(keys, cells, strict=True) if cell is not None}
            cells[:] = [said.get(key) if cell is None else cell for key, cell in zip(keys, cells, strict=True)]
    return frame


def _pandas(columns: Sequence[Column], frame: Frame, rows: Sequence[SheetRow], known: Known) -> Any:
    """Make the frame that is asked, under the rows' numbers in the sheet, with its helper columns."""
    import pandas as pd

    asked: dict[str, Any] = {**frame, UNREADABLE: ["、".join(p.field for p in row.problems) or None for row in rows]}
    for column in columns:
        if column.register in LOOKED_UP:
            listed = known.get(column.register, ())
            asked[fact(column.heading)] = [cell and (YES if cell in listed else NO) for cell in frame[column.heading]]
    table = pd.DataFrame(asked, index=pd.Index([row.no for row in rows]), dtype=object)
    for column in columns:
        if column.holds is CellType.DAY:
            days = table[column.heading]
            table[day_of(column.heading)] = pd.to_datetime(days, format="%Y-%m-%d", errors="coerce")
    return table


def _ask(kind: SheetKind, frame: Any, suite: Sequence[Any]) -> tuple[dict[str, list[int]], str]:
    """Ask a suite of a frame; gives by sentence the rows of which it is not true, and the Data Docs page."""
    import great_expectations as gx
    from great_expectations.data_context.types import base

    defaults, bars = base.InMemoryStoreBackendDefaults(), base.ProgressBarsConfig(globally=False)
    config = base.DataContextConfig(store_backend_defaults=defaults, progress_bars=bars, analytics_enabled=False)
    context = gx.get_context(mode="ephemeral", project_config=config)
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


def _wrong(rows: Sequence[SheetRow], frame: Frame, suite: Sequence[Any], found: Failed) -> list[RowOutcome]:
    """Give each wrong row with its reasons, one for a cell: the first sentence that it breaks."""
    places = {row.no: (at, row) for at, row in enumerate(rows)}
    reasons = {row.no: {problem.field: problem for problem in row.problems} for row in rows if row.problems}
    for one in suite:
        heading = one.meta["heading"]
        for no in found[one.description] if heading else ():
            at, row = places[no]
            value = row.cell(heading)
            if value is None and frame[heading][at] is not None:
                continue  # another row of the form says it, and is told
            broken = Problem(heading, "" if value is None else value, f"要求 required: {one.description}", no)
            reasons.setdefault(no, {}).setdefault(heading, broken)
    wrong = [(row, tuple(reasons[row.no].values())) for row in rows if row.no in reasons]
    return [RowOutcome(row.no, Became.REJECTED, row.key, told[:MOST_REASONS]) for row, told in wrong]
