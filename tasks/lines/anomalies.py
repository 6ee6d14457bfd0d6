"""An anomaly as its source meets it: reported, waited for while other lines go on, and what its line makes of it."""

from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any

from schemas.forms.anomalies import AnomalyReport, Remedy
from schemas.forms.cases import CaseEnded
from schemas.parts import Outcome, Shortfall
from schemas.problems import Problem
from schemas.tables import case_line, production_order, service_case
from schemas.words import Role
from tasks.branches.beside import Branch, hear_no_more
from tasks.branches.children import child_question, ending_heard, withdraw_child
from tasks.cycle.terms import escalation, working_days
from tasks.durable.opening import open_child
from tasks.durable.process import Case, ask
from tasks.durable.question import Question
from tasks.durable.step import began, step
from tasks.lines.queries import goods_held, lines_held, reported_of, unpaid_cases
from tasks.lines.rules import held_problems
from tasks.lines.steps import close_lines, mark_line
from tasks.unit.work import Work

UNPAID = "付清后才能发货 its goods leave once that is paid"
CODE, TAKEN_ALONG = "AN", "来源单已撤回 the case that it is about was withdrawn"


def settling(case: Case, key: str, found: Shortfall, link: str) -> Branch[Outcome]:
    """Report an anomaly and wait until it is settled; `key` is anomaly-…"""
    report_anomaly(case, found, key, turn=key.removeprefix("anomaly-"))
    ended = yield waiting(key, link)
    return outcome_of(ended)


def waiting(key: str, link: str) -> Question[CaseEnded]:
    """Ask how an anomaly ended: the line waits, no clock stops."""
    return child_question(key, "等待异常处理", working_days("anomaly"), link, escalation(Role.SUPERVISOR))


def outcome_of(ended: CaseEnded) -> Outcome:
    """Read what an anomaly's case says; one that was refused or withdrawn is none."""
    return Outcome.model_validate(ended.told) if ended.good else Outcome()


def is_kept(ended: Mapping[str, Any]) -> bool:
    """Say whether a letter, as it is stored, tells of goods that are left as they are."""
    return not outcome_of(CaseEnded.model_validate(ended)).given_up


@step("撤回异常单", link="异常申报")
def withdraw_anomaly(work: Work, opened: tuple[int, str]) -> None:
    """Take an anomaly along, unless it has been settled."""
    child, key = opened
    if not work.recorded(key):
        withdraw_child(work, child, TAKEN_ALONG)


@step("异常申报", undo=withdraw_anomaly)
def report_anomaly(work: Work, found: Shortfall, key: str, turn: str) -> tuple[int, str]:
    """Open a case for what is wrong with a line, by whoever found it."""
    report = AnomalyReport(
        office=work.case.office, applicant=found.by, urgency=work.case.urgency, source=work.case.number,
        line_no=found.line_no, kind=found.kind, quantity=found.quantity, found=found.found, photos=found.photos,
    )  # fmt: skip
    return open_child(work, CODE, report, key), key


def heed(work: Work, outcome: Outcome) -> None:
    """Note on the line what came of an anomaly; a new date is planned and promises nothing, an address is the case's."""
    if outcome.again:
        work.shift(case_line, {"case_id": work.case.id, "line_no": outcome.line_no}, replaced=outcome.quantity)
    if outcome.remedy == Remedy.NEW_DATE:
        mark_line(work, outcome.line_no, planned=outcome.day)
        work.update(production_order, {"case_id": work.case.id, "line_no": outcome.line_no}, planned=outcome.day)
    if outcome.remedy == Remedy.REDIRECT:
        work.update(service_case, {"id": work.case.id}, customer_address=outcome.address)


@step("异常处理结果", link="催提")
def heed_anomaly(work: Work, outcome: Outcome, turn: str) -> Outcome:
    """Note what came of what an office found, or people reported."""
    heed(work, outcome)
    return outcome


def _heed_reported(case: Case, ended: CaseEnded) -> Outcome:
    return heed_anomaly(case, outcome_of(ended), turn=ended.number.lower())


def hearing(case: Case, then: Callable[[Outcome], None]) -> Branch[None]:
    """Hear what came of what people reported of the case, whenever that is settled; until then its line waits."""
    for turn in count(1):
        heard = ending_heard(f"heard-{turn}", "异常处理结果", working_days("anomaly"), "催提")
        then(_heed_reported(case, (yield heard)))


def line_waits(work: Work, lines: Iterable[int]) -> list[Problem]:
    """Refuse what is said of lines about which people have reported something that is not settled."""
    return held_problems(lines, work.read(lines_held)[work.case.id])


def goods_wait(work: Work, lines: Iterable[int]) -> list[Problem]:
    """Refuse that goods leave of which something is wrong, whoever reported it, or which are not paid for."""
    owing = work.read(unpaid_cases).get(work.case.id)
    unpaid = [Problem("单据 case", owing, UNPAID)] if owing else []
    return held_problems(lines, work.read(goods_held)[work.case.id]) + unpaid


def await_reported(case: Case, then: Callable[[Outcome], None]) -> None:
    """Wait for all that people reported of the case; after that its lines have ended and nothing more is."""
    for turn in count(1):
        reported = list_reported(case, turn=turn)
        if not reported:
            break
        then(_heed_reported(case, ask(case, waiting(f"case-{reported[0]}", "催提"))))
    hear_no_more(case)


@step("核对异常", link="催提")
def list_reported(work: Work, turn: int) -> list[int]:
    """Find what people reported of the case and nobody has heard the end of; where there is nothing its lines end."""
    unheard = _unheard(work)
    if not unheard:
        close_lines(work)
    return unheard


def end_source(work: Work) -> None:
    """Let lines end with their case; what people reported of it is withdrawn with it."""
    if not began(work, list_reported):
        for child in _unheard(work):
            withdraw_child(work, child, TAKEN_ALONG)
    close_lines(work)


def _unheard(work: Work) -> list[int]:
    reported = work.read(reported_of)[work.case.id]
    return [child for child, number in reported.items() if not work.recorded(f"heed-anomaly-{number.lower()}")]
