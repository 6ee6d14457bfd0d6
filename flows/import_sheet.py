"""Taking a sheet in 表格导入: many applications, decisions or journal rows at once."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

import flows.parts_application  # noqa: F401  the rows move cases, so their processes must be known
from schemas.forms.sheets import SheetImport
from tasks.runs.import_run import run_import


@flow(name="表格导入", retries=0, persist_result=False, validate_parameters=False)
def import_sheet(导入单: SheetImport = Field()) -> State[Any]:  # noqa: B008, N803  required, yet none is answered too
    """表格导入 Take in a sheet: applications, decisions, journals or sales records, by path or URL."""
    return run_import(导入单)
