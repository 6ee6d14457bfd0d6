"""What must hold of plans, workshop reports and counts; what is still to make (DOMAIN 1.4–1.7); pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from schemas.forms.anomalies import AnomalyKind
from schemas.forms.production import CountLine, PlanDecision, PlanLine, ReportLine
from schemas.parts import OrderProgress, PlannedLine, Shortfall
from schemas.problems import Problem
from schemas.spelling import Known
from schemas.words import Supply
from tasks.lines.rules import all_lines, known_lines

NOT_COUNTED = "未清点，请填写实收数量 was reported and must be counted"
NO_UNIT = "没有这个生产单位，请填编码或名称 must be a production unit"
LATE = "计划日期晚于承诺日期，请填延期原因 is later than promised: give the reason (the promise stays)"
SUPPLY_OF_KIND = {"own": Supply.WORKSHOP, "outsourced": Supply.OUTSOURCED, "supplier": Supply.PURCHASE}
NOTHING = "至少填写一项完成、报废或异常 report something made, scrapped or wrong"


class Received(NamedTuple):
    """A line as it comes in: what the workshop reported, the warehouse counted, and how much is kept for the case.

    What was counted beyond the report is everybody's, and so is all that comes in after the case was stopped.
    """

    planned: PlannedLine
    reported: Decimal
    counted: Decimal
    reason: str
    kept: Decimal


class Making:
    """How far the planned lines of a shipment are; it begins with everything still to be made.

    Per line what was ordered, made and scrapped, and what is still to make; per unit how often it has reported;
    by the key of its question what waits to be counted, and which anomalies wait for their end; by how much those made
    the goods cheaper. Once `stopped`, only what was made by then comes in.
    """

    def __init__(self, plan: Sequence[PlannedLine]) -> None:
        self.plan = {line.line_no: line for line in plan}
        self.orders = {line.line_no: OrderProgress(line_no=line.line_no, quantity=line.quantity) for line in plan}
        self.to_make = {line.line_no: line.quantity for line in plan}
        self.reports = Counter[str]()
        self.counts: dict[str, dict[int, Decimal]] = {}
        self.anomalies: dict[str, Shortfall] = {}
        self.ordered_again = defaultdict[int, Decimal](Decimal)
        self.came_in, self.cheaper, self.stopped = Decimal(0), Decimal(0), False

    def units(self) -> list[str]:
        """Units that still have something to make, in order of their first line."""
        return list(dict.fromkeys(self.plan[no].unit for no in sorted(self.to_make) if self.to_make[no] > 0))

    def lines_of(self, unit: str) -> dict[int, Decimal]:
        """What a unit must still make: line → quantity."""
        return {no: left for no, left in sorted(self.to_make.items()) if left > 0 and self.plan[no].unit == unit}

    def report(self, unit: str, lines: Sequence[ReportLine], turn: str, by: str) -> list[int]:
        """Take a unit's report: what it made waits to be counted, an anomaly for its end; gives the lines made."""
        self.reports[unit] += 1
        for line in lines:
            order = self.orders[line.line_no]
            self._note(order, made=order.made + line.made, scrapped=order.scrapped + line.scrapped)
            self.to_make[line.line_no] -= line.made
            if line.anomaly:
                left, self.to_make[line.line_no] = self.to_make[line.line_no], Decimal(0)
                kind = AnomalyKind.QUALITY if left else AnomalyKind.NOTED
                self._miss(turn, line.line_no, left, left or line.made, kind, line.anomaly, by)
        made = {line.line_no: line.made for line in lines if line.made}
        if made:
            self.counts[f"goods-in-{turn}"] = made
        return list(made)

    def count(self, key: str, counted: Sequence[CountLine], turn: str, by: str) -> list[Received]:
        """Take the warehouse's count; gives what comes in. A difference waits for its anomaly's end."""
        made, by_no = self.counts.pop(key), {line.line_no: line for line in counted}
        for no, reported in made.items():
            seen = by_no[no]
            if seen.counted != reported:
                missing = max(reported - seen.counted, Decimal(0))
                cancelled = self.orders[no].cancelled or (self.stopped and missing > 0)
                self._note(self.orders[no], made=self.orders[no].made - missing, cancelled=cancelled)
                kind = AnomalyKind.MISSING if missing else AnomalyKind.NOTED
                told = f"报 {reported:f} 实收 {seen.counted:f}: {seen.reason}"
                self._miss(turn, no, missing, abs(reported - seen.counted), kind, told, by)
        self.came_in += sum(line.counted for line in counted)
        received = []
        for line in counted:
            reported = made[line.line_no]
            kept = Decimal(0) if self.stopped else min(line.counted, reported)
            received.append(Received(self.plan[line.line_no], reported, line.counted, line.reason, kept))
        return received

    def stop(self) -> None:
        """Make no more: what is not finished is cancelled; what waits to be counted is asked for by other keys."""
        self.stopped = True
        self.counts = {f"{key}-left": made for key, made in self.counts.items()}
        for order in list(self.orders.values()):
            self._note(order, cancelled=order.cancelled or order.made < order.quantity)

    def settle(self, key: str, given_up: bool) -> OrderProgress:
        """Take what came of an anomaly: the line is made on, or so much less is owed; gives the order as it stands."""
        found = self.anomalies.pop(key)
        self.to_make[found.line_no] += found.missing
        return self.give_up(found.line_no, found.missing) if given_up else self.orders[found.line_no]

    def give_up(self, line_no: int, quantity: Decimal) -> OrderProgress:
        """Make so many fewer of a line; gives the order as it stands."""
        self.to_make[line_no] -= quantity
        order = self.orders[line_no]
        left = order.quantity - quantity
        self._note(order, quantity=left or order.quantity, cancelled=not left)
        return self.orders[line_no]

    def _note(self, order: OrderProgress, **changed: object) -> None:
        self.orders[order.line_no] = order.model_copy(update=changed)

    def _miss(
        self, turn: str, line_no: int, missing: Decimal, quantity: Decimal, kind: AnomalyKind, found: str, by: str
    ) -> None:
        what = {"line_no": line_no, "missing": missing, "quantity": quantity, "kind": kind, "found": found, "by": by}
        self.anomalies[f"anomaly-{turn}-{line_no}"] = Shortfall(**what)


