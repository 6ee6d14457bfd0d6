"""Lists for those who lead the hotline: the day's records, the meeting's pack, suggestions (DOMAIN, "Scheduled work")."""

from schemas.forms.periods import PeriodWanted
from tasks.desk.reports.showing import rounds_of_list
from tasks.reports.complaints.daily import daily_calls
from tasks.reports.lists.meeting import meeting
from tasks.reports.lists.suggestions import suggestions
from tasks.runs.job import Ended, Job, job
from tasks.runs.rounds import in_rounds


@job("来电日检", form=PeriodWanted, parameter="期间", page="calls-day", heading="来电日检 Check of call records")
def call_check(job: Job, wanted: PeriodWanted) -> Ended:
    """来电日检 Check the day's call records, and list the complaints for the SUPERVISOR."""
    return in_rounds(job.db, rounds_of_list(daily_calls), wanted)


@job("例会材料", form=PeriodWanted, parameter="期间", page="meeting", heading="例会材料 Meeting pack")
def meeting_pack(job: Job, wanted: PeriodWanted) -> Ended:
    """例会材料 Gather open tasks, cases, complaints and call findings for the meeting of Tuesday 10:00."""
    return in_rounds(job.db, rounds_of_list(meeting), wanted)


@job("意见建议", form=PeriodWanted, parameter="期间", page="suggestions", heading="意见建议反馈表 Suggestions")
def suggestion_list(job: Job, wanted: PeriodWanted) -> Ended:
    """意见建议反馈表 List the week's suggestions and their answers for the SUPERVISOR, every Friday."""
    return in_rounds(job.db, rounds_of_list(suggestions), wanted)
