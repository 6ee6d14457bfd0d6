"""What the system does for a call audit: scores it, and records what came of it (S2)."""

from datetime import datetime
from decimal import Decimal

from schemas.forms.audits import CRITERIA, AuditRequest, CallScored
from schemas.tables import audited_call, call_audit
from tasks.audits.accept import call_of, when
from tasks.audits.queries import calls_named
from tasks.audits.rules import deduction_of, score_of
from tasks.audits.shapes import Score
from tasks.durable.step import step
from tasks.policies.queries import setting
from tasks.unit.work import Work

BEGIN, SCORE, ANSWER = "抽样登记", "通话评分", "坐席意见"


@step("撤销稽核", link="")
def free_call(work: Work, _taken_up: str) -> None:
    """Let a call be audited again whose audit came to nothing."""
    work.delete(audited_call, {"case_id": work.case.id})


@step(BEGIN, undo=free_call)
def take_up_audit(work: Work, form: AuditRequest) -> str:
    """Take up the call that is to be audited."""
    return f"{form.call} {form.agent}"


@step("计分", link=SCORE)
def count_score(work: Work, scored: CallScored) -> Score:
    """Count what a call was scored, and what its forbidden answers cost."""
    each = Decimal(str(setting(work, "hj.forbidden.cny")))
    return Score(score=score_of(scored), forbidden=int(scored.forbidden), deduction=deduction_of(scored, each))


@step("评分生效", link=ANSWER)
def record_audit(work: Work, form: AuditRequest, scored: CallScored, score: Score) -> None:
    """Record a score that stands, for the 奖罚评分表 of the month."""
    kept = {name: getattr(scored, name).value for name in CRITERIA}
    told = {"agent": form.agent, "call": form.call, "advice": scored.advice}
    told |= {"recording": scored.call_recording or form.call_recording}
    counted = score.model_dump()
    work.insert(call_audit, **kept, **told, **counted, called_at=_called_at(work, form), recorded_at=work.now)


def _called_at(work: Work, form: AuditRequest) -> datetime:
    call = work.unit.read_by(calls_named, call_of, form)
    assert call is not None, "it was accepted"
    return when(form, work.unit, call)
