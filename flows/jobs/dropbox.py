"""The drop folder 投件: sheets that people or programs lay there are taken in, looked for each minute."""

from tasks.durable import clock
from tasks.runs.imports import start_run, take_in
from tasks.runs.job import Ended, Job, job
from tasks.runs.locks import at_work, jobs_at_work
from tasks.sheets import dropbox, places

NOTHING = "无新文件"


@job("投件巡检")
def watch_dropbox(job: Job) -> Ended:
    """投件巡检 Look for new sheets in the drop folder and start taking them in.

    The look is cheap and each minute; taking in is neither, so it gets a process of its own.
    """
    folder = places.here().dropbox
    dropbox.make_rooms(folder)
    dropbox.claim_new(folder, clock.now())
    files = {key for key, file in dropbox.in_hand(folder) if dropbox.is_due(file, clock.now())}
    if not files - jobs_at_work(job.db, files):
        return Ended(NOTHING, "投件目录中没有新文件 nothing new in the drop folder")
    return Ended("开始读入", f"开始读入 {len(files)} 个文件 taking them in: {start_run(take_in_dropbox)}")


@job("投件导入", page="sheet-import", heading="投件 Drop folder", verb="投件")
def take_in_dropbox(job: Job) -> Ended:
    """投件导入 Take in what lies in the drop folder; each file goes to done/ or rejected/ with its report."""
    folder = places.here().dropbox
    told, faults = list[str](), list[str]()
    for key, file in dropbox.in_hand(folder):
        with at_work(job.db, key) as ours:
            if not (ours and file.exists() and dropbox.is_due(file, clock.now())):
                continue  # another run has it, or it waits after a fault
            try:
                told.append(f"{file.name}: {take_in(job, folder, file, key)}")
            except Exception as fault:  # noqa: BLE001  one file's, whatever it is; it is tried again
                dropbox.put_off(file, clock.now())
                faults.append(f"{file.name}: {fault!r}")
    if faults:
        return Ended("故障", "\n".join([*faults, *told]), failed=True)
    if not told:
        return Ended(NOTHING, "没有可读入的文件 nothing to take in")
    return Ended(f"{len(told)} 个文件", "\n".join(told))
