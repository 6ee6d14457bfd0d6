"""What workshops and the warehouse are asked while goods are made: reports and counts (DOMAIN 1.6, 1.7)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from schemas.forms.production import CountLine, GoodsInCount, ProductionReport, ReportLine
from schemas.parts import Goods
from schemas.problems import Problem
from schemas.words import Role
from tasks.cycle.terms import More, Promise, gate, production_due
from tasks.durable.question import Question
from tasks.lines.anomalies import line_waits
from tasks.lines.rules import Covers, as_rows, first_of, only_these
from tasks.production.rules import Making, count_problems, report_problems
from tasks.unit.work import Work


def making_questions(making: Making, shipment: int) -> list[Question[Any]]:
    """Ask for all that is not there yet: reports of the units, counts of what they made."""
    return [*(report_question(unit, making, shipment) for unit in making.units()), *count_questions(making)]


def count_questions(making: Making, title: str = "出货入库", stopped: str = "") -> list[Question[GoodsInCount]]:
    """Ask for the counts of what was made; a form that fits several is the first one's, as they were reported."""
    fits = [only_these(made) for made in making.counts.values()]
    return [
        count_question(key, made, making.plan, first_of(fits[:at]), title, stopped)
        for at, (key, made) in enumerate(making.counts.items(), start=1)
    ]


def report_question(unit: str, making: Making, shipment: int) -> Question[ProductionReport]:
    """Ask a unit for its report, due by the promised date of its first line."""
    left = making.lines_of(unit)
    key = f"produce-{shipment}-{unit.lower()}-{making.reports[unit] + 1}"

    def check(form: ProductionReport, work: Work) -> list[Problem]:
        said = [line.line_no for line in form.lines if line.made or line.scrapped or line.anomaly]
        return report_problems(form.lines, left, making.orders) + line_waits(work, said)

    def brief() -> list[str]:
        planned = [(no, making.plan[no], quantity) for no, quantity in left.items()]
        return [f"{no}. {line.name} × {quantity:f} · 承诺 {line.promised}" for no, line, quantity in planned]

    def prefill() -> dict[str, Any]:
        return as_rows(ReportLine(line_no=no, made=quantity) for no, quantity in left.items())

    due = production_due([Promise(making.plan[no].since, making.plan[no].days) for no in left])
    more: More = {"unit": unit, "remind": None, "covers": only_these(left)}  # the cycle's control reminds of a promise
    return gate(key, "车间生产", Role.WORKSHOP, ProductionReport, due, "", brief, prefill, check, **more)


def count_question(
    key: str, made: Mapping[int, Decimal], goods: Mapping[int, Goods], covers: Covers, title: str, stopped: str = ""
) -> Question[GoodsInCount]:
    """Ask the warehouse to count before anything is booked; `stopped` says why it becomes free stock."""

    def check(form: GoodsInCount, _work: Work) -> list[Problem]:
        return count_problems(form.lines, made)

    def brief() -> list[str]:
        told = [f"{stopped}，清点后即为现货 once counted it is free stock"] if stopped else []
        return [*told, *(f"{no}. {goods[no].name}: 报 reported {quantity:f}" for no, quantity in made.items())]

    def prefill() -> dict[str, Any]:
        return as_rows(CountLine(line_no=no, counted=quantity) for no, quantity in made.items())

    within, link = "goods_in", "出货入库"
    return gate(key, title, Role.WAREHOUSE, GoodsInCount, within, link, brief, prefill, check, covers=covers)
