"""The day's call list 回访名单 (DOMAIN, "Scheduled work"; S2)."""

from schemas.forms.calls import CallWhy, ListWanted
from schemas.forms.sales import YesNo
from tasks.calls.listing import DAILY, list_calls, page_of
from tasks.runs.job import Ended, Job, job


@job("回访名单", form=ListWanted, parameter="名单", page="call-list", heading="回访名单 Call list")
def call_list(job: Job, wanted: ListWanted) -> Ended:
    """回访名单 Make the day's calls: after complaints and services, of what takes long, of regular customers."""
    listed = list_calls(job.db, DAILY if wanted.regulars == YesNo.YES else DAILY - {CallWhy.REGULAR})
    return Ended("已列出" if listed else "无需回访", f"{len(listed)} 位客户 customers", page_of(listed))
