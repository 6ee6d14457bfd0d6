"""What must hold of an application and its corrections (DOMAIN 1.1, 1.2); pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from schemas.forms.applications import ApplicationLine, ReviewedLine
from schemas.parts import PartsLine
from schemas.problems import Problem
from schemas.spelling import Known
from schemas.words import Reason
from tasks.applications.warranty import Cover

PART = "配件名称 part"
NO_PART = "不是标准配件名称或编码 must be a standard part name or code of the catalogue"
Twin = tuple[str, str]  # part, reason
OF_A_PART = ("name", "category", "unit", "specification", "colour", "uom")


class Part(NamedTuple):
    """A part of the catalogue with today's price (None: no price is valid)."""

    code: str
    name: str
    category: str
    specification: str
    colour: str
    unit: str
    uom: str
    discontinued_on: date | None
    price: Decimal | None


Catalogue = Known[Part]  # by code and by standard name


def part_problem(catalogue: Catalogue, text: str, day: date, row: int) -> Problem | None:
    """Say why a part cannot be ordered on a day, or None."""
    part = catalogue.get(text)
    if part is None:
        return Problem(PART, text, NO_PART + catalogue.meant(text), row)
    if part.discontinued_on and part.discontinued_on <= day:
        return Problem(PART, text, f"已于 {part.discontinued_on} 停产 was discontinued on {part.discontinued_on}", row)
    return Problem(PART, text, f"{day} 没有有效价格 has no price valid on {day}", row) if part.price is None else None


def line_problems(
    catalogue: Catalogue, lines: Sequence[ApplicationLine], open_lines: Mapping[Twin, str], day: date
) -> list[Problem]:
    """Check lines: known part, not discontinued, no twin here or in an open case.

    open_lines: (part code, reason) → case number of open lines of the same order.
    """
    problems: list[Problem] = []
    seen: dict[Twin, int] = {}
    for row, line in enumerate(lines, start=1):
        part, problem = catalogue.get(line.part), part_problem(catalogue, line.part, day, row)
        if part is None or problem:
            problems += [problem] if problem else []
            continue
        twin = (part.code, line.reason.value)
        if twin in seen:
            expected = f"与第{seen[twin]}行重复（同配件同原因） repeats row {seen[twin]}: same part and reason"
            problems.append(Problem(PART, line.part, expected, row))
        elif twin in open_lines:
            expected = f"{open_lines[twin]} 已申报（同订单同配件同原因） is already open in {open_lines[twin]}"
            problems.append(Problem(PART, line.part, expected, row))
        seen.setdefault(twin, row)
    return problems


def corrected_problems(
    catalogue: Catalogue,
    lines: Sequence[PartsLine],
    corrected: Sequence[ReviewedLine],
    open_lines: Mapping[Twin, str],
    cover: Cover,
) -> list[Problem]:
    """Check corrected parts as submitted ones are; a line may not become the twin of an open one."""
    rows = {line.line_no: row for row, line in enumerate(corrected, start=1)}
    listed = [part_problem(catalogue, line.part, cover.day, rows[line.line_no]) for line in corrected]
    if problems := [problem for problem in listed if problem]:
        return problems
    seen = dict(open_lines)
    for line in correct_lines(catalogue, lines, corrected, cover):
        twin = (line.part, line.reason.value)
        if twin in seen:
            expected = f"与 {seen[twin]} 重复（同订单同配件同原因） repeats an open line: same order, part and reason"
            problems.append(Problem(PART, line.name, expected, rows.get(line.line_no, 0)))
        seen[twin] = f"行号 line {line.line_no}"
    return problems


def price_lines(catalogue: Catalogue, lines: Sequence[ApplicationLine], cover: Cover) -> list[PartsLine]:
    """Write lines out with code, standard name, today's price, warranty and who should pay.

    The catalogue fills what was left empty.
    """
    priced = []
    for row, line in enumerate(lines, start=1):
        part = catalogue.get(line.part)
        assert part is not None, f"line {row} was accepted with unknown part {line.part!r}"
        given = {name: said for name in ("specification", "colour") if (said := getattr(line, name))}
        about = _of_part(part, line.reason, cover) | given | {"quantity": line.quantity, "reason": line.reason}
        priced.append(PartsLine(line_no=row, price=part.price or Decimal(0), **about))
    return priced


def as_applied(line: PartsLine) -> ApplicationLine:
    """Write a line as an office fills it in."""
    looks = {"specification": line.specification, "colour": line.colour}
    return ApplicationLine(part=line.name, quantity=line.quantity, reason=line.reason, **looks)


def as_reviewed(line: PartsLine) -> ReviewedLine:
    """Write a line as a reviewer may correct it."""
    now = {"part": line.name, "quantity": line.quantity, "price": line.price, "fee": line.fee}
    return ReviewedLine(line_no=line.line_no, **now)


def correct_lines(
    catalogue: Catalogue, lines: Sequence[PartsLine], corrected: Sequence[ReviewedLine], cover: Cover
) -> list[PartsLine]:
    """Apply a reviewer's corrections; a line that is not listed stays as it is.

    Another part takes its own price and fee of today, unless the reviewer typed others over those of the old part.
    """
    by_no = {line.line_no: line for line in corrected}
    right = []
    for line in lines:
        if now := by_no.get(line.line_no):
            part = catalogue.get(now.part)
            assert part is not None
            own = part.price if part.code != line.part and now.price == line.price else None
            price = now.price if own is None else own
            changed: dict[str, Any] = {"quantity": now.quantity, "price": price.quantize(Decimal("0.01"))}
            if part.code != line.part:
                changed = _of_part(part, line.reason, cover) | changed
            if now.fee not in (None, line.fee):
                changed["fee"] = now.fee
            line = line.model_copy(update=changed)
        right.append(line)
    return right


def _of_part(part: Part, reason: Reason, cover: Cover) -> dict[str, Any]:
    """What a line says of its part."""
    promise = {"warranty": cover.of(part.category), "fee": cover.fee(part.category, reason)}
    return {"part": part.code} | {name: getattr(part, name) for name in OF_A_PART} | promise


def corrections(before: Sequence[PartsLine], after: Sequence[PartsLine]) -> list[tuple[int, str, str, str]]:
    """List what a review changed: (line, field, before, after); it counts in the office's 配件申报评估表."""
    return [
        (old.line_no, field, str(getattr(old, field)), str(getattr(new, field)))
        for old, new in zip(before, after, strict=True)
        for field in ("part", "quantity", "price", "fee")
        if getattr(old, field) != getattr(new, field)
    ]


def total(lines: Sequence[PartsLine]) -> Decimal:
    """Add up quantity × corrected price of all lines, free ones too, CNY (DOMAIN, "Approvals")."""
    return sum((line.amount for line in lines), Decimal(0))
