"""What must hold of plans, workshop reports and counts; what is still to make (DOMAIN 1.4–1.7); pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from schemas.forms.production import CountLine, ReportLine
from schemas.parts import LineQuantity, OrderProgress, PlannedLine, Shortfall
from schemas.problems import Problem
from schemas.words import AnomalyVerdict


@dataclass
class Making:
    """How far the planned lines are: per line what was ordered, made and scrapped, and what is still to make."""

    plan: Mapping[int, PlannedLine]
    orders: dict[int, OrderProgress]
    to_make: dict[int, Decimal]

    @classmethod
    def of(cls, plan: Sequence[PlannedLine]) -> "Making":
        """Begin with everything still to be made."""
        orders = {
            line.line_no: OrderProgress(
                line_no=line.line_no, quantity=line.quantity, made=Decimal(0), scrapped=Decimal(0)
            )
            for line in plan
        }
        return cls({line.line_no: line for line in plan}, orders, {line.line_no: line.quantity for line in plan})

    def units(self) -> list[str]:
        """Units that still have something to make, in order of their first line."""
        return list(dict.fromkeys(self.plan[no].unit for no in sorted(self.to_make) if self.to_make[no] > 0))

    def lines_of(self, unit: str) -> dict[int, Decimal]:
        """What a unit must still make: line → quantity."""
        return {no: left for no, left in sorted(self.to_make.items()) if left > 0 and self.plan[no].unit == unit}

    def report(self, lines: Sequence[ReportLine]) -> tuple[list[LineQuantity], list[Shortfall]]:
        """Take a workshop's report; gives what comes in now, and what waits for an anomaly's decision."""
        made, anomalies = [], []
        for line in lines:
            order = self.orders[line.line_no]
            self.orders[line.line_no] = order.model_copy(
                update={"made": order.made + line.made, "scrapped": order.scrapped + line.scrapped}
            )
            self.to_make[line.line_no] -= line.made
            if line.made:
                made.append(LineQuantity(line_no=line.line_no, quantity=line.made))
            if line.anomaly:
                left, self.to_make[line.line_no] = self.to_make[line.line_no], Decimal(0)
                anomalies.append(
                    Shortfall(line_no=line.line_no, missing=left, found=line.anomaly, where="车间 production")
                )
        return made, anomalies

    def count(self, made: Sequence[LineQuantity], counted: Sequence[CountLine]) -> list[Shortfall]:
        """Take the warehouse's count; gives the differences, which go to an anomaly."""
        by_no = {line.line_no: line for line in counted}
        differences = []
        for line in made:
            seen = by_no[line.line_no]
            if seen.counted != line.quantity:
                found = f"报 {line.quantity:f} 实收 {seen.counted:f}: {seen.reason}"
                missing = max(line.quantity - seen.counted, Decimal(0))
                order = self.orders[line.line_no]
                self.orders[line.line_no] = order.model_copy(update={"made": order.made - missing})
                differences.append(Shortfall(line_no=line.line_no, missing=missing, found=found, where="入库 goods in"))
        return differences

    def settle(self, found: Shortfall, verdict: AnomalyVerdict) -> OrderProgress:
        """Take the decision on an anomaly: made again, or so much less is owed; gives the order as it stands."""
        order = self.orders[found.line_no]
        if verdict == AnomalyVerdict.REMAKE:
            self.to_make[found.line_no] += found.missing
        else:
            left = order.quantity - found.missing
            order = order.model_copy(update={"quantity": left or order.quantity, "cancelled": not left})
            self.orders[found.line_no] = order
        return order

    def progress(self, lines: Sequence[int]) -> list[OrderProgress]:
        """Give the orders of some lines as they stand."""
        return [self.orders[no] for no in lines]


def report_problems(lines: Sequence[ReportLine], left: Mapping[int, Decimal]) -> list[Problem]:
    """Check a workshop's report: its own lines, never more than is left, not empty."""
    problems = _own_lines([line.line_no for line in lines], left)
    for row, line in enumerate(lines, start=1):
        if line.line_no in left and line.made > left[line.line_no]:
            expected = f"最多 {left[line.line_no]:f} at most {left[line.line_no]:f} are left to make"
            problems.append(Problem("完成数量 made", line.made, expected, row))
    if not problems and not any(line.made or line.scrapped or line.anomaly for line in lines):
        expected = "至少填写一项完成、报废或异常 report something made, scrapped or wrong"
        problems.append(Problem("明细 lines", "0", expected))
    return problems


def count_problems(lines: Sequence[CountLine], made: Sequence[LineQuantity]) -> list[Problem]:
    """Check a count: every reported line is counted once, a difference has its reason."""
    reported = {line.line_no: line.quantity for line in made}
    listed = [line.line_no for line in lines]
    problems = _own_lines(listed, reported)
    problems += [
        Problem("行号 line", no, "未清点，请填写实收数量 was reported and must be counted")
        for no in reported
        if no not in listed
    ]
    for row, line in enumerate(lines, start=1):
        if line.line_no in reported and line.counted != reported[line.line_no] and not line.reason:
            expected = f"报 {reported[line.line_no]:f}，数量不符须填差异原因 differs from the report: give the reason"
            problems.append(Problem("差异原因 reason", line.counted, expected, row))
    return problems


def _own_lines(listed: Sequence[int], own: Mapping[int, object]) -> list[Problem]:
    expected = f"应为 must be one of {', '.join(map(str, sorted(own)))}"
    wrong = [Problem("行号 line", no, expected, row) for row, no in enumerate(listed, start=1) if no not in own]
    return wrong + [Problem("行号 line", no, "重复 is listed twice") for no in own if listed.count(no) > 1]


def late_lines(planned: Mapping[int, date], promised: Mapping[int, date]) -> list[int]:
    """Give the lines whose planned date lies after the promise."""
    return [no for no, day in sorted(planned.items()) if day > promised[no]]
