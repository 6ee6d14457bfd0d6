"""A published report is corrected 报表更正 by a new edition (DOMAIN 4)."""

from schemas.forms.editions import Correction
from tasks.reports.publication import publish_correction
from tasks.reports.registry import report_kind
from tasks.rounds.rules import Period
from tasks.runs.job import Ended, Job, job
from tasks.runs.reports import corrected


@job(
    "报表更正", form=Correction, parameter="更正单", page="report-correction", heading="报表更正 Correction of a report"
)
def correct_report(job: Job, form: Correction) -> Ended:
    """报表更正 Publish a new edition of a report, of what is known now; the old one stays."""
    kind, period = report_kind(form.report), Period(form.since, form.until)
    return corrected(job.db, publish_correction(job.db, kind, period, form.staff, form.reason))
