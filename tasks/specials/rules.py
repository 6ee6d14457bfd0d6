"""What must hold of a special order, its changes and its price (DOMAIN 7, DOMAIN-BRANCHES 7); pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from schemas.forms.specials import Makeability, MakeabilityDecision, PricedLine, ProposalDecision, SpecialLine
from schemas.parts import PartsLine
from schemas.problems import Problem
from schemas.shapes import money
from schemas.words import FeeCategory, Reason
from tasks.applications.rules import Catalogue, Part, part_problem, total
from tasks.lines.rules import all_lines
from tasks.quotes.rules import ON_CONTRACT, Paid, as_agreed

WANTED = "要求日期 wanted on"
MISSING = "资料不齐，请退回补充 is missing: send the order back"
ASKED = {"drawing": "图号 drawing", "size": "尺寸 dimensions", "material": "材质 material", "colour": "颜色 colour"}
DEPOSIT = "定金 deposit"


def like_problems(catalogue: Catalogue, lines: Sequence[SpecialLine], day: date) -> list[Problem]:
    """Check that each line is made like a part of the catalogue."""
    found = [part_problem(catalogue, line.part, day, row) for row, line in enumerate(lines, start=1)]
    return [problem for problem in found if problem]


def day_problems(wanted_on: date | None, today: date) -> list[Problem]:
    """Check the day by which an order is wanted."""
    past = wanted_on is not None and wanted_on < today
    return [Problem(WANTED, wanted_on, f"不能早于今天 {today} must not be in the past")] if past else []


def missing(lines: Sequence[SpecialLine], wanted_on: date | None) -> list[Problem]:
    """Say what an order lacks to be complete: drawing, dimensions, material, colour, the day it is wanted."""
    rows = [(row, name) for row, line in enumerate(lines, start=1) for name in ASKED if not getattr(line, name)]
    lacks = [Problem(ASKED[name], "", MISSING, row) for row, name in rows]
    return lacks if wanted_on else [*lacks, Problem(WANTED, "", MISSING)]


def makeable_problems(form: MakeabilityDecision, lines: Sequence[SpecialLine]) -> list[Problem]:
    """Check a workshop's word: what is changed is said by the lines and in words, what cannot be made has a reason."""
    changed = list(form.lines) not in ([], list(lines))
    problems = []
    if form.verdict != Makeability.YES and not form.reason:
        problems.append(Problem("原因 reason", "", "改动或不能生产时必填 is required with changes, or if not"))
    if form.verdict == Makeability.CHANGED and not changed:
        problems.append(Problem("明细 lines", "", "请写成改动后的样子 write them as they would be made"))
    if form.verdict == Makeability.YES and changed:
        problems.append(Problem("明细 lines", form.verdict.zh, "明细有改动，请选改动后可生产 are changed: say so"))
    return problems


def write_out(catalogue: Catalogue, lines: Sequence[SpecialLine], code: str) -> list[tuple[Part, PartsLine]]:
    """Write lines out as items of their own, coded after the case, each with the part that it is made like."""
    written = []
    for no, line in enumerate(lines, start=1):
        like, item = catalogue.get(line.part), f"{code}-{no}"
        assert like is not None, f"line {no} was accepted with unknown part {line.part!r}"
        looks = f"图号 {line.drawing}" if line.drawing else ""
        about = {"specification": " ".join(filter(None, [line.size, line.material, looks])), "colour": line.colour}
        made = {"category": like.category, "unit": like.unit, "uom": like.uom, "price": like.price or Decimal(0)}
        paid = {"reason": Reason.OTHER, "fee": FeeCategory.CHARGED, "warranty": None}
        named = {"line_no": no, "part": item, "name": f"{like.name} {item}", "quantity": line.quantity}
        written.append((like, PartsLine(**named, **about, **made, **paid)))
    return written


def priced(lines: Sequence[PartsLine], prices: Sequence[PricedLine]) -> list[PartsLine]:
    """Give lines at their prices."""
    by_no = {line.line_no: line.price for line in prices}
    return [line.model_copy(update={"price": by_no[line.line_no].quantize(Decimal("0.01"))}) for line in lines]


def price_of(lines: Sequence[PartsLine]) -> Decimal:
    """Give what lines cost together, in whole cents: nobody can pay less than one."""
    return total(lines).quantize(Decimal("0.01"))


def proposal_problems(
    form: ProposalDecision, lines: Sequence[PartsLine], most_share: Decimal, paid: Sequence[Paid]
) -> list[Problem]:
    """Check a proposal: a price for each line; the deposit is within the law's share, what is asked within the price."""
    if problems := all_lines([line.line_no for line in form.lines], [line.line_no for line in lines]):
        return problems
    if free := [line.line_no for line in form.lines if not line.price]:
        return [Problem("单价 price", 0, "应大于 0 must be above 0", no) for no in free]
    amount = price_of(priced(lines, form.lines))
    most, counted = amount * most_share, as_agreed(paid, form.deposit)
    beside = sum((one.amount for one in counted if one.kind not in ON_CONTRACT), Decimal(0))
    if form.deposit > most:
        share = f"{(most_share * 100).normalize():f}%"
        expected = f"定金不得超过总价的 {share}，即 {money(most)} at most {share} of the price (Civil Code 586)"
        return [Problem(DEPOSIT, form.deposit, expected)]
    if form.deposit + max(form.prepayment, beside) > amount:
        expected = f"与已付款合计不得超过总价 {money(amount)} at most the price, with what was paid"
        return [Problem("预付款 prepayment", form.prepayment, expected)]
    return []


def brief_wishes(lines: Sequence[SpecialLine], wanted_on: date | None) -> list[str]:
    """Show what is wanted."""
    shown = [" ".join([f"{no}. {line.part} × {line.quantity:f}", *_looks(line)]) for no, line in enumerate(lines, 1)]
    return [*shown, *([f"要求日期 wanted on {wanted_on}"] if wanted_on else [])]


def _looks(line: SpecialLine) -> list[str]:
    looks: Mapping[str, Any] = {"图号": line.drawing, "尺寸": line.size, "材质": line.material, "颜色": line.colour}
    return [f"{name} {said}" for name, said in looks.items() if said]
