"""Quality inspection: QUALITY passes goods by a 检验报告, or says what is wrong with them (DOMAIN 2, 5)."""

from collections.abc import Callable, Sequence

from schemas.forms.quality import Passed, QualityInspection
from schemas.parts import Goods
from schemas.problems import Problem
from schemas.words import DocumentKind, Role
from tasks.approvals.rules import reason_needed
from tasks.branches.beside import Branch
from tasks.cycle.terms import gate
from tasks.documents.contents import goods_row
from tasks.documents.steps import DocumentRef, issue
from tasks.durable.process import Case
from tasks.durable.step import step
from tasks.unit.work import Work


def inspecting(
    case: Case, turn: str, goods: Goods, barred: set[str], link: str, brief: Callable[[], Sequence[str]]
) -> Branch[str]:
    """Have goods inspected by somebody who is not barred; gives why they failed."""

    def check(form: QualityInspection, _work: Work) -> list[Problem]:
        return reason_needed(form.reason, form.verdict == Passed.FAIL, "不合格时必填 is required to fail it")

    said: QualityInspection = yield gate(
        f"inspect-{turn}", "质量检验", Role.QUALITY, QualityInspection, "inspection", link, brief,
        check=check, barred=frozenset(barred),
    )  # fmt: skip
    report_inspection(case, goods, said, turn=turn)
    return said.reason if said.verdict == Passed.FAIL else ""


@step("检验报告", link="")
def report_inspection(work: Work, goods: Goods, said: QualityInspection, turn: str) -> DocumentRef:
    """Issue the 检验报告: what was tested, and what was found."""
    row = goods_row(goods, tests=said.tests, result=said.verdict.zh, reason=said.reason)
    return issue(work, DocumentKind.INSPECTION, {"case": work.case.number, "lines": [row]})
