"""Taking many cases as far as they go 推进单据."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

import flows.parts_application  # noqa: F401  cases are advanced, so their processes must be known
from schemas.forms.cases import CasesToAdvance
from tasks.runs.case_jobs import run_advance


@flow(name="推进单据", retries=0, persist_result=False, validate_parameters=False)
def advance_cases(推进单: CasesToAdvance = Field()) -> State[Any]:  # noqa: B008, N803  its texts are judged by us
    """推进单据 Advance the named cases, or all that have work to do, as far as they go."""
    return run_advance(推进单)
