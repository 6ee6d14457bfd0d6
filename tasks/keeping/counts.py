"""盘点: book, count before a witness, differences with their reasons, approval, count gain and loss (S3 §3 1.4.1, §2 6)."""

from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from schemas.answers import Answer
from schemas.forms.counts import CountDone, CountedLine, CountKind, CountRequest
from schemas.parts import Goods
from schemas.problems import Problem
from schemas.shapes import Shape, figure, listed, money
from schemas.words import Channel, DocumentKind, MovementKind, Role
from tasks.approvals.steps import Matter, approving
from tasks.branches.beside import alone
from tasks.cycle.hours import moment_of
from tasks.cycle.rules import at, shanghai_day
from tasks.cycle.terms import gate
from tasks.documents.contents import by_office, goods_row
from tasks.documents.steps import issue
from tasks.durable.process import Case, answered_at, ask
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.keeping.accept import accept_at, as_goods, part_problems
from tasks.keeping.queries import BY_COUNT, adjust_alone, adjusted_since, book_at, books_around, stocked
from tasks.keeping.rules import counted_problems, fits_no_more
from tasks.lines.rules import as_rows
from tasks.people.queries import people
from tasks.people.rights import SIGNER, applicant_until, on_staff
from tasks.policies.queries import setting
from tasks.stock.booking import book
from tasks.stock.lots import lot_book
from tasks.stock.places import Warehouse, places, stock_here
from tasks.unit.unit import Unit
from tasks.unit.work import Work

BEGIN, COUNT, APPROVE, BOOK = "发起盘点", "清点", "差异审批", "盘盈盘亏"
OF_ITSELF = "定期发起的盘点只有客服主管可以撤回 only a SUPERVISOR may call off what came by itself"
WITNESS, AT = "监盘人工号 witness", "盘点时间 counted at"


class Sheet(Shape):
    """What is to be counted: a warehouse, its parts with what the books have of them."""

    place: Warehouse
    goods: list[Goods]

    @property
    def said(self) -> str:
        """Where, and how many parts."""
        return f"{self.place.said} {len(self.goods)} 种 parts"


class Difference(Goods):
    """A part of which another quantity was counted than the `book` had then; `quantity` is by how much."""

    book: Decimal
    gain: bool
    price: Decimal
    cause: str

    @property
    def said(self) -> str:
        """Of what, and by how much."""
        return f"{self.name} {'+' if self.gain else '−'}{figure(self.quantity)} {self.cause}"

    @property
    def change(self) -> Decimal:
        """What is added to the books, or taken off them."""
        return self.quantity if self.gain else -self.quantity


class CountResult(Shape):
    """What a count found at a moment, and who approves it: a SUPERVISOR, above the policy's amount the MANAGER."""

    moment: datetime
    differences: list[Difference]
    role: Role

    @property
    def amount(self) -> Decimal:
        """What the differences are worth, gains and losses added up, CNY."""
        return sum((one.quantity * one.price for one in self.differences), Decimal(0))

    @property
    def said(self) -> str:
        """The differences."""
        return listed([one.said for one in self.differences])


def accept_count(form: CountRequest, unit: Unit, channel: Channel) -> tuple[Mapping[str, Any], list[Problem]]:
    """Give the facts of a count, and every problem: the warehouse, who asks, which parts."""
    facts, problems = accept_at(form, unit, channel, {"盘点仓库 warehouse": form.warehouse}, [Role.SUPERVISOR])
    problems += part_problems(unit.read(stocked), [line.part for line in form.lines])
    return (facts | {"remark": form.remark}, []) if not problems else ({}, problems)


def may_call_off(work: Work, answer: Answer) -> Problem | None:
    """Let who asked for a count take it back, a SUPERVISOR too; one that came by itself only the SUPERVISOR."""
    person = work.read(people).get(answer.by)
    if work.case.channel == Channel.SYSTEM and person and not person.holds(Role.SUPERVISOR):
        return Problem(SIGNER, str(person), OF_ITSELF)
    return applicant_until()(work, answer)


