"""The deadline watch 时限巡检 (DOMAIN, "Scheduled work")."""

from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

import flows.parts_application  # noqa: F401  the watch advances cases, so their processes must be known
from tasks.durable import clock, database
from tasks.notices.rules import watch_summary
from tasks.notices.watch import is_watch_time, watch_deadlines


@flow(name="时限巡检", retries=0, persist_result=False)
def deadline_watch() -> State[Any]:
    """时限巡检 Remind of open work, report what is overdue, close what nobody answered in time."""
    db, now = database.current(), clock.now()
    if not is_watch_time(db, now):
        return Completed(name="非工作时间", message="非工作时间，未巡检 outside of working time, nothing was done")
    report = watch_deadlines(db, now)
    summary = watch_summary(now, report.told, report.timed_out, report.failed)
    create_markdown_artifact(summary, key="deadline-watch", description="时限巡检 Deadline watch")
    counts = (len(report.told), len(report.timed_out), len(report.failed))
    return Completed(message="提醒 notices {}，超时 timed out {}，故障 faults {}".format(*counts))
