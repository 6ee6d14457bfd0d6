"""审核修正 and 录入系统: review with its loop to the office, the ladder by amount, the order (DOMAIN 1.1–1.3)."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from schemas.forms.applications import (
    ApplicationLine,
    PartsApplication,
    PartsResubmission,
    ReviewDecision,
    ReviewedLine,
)
from schemas.forms.orders import OrderReceived
from schemas.parts import PartsLine, Registration, Review
from schemas.problems import Problem
from schemas.tables import case_line, line_correction
from schemas.words import DocumentKind, FeeCategory, ReviewVerdict, Role
from tasks.applications import rules
from tasks.applications.queries import catalogue, open_twins, sales_of_cases
from tasks.approvals.steps import NOBODY, climb_ladder, find_reviewer
from tasks.cycle.terms import clock_hours, escalation, working_days
from tasks.documents.steps import issue
from tasks.durable.process import Case, ask
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.outbox.steps import send
from tasks.policies.queries import setting
from tasks.unit.work import Work


def review_application(case: Case) -> Review:
    """审核修正: review, loop with the office while it is sent back, then the ladder by amount."""
    request: PartsApplication = case.request
    registered = register_lines(case, list(request.lines))
    lines, reviewer = registered.lines, registered.reviewer
    if reviewer is None:
        return Review(refused=NOBODY)
    for turn in count(1):
        decision = ask(case, review_question(reviewer, request, lines, registered.fee, turn))
        if decision.verdict == ReviewVerdict.REJECT:
            return Review(refused=decision.reason)
        if decision.verdict == ReviewVerdict.APPROVE:
            break
        again = ask(case, resubmission_question(lines, decision.reason, turn))
        lines = replace_lines(case, list(again.lines), turn=turn)
    lines = record_review(case, lines, list(decision.lines), decision.fee, turn=turn)
    approvers, refused = climb_ladder(
        case,
        rules.total(lines),
        request.applicant,
        (reviewer, decision.staff),
        lambda: brief_lines(lines),
        turn,
        "审核修正",
    )
    return Review(lines=lines, fee=decision.fee, approvers=approvers, refused=refused)


@step("办事处申报")
def register_lines(work: Work, lines: list[ApplicationLine]) -> Registration:
    """Price the lines by the catalogue, issue the 配件申报单, suggest who pays and find who reviews."""
    priced = rules.price_lines(work.read(catalogue), lines)
    issue(work, DocumentKind.APPLICATION, {"lines": [line.model_dump(mode="json") for line in priced]})
    signed, made = work.read(sales_of_cases).get(work.case.order_no, (None, None))
    months = [setting(work, key) for key in ("warranty.default_months", "warranty.no_signing_offset_months")]
    fee = rules.suggested_fee(priced, rules.warranty_end(signed, made, *months), work.today)
    return Registration(lines=priced, fee=fee, reviewer=find_reviewer(work, frozenset({work.case.applicant})))


@step("办事处重报", link="办事处申报")
def replace_lines(work: Work, lines: list[ApplicationLine], turn: int) -> list[PartsLine]:
    """Take the office's resubmitted lines in place of the old ones."""
    priced = rules.price_lines(work.read(catalogue), lines)
    _keep_lines(work, priced, None)
    return priced


@step("审核修正")
def record_review(
    work: Work, lines: list[PartsLine], corrected: list[ReviewedLine], fee: FeeCategory, turn: int
) -> list[PartsLine]:
    """Apply the reviewer's corrections; each counts in the office's 配件申报评估表."""
    reviewed = rules.correct_lines(work.read(catalogue), lines, corrected)
    for line_no, field, before, after in rules.corrections(lines, reviewed):
        work.insert(line_correction, line_no=line_no, field=field, before=before, after=after)
    _keep_lines(work, reviewed, fee)
    return reviewed


def _keep_lines(work: Work, lines: Sequence[PartsLine], fee: FeeCategory | None) -> None:
    """Put these lines in place of the old ones: two that swap their parts must not meet on the way."""
    work.delete(case_line, {"case_id": work.case.id})
    for line in lines:
        work.insert(
            case_line,
            line_no=line.line_no,
            order_no=work.case.order_no,
            part=line.part,
            part_name=line.name,
            specification=line.specification,
            colour=line.colour,
            quantity=line.quantity,
            price=line.price,
            reason=line.reason,
            fee=fee,
            open=True,
        )


def review_question(
    role: Role, request: PartsApplication, lines: Sequence[PartsLine], fee: FeeCategory, turn: int
) -> Question[ReviewDecision]:
    """Ask the reviewer, within 24 hours (S3 §3 1.1), pre-filled with what may be corrected."""

    def check(form: ReviewDecision, work: Work) -> list[Problem]:
        if form.verdict != ReviewVerdict.APPROVE:
            return (
                []
                if form.reason
                else [Problem("原因 reason", "", "退回或驳回时必填 is required to send back or reject")]
            )
        return [*known_lines([line.line_no for line in form.lines], lines), *_corrected_parts(form, lines, work)]

    def record(form: ReviewDecision, work: Work) -> None:
        if form.verdict == ReviewVerdict.APPROVE:  # with the decision: nobody may take a line's place in between
            _keep_lines(work, rules.correct_lines(work.read(catalogue), lines, form.lines), form.fee)

    def prefill() -> dict[str, Any]:
        rows = [
            ReviewedLine(line_no=line.line_no, part=line.name, quantity=line.quantity, price=line.price)
            for line in lines
        ]
        return {"明细": [row.as_form() for row in rows], "费用类别": fee.option}

    return Question(
        key=f"review-{turn}",
        title="审核修正",
        role=role,
        form=ReviewDecision,
        due=clock_hours("pa.review.hours"),
        remind=escalation(role),
        barred=frozenset({request.applicant}),
        check=check,
        record=record,
        brief=lambda: [*brief_lines(lines), *([f"备注: {request.remark}"] if request.remark else [])],
        prefill=prefill,
    )


