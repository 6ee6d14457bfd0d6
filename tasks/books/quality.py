"""The books by night: Great Expectations ask the operations tables for each sentence; an expectation is its name."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import Engine

from tasks.books.queries import ALWAYS
from tasks.checking.asking import ask_tables
from tasks.checking.docs import data_docs
from tasks.checking.quiet import quiet

ROWS, IN_ALL = "unexpected_rows_query.table", "rows_in_all"


class Untrue(NamedTuple):
    """A sentence that is not true: how many rows contradict it, and the first of them."""

    sentence: str
    rows_in_all: int
    rows: Sequence[Mapping[str, Any]]


class BooksChecked(NamedTuple):
    """How many sentences were asked for, which are not true, and the Data Docs page."""

    asked: int
    untrue: list[Untrue]
    docs: str


def check_books(db: Engine, sentences: Mapping[str, str] = ALWAYS) -> BooksChecked:
    """Ask a database whether the sentences are true of it; each is asked in a snapshot of its own, while work goes on."""
    with quiet():
        suite = [_expectation(*one) for one in sentences.items()]
        result = ask_tables("账目 Books", suite, db, "service_case")
        untrue = [_untrue(one) for one in result.results if not one.success]
        return BooksChecked(len(sentences), untrue, data_docs(result, "数据质量 Data quality"))


def _expectation(sentence: str, query: str) -> Any:
    """Expect no row of a query, which asks many tables; the library warns of one that does not name its batch."""
    escaped = query.replace("{", "{{").replace("}", "}}")
    rows = (
        f"WITH batch AS (SELECT FROM {{batch}}) SELECT *, count(*) OVER () AS {IN_ALL} FROM ({escaped}\n) contradicts"
    )
    return _no_rows()(description=sentence, unexpected_rows_query=rows)


@cache
def _no_rows() -> Any:
    """Make the expectation that a query finds no row; the library's own asks it twice, to see rows and to count them."""
    library = import_module("great_expectations.expectations")  # takes seconds, so not before it is needed
    private = import_module("great_expectations.compatibility").pydantic.PrivateAttr

    class ExpectNoRows(library.UnexpectedRowsExpectation):  # type: ignore[misc, name-defined]
        """Expect no row of a query that counts, in each of its rows, how many there are."""

        metric_dependencies: ClassVar[tuple[str, ...]] = (ROWS,)
        _written: Any = private(None)

        @property
        def configuration(self) -> Any:
            """Give what the library writes anew each time that it wants to know anything: 28 times a sentence."""
            self._written = self._written or super().configuration
            return self._written

        def _validate(self, metrics: Mapping[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
            rows = [dict(row) for row in metrics[ROWS]]
            in_all = max((row.pop(IN_ALL) for row in rows), default=0)
            return {"success": not rows, "result": {"observed_value": in_all, "details": {"unexpected_rows": rows}}}

    return ExpectNoRows


def _untrue(result: Any) -> Untrue:
    sentence = result.expectation_config.description
    if "observed_value" not in result.result:
        raise RuntimeError(f"{sentence}: {result.exception_info}")
    return Untrue(sentence, result.result["observed_value"], result.result["details"]["unexpected_rows"])
