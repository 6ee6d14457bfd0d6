"""Follow-up calls 回访 (DOMAIN, "Scheduled work"; S2, S4): one case a customer who is to be called."""

from schemas.forms.calls import CallMade, CallRequest
from schemas.processes.follow_up_call import CallEnding
from schemas.shapes import LinkWait
from schemas.words import LinkKind, Role
from tasks.branches.beside import side_by_side
from tasks.calls.accept import accept_call, begin_call, leaders_call_off
from tasks.calls.queries import call_table
from tasks.calls.rules import ENDS_AS
from tasks.calls.steps import end_call, pass_verdict_on, take_up_call
from tasks.calls.talking import begin, follow_up, reach
from tasks.durable.process import Case, Closing
from tasks.runs.process import process


@process(
    code="HF",
    title="客户回访",
    chain="回访登记 → 电话回访 → 转办跟踪",
    waits={
        "电话回访": LinkWait(LinkKind.GATE, Role.AGENT, "call.days"),
        "转办跟踪": LinkWait(LinkKind.EVENT, Role.RESPONSIBLE_UNIT, "unit_answer.days"),
    },
    endings=CallEnding,
    request=CallRequest,
    parameter="回访登记",
    accept=accept_call,
    begin=begin_call,
    end=end_call,
    lines=call_table,
    may_withdraw=leaders_call_off,
)
def follow_up_call(case: Case) -> Closing:
    """客户回访 Call a customer about all that was done, and see to what the customer says."""
    case = side_by_side(case)
    call = begin(case, take_up_call(case, case.request))  # 回访登记
    said = reach(call)  # 电话回访
    pass_verdict_on(case, said if isinstance(said, CallMade) else None)
    if not isinstance(said, CallMade):
        return Closing(said)
    follow_up(call, said)  # 转办跟踪
    return Closing(ENDS_AS[said.verdict], said.matter)
