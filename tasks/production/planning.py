"""周期确认 and 计划确认: stock first, then standard days, unit and promised date (DOMAIN 1.4, 1.5, 4)."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from schemas.forms.production import CycleDecision, CycleLine, PlanDecision, PlanLine
from schemas.parts import Cycle, LineQuantity, PartsLine, PlannedLine
from schemas.problems import Problem
from schemas.words import Role, Supply, Urgency
from tasks.cycle.queries import calendar, standard
from tasks.cycle.rules import promised_date
from tasks.cycle.terms import gate
from tasks.durable.process import Case, answered_at, ask
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.lines.rules import all_lines, as_rows
from tasks.lines.steps import mark_line
from tasks.production.queries import units
from tasks.production.rules import plan_problems, unit_problems
from tasks.stock.moves import available, release, reserve
from tasks.unit.work import Work

SUPPLY_OF_KIND = {"own": Supply.WORKSHOP, "outsourced": Supply.OUTSOURCED, "supplier": Supply.PURCHASE}


@step("释放预留", link="周期确认")
def release_stock(work: Work, _held: list[LineQuantity]) -> list[LineQuantity]:
    """Let go of what is still reserved for the case."""
    return [LineQuantity(line_no=held.line_no, quantity=held.quantity) for held in release(work)]


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
    left = {line.line_no: line.quantity - reserved.get(line.line_no, Decimal(0)) for line in lines}
    missing = [line.model_copy(update={"quantity": left[line.line_no]}) for line in lines if left[line.line_no] > 0]
    if not missing:
        return []
    cycle = find_cycle(case, missing, turn=turn)
    if case.request.urgency == Urgency.URGENT or any(line.days is None for line in cycle):
        said = ask(case, cycle_question(missing, cycle, turn))
        days = {line.line_no: line.days for line in said.lines}
        cycle = [line.model_copy(update={"days": days[line.line_no]}) for line in cycle]
    plan = ask(case, plan_question(missing, cycle, turn))
    return confirm_plan(case, missing, cycle, plan, answered_at(case, f"plan-{turn}"), turn=turn)


@step("周期确认")
def find_cycle(work: Work, lines: list[PartsLine], turn: int) -> list[Cycle]:
    """Look up the standard days by part category, usual unit and urgency."""
    supply = {line.unit: SUPPLY_OF_KIND[work.read(units)[line.unit].kind] for line in lines}
    days = {line.line_no: standard(work, line.category, line.unit) for line in lines}
    return [
        Cycle(line_no=line.line_no, quantity=line.quantity, days=days[line.line_no], supply=supply[line.unit])
        for line in lines
    ]


def cycle_question(lines: Sequence[PartsLine], cycle: Sequence[Cycle], turn: int) -> Question[CycleDecision]:
    """Ask the planner for the days: no standard, or urgent."""
    days = {line.line_no: line.days for line in cycle}

    def brief() -> list[str]:
        shown = {no: f"标准 standard {standard or '无 none'}" for no, standard in days.items()}
        return [f"{line.line_no}. {line.name} × {line.quantity:f}: {shown[line.line_no]}" for line in lines]

    def prefill() -> dict[str, Any]:
        return as_rows(CycleLine(line_no=no, days=standard or 1) for no, standard in days.items())

    def check(form: CycleDecision, _work: Work) -> list[Problem]:
        return all_lines([line.line_no for line in form.lines], days)

    return gate(f"cycle-{turn}", "周期确认", Role.PLANNER, CycleDecision, "cycle", "", brief, prefill, check)


def plan_question(lines: Sequence[PartsLine], cycle: Sequence[Cycle], turn: int) -> Question[PlanDecision]:
    """Ask the planner for unit and date; a later date needs a reason and does not move the promise."""
    days, supply = {line.line_no: line.days for line in cycle}, {line.line_no: line.supply for line in cycle}

    def brief() -> list[str]:
        shown = {no: f"周期 {standard} 工作日 wd" for no, standard in days.items()}
        return [f"{line.line_no}. {line.name} × {line.quantity:f} · {shown[line.line_no]}" for line in lines]

    def prefill() -> dict[str, Any]:
        return as_rows(
            PlanLine(line_no=line.line_no, supply=supply[line.line_no], unit=line.unit, planned=None) for line in lines
        )

    def check(form: PlanDecision, work: Work) -> list[Problem]:
        problems = all_lines([line.line_no for line in form.lines], days)
        problems += unit_problems(form.lines, work.read(units))
        return problems or plan_problems(form, _promises(work, lines, cycle, form, work.now), work.today)

    return gate(f"plan-{turn}", "计划确认", Role.PLANNER, PlanDecision, "plan", "", brief, prefill, check)


@step("承诺日期", link="计划确认")
def confirm_plan(
    work: Work, lines: list[PartsLine], cycle: list[Cycle], decision: PlanDecision, confirmed: datetime, turn: int
) -> list[PlannedLine]:
    """Fix unit, planned and promised date of each line: confirmation day + standard days (the next wd is day 1)."""
    days, said = _days(work, lines, cycle, decision), {line.line_no: line for line in decision.lines}
    plan = []
    for line in lines:
        no, chosen = line.line_no, said[line.line_no]
        unit, promised = work.read(units)[chosen.unit].code, promised_date(calendar(work), confirmed, days[no])
        where = {"unit": unit, "promised": promised, "planned": chosen.planned or promised}
        made = {"part": line.part, "name": line.name, "quantity": line.quantity, "supply": chosen.supply}
        plan.append(PlannedLine(line_no=no, days=days[no], **made, **where))
        mark_line(work, no, **where)
    return plan


def _promises(
    work: Work, lines: Sequence[PartsLine], cycle: Sequence[Cycle], decision: PlanDecision, confirmed: datetime
) -> dict[int, date]:
    days = _days(work, lines, cycle, decision)
    return {no: promised_date(calendar(work), confirmed, standard) for no, standard in days.items()}


def _days(work: Work, lines: Sequence[PartsLine], cycle: Sequence[Cycle], decision: PlanDecision) -> dict[int, int]:
    """The confirmed days; where the plan moves a line to another unit, at least that unit's own standard."""
    confirmed, units_of = {line.line_no: line.days or 1 for line in cycle}, work.read(units)
    assigned = {line.line_no: units_of[line.unit].code for line in decision.lines}
    moved = {line.line_no: line.category for line in lines if assigned[line.line_no] != line.unit}
    other = {no: standard(work, category, assigned[no]) or 0 for no, category in moved.items()}
    return {no: max(days, other.get(no, 0)) for no, days in confirmed.items()}
