"""Ask Great Expectations what must be true of a sheet; a process of its own may do it, for the library is large."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from schemas.expectations import day_of, expectations
from schemas.sheet_kinds import CellType, SheetKind
from tasks.checking.asking import ask_suite
from tasks.checking.docs import data_docs
from tasks.checking.quiet import quiet
from tasks.unit.work import SHANGHAI

Frame = Mapping[str, Sequence[str | None]]  # the values by heading, row by row, None for an empty one


class Sentence(NamedTuple):
    """What must be true of a column, "" where of the whole row; the numbers of the rows of which it is not."""

    said: str
    heading: str
    broken_by: list[int]


class AskedSentences(NamedTuple):
    """The sentences in the order in which a reader asks, and the Data Docs page; "" where nobody wants it."""

    sentences: list[Sentence]
    page: str


Ask = Callable[[SheetKind, Sequence[str], Frame, Sequence[int], date, bool], AskedSentences]


def load_library() -> None:
    """Import what takes seconds, before there is anything to ask."""
    with quiet():
        for name in ("great_expectations.expectations", "great_expectations.render.view", "pandas"):
            import_module(name)


def ask_sentences(
    kind: SheetKind, headings: Sequence[str], frame: Frame, numbers: Sequence[int], today: date, drawn: bool
) -> AskedSentences:
    """Ask the suite of a sheet with these headings of its rows; `frame` has its helper columns, save those of days."""
    with quiet():
        suite = _suite(kind, tuple(headings), today)
        result = _ask(kind, _pandas(kind, headings, frame, numbers), suite)
        found = dict(map(_failed, result.results))
        page = data_docs(result, "表格检查") if drawn else ""
    return AskedSentences(
        [Sentence(one.description, one.meta["heading"], found[one.description]) for one in suite], page
    )


def _pandas(kind: SheetKind, headings: Sequence[str], frame: Frame, numbers: Sequence[int]) -> Any:
    """Make the frame that is asked, under the rows' numbers in the sheet."""
    import pandas as pd

    table = pd.DataFrame(frame, index=pd.Index(numbers), dtype=object)
    for heading in headings:
        if kind.by_heading[heading].holds is CellType.DAY:
            table[day_of(heading)] = pd.to_datetime(table[heading], format="%Y-%m-%d", errors="coerce")
        elif kind.by_heading[heading].holds is CellType.MOMENT:
            moments = pd.to_datetime(table[heading], format="ISO8601", utc=True, errors="coerce")
            table[day_of(heading)] = moments.dt.tz_convert(SHANGHAI).dt.tz_localize(None).dt.normalize()
    return table


@lru_cache(maxsize=200)
def _suite(kind: SheetKind, headings: tuple[str, ...], today: date) -> Sequence[Any]:
    """Give what must be true of a sheet with these columns, made once a day: one thread at a time asks it."""
    return expectations(kind, [kind.by_heading[heading] for heading in headings], today)


def _ask(kind: SheetKind, frame: Any, suite: Sequence[Any]) -> Any:
    """Ask a suite of a frame; gives its result."""

    def rows(sources: Any) -> Any:
        asset = sources.add_pandas("sheet").add_dataframe_asset(kind.title)
        return asset.add_batch_definition_whole_dataframe("rows").get_batch({"dataframe": frame})

    return ask_suite(f"{kind.title} {kind.code}", suite, rows)


def _failed(result: Any) -> tuple[str, list[int]]:
    """Give a sentence with the rows of which it is not true; MemoryError, which the library hides, where it got none."""
    if "unexpected_index_list" not in result.result:
        if MemoryError.__name__ in str(result.exception_info):  # numpy's own, too
            raise MemoryError
        raise RuntimeError(f"{result.expectation_config.description}: {result.exception_info}")
    return result.expectation_config.description, list(result.result["unexpected_index_list"])
