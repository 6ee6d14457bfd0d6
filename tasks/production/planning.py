"""周期确认 and 计划确认: stock first, then standard days, unit and promised date (DOMAIN 1.4, 1.5, 4)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from schemas.forms.production import CycleDecision, CycleLine, PlanDecision, PlanLine
from schemas.parts import Cycle, LineQuantity, PartsLine, PlannedLine
from schemas.problems import Problem
from schemas.words import Role, Urgency
from tasks.branches.beside import Branch, alone
from tasks.cycle.queries import calendar, standard
from tasks.cycle.rules import promised_date, shanghai_day
from tasks.cycle.terms import gate
from tasks.durable.process import Case, answered_at
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.lines.rules import all_lines, as_rows
from tasks.lines.steps import mark_line
from tasks.people.queries import units
from tasks.production.rules import SUPPLY_OF_KIND, plan_problems, unit_problems
from tasks.stock.moves import release, reserve_available
from tasks.unit.work import Work


@step("释放预留", link="周期确认")
def release_stock(work: Work, _held: list[LineQuantity]) -> list[LineQuantity]:
    """Let go of what is still reserved for the case."""
    return [LineQuantity(line_no=held.line_no, quantity=held.quantity) for held in release(work)]


@step("现货预留", link="周期确认", undo=release_stock)
def reserve_stock(work: Work, lines: list[PartsLine], turn: int) -> list[LineQuantity]:
    """Reserve good stock that is available, per line; what is reserved skips production (S3 §4 1.3.4)."""
    return reserve_available(work, lines)


def plan_production(
    case: Case,
    lines: Sequence[PartsLine],
    held: Sequence[LineQuantity],
    turn: int,
    agreed: Mapping[int, int] | None = None,
) -> list[PlannedLine]:
    """周期确认 + 计划确认: `planning` as part of the process itself."""
    return alone(case, planning(case, lines, held, turn, agreed=agreed))


def planning(
    case: Case,
    lines: Sequence[PartsLine],
    held: Sequence[LineQuantity],
    turn: int,
    link: str = "",
    agreed: Mapping[int, int] | None = None,
) -> Branch[list[PlannedLine]]:
    """周期确认 + 计划确认 for what stock does not cover; nothing to plan where it covers everything.

    `link` is where the case stands meanwhile, if its chain has no links of these names. `agreed` are working days that
    a customer was promised, line → days: nobody is asked for them again.
    """
    reserved = {line.line_no: line.quantity for line in held}
    left = [(line, line.quantity - reserved.get(line.line_no, Decimal(0))) for line in lines]
    missing = [line.of(quantity) for line, quantity in left if quantity > 0]
    if not missing:
        return []
    cycle = find_cycle(case, missing, turn=turn)
    if agreed:
        cycle = [line.model_copy(update={"days": agreed[line.line_no]}) for line in cycle]
    elif case.request.urgency == Urgency.URGENT or any(line.days is None for line in cycle):
        said = yield cycle_question(missing, cycle, turn, link)
        days = {line.line_no: line.days for line in said.lines}
        cycle = [line.model_copy(update={"days": days[line.line_no]}) for line in cycle]
    plan = yield plan_question(missing, cycle, turn, link)
    return confirm_plan(case, missing, cycle, plan, answered_at(case, f"plan-{turn}"), turn=turn)


@step("周期确认")
def find_cycle(work: Work, lines: list[PartsLine], turn: int | str) -> list[Cycle]:
    """Look up the standard days by part category, usual unit and urgency."""
    cycle = []
    for line in lines:
        days, supply = standard(work, line.category, line.unit), SUPPLY_OF_KIND[work.read(units)[line.unit].kind]
        cycle.append(Cycle(line_no=line.line_no, quantity=line.quantity, days=days, supply=supply))
    return cycle


def cycle_question(
    lines: Sequence[PartsLine], cycle: Sequence[Cycle], turn: int, link: str = ""
) -> Question[CycleDecision]:
    """Ask the planner for the days: no standard, or urgent."""

    def brief() -> list[str]:
        return [
            f"{_named(line)}: 标准 standard {its.days or '无 none'}" for line, its in zip(lines, cycle, strict=True)
        ]

    def prefill() -> dict[str, Any]:
        return as_rows(CycleLine(line_no=line.line_no, days=line.days or 1) for line in cycle)

    def check(form: CycleDecision, _work: Work) -> list[Problem]:
        return all_lines([line.line_no for line in form.lines], [line.line_no for line in lines])

    return gate(f"cycle-{turn}", "周期确认", Role.PLANNER, CycleDecision, "cycle", link, brief, prefill, check)


def plan_question(
    lines: Sequence[PartsLine], cycle: Sequence[Cycle], turn: int, link: str = ""
) -> Question[PlanDecision]:
    """Ask the planner for unit and date; a later date needs a reason and does not move the promise."""

    def brief() -> list[str]:
        return [f"{_named(line)} · 周期 {its.days} 工作日 wd" for line, its in zip(lines, cycle, strict=True)]

    def prefill() -> dict[str, Any]:
        planned = [(line.line_no, line.unit, its.supply) for line, its in zip(lines, cycle, strict=True)]
        return as_rows(PlanLine(line_no=no, supply=supply, unit=unit, planned=None) for no, unit, supply in planned)

    def check(form: PlanDecision, work: Work) -> list[Problem]:
        problems = all_lines([line.line_no for line in form.lines], [line.line_no for line in lines])
        problems += unit_problems(form.lines, work.read(units))
        if problems:
            return problems
        promises = _promises(work, lines, cycle, form, work.now)
        return plan_problems(form, {no: day for no, (_, day) in promises.items()}, work.today)

    return gate(f"plan-{turn}", "计划确认", Role.PLANNER, PlanDecision, "plan", link, brief, prefill, check)


@step("承诺日期", link="计划确认")
def confirm_plan(
    work: Work, lines: list[PartsLine], cycle: list[Cycle], decision: PlanDecision, confirmed: datetime, turn: int
) -> list[PlannedLine]:
    """Fix unit, planned and promised date of each line: confirmation day + standard days (the next wd is day 1)."""
    promises = _promises(work, lines, cycle, decision, confirmed)
    said, plan, since = {line.line_no: line for line in decision.lines}, [], shanghai_day(confirmed)
    for line in lines:
        no, chosen, (days, promised) = line.line_no, said[line.line_no], promises[line.line_no]
        where = {
            "unit": work.read(units)[chosen.unit].code,
            "promised": promised,
            "planned": chosen.planned or promised,
        }
        plan.append(
            PlannedLine(**line.as_goods(), price=line.price, supply=chosen.supply, days=days, since=since, **where)
        )
        mark_line(work, no, **where)
    return plan


def _named(line: PartsLine) -> str:
    return f"{line.line_no}. {line.name} × {line.quantity:f}"


def _promises(
    work: Work, lines: Sequence[PartsLine], cycle: Sequence[Cycle], decision: PlanDecision, confirmed: datetime
) -> dict[int, tuple[int, date]]:
    """Days and promised date of each line, by the standard of the unit that the plan gives it to.

    Where that has none of its own, the days that were confirmed for the line hold.
    """
    assigned = {line.line_no: work.read(units)[line.unit].code for line in decision.lines}
    promises = {}
    for line, its in zip(lines, cycle, strict=True):
        unit, days = assigned[line.line_no], its.days or 1
        own = None if unit == line.unit else standard(work, line.category, unit)
        if own and own != standard(work, line.category, line.unit):
            days = own
        promises[line.line_no] = days, promised_date(calendar(work), confirmed, days)
    return promises
