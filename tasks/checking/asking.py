"""Ask a suite of Great Expectations: in a context that lies in memory and tells nobody."""

from collections.abc import Callable, Sequence
from typing import Any


def ask_suite(name: str, expectations: Sequence[Any], batch_of: Callable[[Any], Any]) -> Any:
    """Give the result of a suite, with all that contradicts it; `batch_of` makes what is asked in the context's sources.

    Call it within `quiet`. The library takes seconds to import, so that is done here.
    """
    import great_expectations as gx
    from great_expectations.data_context.types import base

    defaults, bars = base.InMemoryStoreBackendDefaults(), base.ProgressBarsConfig(globally=False)
    config = base.DataContextConfig(store_backend_defaults=defaults, progress_bars=bars, analytics_enabled=False)
    context = gx.get_context(mode="ephemeral", project_config=config)
    return batch_of(context.data_sources).validate(
        gx.ExpectationSuite(name=name, expectations=list(expectations)),
        result_format={"result_format": "COMPLETE", "return_unexpected_index_query": False},
    )
