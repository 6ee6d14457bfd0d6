"""What is in which package of a shipment (DOMAIN 1.9; "Documents", Contents); pure."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal

from schemas.forms.logistics import SEVERAL, GoodsOut, PackedLine
from schemas.problems import Problem
from schemas.shapes import figure
from tasks.lines.rules import all_lines

PACKAGE = "箱号 package"
READABLE = "整行在一箱填箱号，如 2；分装写 1×3，2×1 must be a package, or 1×3, 2×1"
_SHARE = re.compile(r"(\d{1,4})[x×*](\d{1,7}(?:\.\d{1,2})?)")
Packed = tuple[int, int, Decimal]  # line, package, quantity


def packing(form: GoodsOut, leaves: Mapping[int, Decimal]) -> list[Packed]:
    """Say what is in which package, from a form that `packing_problems` finds right; `leaves`: line → quantity."""
    if not form.lines:
        return [(no, 1, quantity) for no, quantity in leaves.items()]
    return [packed for line in form.lines for packed in _shares(line, leaves[line.line_no])]


def packing_problems(form: GoodsOut, leaves: Mapping[int, Decimal]) -> list[Problem]:
    """Check that the packages hold what leaves, all of it, and that none is empty."""
    if not form.lines:
        return [] if form.packages == 1 else [Problem("明细 lines", "", SEVERAL)]
    if problems := all_lines([line.line_no for line in form.lines], leaves, "未写箱号 which package is it in"):
        return problems
    problems, filled = [], set()
    for row, line in enumerate(form.lines, start=1):
        try:
            shares = list(_shares(line, leaves[line.line_no]))
        except ValueError:
            problems.append(Problem(PACKAGE, line.packages, READABLE, row))
            continue
        filled |= {package for _, package, _ in shares}
        if sum(quantity for *_, quantity in shares) != leaves[line.line_no]:
            expected = f"合计应为 {figure(leaves[line.line_no])} must add up to what leaves"
            problems.append(Problem(PACKAGE, line.packages, expected, row))
        if any(not 1 <= package <= form.packages for _, package, _ in shares):
            expected = f"应在 1 至 {form.packages} 之间 must be one of the {form.packages} packages"
            problems.append(Problem(PACKAGE, line.packages, expected, row))
    if not problems and (empty := sorted({*range(1, form.packages + 1)} - filled)):
        problems.append(Problem("件数 packages", form.packages, f"第 {empty[0]} 箱是空的 package {empty[0]} is empty"))
    return problems


def _shares(line: PackedLine, quantity: Decimal) -> Iterator[Packed]:
    """Read in which packages a line is; ValueError where that cannot be read."""
    text = unicodedata.normalize("NFKC", line.packages)
    if text.isdecimal():
        yield line.line_no, int(text), quantity
        return
    for share in filter(None, re.split(r"[,;、\s]+", text)):
        if not (found := _SHARE.fullmatch(share)):
            raise ValueError(share)
        yield line.line_no, int(found[1]), Decimal(found[2])