def _corrected_parts(form: ReviewDecision, lines: Sequence[PartsLine], work: Work) -> list[Problem]:
    """Check corrected parts as submitted ones are; a line may not become the twin of an open one."""
    parts = work.read(catalogue)
    rows = {line.line_no: row for row, line in enumerate(form.lines, start=1)}
    listed = [rules.part_problem(parts, line.part, work.today, rows[line.line_no]) for line in form.lines]
    problems = [problem for problem in listed if problem]
    if problems:
        return problems
    seen: dict[tuple[str, str], str] = {
        twin: number
        for twin, number in work.read(open_twins).get(work.case.order_no, {}).items()
        if number != work.case.number
    }
    for line in rules.correct_lines(parts, lines, form.lines):
        twin = (line.part, line.reason.value)
        if twin in seen:
            expected = f"与 {seen[twin]} 重复（同订单同配件同原因） repeats an open line: same order, part and reason"
            problems.append(Problem("配件名称 part", line.name, expected, rows.get(line.line_no, 0)))
        seen[twin] = f"行号 line {line.line_no}"
    return problems


def resubmission_question(lines: Sequence[PartsLine], reason: str, turn: int) -> Question[PartsResubmission]:
    """Ask the office to correct what the reviewer sent back."""

    def check(form: PartsResubmission, work: Work) -> list[Problem]:
        most = max(setting(work, "form.max_lines"), len(lines))
        if len(form.lines) > most:
            return [Problem("明细 lines", len(form.lines), f"最多 {most} 行 at most {most} lines")]
        twins = work.read(open_twins).get(work.case.order_no, {})
        others = {twin: number for twin, number in twins.items() if number != work.case.number}
        return rules.line_problems(work.read(catalogue), form.lines, others, work.today)

    def prefill() -> dict[str, Any]:
        rows = [
            ApplicationLine(
                part=line.name,
                quantity=line.quantity,
                reason=line.reason,
                specification=line.specification,
                colour=line.colour,
            )
            for line in lines
        ]
        return {"明细": [row.as_form() for row in rows]}

    return Question(
        key=f"resubmit-{turn}",
        title="办事处重报",
        role=Role.OFFICE,
        form=PartsResubmission,
        link="办事处申报",
        due=working_days("pa.resubmit.days"),
        remind=escalation(Role.OFFICE),
        check=check,
        record=lambda form, work: _keep_lines(work, rules.price_lines(work.read(catalogue), form.lines), None),
        brief=lambda: [f"退回原因 Sent back because: **{reason}**", *brief_lines(lines)],
        prefill=prefill,
    )


def enter_order(case: Case, lines: Sequence[PartsLine]) -> str:
    """录入系统: send the order and wait for its number."""
    place_order(case, list(lines))
    answer = ask(
        case,
        Question(
            key="order-number",
            title="录入系统",
            role=Role.SYSTEM,
            form=OrderReceived,
            due=working_days("pa.plan.days"),
            remind=escalation(Role.SUPERVISOR),
        ),
    )
    return answer.order_number


@step("撤销订单", link="录入系统")
def cancel_order(work: Work, placed: str) -> str:
    """Tell the order system that the order is cancelled."""
    return send(work, "order", "cancel_order", {"case": work.case.number, "order": placed})


@step("录入系统", undo=cancel_order)
def place_order(work: Work, lines: list[PartsLine]) -> str:
    """Write the order to the outbox; the embedded order system answers in the same transaction."""
    payload = {
        "case": work.case.number,
        "office": work.case.office,
        "order": work.case.order_no,
        "lines": [{"line_no": line.line_no, "part": line.part, "quantity": str(line.quantity)} for line in lines],
    }
    return send(work, "order", "place_order", payload, answers="order-number")


def known_lines(listed: Sequence[int], lines: Sequence[PartsLine]) -> list[Problem]:
    """Check that a form names existing lines, each once."""
    known = {line.line_no for line in lines}
    field = "行号 line"
    return [
        Problem(field, no, f"应为 must be one of {', '.join(map(str, sorted(known)))}", row)
        for row, no in enumerate(listed, start=1)
        if no not in known
    ] + [Problem(field, no, "重复 is listed twice") for no in sorted(known) if listed.count(no) > 1]


def brief_lines(lines: Sequence[PartsLine], most: int = 4) -> list[str]:
    """Show lines as a decider wants to see them, the first few."""
    shown = [
        f"{line.line_no}. {line.name} × {line.quantity.normalize():f} @ {line.price} · {line.reason.zh}"
        for line in lines[:most]
    ]
    return [*shown, f"… 共 {len(lines)} 行 lines in all"] if len(lines) > most else shown
