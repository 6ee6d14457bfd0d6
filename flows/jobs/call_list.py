"""The day's call list 回访名单 (DOMAIN, "Scheduled work"; S2)."""

from tasks.calls.listing import list_calls, page_of
from tasks.runs.job import Ended, Job, job


@job("回访名单", page="call-list", heading="回访名单 Call list")
def call_list(job: Job) -> Ended:
    """回访名单 Make the day's calls: after complaints and services, of what takes long, of regular customers."""
    listed = list_calls(job.db)
    return Ended("已列出" if listed else "无需回访", f"{len(listed)} 位客户 customers", page_of(listed))
