"""审核修正 and 录入系统: review with its loop to the office, the ladder by amount, the order (DOMAIN 1.1–1.3)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple

from schemas.forms.applications import (
    ApplicationLine,
    OrderReceived,
    PartsResubmission,
    ReviewDecision,
    ReviewedLine,
    ReviewVerdict,
)
from schemas.parts import PartsLine, Registration, Review, Start
from schemas.problems import Problem
from schemas.tables import line_correction, service_case
from schemas.words import DocumentKind, FeeCategory, Role
from tasks.applications import rules
from tasks.applications.queries import catalogue, cover, other_lines
from tasks.approvals.queries import stand_in
from tasks.approvals.rules import Approver, reason_needed
from tasks.approvals.steps import Matter, asking, barred_problems, climbing, find_leader, may_not
from tasks.branches.beside import alone
from tasks.cycle.terms import More, clock_hours, escalation, gate, working_days
from tasks.documents.contents import application, goods_row
from tasks.documents.steps import issue
from tasks.durable.process import Case, answered_at, ask
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.lines.rules import as_rows, brief_lines, known_lines, not_too_many
from tasks.lines.steps import put_lines
from tasks.outbox.steps import MessageKey, send
from tasks.policies.queries import setting
from tasks.unit.work import Work


class ReviewForms(NamedTuple):
    """What a process reviews by: its forms, the document of its applications, and what else must hold of a verdict.

    within   the term of a resubmission; an application that nobody resubmits `lapses` with it (TimedOut)
    """

    review: type[ReviewDecision] = ReviewDecision
    resubmission: type[PartsResubmission] = PartsResubmission
    document: DocumentKind = DocumentKind.APPLICATION
    check: Callable[[Any], Sequence[Problem]] = lambda _form: ()
    check_lines: Callable[[Sequence[Any], Work], Sequence[Problem]] = lambda _lines, _work: ()
    lapses: bool = False


def review_application(
    case: Case,
    barred: set[str] | None = None,
    then: Callable[[Sequence[PartsLine]], None] = lambda _lines: None,
    forms: ReviewForms = ReviewForms(),  # noqa: B008  it never changes
) -> Review:
    """审核修正: review, loop with the office while it is sent back, then the ladder by amount; none for what another
    case has ordered again.

    `barred` is who may not approve, the applicant by default; others may add to it meanwhile. `then` hears of the
    lines as soon as they are registered, and of what becomes of them.
    """
    request, applied = case.request, list(case.request.lines)
    registered = register_lines(case, applied, forms.document)
    lines, reviewer = registered.lines, Approver(role=registered.reviewer)
    remark, received = request.remark, None
    barred = {request.applicant} if barred is None else barred

    def find(key: str) -> Approver:
        return find_leader(case, Role.PARTS_REVIEWER, frozenset(barred), turn=key)

    then(lines)
    if registered.start != Start.REVIEW:
        return Review(lines=lines, barred=barred, start=registered.start, applied=applied)
    for turn in count(1):
        question = review_question(barred, remark, lines, received, forms)
        decision, reviewer, _ = alone(case, asking(f"review-{turn}", reviewer, find, question))
        if decision.verdict == ReviewVerdict.REJECT:
            return Review(refused=decision.reason)
        if decision.verdict == ReviewVerdict.APPROVE:
            break
        again = ask(case, resubmission_question(lines, applied, decision.reason, turn, forms))
        remark, received, applied = again.remark or remark, answered_at(case, f"resubmit-{turn}"), list(again.lines)
        lines = replace_lines(case, applied, remark, forms.document, turn=turn)
        then(lines)
        barred.add(again.staff)
        reviewer = find(f"review-{turn + 1}")
    lines = record_review(case, lines, applied, list(decision.lines), remark, forms.document, turn=turn)
    then(lines)
    barred.add(decision.staff)
    matter = Matter("审核修正", barred, lambda: brief_lines(lines))
    refused = alone(case, climbing(case, rules.total(lines), reviewer.role, matter, str(turn)))
    return Review(lines=lines, barred=barred, refused=refused, applied=applied, decision=decision)


@step("办事处申报")
def register_lines(work: Work, lines: list[ApplicationLine], document: DocumentKind) -> Registration:
    """Price the lines by the catalogue, suggest who pays, issue the 申报单 and find who reviews.

    What another case has ordered again is free: whoever is responsible is charged there.
    """
    priced, start = rules.price_lines(work.read(catalogue), lines, cover(work)), Start.REVIEW
    opened_under = work.case.origin.rpartition(":")[2] if work.case.parent_id else ""
    if begun := next((one for one in Start if opened_under == one or opened_under.endswith(f"-{one}")), None):
        start, priced = begun, [one.model_copy(update={"fee": FeeCategory.FREE}) for one in priced]
        put_lines(work, priced, fees=True)
    issue_application(work, priced, lines, [], work.case.remark, document, edition=1)
    reviewer = stand_in(work, Role.PARTS_REVIEWER, frozenset({work.case.applicant}))
    return Registration(lines=priced, reviewer=reviewer.role, start=start)


@step("办事处重报", link="办事处申报")
def replace_lines(
    work: Work, lines: list[ApplicationLine], remark: str, document: DocumentKind, turn: int
) -> list[PartsLine]:
    """Price the office's resubmitted lines, which its decision has put in place of the old ones; reissue the form."""
    priced = rules.price_lines(work.read(catalogue), lines, cover(work))
    issue_application(work, priced, lines, [], remark, document, edition=turn + 1)
    return priced


