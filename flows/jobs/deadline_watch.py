"""The deadline watch 时限巡检 (DOMAIN, "Scheduled work")."""

from tasks.control.watch import watch_cycles
from tasks.desk.rules import plain
from tasks.durable import clock
from tasks.notices.digest import pass_on
from tasks.notices.rules import watch_summary
from tasks.notices.watch import watch_deadlines
from tasks.runs.job import Ended, Job, job


@job("时限巡检", page="deadline-watch", heading="时限巡检 Deadline watch")
def deadline_watch(job: Job) -> Ended:
    """时限巡检 Remind of open work, report what is overdue, close what nobody answered in time; messages follow."""
    now, stuck = clock.now(), watch_cycles(job.db)  # first: what was made in time is not told to be overdue
    report = watch_deadlines(job.db, now)
    report.failed += stuck
    pass_on(job.db)
    faults = [(number, plain(why)) for number, why in report.failed]
    counts = (len(report.told), len(report.timed_out), len(report.failed))
    message = "提醒 notices {}，超时 timed out {}，故障 faults {}".format(*counts)
    return Ended("已巡检", message, watch_summary(now, report.told, report.timed_out, faults))
