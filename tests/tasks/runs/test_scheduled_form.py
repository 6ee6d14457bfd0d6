"""What a schedule of Prefect makes has no parameters; a flow that has a form then gets none, which is as an empty one."""

from uuid import uuid4

from prefect.client.schemas.objects import FlowRun, State
from prefect.flow_engine import _flow_parameters
from prefect.states import Completed

from schemas.forms.periods import PeriodWanted
from tasks.runs.flow import form_flow


def test_a_run_that_a_schedule_made_without_its_form_is_given_none() -> None:
    given: list[object] = []

    def run(form: object) -> State[object]:
        given.append(form)
        return Completed()

    flow = form_flow(run, "试", run, "检查期间", PeriodWanted)
    for parameters in ({}, {"检查期间": {}}):
        flow.fn(**_flow_parameters(flow, FlowRun(flow_id=uuid4(), parameters=parameters), None))
    assert given == [None, {}]
