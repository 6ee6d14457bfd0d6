"""What must hold of counts of goods that come, and of those that are there; pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from schemas.forms.transfers import CameLine
from schemas.problems import Problem
from schemas.shapes import figure

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
