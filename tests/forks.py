"""The server from which children are forked: it has imported the product once, and there is one a test run."""

from multiprocessing import get_context

forks = get_context("forkserver")
forks.set_forkserver_preload(
    [
        "tests.tasks.durable.crash",
        "tests.tasks.durable.chunks",
        "tasks.sheets.importing",
        "great_expectations.expectations",
    ]
)