def unit_problems(lines: Sequence[PlanLine], units: Known[Any]) -> list[Problem]:
    """Check that a plan names production units, each for what it does."""
    problems = []
    for row, line in enumerate(lines, start=1):
        if line.unit not in units:
            problems.append(Problem("生产单位 unit", line.unit, NO_UNIT + units.meant(line.unit), row))
        elif line.supply != (does := SUPPLY_OF_KIND[units[line.unit].kind]):
            expected = f"{units[line.unit].name}只做{does.zh} only does {does.value}"
            problems.append(Problem("来源 supply", line.supply.zh, expected, row))
    return problems


def plan_problems(form: PlanDecision, promised: Mapping[int, date], today: date) -> list[Problem]:
    """Check the dates of a plan: none in the past, a reason where one lies after the promise."""
    planned = {line.line_no: line.planned for line in form.lines if line.planned}
    past = [no for no, day in planned.items() if day < today]
    expected = "不能早于今天 must not be in the past"
    problems = [Problem("计划日期 planned", planned[no], expected, no) for no in past]
    late = [] if form.reason else [no for no, day in sorted(planned.items()) if day > promised[no]]
    return problems + [Problem("延期原因 reason", promised[no], LATE, no) for no in late]


def report_problems(
    lines: Sequence[ReportLine], left: Mapping[int, Decimal], orders: Mapping[int, OrderProgress]
) -> list[Problem]:
    """Check a workshop's report: its own lines, never more than is left, not empty.

    More scrap in all than was ordered is an anomaly, which a leader decides: it needs its explanation.
    """
    problems = known_lines([line.line_no for line in lines], left)
    for row, line in enumerate(lines, start=1):
        if line.line_no in left and line.made > left[line.line_no]:
            expected = f"最多 {left[line.line_no]:f} at most {left[line.line_no]:f} are left to make"
            problems.append(Problem("完成数量 made", line.made, expected, row))
        order = orders.get(line.line_no)
        if order and order.scrapped + line.scrapped > order.quantity and not line.anomaly:
            expected = (
                f"累计报废超过订购的 {order.quantity:f}，请核对或填异常说明 more than was ordered: say what is wrong"
            )
            problems.append(Problem("报废数量 scrapped", line.scrapped, expected, row))
    if not problems and not any(line.made or line.scrapped or line.anomaly for line in lines):
        problems.append(Problem("明细 lines", "0", NOTHING))
    return problems


def count_problems(lines: Sequence[CountLine], made: Mapping[int, Decimal]) -> list[Problem]:
    """Check a count: every reported line is counted once, a difference has its reason."""
    problems = all_lines([line.line_no for line in lines], made, NOT_COUNTED)
    for row, line in enumerate(lines, start=1):
        if line.line_no in made and line.counted != made[line.line_no] and not line.reason:
            expected = f"报 {made[line.line_no]:f}，数量不符须填差异原因 differs from the report: give the reason"
            problems.append(Problem("差异原因 reason", line.counted, expected, row))
    return problems
