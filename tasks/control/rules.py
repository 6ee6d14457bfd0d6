"""The clock of a line and what its delay costs (DOMAIN 4); pure."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, Protocol

from schemas.forms.cycles import CycleProgress, Pause, PenaltyDecision, PenaltyVerdict
from schemas.problems import Problem
from schemas.shapes import Shape, figure, money
from schemas.words import Role
from tasks.approvals.rules import reason_needed
from tasks.cycle.rules import Calendar, add_working_days_to_date, working_days_between

CENT = Decimal("0.01")


class UnitPlan(Shape):
    """What a unit is to make of a case, and how far it is."""

    unit: str
    unit_name: str
    source: str
    progress: CycleProgress

    @property
    def said(self) -> str:
        """Whose lines, and who makes them."""
        lines = "、".join(str(order.line_no) for order in self.progress.orders)
        return f"{self.source} 第{lines}行 {self.unit_name}"


class Stages(Shape):
    """Working days that each stage of a line may take: to be made, to come in, to go out."""

    line_no: int
    turn: int
    unit: str
    since: date
    days: int
    in_days: int
    out_days: int
    promised: date

    @property
    def said(self) -> str:
        """The three stages and the promise."""
        stages = f"生产 {self.days} 入库 {self.in_days} 出库 {self.out_days} 工作日"
        return f"第{self.line_no}行 {self.unit} {stages} 承诺 {self.promised}"


class Late(Shape):
    """So many of a line that a unit finished late on a day: how far over, and what that costs, CNY."""

    line_no: int
    turn: int
    made_on: date
    quantity: Decimal
    promised: date
    over: int
    amount: Decimal


class Opinion(Shape):
    """What a unit was late with in a month; `by` confirms it before it is notified."""

    unit: str
    unit_name: str
    month: str
    late: list[Late]
    by: Role

    @property
    def amount(self) -> Decimal:
        """What it comes to, CNY."""
        return sum((one.amount for one in self.late), Decimal(0))

    @property
    def brief(self) -> list[str]:
        """What a decider must see."""
        rows = [
            f"第{one.line_no}行 ×{figure(one.quantity)} **{money(one.amount)} CNY** 超期 {one.over} 工作日 wd："
            f"承诺 {one.promised} 完成 {one.made_on}"
            for one in self.late
        ]
        return [f"{self.unit_name} {self.unit} · {self.month} · 处罚 Penalty **{money(self.amount)} CNY**", *rows]

    @property
    def said(self) -> str:
        """Whom, for which month, and how much."""
        return f"{self.unit_name} {self.month} {money(self.amount)} CNY" if self.late else ""


class Proposed(Protocol):
    """A penalty that is proposed for a unit; `by` confirms it before it is notified."""

    @property
    def unit(self) -> str: ...  # noqa: D102
    @property
    def by(self) -> Role: ...  # noqa: D102
    @property
    def amount(self) -> Decimal: ...  # noqa: D102
    @property
    def brief(self) -> list[str]: ...  # noqa: D102


class Reckoned(NamedTuple):
    """Working days of a line: used, over its promise, and paused."""

    used: int
    over: int
    paused: int


class Times(NamedTuple):
    """The record of a line: working days used, over and paused, and whether each stage kept its own term."""

    used: int
    over: int
    paused: int
    made_in_time: bool
    in_in_time: bool | None
    out_in_time: bool | None


def paused_days(calendar: Calendar, pauses: Iterable[Pause], start: date, until: date) -> int:
    """Count the working days between two days on which the clock stood still, each once."""
    days, at = 0, start
    for pause in sorted(pauses, key=lambda pause: pause.start):
        first, last = max(pause.start, at), min(pause.end or until, until)
        if first < last:
            days, at = days + working_days_between(calendar, first, last), last
    return days


def moved_promise(calendar: Calendar, pauses: Iterable[Pause], since: date, promised: date, until: date) -> date:
    """Give the day that was promised, moved by the days on which the clock has stood still until another one."""
    return add_working_days_to_date(calendar, promised, paused_days(calendar, pauses, since, until))


def reckon(calendar: Calendar, pauses: Iterable[Pause], since: date, promised: date, until: date) -> Reckoned:
    """Count the working days that a line has used, those over its promise, and those on which its clock stood still."""
    paused = paused_days(calendar, pauses, since, until)
    due = add_working_days_to_date(calendar, promised, paused)
    over = max(0, working_days_between(calendar, due, until))
    return Reckoned(working_days_between(calendar, since, until) - paused, over, paused)


def times_of(calendar: Calendar, pauses: Sequence[Pause], line: Any) -> Times:
    """Measure a line that has left: each stage by its own term, always against the promise (DOMAIN-BRANCHES 4).

    On time is what was done by the end of the day; of days over only those count that are worked.
    """

    def in_time(start: date | None, end: date | None, days: int) -> bool | None:
        if start is None or end is None:
            return None
        return end <= moved_promise(calendar, pauses, start, add_working_days_to_date(calendar, start, days), end)

    reckoned = reckon(calendar, pauses, line.since, line.promised, line.made_on)
    promised = add_working_days_to_date(calendar, line.promised, reckoned.paused)
    came_in = in_time(line.made_on, line.in_on, line.in_days)
    went = in_time(line.in_on, line.out_on, line.out_days)
    return Times(*reckoned, line.made_on <= promised, came_in, went)


def penalty_of(value: Decimal, over: int, rate: Decimal, left: Decimal) -> Decimal:
    """Give the penalty on the value of what was late, at most what is left of the line's cap, CNY."""
    return min((value * rate * over).quantize(CENT, ROUND_HALF_UP), max(left, Decimal(0)))


def shared_out(total: Decimal, amounts: Sequence[Decimal]) -> list[Decimal]:
    """Share a reduced total out as the amounts were proposed, to the cent; nobody's share is above what was proposed."""
    sums = [Decimal(0), *accumulate(amounts)]
    upto = [(total * one / sums[-1]).quantize(CENT, ROUND_HALF_UP) for one in sums]
    return [after - before for before, after in pairwise(upto)]


def decision_problems(form: PenaltyDecision, proposed: Decimal) -> list[Problem]:
    """Check what is said of a penalty: a reduced one lies between nothing and what was proposed, with a reason."""
    reduced = form.verdict == PenaltyVerdict.REDUCE
    problems = list[Problem]()
    if reduced and not 0 < form.amount < proposed:
        expected = f"应大于 0、小于 {money(proposed)} must be above 0 and below {money(proposed)}"
        problems.append(Problem("减至金额 reduced to", form.amount, expected))
    if not reduced and form.amount:
        problems.append(Problem("减至金额 reduced to", form.amount, "只在减少时填写 only to reduce"))
    needed = form.verdict != PenaltyVerdict.CONFIRM
    return problems + reason_needed(form.reason, needed, "减少或免除时必填 is required to reduce or drop")


def confirmed(opinion: Proposed, decision: PenaltyDecision) -> Decimal:
    """Give what a unit pays of what was proposed, CNY."""
    sums = {PenaltyVerdict.CONFIRM: opinion.amount, PenaltyVerdict.REDUCE: decision.amount}
    return sums.get(decision.verdict, Decimal(0))


def end_of_month(month: str) -> date:
    """Give the last day of a month, 2026-11."""
    year, number = map(int, month.split("-"))
    return date(year + number // 12, number % 12 + 1, 1) - timedelta(days=1)
