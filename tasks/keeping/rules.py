"""What must hold of counts of goods that come, and of those that are there; pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from schemas.forms.counts import CountedLine
from schemas.forms.transfers import CameLine
from schemas.problems import Problem
from schemas.shapes import figure
from tasks.stock.places import NOTHING, Held

TOO_LITTLE = "more is reserved than would be left: free it first, or refuse and have it counted again"
MOST_CAME = "最多 {}，多出的退回或另行入库 at most what was sent: what is more goes back, or in by a slip of its own"
MOST_DAMAGED = "不能多于调入数量 at most what came"
ALL_DAMAGED = "残次品不再分损坏 damaged goods are all damaged"
WHAT = "有短少或损坏时必填 is required where something is missing or damaged"


def came_problems(lines: Sequence[CameLine], most: Mapping[int, Decimal], all_damaged: bool) -> list[Problem]:
    """Check what came: no more than was sent, no more damaged than came, and what is wrong is said."""
    problems = list[Problem]()
    for row, line in enumerate(lines, start=1):
        many = most[line.line_no]
        if line.came > many:
            problems.append(Problem("调入数量 came", line.came, MOST_CAME.format(figure(many)), row))
        if line.damaged > line.came:
            problems.append(Problem("其中损坏 damaged", line.damaged, MOST_DAMAGED, row))
        if line.damaged and all_damaged:
            problems.append(Problem("其中损坏 damaged", line.damaged, ALL_DAMAGED, row))
        if (line.came < many or line.damaged) and not line.found:
            problems.append(Problem("差异情况 found", "", WHAT, row))
    return problems


def counted_problems(
    listed: Mapping[str, str], counted: Mapping[str, CountedLine], book: Mapping[str, Decimal]
) -> list[Problem]:
    """Check a count: each part on the sheet is there, and what differs from the books says why, whose it is, what to do.

    listed   what is on the sheet, part → name; book: what the books had at the moment of the count
    """
    problems = [
        Problem("配件名称 part", name, "盘点表上的须都盘到 is on the sheet: count it")
        for part, name in listed.items()
        if part not in counted
    ]
    for row, (part, line) in enumerate(counted.items(), start=1):
        had = book.get(part, Decimal(0))
        differs = f"账面 {figure(had)}，有差异时必填 the books have {figure(had)}: a difference needs it"
        problems += [
            Problem(str(CountedLine.model_fields[name].title), "", differs, row)
            for name in ("cause", "responsibility", "proposal")
            if line.counted != had and not getattr(line, name)
        ]
    return problems


def fits_no_more(changes: Mapping[str, tuple[str, Decimal]], stock: Mapping[str, Held]) -> list[Problem]:
    """Say why differences cannot be booked as stock stands now: nothing falls below zero, nor below what is reserved."""
    problems = list[Problem]()
    for name, (part, change) in changes.items():
        held = stock.get(part, NOTHING)
        after = held.on_hand + change
        if change < 0 and after < held.reserved:
            left = f"在库 {figure(held.on_hand)}，已预留 {figure(held.reserved)}，盘亏后为 {figure(after)}"
            problems.append(Problem("配件名称 part", name, f"{left}；先撤销预留，或不同意并重盘 {TOO_LITTLE}"))
    return problems
