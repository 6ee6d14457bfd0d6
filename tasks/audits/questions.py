"""通话评分 and 坐席意见: the SUPERVISOR scores a call, the agent may object, the MANAGER decides on that (S2; D)."""

from contextlib import suppress
from itertools import chain

from schemas.forms.audits import AgentSays, AuditRequest, CallScored, Met, ScoreAnswer
from schemas.problems import Problem
from schemas.words import Role
from tasks.approvals.rules import reason_needed
from tasks.approvals.steps import Matter, approving
from tasks.audits.shapes import Score
from tasks.audits.steps import ANSWER, SCORE
from tasks.branches.beside import alone
from tasks.complaints.rules import unmet
from tasks.cycle.terms import gate, working_days
from tasks.durable.process import Case, ask
from tasks.durable.signals import TimedOut
from tasks.people.rights import SIGNER
from tasks.unit.work import Work

RIGHT = "同意即采纳坐席异议，本次不计分 approving it means that the agent is right: the call does not count"


def score_call(case: Case, form: AuditRequest) -> CallScored:
    """Have a SUPERVISOR score the call, whose own it is not."""
    brief = [f"**{form.call}** · 坐席 agent {form.agent} · {form.called_at}"]
    prefill = {"通话录音": form.call_recording}

    def check(scored: CallScored, _work: Work) -> list[Problem]:
        return unmet(
            (not scored.call_recording, "通话录音 recording", "", "必填 is required"),
            (scored.forbidden % 1, "禁语次数 forbidden answers", scored.forbidden, "应为整数 must be whole"),
        )

    return ask(
        case,
        gate(
            "score", SCORE, Role.SUPERVISOR, CallScored, "score", SCORE, brief.copy, prefill.copy,
            check=check, barred=frozenset({form.agent}),
        ),
    )  # fmt: skip


def objection(case: Case, form: AuditRequest, scored: CallScored, score: Score) -> str:
    """Hear the agent, whose silence agrees; gives why the MANAGER lets an objection stand, "" where the score does."""
    failed = [name for name, value in scored if value == Met.NOT_MET]
    titles = [str(CallScored.model_fields[name].alias) for name in failed]
    brief = [f"**{form.call}** {score.said}", *chain([f"未做到 not met: {'、'.join(titles)}"] if titles else [])]
    brief += [f"建议 advice: {scored.advice}"] if scored.advice else []

    def check(said: ScoreAnswer, _work: Work) -> list[Problem]:
        own = f"须由被查坐席 {form.agent} 本人 must be the agent"
        wrong = [] if said.staff == form.agent else [Problem(SIGNER, said.staff, own)]
        return wrong + reason_needed(
            said.reason, said.verdict == AgentSays.OBJECT, "有异议时必填 is required to object"
        )

    due = working_days("answer")
    with suppress(TimedOut):
        said = ask(
            case,
            gate(
                "answer",
                ANSWER,
                Role.AGENT,
                ScoreAnswer,
                due,
                ANSWER,
                brief.copy,
                check=check,
                expires=due,
                remind=None,
            ),
        )
        if said.verdict == AgentSays.OBJECT:
            shown = [RIGHT, *brief, f"坐席 the agent: **{said.reason}**"]
            matter = Matter(ANSWER, {form.agent, scored.staff}, shown.copy)
            refused = alone(case, approving(case, "ruling", "异议裁定", Role.MANAGER, matter, "approval"))
            return "" if refused else said.reason
    return ""
