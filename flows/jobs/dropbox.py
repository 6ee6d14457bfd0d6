"""The drop folder 投件: sheets that people or programs lay there are taken in, looked for each minute."""

from datetime import timedelta

from tasks.durable import clock
from tasks.policies.queries import setting_today
from tasks.runs.imports import MOST_TOLD, TAKING_IN, start_run, take_in
from tasks.runs.job import Ended, Job, job
from tasks.runs.locks import at_work, jobs_at_work
from tasks.sheets import dropbox, places
from tasks.unit.reading import reading

MOST_FILES = 20  # that a message tells of
NOTHING = Ended("无新文件", "投件目录中没有可读入的文件 nothing to take in")


@job("投件巡检")
def watch_dropbox(job: Job) -> Ended:
    """投件巡检 Look for new sheets in the drop folder and start taking them in.

    The look is cheap and each minute; taking in is neither, so it gets a process of its own, one at a time.
    Where nothing came, what was taken in long ago is cleared away, and the reports of sheets with it.
    """
    folder = places.here().dropbox
    dropbox.make_rooms(folder)
    dropbox.claim_new(folder, clock.now())
    due = sum(dropbox.is_due(file, clock.now()) for file in dropbox.in_hand(folder))
    if not due or jobs_at_work(job.db, {TAKING_IN}):
        return _clear(job)
    return Ended("开始读入", f"开始读入 {due} 个文件 taking them in: {start_run(take_in_dropbox)}")


def _clear(job: Job) -> Ended:
    """Remove files of sheets that have been kept for long enough (policy `retention.days`)."""
    with reading(job.db) as connection:
        days = setting_today(connection, "retention.days")
    removed = dropbox.remove_old(places.here(), clock.now() - timedelta(days=days))
    if not removed:
        return NOTHING
    return Ended("已清理", f"保存满 {days} 天，删除 {removed} 份 removed after so many days: sheets and reports")


@job("投件导入", page="sheet-import", heading="投件 Drop folder", verb="投件")
def take_in_dropbox(job: Job) -> Ended:
    """投件导入 Take in what lies in the drop folder; each file goes to done/ or rejected/ with its report."""
    told, faults = list[str](), list[str]()
    with at_work(job.db, TAKING_IN) as ours:
        for file in dropbox.in_hand(places.here().dropbox) if ours else ():
            if not dropbox.is_due(file, clock.now()):
                continue  # it waits after a fault
            name = dropbox.name_of(file)
            try:
                told.append(f"{name}: {take_in(job, file)}")
            except Exception as fault:  # noqa: BLE001  one file's, whatever it is; it is tried again
                faults.append(f"{name}: {repr(fault)[:MOST_TOLD]}")
    lines, many = [*faults, *told], len(faults) + len(told)
    if many > MOST_FILES:
        lines[MOST_FILES:] = [f"… 共 {many} 个文件 files in all"]
    ended = Ended("故障" if faults else f"{many} 个文件", "\n".join(lines), failed=bool(faults))
    return ended if lines else NOTHING
