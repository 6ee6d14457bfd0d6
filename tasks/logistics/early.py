"""加急放行: a leader may let urgent goods leave before their form (DOMAIN 1.9; S3 §3 2.2)."""

from collections.abc import Callable, Sequence

from schemas.forms.logistics import EarlyRelease, ReleaseVerdict
from schemas.parts import PartsLine
from schemas.problems import Problem
from schemas.words import Role
from tasks.approvals.queries import stand_in
from tasks.approvals.rules import Approver
from tasks.approvals.steps import asking, barred_problems, may_not
from tasks.branches.beside import Branch
from tasks.cycle.terms import More, gate, working_days
from tasks.durable.process import Case
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.lines.anomalies import goods_wait
from tasks.lines.rules import brief_lines
from tasks.policies.queries import term
from tasks.stock.moves import available, kept_for, reserve_available
from tasks.unit.work import Work

MAY_GO_FIRST = "加急：可先放行，出库单 2 个工作日内补 urgent: goods may go first, the form follows"


def asking_release(
    case: Case,
    key: str,
    barred: set[str],
    lines: Sequence[PartsLine],
    nothing_kept: Callable[[], bool] = lambda: False,
    link: str = "出库",
) -> Branch[tuple[EarlyRelease, str]]:
    """Ask a leader, due today, whether urgent goods may go before the form; open until decided or overtaken by it.

    Gives the decision and the question's key. Where nothing is kept for the case yet, what is on stock of its lines is
    kept with the decision.
    """

    def find(key: str) -> Approver:
        return find_releaser(case, frozenset(barred), turn=key)

    def check(form: EarlyRelease, work: Work) -> list[Problem]:
        there = any(available(work, line.part) for line in lines) if nothing_kept() else kept_for(work)
        expected = "没有可放行的现货 nothing of it is on stock"
        if form.verdict == ReleaseVerdict.WAIT:
            return []
        problems = barred_problems(form, barred) + goods_wait(work, [line.line_no for line in lines])
        return problems if there else [*problems, Problem("放行结论 verdict", form.verdict.zh, expected)]

    def record(form: EarlyRelease, work: Work) -> None:
        if form.verdict == ReleaseVerdict.RELEASE and nothing_kept():
            reserve_available(work, lines)

    def brief() -> list[str]:
        return [MAY_GO_FIRST, *brief_lines(lines)]

    def question(key: str, leader: Approver) -> Question[EarlyRelease]:
        due = working_days("release")
        more: More = {"barred": may_not(barred, leader.last), "remind": None}
        return gate(key, "加急放行", leader.role, EarlyRelease, due, link, brief, check=check, record=record, **more)

    said, _, answered = yield from asking(key, find(key), find, question)
    return said, answered


@step("确定放行人", link="")
def find_releaser(work: Work, barred: frozenset[str], turn: str) -> Approver:
    """Find who may release goods before their form, or stands in for who is barred."""
    return stand_in(work, Role(term(work, "release.role")), barred)
