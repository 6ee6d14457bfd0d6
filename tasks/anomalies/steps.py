"""What becomes of an anomaly, until process 6 takes over: a leader decides, a re-make climbs the ladder (DOMAIN 1.6)."""

from collections.abc import Sequence
from itertools import count

from schemas.forms.anomalies import AnomalyDecision, AnomalyVerdict
from schemas.parts import PartsLine, PlannedLine, Shortfall
from schemas.problems import Problem
from schemas.words import Role
from tasks.approvals.rules import Approver, reason_needed
from tasks.approvals.steps import Matter, climbing, find_leader
from tasks.branches.beside import Branch
from tasks.cycle.terms import gate
from tasks.durable.process import Case
from tasks.durable.question import Question
from tasks.unit.work import Work


class ClosedByAnomaly(Exception):
    """The decision on an anomaly closes the case."""


def decide_anomaly(
    case: Case, key: str, found: Shortfall, line: PartsLine | PlannedLine, link: str
) -> Branch[AnomalyVerdict]:
    """Have a leader decide: accept short, or make again at the price of what is missing, if the ladder agrees.

    An anomaly is a chain of approvals of its own: only the applicant and who decided it are barred from it. Where
    the ladder refuses the re-make, the anomaly is decided anew. Raises ClosedByAnomaly where the case shall end.
    """
    barred, refused = {case.request.applicant}, ""
    for attempt in count(1):
        turn = key if attempt == 1 else f"{key}-{attempt}"
        leader = find_leader(case, Role.SUPERVISOR, frozenset(barred), turn=turn)
        shown = _brief(found, line.name, refused)
        decision = yield anomaly_question(turn, leader, found, shown, link, barred)
        if decision.verdict == AnomalyVerdict.CLOSE:
            raise ClosedByAnomaly
        if decision.verdict == AnomalyVerdict.ACCEPT:
            return AnomalyVerdict.ACCEPT
        matter = Matter(link, {*barred, decision.staff}, shown.copy)
        refused = yield from climbing(case, found.missing * line.price, leader.role, matter, turn)
        if not refused:
            return AnomalyVerdict.REMAKE
    raise AssertionError("unreachable")


def anomaly_question(
    key: str, leader: Approver, found: Shortfall, shown: Sequence[str], link: str, barred: set[str]
) -> Question[AnomalyDecision]:
    """Ask a leader, by default the SUPERVISOR, what becomes of an anomaly."""

    def check(form: AnomalyDecision, _work: Work) -> list[Problem]:
        if form.verdict == AnomalyVerdict.REMAKE and not found.missing:
            expected = "没有短缺，不需重做 nothing is missing: accept or close"
            return [Problem("处理意见 decision", form.verdict.zh, expected)]
        needed = form.verdict != AnomalyVerdict.REMAKE
        return reason_needed(form.reason, needed, "接受短交或关闭时必填 is required to accept short or close")

    return gate(
        key, "异常处理", leader.role, AnomalyDecision, "anomaly", link, lambda: shown, check=check, barred=barred
    )


def _brief(found: Shortfall, name: str, refused: str) -> list[str]:
    line = f"{found.where} · 第{found.line_no}行 {name}"
    again = [f"重做未批 The re-make was refused: **{refused}**"] if refused else []
    return [*again, line, f"缺 missing: **{found.missing:f}**", found.found]