@step("审核修正")
def record_review(
    work: Work,
    lines: list[PartsLine],
    applied: list[ApplicationLine],
    corrected: list[ReviewedLine],
    remark: str,
    document: DocumentKind,
    turn: int,
) -> list[PartsLine]:
    """Note the reviewer's corrections, which the decision has applied; each counts in the office's 配件申报评估表."""
    reviewed = rules.correct_lines(work.read(catalogue), lines, corrected, cover(work))
    corrections = rules.corrections(lines, reviewed)
    for line_no, field, before, after in corrections:
        work.insert(line_correction, line_no=line_no, field=field, before=before, after=after)
    if corrections:
        issue_application(work, reviewed, applied, corrected, remark, document, edition=turn + 1)
    return reviewed


def issue_application(
    work: Work,
    lines: Sequence[PartsLine],
    applied: Sequence[ApplicationLine],
    corrected: Sequence[ReviewedLine],
    remark: str,
    document: DocumentKind,
    edition: int,
) -> None:
    """Issue an edition of the 申报单: what, why, how fast, by whom, for whom; beside it what the lines say on paper."""
    by_reviewer = {line.line_no: line for line in corrected}

    def on_paper(line: PartsLine) -> dict[str, str]:
        own, other = applied[line.line_no - 1], by_reviewer.get(line.line_no)
        return {name: str(getattr(other, name, "") or getattr(own, name) or "") for name in own.on_paper}

    rows = [goods_row(line, reason=line.reason.zh, price=str(line.price), **on_paper(line)) for line in lines]
    found_on = work.case.request.get("found_on", "")
    issue(work, document, {**application(work, edition, remark), "found_on": found_on, "lines": rows})


def review_question(
    barred: set[str], remark: str, lines: Sequence[PartsLine], received: datetime | None, forms: ReviewForms
) -> Callable[[str, Approver], Question[ReviewDecision]]:
    """Ask a reviewer, within 24 hours of receipt (S3 §3 1.1), pre-filled with what may be corrected.

    `barred` are the applicant and whoever resubmitted lines: they may not review them.
    """

    def check(form: ReviewDecision, work: Work) -> list[Problem]:
        if form.verdict != ReviewVerdict.APPROVE:
            return reason_needed(form.reason, True, "退回或驳回时必填 is required to send back or reject")
        problems = [*barred_problems(form, barred), *forms.check(form)]
        problems += known_lines([line.line_no for line in form.lines], {line.line_no for line in lines})
        parts, others = work.read(catalogue), other_lines(work)
        return problems + rules.corrected_problems(parts, lines, form.lines, others, cover(work))

    def record(form: ReviewDecision, work: Work) -> None:
        if form.verdict == ReviewVerdict.APPROVE:  # with the decision: nobody may take a line's place in between
            reviewed = rules.correct_lines(work.read(catalogue), lines, form.lines, cover(work))
            put_lines(work, reviewed, fees=True)

    def brief() -> list[str]:
        return [*brief_lines(lines), *([f"备注: {remark}"] if remark else [])]

    def prefill() -> dict[str, Any]:
        return as_rows(rules.as_reviewed(line) for line in lines)

    def question(key: str, reviewer: Approver) -> Question[ReviewDecision]:
        due, more = clock_hours("review", received), More(barred=may_not(barred, reviewer.last))
        return gate(key, "审核修正", reviewer.role, forms.review, due, "", brief, prefill, check, record, **more)

    return question


def resubmission_question(
    lines: Sequence[PartsLine], applied: Sequence[ApplicationLine], reason: str, turn: int, forms: ReviewForms
) -> Question[PartsResubmission]:
    """Ask the office to correct what the reviewer sent back."""

    def check(form: PartsResubmission, work: Work) -> list[Problem]:
        most = max(setting(work, "form.max_lines"), len(lines))
        if problems := not_too_many(len(form.lines), most):
            return problems
        problems = rules.line_problems(work.read(catalogue), form.lines, other_lines(work), work.today)
        return [*problems, *forms.check_lines(form.lines, work)]

    def record(form: PartsResubmission, work: Work) -> None:
        put_lines(work, rules.price_lines(work.read(catalogue), form.lines, cover(work)))
        if form.remark:
            work.update(service_case, {"id": work.case.id}, remark=form.remark)

    def brief() -> list[str]:
        return [f"退回原因 Sent back because: **{reason}**", *brief_lines(lines)]

    def prefill() -> dict[str, Any]:
        return as_rows(
            given.model_copy(update=dict(rules.as_applied(line))) for given, line in zip(applied, lines, strict=True)
        )

    key, link, due = f"resubmit-{turn}", "办事处申报", working_days("resubmit")
    more: More = {"expires": due} if forms.lapses else {}
    return gate(key, "办事处重报", Role.OFFICE, forms.resubmission, due, link, brief, prefill, check, record, **more)


def enter_order(case: Case, lines: Sequence[PartsLine]) -> str:
    """录入系统: send the order and wait for its number."""
    place_order(case, list(lines))
    due, remind = working_days("plan"), escalation(Role.SUPERVISOR)
    return ask(case, Question("order-number", "录入系统", Role.SYSTEM, OrderReceived, due, remind=remind)).order_number


@step("撤销订单", link="录入系统")
def cancel_order(work: Work, placed: str) -> MessageKey:
    """Tell the order system that the order is cancelled."""
    return send(work, "order", "cancel_order", {"case": work.case.number, "order": placed})


@step("录入系统", undo=cancel_order)
def place_order(work: Work, lines: list[PartsLine]) -> MessageKey:
    """Write the order to the outbox; the embedded order system answers in the same transaction."""
    rows = [{"line_no": line.line_no, "part": line.part, "quantity": str(line.quantity)} for line in lines]
    case = {"case": work.case.number, "office": work.case.office, "order": work.case.order_no}
    return send(work, "order", "place_order", case | {"lines": rows}, answers="order-number")
