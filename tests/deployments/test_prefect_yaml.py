"""prefect.yaml has an entry for every process and every job, and for nothing else; schedules stand there alone."""

from datetime import date, datetime, timedelta
from itertools import pairwise, takewhile

import pytest
from cronsim import CronSim
from sqlalchemy import Engine

from deployments.deploy import read_deployments
from deployments.worker import load_flow
from flows import IN_ORDER, load
from tasks.cycle.queries import calendar_today
from tasks.durable.process import PROCESSES
from tasks.rounds.rules import Cadence, due_on, period_at
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


MONTHLY = {  # the deployments that are scheduled for it, by working day
    1: "cycle-report satisfaction-report call-scores-report monthly-complaint-report repair-report office-evaluation "
    "stock-report monthly-survey survey-report store-survey",
    3: "settle-month",
}


def days_of(cron: str) -> dict[date, date]:
    """Give each day on which it runs, until the last known holidays, with the one on which it runs next."""
    times = CronSim(cron, datetime(2004, 1, 1))
    return dict(pairwise(takewhile(lambda day: day.year < 2027, (moment.date() for moment in times))))


@pytest.mark.parametrize("working_day", MONTHLY)
def test_what_is_monthly_runs_on_the_day_on_which_it_is_due_whatever_holidays_there_are(
    db: Engine, working_day: int
) -> None:
    """Not on each day of a month for nothing; where it was missed on its day, within a week."""
    with db.connect() as connection:
        calendar = calendar_today(connection)
    names = MONTHLY[working_day].split()
    crons = {
        one.cron.split(" ", 2)[2] for entry in read_deployments() if entry.name in names for one in entry.schedules
    }
    for rest in crons:
        cadence = Cadence.MONTH if rest.split()[1] == "*" else Cadence.HALF_YEAR
        runs = days_of(f"0 9 {rest}")
        months = [date(year, month, 1) for year in range(2004, 2026) for month in range(1, 13)]
        due = {due_on(calendar, cadence, period_at(cadence, month), working_day) for month in months}
        assert due <= runs.keys()
        assert all(runs[day] - day <= timedelta(days=7) for day in due)
        assert len(runs) < 0.6 * 23 * 365
