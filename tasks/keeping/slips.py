"""出入库单 by hand: items coded, counted by the keeper, booked; provisional receipts matched with their papers (S3 §2, §3)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from schemas.forms.slips import (
    ItemsCoded,
    PapersCame,
    PapersLine,
    PapersSay,
    SlipChecked,
    SlipCount,
    SlipKind,
    SlipRequest,
)
from schemas.parts import Goods
from schemas.problems import Problem
from schemas.shapes import Shape, figure, listed
from schemas.words import Channel, MovementKind, Role, Verdict
from tasks.approvals.rules import reason_needed
from tasks.cycle.terms import gate
from tasks.documents.steps import DocumentRef
from tasks.durable.process import Case, ask
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.keeping.accept import accept_at, add_goods, as_goods, brief_goods, part_problems, set_apart
from tasks.keeping.queries import slips_named, stocked
from tasks.keeping.rules import free_problems, leftover_problems, slip_problems
from tasks.lines.rules import all_lines, as_rows
from tasks.stock.booking import book
from tasks.stock.places import Warehouse, places, stock_here
from tasks.unit.unit import Unit
from tasks.unit.work import Work

CODE, CHECK, BOOK, MATCH = "物料建码", "仓管核准", "记账制票", "核对单据"
BOOKED_AS = {
    SlipKind.PURCHASE: MovementKind.SMALL_PURCHASE_IN,
    SlipKind.NEW_ITEM: MovementKind.SMALL_PURCHASE_IN,
    SlipKind.PROVISIONAL: MovementKind.PURCHASE_IN,
    SlipKind.OWN_USE: MovementKind.OWN_USE_OUT,
    SlipKind.LEFTOVER: MovementKind.OWN_USE_OUT,
}
BY_ANYBODY = {SlipKind.OWN_USE, SlipKind.LEFTOVER}
MOST = "最多 {} at most what was asked for"
APART = "拒收，单独存放待退 refused: kept apart until the sender takes it back"


class HandSlip(Shape):
    """Goods that come in or leave, of a warehouse; red where they take back `reverses`."""

    place: Warehouse
    goods: list[Goods]
    reverses: str | None = None

    @property
    def said(self) -> str:
        """Where, and what."""
        return f"{self.place.said} " + listed([f"{one.name} ×{figure(one.quantity)}" for one in self.goods])

    def of(self, many: Mapping[int, Decimal]) -> list[Goods]:
        """Give so many of its lines, none of which is none."""
        return [one.of(many[one.line_no]) for one in self.goods if many[one.line_no]]

    def counted(self, said: SlipChecked) -> "HandSlip":
        """Give it with the quantities that the keeper counted."""
        return self.model_copy(update={"goods": self.of({line.line_no: line.counted for line in said.lines})})


def slip_of(form: Any) -> str:
    """Give the number of the slip that a request takes back."""
    return str(getattr(form, "slip", "")).strip().upper()


def accept_slip(form: SlipRequest, unit: Unit, channel: Channel) -> tuple[Mapping[str, Any], list[Problem]]:
    """Give the facts of a slip by hand, and every problem: whose warehouse, which items, what its kind must say."""
    anybody, place = form.kind in BY_ANYBODY, {"记账仓库 warehouse": form.warehouse}
    facts, problems = accept_at(form, unit, channel, place, [], anybody)
    if form.kind != SlipKind.NEW_ITEM:
        problems += part_problems(unit.read(stocked), [line.item for line in form.lines])
    where = unit.read(places).get(form.warehouse)
    problems += slip_problems(form, good=where is None or where.kind == "good")
    if problems or form.kind != SlipKind.LEFTOVER:
        return ({}, problems) if problems else (facts | {"remark": form.remark}, [])
    parts = unit.read(stocked)
    asked = {parts[line.item].code: line.quantity for line in form.lines}
    before = unit.read_by(slips_named, slip_of, form)
    place_code = unit.read(places)[form.warehouse].code
    return facts | {"remark": form.remark}, leftover_problems(form.slip, before, place_code, asked)


def code_items(case: Case, form: SlipRequest) -> list[str]:
    """物料建码: the PARTS_REVIEWER says which standard part each new item has become; others say it themselves."""
    if form.kind != SlipKind.NEW_ITEM:
        return [line.item for line in form.lines]
    numbers = range(1, 1 + len(form.lines))

    def check(said: ItemsCoded, work: Work) -> list[Problem]:
        problems = all_lines([line.line_no for line in said.lines], numbers)
        return problems + part_problems(work.read(stocked), [line.part for line in said.lines])

    brief = [f"{no}. **{line.item}** × {line.quantity:f}" for no, line in enumerate(form.lines, start=1)]
    brief += [f"照片 photos: {form.photos}"]
    said = ask(case, gate("code", CODE, Role.PARTS_REVIEWER, ItemsCoded, "code", CODE, brief.copy, check=check))
    coded = {line.line_no: line.part for line in said.lines}
    return [coded[no] for no in numbers]


@step("登记物料", link=CHECK)
def enter_items(work: Work, form: SlipRequest, items: list[str]) -> HandSlip:
    """Look up what comes in or leaves; leftovers are lines of the slip by which they left."""
    parts, place = work.read(stocked), work.read(places)[form.warehouse]
    before = work.unit.read_by(slips_named, slip_of, form) if form.slip else None
    own = [before.lines[parts[item].code][0] for item in items] if before else [*range(1, 1 + len(items))]
    wanted = zip(own, items, form.lines, strict=True)
    goods = [as_goods(parts[item], no, line.quantity) for no, item, line in wanted]
    add_goods(work, goods, parts)
    return HandSlip(place=place, goods=goods, reverses=before.id if before else None)


def check_slip(case: Case, slip: HandSlip, turn: int) -> SlipChecked:
    """仓管核准: the keeper counts, or refuses what is irregular; nobody issues goods for the own use."""
    form: SlipRequest = case.request
    most = {one.line_no: one.quantity for one in slip.goods}

    def check(said: SlipChecked, work: Work) -> list[Problem]:
        if said.verdict == Verdict.REJECT:
            return reason_needed(said.reason, True, "不同意时必填 is required to refuse")
        problems = all_lines([line.line_no for line in said.lines], most)
        if problems:
            return problems
        many = {line.line_no: line.counted for line in said.lines}
        problems = [
            Problem("实际数量 counted", counted, MOST.format(figure(most[no])), row)
            for row, (no, counted) in enumerate(many.items(), start=1)
            if counted > most[no]
        ]
        return problems + _taken(work, slip.counted(said), form)

    def prefill() -> dict[str, Any]:
        return as_rows(SlipCount(line_no=no, counted=quantity) for no, quantity in most.items())

    brief = [f"**{form.kind.zh}** · {slip.place.said} · {form.party}", *brief_goods(slip.goods)]
    brief += [f"{word}: {said}" for word, said in (("询问发货方", form.asked), ("备注", form.remark)) if said]
    brief += ["已被他人领用或退回，请重新核准 others came first: check it again"] if turn > 1 else []
    barred = frozenset({form.applicant} if form.kind == SlipKind.OWN_USE else ())
    return ask(
        case,
        gate(
            f"check-{turn}" if turn > 1 else "check", CHECK, slip.place.keeper, SlipChecked, "check", CHECK,
            brief.copy, prefill, check,
            office=slip.place.office, also=Role.SUPERVISOR, barred=barred,
        ),
    )  # fmt: skip


def _taken(work: Work, counted: HandSlip, form: SlipRequest) -> list[Problem]:
    """Say, as it is by now, why goods cannot leave, or leftovers come back."""
    if counted.reverses:
        before = slips_named(work.unit.connection, [slip_of(form)])[slip_of(form)]
        many = {one.part: one.quantity for one in counted.goods}
        return leftover_problems(form.slip, before, counted.place.code, many)
    if form.kind != SlipKind.OWN_USE:
        return []
    return free_problems(counted.goods, set_apart(work.unit.connection, counted.place, stock_here(work, counted.place)))


def book_checked(case: Case, slip: HandSlip, said: SlipChecked, turn: int) -> HandSlip | None:
    """记账制票: what was counted, by a slip; leftovers by a red one. None where others came first."""
    counted = slip.counted(said)
    if slip.reverses:
        return counted if book_back_leftovers(case, counted, turn=turn) else None
    booked = book_slip(case, counted, case.request, turn=turn)
    return counted.model_copy(update={"reverses": booked}) if booked else None


@step(BOOK)
def book_slip(work: Work, slip: HandSlip, form: SlipRequest, turn: int) -> DocumentRef | None:
    """Book goods in or out; what comes before its papers says so on its slip."""
    if _taken(work, slip, form):
        return None
    return _book(work, slip.goods, slip, form, "暂估" if form.kind == SlipKind.PROVISIONAL else form.remark)


@step("退料冲账", link=BOOK)
def book_back_leftovers(work: Work, slip: HandSlip, turn: int) -> DocumentRef | None:
    """Book leftovers back by a red slip of own use."""
    if _taken(work, slip, SlipRequest.model_validate(work.case.request)):
        return None
    return book(work, MovementKind.OWN_USE_OUT, slip.goods, slip.place.code, slip.reverses, corrects=slip.reverses)


def match_papers(case: Case, slip: HandSlip) -> PapersCame:
    """核对单据: a difference is corrected by a blue and a red slip, refused goods by a red one; these stand apart then."""
    said = ask(case, _papers_question(slip))
    many = {line.line_no: line.many for line in said.lines}
    if said.verdict == PapersSay.DIFFER:
        book_by_papers(case, slip, slip.of(many), said.papers)  # first, so that only the difference must be there
    if said.verdict != PapersSay.MATCH:
        book_back_provisional(case, slip, APART if said.verdict == PapersSay.REFUSED else said.papers)
    return said


def _papers_question(slip: HandSlip) -> Question[PapersCame]:
    had = {one.line_no: one.quantity for one in slip.goods}

    def check(said: PapersCame, work: Work) -> list[Problem]:
        if problems := all_lines([line.line_no for line in said.lines], had):
            return problems
        refused = said.verdict == PapersSay.REFUSED
        many = {line.line_no: Decimal(0) if refused else line.many for line in said.lines}
        if (said.verdict == PapersSay.MATCH) != (many == had):
            return [Problem("核对意见 papers", said.verdict.zh, "与单据数量不一致 does not fit the quantities")]
        less = slip.of({no: max(had[no] - many[no], Decimal(0)) for no in had})
        problems = free_problems(less, stock_here(work, slip.place))
        return problems + reason_needed(said.reason, refused, "拒收时必填 is required to refuse the goods")

    def prefill() -> dict[str, Any]:
        return as_rows(PapersLine(line_no=no, many=quantity) for no, quantity in had.items())

    return gate(
        "papers", MATCH, slip.place.keeper, PapersCame, "papers", MATCH,
        lambda: [f"**{slip.place.said}**", *brief_goods(slip.goods)], prefill, check, office=slip.place.office,
    )  # fmt: skip


@step("单据入库", link=MATCH)
def book_by_papers(work: Work, slip: HandSlip, goods: list[Goods], papers: str) -> DocumentRef | None:
    """Book what the papers say by a blue slip."""
    return _book(work, goods, slip, SlipRequest.model_validate(work.case.request), papers) if goods else None


@step("暂估冲回", link=MATCH)
def book_back_provisional(work: Work, slip: HandSlip, why: str) -> DocumentRef:
    """Take the provisional receipt out of the books by a red slip."""
    party = {"supplier": SlipRequest.model_validate(work.case.request).party, "remark": why}
    return book(work, MovementKind.PURCHASE_IN, slip.goods, slip.place.code, slip.reverses, party)


def _book(work: Work, goods: Sequence[Goods], slip: HandSlip, form: SlipRequest, remark: str) -> DocumentRef:
    kind = BOOKED_AS[form.kind]
    party = {"receiver" if kind == MovementKind.OWN_USE_OUT else "supplier": form.party, "remark": remark}
    return book(work, kind, goods, slip.place.code, party=party, corrects=slip.reverses)
