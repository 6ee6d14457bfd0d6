"""What must hold of counts of goods that come, and of those that are there; pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from schemas.forms.counts import CountedLine
from schemas.forms.slips import SlipKind, SlipRequest
from schemas.forms.transfers import CameLine
from schemas.parts import Goods
from schemas.problems import Problem
from schemas.shapes import figure
from tasks.stock.places import NOTHING, OnHand

SLIP = "原出库单号 slip"
TOO_LITTLE = "more is reserved than would be left: free it first, or refuse and have it counted again"
MOST_CAME = "最多 {}，多出的退回或另行入库 at most what was sent: what is more goes back, or in by a slip of its own"
MOST_DAMAGED = "不能多于调入数量 at most what came"
NOT_APART = (
    "残次品不再分损坏；没有残次品仓的，损坏的按未到填写 damaged goods are all damaged; where no damaged warehouse is, "
)
NOT_APART += "what is damaged did not come"
WHAT = "有短少或损坏时必填 is required where something is missing or damaged"


class UsedSlip(NamedTuple):
    """A slip by which goods left for own use: its warehouse, its lines (part → line and how many)."""

    id: str
    warehouse: str
    lines: Mapping[str, tuple[int, Decimal]]
    taken_back: bool


def came_problems(lines: Sequence[CameLine], most: Mapping[int, Decimal], apart: bool) -> list[Problem]:
    """Check what came: no more than was sent, no more damaged than came, and what is wrong is said.

    apart   whether damaged pieces have a warehouse of their own
    """
    problems = list[Problem]()
    for row, line in enumerate(lines, start=1):
        many = most[line.line_no]
        if line.came > many:
            problems.append(Problem("调入数量 came", line.came, MOST_CAME.format(figure(many)), row))
        if line.damaged > line.came:
            problems.append(Problem("其中损坏 damaged", line.damaged, MOST_DAMAGED, row))
        if line.damaged and not apart:
            problems.append(Problem("其中损坏 damaged", line.damaged, NOT_APART, row))
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


def fits_no_more(
    changes: Mapping[str, tuple[str, Decimal]], stock: Mapping[str, OnHand], adjusted: Mapping[str, str]
) -> list[Problem]:
    """Say why differences cannot be booked as stock stands now: nothing falls below zero, nor below what is reserved.

    adjusted   parts whose books another count has changed since: part → its number; nothing is adjusted twice
    """
    problems = list[Problem]()
    for name, (part, change) in changes.items():
        if part in adjusted:
            again = f"清点后已由 {adjusted[part]} 调账，请不同意并重盘 was adjusted since by another count: have it counted again"
            problems.append(Problem("配件名称 part", name, again))
        held = stock.get(part, NOTHING)
        after = held.on_hand + change
        if change < 0 and after < held.reserved:
            left = f"在库 {figure(held.on_hand)}，已预留 {figure(held.reserved)}，盘亏后为 {figure(after)}"
            problems.append(Problem("配件名称 part", name, f"{left}；先撤销预留，或不同意并重盘 {TOO_LITTLE}"))
    return problems


def slip_problems(form: SlipRequest, good: bool) -> list[Problem]:
    """Check what a slip by hand must say by its kind (S3 §2 2.2, §3 1.2): who was asked, photos, the slip it takes back.

    What is bought is good, and comes into a warehouse of `good` stock.
    """
    if not good and form.kind not in {SlipKind.OWN_USE, SlipKind.LEFTOVER}:
        return [Problem("记账仓库 warehouse", form.warehouse, "采购的货入良品仓 what is bought comes into good stock")]
    wanted = {
        SlipKind.PROVISIONAL: ("asked", "暂估前先询问发货方 ask the sender first"),
        SlipKind.NEW_ITEM: ("photos", "新物料须附照片 a new item needs photos"),
        SlipKind.LEFTOVER: ("slip", "须写原自用出库单号 which slip did they leave by"),
    }
    if form.slip and form.kind != SlipKind.LEFTOVER:
        return [Problem(SLIP, form.slip, f"只有{SlipKind.LEFTOVER.zh}才填 only leftovers take back a slip")]
    name, why = wanted.get(form.kind, ("party", ""))
    return [] if getattr(form, name) else [Problem(str(SlipRequest.model_fields[name].title), "", why)]


def leftover_problems(
    number: str, before: UsedSlip | None, warehouse: str, asked: Mapping[str, Decimal]
) -> list[Problem]:
    """Check that leftovers had left by a slip of own use of that warehouse, so many of them, and are not back yet."""
    if before is None:
        return [Problem(SLIP, number, "没有这张自用出库单 there is no such slip of own use")]
    if before.warehouse != warehouse:
        return [Problem(SLIP, number, f"是 {before.warehouse} 的出库单 is of another warehouse")]
    if before.taken_back:
        return [Problem(SLIP, number, "余料已退回一次 leftovers of it came back already")]
    had = {part: many for part, (_, many) in before.lines.items()}
    return [
        Problem("数量 quantity", many, f"该单出库 {figure(had.get(part, Decimal(0)))} is what left by it", row)
        for row, (part, many) in enumerate(asked.items(), start=1)
        if many > had.get(part, Decimal(0))
    ]


def free_problems(goods: Sequence[Goods], stock: Mapping[str, OnHand]) -> list[Problem]:
    """Check that goods which leave are there, and nobody has reserved them."""
    held = [(one, stock.get(one.part, NOTHING)) for one in goods]
    told = "可用 {}（在库 {}，已预留 {}） is what is free"
    return [
        Problem("数量 quantity", f"{one.name} {figure(one.quantity)}", told.format(*map(figure, (has.free, *has))), row)
        for row, (one, has) in enumerate(held, start=1)
        if one.quantity > has.free
    ]