@step(BEGIN)
def draw_up_sheet(work: Work, form: CountRequest, turn: int) -> Sheet:
    """Draw up the sheet: what the books have of all parts of the warehouse, or of those that were named."""
    place, parts = work.read(places)[form.warehouse], work.read(stocked)
    has = {code: held.on_hand for code, held in stock_here(work, place).items()}
    named = [parts[line.part].code for line in form.lines] or [code for code, many in has.items() if many]
    goods = [as_goods(parts[code], no, has.get(code, Decimal(0))) for no, code in enumerate(named, start=1)]
    return Sheet(place=place, goods=goods)


def sheet_question(case: Case, sheet: Sheet, turn: int, refused: str) -> Question[CountDone]:
    """清点: the keeper of the warehouse counts, before a witness."""
    kind = case.request.kind

    def check(form: CountDone, work: Work) -> list[Problem]:
        moment, parts = counted_when(form, work.now), work.read(stocked)
        if not at(shanghai_day(work.case.opened_at)) <= moment <= work.now:
            return [Problem(AT, form.counted_at, "应在发起盘点当日至现在 must be from the day it began until now")]
        problems = witness_problems(form, work, kind, sheet.place) + part_problems(parts, [c.part for c in form.lines])
        book = {} if problems else book_at(work.unit.connection, sheet.place.code, moment)
        counted = {parts[line.part].code: line for line in form.lines if line.part in parts}
        return problems or counted_problems({one.part: one.name for one in sheet.goods}, counted, book)

    def prefill() -> dict[str, Any]:
        return as_rows(CountedLine(part=one.name, book=one.quantity, counted=one.quantity) for one in sheet.goods)

    brief = [f"**{sheet.place.said}** · {kind.zh} · {len(sheet.goods)} 种 parts"]
    brief += [f"上次未批，请重盘 not approved, count again: **{refused}**"] if refused else []
    return gate(
        f"count-{turn}", COUNT, sheet.place.keeper, CountDone, "count", COUNT, brief.copy, prefill, check,
        office=sheet.place.office,
    )  # fmt: skip


def counted_when(form: CountDone, now: datetime) -> datetime:
    """Give the moment whose books a count is compared with: its own, or that at which it was handed in."""
    return moment_of(form.counted_at, time.max) or now


def witness_problems(form: CountDone, work: Work, kind: CountKind, place: Warehouse) -> list[Problem]:
    """Check that another person was there; who reconciles the books is of another department."""
    person = on_staff(work.unit, form.witness, WITNESS)
    if isinstance(person, Problem):
        return [person]
    if form.witness == form.staff:
        return [Problem(WITNESS, form.witness, "须为另一人 must be another person than who counts")]
    roles = [Role(one) for one in setting(work, "sc.reconcilers")["office" if place.office else "centre"]]
    if kind == CountKind.BOOKS and not any(map(person.holds, roles)):
        return [Problem(WITNESS, str(person), f"对账须为{'或'.join(role.zh for role in roles)} reconciles the books")]
    return []


