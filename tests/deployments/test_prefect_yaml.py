"""prefect.yaml has an entry for every process and every job, and for nothing else; schedules stand there alone."""

from deployments.deploy import read_deployments
from deployments.worker import load_flow
from flows import IN_ORDER, load
from tasks.durable.process import PROCESSES
from tasks.runs.job import JOBS


def test_every_process_and_job_of_the_house_is_deployed_and_nothing_else() -> None:
    load()
    ours = [process for process in PROCESSES.values() if process.function.__module__.startswith("flows.")]
    declared = {process.title: process.function for process in ours} | {
        job.title: job.function for job in JOBS.values()
    }
    flows = {entry.entrypoint: load_flow(entry.entrypoint) for entry in read_deployments()}
    assert sorted(flow.name for flow in flows.values()) == sorted(declared)
    for entrypoint, flow in flows.items():
        function = declared[flow.name]
        assert entrypoint == f"{function.__module__}.{function.__name__}"
        assert function.__doc__


def test_processes_stand_in_the_order_in_which_they_are_loaded() -> None:
    """Whoever registers deployments imports the flows in this order, and lists processes so on the start page."""
    modules = [entry.entrypoint.split(".")[1] for entry in read_deployments()]
    assert [module for module in modules if module in IN_ORDER] == list(IN_ORDER)
