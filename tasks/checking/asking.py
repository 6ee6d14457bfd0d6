"""Ask a suite of Great Expectations: in a context that lies in memory and tells nobody.

The library takes seconds to import, so that is done where it is asked. Call it within `quiet`.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Engine


def ask_suite(name: str, expectations: Sequence[Any], batch_of: Callable[[Any], Any]) -> Any:
    """Give the result of a suite, with all that contradicts it; `batch_of` makes what is asked in the context's sources."""
    import great_expectations as gx

    suite = gx.ExpectationSuite(name=name, expectations=list(expectations))
    return batch_of(_context().data_sources).validate(suite, result_format=_complete())


def ask_tables(name: str, expectations: Sequence[Any], db: Engine, table: str) -> Any:
    """Give the result of a suite of queries, over connections that `db` has: a source of the context makes two anew."""
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
    from great_expectations.validator.validation_statistics import calc_validation_statistics
    from great_expectations.validator.validator import Validator

    engine = _lent()(engine=db)
    engine.load_batch_data(table, SqlAlchemyBatchData(engine, table_name=table))
    asked = Validator(engine, data_context=_empty_context())
    results = asked.graph_validate([one.configuration for one in expectations], {"result_format": _complete()})
    counted = calc_validation_statistics(results)._asdict()
    meta = {"batch_spec": {"data_asset_name": "operations"}}
    return ExpectationSuiteValidationResult(
        results=results, success=counted.pop("success"), suite_name=name, statistics=counted, meta=meta
    )


@cache
def _lent() -> Any:
    """Make the library's engine over connections that are lent to it; its own closes them when it is forgotten."""
    from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine

    class Lent(SqlAlchemyExecutionEngine):
        def close(self) -> None:
            """Leave them open."""

    return Lent


def _complete() -> dict[str, Any]:
    return {"result_format": "COMPLETE", "return_unexpected_index_query": False}


def _context() -> Any:
    import great_expectations as gx
    from great_expectations.data_context.types import base

    defaults, bars = base.InMemoryStoreBackendDefaults(), base.ProgressBarsConfig(globally=False)
    config = base.DataContextConfig(store_backend_defaults=defaults, progress_bars=bars, analytics_enabled=False)
    return gx.get_context(mode="ephemeral", project_config=config)


@cache
def _empty_context() -> Any:
    """Give one that nothing is added to: to make it takes as long as to ask five sentences."""
    return _context()
