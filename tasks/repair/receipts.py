"""The goods of a 返件清单 on their way: shipped, received in parts by their own days, traced (DOMAIN-BRANCHES 2)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from schemas.forms.return_lists import (
    GoodsArrived,
    GoodsShipped,
    GoodsState,
    ListReceipt,
    ListShipped,
    ListTraced,
    TraceFound,
)
from schemas.parts import Goods
from schemas.problems import Problem
from schemas.words import MovementKind, Role
from tasks.cycle.rules import at, shanghai_day
from tasks.cycle.terms import Due, More, escalation, gate, working_days
from tasks.documents.contents import Content
from tasks.documents.steps import DocumentRef
from tasks.durable.process import Case, answered_at, ask, ask_first
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.durable.step import step
from tasks.lines.rules import known_lines, only_these
from tasks.people.queries import offices
from tasks.repair.lists import HeldParcel, Listed, book_back_parcel, brief_list, hold_rest, write_to
from tasks.repair.rules import expected_problems, not_filed, receipt_problems, wanted
from tasks.repair.shapes import ListedGoods
from tasks.stock.moves import receive
from tasks.stock.queries import warehouses_of
from tasks.stock.transfers import transfer_in, transfer_note
from tasks.unit.work import Work


def shipping(case: Case, listed: Listed) -> date:
    """确认物流信息: carrier, tracking number, expected date; the goods leave the office. Gives the expected date."""

    def check(form: ListShipped, work: Work) -> list[Problem]:
        return expected_problems(form.expected, work.today)

    asked = gate(
        "logistics", "确认物流信息", Role.OFFICE, ListShipped, "logistics", "", lambda: brief_list(listed), check=check
    )
    form = ask(case, asked)
    ship_list(case, listed, form)
    return form.expected


def match_parcel(case: Case, held: HeldParcel, listed: Listed) -> tuple[date, HeldParcel | None]:
    """Match a parcel that came first with the repairs that its office filed, which are counted as any shipment.

    Gives the day it came, and what nobody has filed for.
    """
    book_back_parcel(case, held, turn=1)
    rest = not_filed(held.goods, listed)
    came = shanghai_day(answered_at(case, "hold-parcel"))
    ship_list(case, listed, ListShipped(staff=case.request.applicant, carrier="—", tracking="—", expected=came))
    return came, hold_rest(case, rest) if rest else None


@step("返件发运", link="确认物流信息")
def ship_list(work: Work, listed: Listed, form: ListShipped) -> DocumentRef:
    """Move the goods out of the office's damaged warehouse with one 调拨单; on the road they are nobody's stock."""
    places = work.read(warehouses_of)
    here, there = places["damaged", work.case.office], places["damaged", None]
    told = GoodsShipped(number=work.case.number, **form.model_dump(exclude={"staff", "freight"}))
    for one in listed:
        receive(work, one.line_no, one.part, -one.quantity, MovementKind.TRANSFER_OUT, here)
        write_to(work, one, "shipped", told)
    return transfer_note(work, listed, here, there, {"carrier": form.carrier, "tracking": form.tracking})


def receiving_list(case: Case, listed: Listed, expected: date) -> bool:
    """提货验货: each receipt on its own day, its lines go on singly; says whether anything arrived.

    What has not come 5 wd after the expected date is traced by LOGISTICS, and may be lost.
    """
    left, arrived = {one.line_no: one for one in listed}, False
    since = min(expected, shanghai_day(answered_at(case, "ship-list")))  # a parcel came before it was listed
    for turn in count(1):
        try:
            _, said = ask_first(case, receipt_question(left, turn, since, expected))
        except TimedOut:
            asked = receipt_question(left, turn, since, None), trace_question(left, turn)
            _, said = ask_first(case, *asked)
        if isinstance(said, ListReceipt):
            book_receipt(case, [left.pop(line.line_no) for line in said.lines], said, turn=turn)
            arrived = True
        elif said.verdict == TraceFound.LOST:
            tell_lost(case, list(left.values()), turn=turn)
            return arrived
        else:
            expected = said.expected
        if not left:
            return True
    raise AssertionError("count() has no end")


def receipt_question(
    left: Mapping[int, ListedGoods], turn: int, since: date, expected: date | None
) -> Question[ListReceipt]:
    """Ask the warehouse to count what arrived since it left; with an expected date until it is to be traced."""
    quantities = {no: one.quantity for no, one in left.items()}

    def check(form: ListReceipt, work: Work) -> list[Problem]:
        problems = known_lines([line.line_no for line in form.lines], left)
        return problems or receipt_problems(form, quantities, since, work.today)

    def prefill() -> dict[str, Any]:
        return {"明细": [{"行号": no, "实收数量": float(many)} for no, many in quantities.items()]}

    due: Due = working_days("trace_after", at(expected)) if expected else (lambda work: work.now)
    more: More = {"covers": only_these(left)}
    if expected:
        more["expires"] = due
    key, brief = f"receive-{turn}{'' if expected else '-late'}", list(left.values())
    return gate(
        key, "提货验货", Role.WAREHOUSE, ListReceipt, due, "", lambda: brief_list(brief), prefill, check, **more
    )


def trace_question(left: Mapping[int, ListedGoods], turn: int) -> Question[ListTraced]:
    """Ask LOGISTICS where a shipment is that did not come."""

    def check(form: ListTraced, work: Work) -> list[Problem]:
        missing = wanted(form, "expected", form.verdict == TraceFound.COMING)
        return missing + expected_problems(form.expected, work.today)

    brief, remind = list(left.values()), escalation(Role.LOGISTICS)
    return gate(
        f"trace-{turn}", "返件查询", Role.LOGISTICS, ListTraced, "trace", "提货验货", lambda: brief_list(brief),
        check=check, remind=remind,
    )  # fmt: skip


@step("返件入库", link="提货验货")
def book_receipt(work: Work, came: Listed, form: ListReceipt, turn: int) -> DocumentRef | None:
    """Book what was counted into the group's damaged warehouse, by its own day, and tell the repairs (S3 §2 4.2)."""
    where, found = work.read(warehouses_of)["damaged", None], {line.line_no: line for line in form.lines}
    counted, said = list[Goods](), dict[int, Content]()
    for one in came:
        line = found[one.line_no]
        told = GoodsArrived(
            number=work.case.number, received_on=form.received_on, counted=line.counted, state=line.state,
            photos=line.photos,
        )  # fmt: skip
        write_to(work, one, "arrived", told)
        counted.append(one.of(line.counted))
        said[one.line_no] = {"reported": str(one.quantity), "reason": f"{form.received_on} {line.state.zh}"}
    office = work.read(offices)[work.case.office]
    return transfer_in(work, counted, where, f"{office.name} {office.code}", said)


@step("返件丢失", link="提货验货")
def tell_lost(work: Work, gone: Listed, turn: int) -> Listed:
    """Tell the repairs that their goods will not come."""
    told = {"received_on": work.today, "counted": Decimal(0), "state": GoodsState.MISSING}
    for one in gone:
        write_to(work, one, "arrived", GoodsArrived(number=work.case.number, **told))
    return gone
