"""Call audits 电话稽核 (DOMAIN, "Scheduled work"; S2): one case a call of the week's sample."""

from schemas.forms.audits import AuditRequest
from schemas.processes.call_audit import AuditEnding
from schemas.shapes import LinkWait
from schemas.words import LinkKind, Role
from tasks.audits.accept import accept_audit, begin_audit
from tasks.audits.queries import audit_table
from tasks.audits.questions import objection, score_call
from tasks.audits.steps import count_score, record_audit, take_up_audit
from tasks.calls.accept import leaders_call_off
from tasks.durable.process import Case, Closing
from tasks.runs.process import process


@process(
    code="HJ",
    title="电话稽核",
    chain="抽样登记 → 通话评分 → 坐席意见",
    waits={
        "通话评分": LinkWait(LinkKind.GATE, Role.SUPERVISOR, "score.days"),
        "坐席意见": LinkWait(LinkKind.EVENT, Role.AGENT, "answer.days"),
    },
    endings=AuditEnding,
    request=AuditRequest,
    parameter="稽核登记",
    accept=accept_audit,
    begin=begin_audit,
    end=lambda _work: None,
    lines=audit_table,
    may_withdraw=leaders_call_off,
)
def call_audit(case: Case) -> Closing:
    """电话稽核 Score a call by the rules of the hotline; the agent may object."""
    form = case.request
    take_up_audit(case, form)  # 抽样登记
    scored = score_call(case, form)  # 通话评分
    score = count_score(case, scored)
    if why := objection(case, form, scored, score):  # 坐席意见
        return Closing(AuditEnding.OVERRULED, why)
    record_audit(case, form, scored, score)
    return Closing(AuditEnding.SCORED, score.said)
