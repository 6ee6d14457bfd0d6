"""Taking a sheet in 表格导入: many applications, decisions or journal rows at once."""

from uuid import uuid4

from schemas.forms.sheets import SheetImport
from tasks.runs.imports import import_shown
from tasks.runs.job import Ended, Job, job
from tasks.sheets import places
from tasks.sheets.fetch import fetched
from tasks.sheets.report import summary


@job("表格导入", form=SheetImport, parameter="导入单", page="sheet-import", heading="表格导入 Import", verb="导入")
def import_sheet(job: Job, form: SheetImport) -> Ended:
    """表格导入 Take in a sheet: applications, decisions, journals or sales records, by path or URL."""
    with fetched(form.file) as path:
        report, became = import_shown(job, path, places.here().reports / uuid4().hex, form.sheet_kind)
    job.tell(f"{report.name} · {became}")
    return Ended(became, f"{report.name}: {report.line}", summary(report, places.here().link), report.name)
