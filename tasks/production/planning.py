"""周期确认 and 计划确认: stock first, then standard days, unit and promised date (DOMAIN 1.4, 1.5, 4)."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from schemas.forms.production import CycleDecision, CycleLine, PlanDecision, PlanLine
from schemas.parts import Cycle, LineQuantity, PartsLine, PlannedLine
from schemas.problems import Problem
from schemas.tables import case_line
from schemas.words import Role, Supply, Urgency
from tasks.applications.steps import known_lines
from tasks.cycle.queries import calendar, standards
from tasks.cycle.rules import promised_date, standard_days
from tasks.cycle.terms import escalation, working_days
from tasks.durable.process import Case, answered_at, ask
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.production.queries import units
from tasks.production.rules import late_lines
from tasks.stock.moves import available, release, reserve
from tasks.unit.work import Work

SUPPLY_OF_KIND = {"own": Supply.WORKSHOP, "outsourced": Supply.OUTSOURCED, "supplier": Supply.PURCHASE}


@step("释放预留", link="周期确认")
def release_stock(work: Work, _held: list[LineQuantity]) -> list[LineQuantity]:
    """Let go of what is still reserved for the case."""
    return [LineQuantity(line_no=no, quantity=quantity) for no, _part, quantity in release(work)]


@step("现货预留", link="周期确认", undo=release_stock)
def reserve_stock(work: Work, lines: list[PartsLine], turn: int) -> list[LineQuantity]:
    """Reserve good stock that is available, per line; what is reserved skips production (S3 §4 1.3.4)."""
    held = []
    for line in lines:
        quantity = min(available(work, line.part), line.quantity)
        if quantity > 0:
            reserve(work, line.line_no, line.part, quantity)
            held.append(LineQuantity(line_no=line.line_no, quantity=quantity))
    return held


def plan_production(
    case: Case, lines: Sequence[PartsLine], held: Sequence[LineQuantity], turn: int
) -> list[PlannedLine]:
    """周期确认 + 计划确认 for what stock does not cover; nothing to plan where it covers everything."""
    reserved = {line.line_no: line.quantity for line in held}
    missing = [
        line.model_copy(update={"quantity": line.quantity - reserved.get(line.line_no, Decimal(0))})
        for line in lines
        if line.quantity > reserved.get(line.line_no, Decimal(0))
    ]
    if not missing:
        return []
    cycle = find_cycle(case, missing, case.request.urgency, turn=turn)
    if case.request.urgency == Urgency.URGENT or any(line.days is None for line in cycle):
        said = ask(case, cycle_question(missing, cycle, turn))
        days = {line.line_no: line.days for line in said.lines}
        cycle = [line.model_copy(update={"days": days[line.line_no]}) for line in cycle]
    plan = ask(case, plan_question(missing, cycle, turn))
    return confirm_plan(case, missing, cycle, plan, answered_at(case, f"plan-{turn}"), turn=turn)


@step("周期确认")
def find_cycle(work: Work, lines: list[PartsLine], urgency: Urgency, turn: int) -> list[Cycle]:
    """Look up the standard days by part category, usual unit and urgency."""
    known = work.read(standards)
    return [
        Cycle(
            line_no=line.line_no,
            quantity=line.quantity,
            days=standard_days(known, "PA", line.category, line.unit, urgency, work.today),
            supply=SUPPLY_OF_KIND[work.read(units)[line.unit].kind],
        )
        for line in lines
    ]


def cycle_question(lines: Sequence[PartsLine], cycle: Sequence[Cycle], turn: int) -> Question[CycleDecision]:
    """Ask the planner for the days: no standard, or urgent."""
    return Question(
        key=f"cycle-{turn}",
        title="周期确认",
        role=Role.PLANNER,
        form=CycleDecision,
        due=working_days("pa.cycle.days"),
        remind=escalation(Role.PLANNER),
        brief=lambda: [
            f"{line.line_no}. {line.name} × {line.quantity:f}: 标准 standard {standard.days or '无 none'}"
            for line, standard in zip(lines, cycle, strict=True)
        ],
        prefill=lambda: {"明细": [CycleLine(line_no=line.line_no, days=line.days or 1).as_form() for line in cycle]},
        check=lambda form, _work: all_lines([line.line_no for line in form.lines], lines),
    )


def plan_question(lines: Sequence[PartsLine], cycle: Sequence[Cycle], turn: int) -> Question[PlanDecision]:
    """Ask the planner for unit and date; a later date needs a reason and does not move the promise."""

    def check(form: PlanDecision, work: Work) -> list[Problem]:
        known = work.read(units)
        wrong = [
            Problem("生产单位 unit", line.unit, "没有这个生产单位，请填编码或名称 must be a production unit", row)
            for row, line in enumerate(form.lines, start=1)
            if line.unit not in known
        ]
        problems = all_lines([line.line_no for line in form.lines], lines) + wrong
        if problems:
            return problems
        promised = _promises(work, lines, cycle, form, work.now)
        past = [line for line in form.lines if line.planned and line.planned < work.today]
        problems = [
            Problem("计划日期 planned", line.planned, "不能早于今天 must not be in the past", line.line_no)
            for line in past
        ]
        late = late_lines({line.line_no: line.planned for line in form.lines if line.planned}, promised)
        if late and not form.reason:
            expected = "计划日期晚于承诺日期，请填延期原因 is later than promised: give the reason (the promise stays)"
            problems += [Problem("延期原因 reason", promised[no], expected, no) for no in late]
        return problems

    return Question(
        key=f"plan-{turn}",
        title="计划确认",
        role=Role.PLANNER,
        form=PlanDecision,
        due=working_days("pa.plan.days"),
        remind=escalation(Role.PLANNER),
        check=check,
        brief=lambda: [
            f"{line.line_no}. {line.name} × {line.quantity:f} · 周期 {standard.days} 工作日 wd"
            for line, standard in zip(lines, cycle, strict=True)
        ],
        prefill=lambda: {
            "明细": [
                PlanLine(line_no=line.line_no, supply=standard.supply, unit=line.unit, planned=None).as_form()
                for line, standard in zip(lines, cycle, strict=True)
            ]
        },
    )


@step("承诺日期", link="计划确认")
def confirm_plan(
    work: Work, lines: list[PartsLine], cycle: list[Cycle], decision: PlanDecision, confirmed: datetime, turn: int
) -> list[PlannedLine]:
    """Fix unit, planned and promised date of each line: confirmation day + standard days (the next wd is day 1)."""
    promised = _promises(work, lines, cycle, decision, confirmed)
    by_no = {line.line_no: line for line in decision.lines}
    planned = [
        PlannedLine(
            line_no=line.line_no,
            part=line.part,
            name=line.name,
            quantity=line.quantity,
            supply=by_no[line.line_no].supply,
            unit=work.read(units)[by_no[line.line_no].unit].code,
            days=_days(work, line, standard, by_no[line.line_no].unit),
            promised=promised[line.line_no],
            planned=by_no[line.line_no].planned or promised[line.line_no],
        )
        for line, standard in zip(lines, cycle, strict=True)
    ]
    for line in planned:
        key = {"case_id": work.case.id, "line_no": line.line_no}
        work.update(case_line, key, unit=line.unit, promised=line.promised, planned=line.planned)
    return planned


def _promises(
    work: Work, lines: Sequence[PartsLine], cycle: Sequence[Cycle], decision: PlanDecision, confirmed: datetime
) -> dict[int, date]:
    assigned = {line.line_no: line.unit for line in decision.lines}
    return {
        line.line_no: promised_date(calendar(work), confirmed, _days(work, line, standard, assigned[line.line_no]))
        for line, standard in zip(lines, cycle, strict=True)
    }


def _days(work: Work, line: PartsLine, cycle: Cycle, unit: str) -> int:
    """The confirmed days; where the plan moves a line to another unit, that unit's own standard."""
    code = work.read(units)[unit].code
    if code == line.unit:
        return cycle.days or 1
    other = standard_days(work.read(standards), "PA", line.category, code, work.case.urgency, work.today)
    return max(cycle.days or 1, other or 0)


def all_lines(listed: Sequence[int], lines: Sequence[PartsLine]) -> list[Problem]:
    """Check that a form names each line exactly once."""
    absent = [line for line in lines if line.line_no not in listed]
    return known_lines(listed, lines) + [
        Problem("行号 line", line.line_no, "缺少此行 is missing from the form") for line in absent
    ]