@step("盘点表", link=COUNT)
def compare_count(work: Work, sheet: Sheet, form: CountDone, handed_in: datetime, turn: int) -> CountResult:
    """Compare what was counted with the books of that moment, by a 盘点表; what moves after it is no difference."""
    parts, said = work.read(stocked), list[tuple[Goods, Decimal, CountedLine]]()
    moment = counted_when(form, handed_in)
    had = book_at(work.unit.connection, sheet.place.code, moment)
    for no, line in enumerate(form.lines, start=1):
        one = as_goods(parts[line.part], no, line.counted)
        said.append((one, had.get(one.part, Decimal(0)), line))
    staff = work.read(people)
    head = {"warehouse": sheet.place.said, "witness": str(staff[form.witness]), "counted_by": str(staff[form.staff])}
    rows = [
        goods_row(one, book=figure(book_), difference=_signed(one.quantity - book_), **_reasons(line))
        for one, book_, line in said
    ]
    issue(work, DocumentKind.COUNT_SHEET, by_office(work) | head | {"remark": work.case.remark, "lines": rows})
    found = [
        Difference(
            **one.as_goods(abs(one.quantity - book_)), book=book_, gain=one.quantity > book_,
            price=parts[one.part].price or Decimal(0), cause=line.cause,
        )
        for one, book_, line in said
        if one.quantity != book_
    ]  # fmt: skip
    known = CountResult(moment=moment, differences=found, role=Role.SUPERVISOR)
    above = known.amount > Decimal(str(setting(work, "sc.supervisor_up_to")))
    return known.model_copy(update={"role": Role.MANAGER}) if above else known


def _signed(difference: Decimal) -> str:
    return f"{difference.normalize():+f}" if difference else ""


def _reasons(line: CountedLine) -> dict[str, str]:
    return {"reason": line.cause, "responsibility": line.responsibility, "proposal": line.proposal}


def agree_on_differences(case: Case, sheet: Sheet, found: CountResult, form: CountDone, turn: int) -> str:
    """差异审批: a leader who neither asked, counted nor witnessed; waits while stock that is kept would be gone."""

    def brief() -> list[str]:
        shown = [f"{one.line_no}. {one.said}" for one in found.differences[:6]]
        return [f"**{sheet.place.said}** · {len(found.differences)} 项差异 · **{money(found.amount)} CNY**", *shown]

    matter = Matter(
        APPROVE,
        {case.request.applicant, form.staff, form.witness},
        brief,
        waits=lambda work: _fits_no_more(work, sheet.place, found),
    )
    return alone(case, approving(case, f"approve-{turn}", APPROVE, found.role, matter, "approval"))


def _fits_no_more(work: Work, place: Warehouse, found: CountResult) -> list[Problem]:
    connection = work.unit.connection
    adjusted = adjusted_since(connection, place.code, found.moment) | dict.fromkeys(
        adjusted_here(work, place), "另一盘点"
    )
    had = books_around(connection, place.code, found.moment)
    late = [one.part for one in found.differences if one.book not in had.get(one.part, (0, 0))]
    adjusted |= dict.fromkeys(late, "晚记账的单据 a late slip")
    changes = {one.name: (one.part, one.change) for one in found.differences}
    return fits_no_more(changes, stock_here(work, place), adjusted)


def adjusted_here(work: Work, place: Warehouse) -> list[str]:
    """Give the parts that other counts of a warehouse adjust together with this one."""
    moved = work.read(lot_book).moved.items()
    others = [row for case_id, rows in moved if case_id != work.case.id for row in rows]
    return [part for _, _, kind, where, part, *_ in others if where == place.code and kind in BY_COUNT]


@step(BOOK)
def book_differences(work: Work, place: Warehouse, found: CountResult, turn: int) -> str:
    """Book what was found too much and what is missing, a slip each; gives why not where others came first."""
    adjust_alone(work.unit.connection, place.code)
    if problems := _fits_no_more(work, place, found):
        return listed([one.expected for one in problems])
    for kind, gain in ((MovementKind.COUNT_GAIN, True), (MovementKind.COUNT_LOSS, False)):
        if goods := [one for one in found.differences if one.gain == gain]:
            book(work, kind, goods, place.code, party={"remark": work.case.remark})
    return ""


def counting(case: Case, form: CountRequest, turn: int, refused: str) -> tuple[Sheet, CountDone, CountResult]:
    """发起盘点 + 清点: a sheet of the books as they stand, and what was counted."""
    sheet = draw_up_sheet(case, form, turn=turn)
    said = ask(case, sheet_question(case, sheet, turn, refused))
    return sheet, said, compare_count(case, sheet, said, answered_at(case, f"count-{turn}"), turn=turn)
