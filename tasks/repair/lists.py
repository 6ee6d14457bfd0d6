"""返件清单: drawn up and changed until it is sent, ahead of its goods (DOMAIN 2; DOMAIN-BRANCHES 2)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import count
from operator import attrgetter
from typing import Any

from schemas.forms.base import Form
from schemas.forms.return_lists import ListDecision, ListRow, ListSent, ListVerdict, ParcelReturned
from schemas.forms.sales import YesNo
from schemas.parts import Goods
from schemas.problems import Problem
from schemas.shapes import Shape, figure
from schemas.shapes import listed as in_short
from schemas.tables import case_line, letter
from schemas.words import DocumentKind, EntryKind, MovementKind, Reason, Role
from tasks.applications.queries import catalogue
from tasks.cycle.terms import More, gate, working_days
from tasks.documents.contents import by_office, goods_row
from tasks.documents.steps import DocumentRef, issue
from tasks.durable.process import Case, answered_at, ask
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.lines.rules import as_rows
from tasks.policies.queries import setting
from tasks.repair.accept import row_problems
from tasks.repair.queries import waiting_here
from tasks.repair.shapes import ListedGoods
from tasks.stock.booking import book
from tasks.stock.queries import warehouses_of
from tasks.unit.work import Work

Listed = list[ListedGoods]
MUST_FILE = "包裹已到，须补办返修申报并列入清单 the parcel is here: file its repairs and list them"
TAKEN_ON = "先选“更改”才能加入 can be added only by a change"


def drawing_up(case: Case) -> Listed:
    """制作返件清单: the office may change its list, until it sends it; none where it cancels it."""
    rows: Sequence[ListRow] = [row for row in case.request.lines if row.number]
    came = answered_at(case, "hold-parcel") if case.request.unannounced == YesNo.YES else None
    for turn in count(1):
        listed = draw_up_list(case, list(rows), turn=turn)
        said = ask(case, list_question(listed, turn, came))
        if said.verdict == ListVerdict.CANCEL:
            return []
        if said.verdict == ListVerdict.SEND:
            return send_list(case, kept_on(listed, said.lines))
        rows = said.lines
    raise AssertionError("count() has no end")


def kept_on(listed: Sequence[ListedGoods], rows: Sequence[ListRow]) -> Listed:
    """Take off what a form does not name any more, and note in which package the others are; no rows: as it stands."""
    packages = {row.number: row.package for row in rows}
    on = [one for one in listed if one.number in packages or not rows]
    return [one.model_copy(update={"package": packages.get(one.number, one.package)}) for one in on]


@step("制作返件清单")
def draw_up_list(work: Work, rows: list[ListRow], turn: int) -> Listed:
    """List the goods of these repairs, or of all of the office that wait; one of another office is none of them."""
    packages = {row.number: row.package for row in rows}
    waiting = waiting_here(work)
    listed = []
    for no, goods in enumerate((one for one in waiting if not rows or one.number in packages), start=1):
        own = {"own_line": goods.line_no, "line_no": no, "package": packages.get(goods.number, "1")}
        listed.append(ListedGoods(**goods.model_dump() | own))
    return listed


def list_question(listed: Listed, turn: int, came: datetime | None) -> Question[ListDecision]:
    """Ask the office to send its list, change it or cancel it; what another list has taken may not be sent.

    Of a parcel that `came` first it must be filed within 5 wd of that, however often it is changed (TimedOut).
    """

    def check(form: ListDecision, work: Work) -> list[Problem]:
        if form.verdict == ListVerdict.CANCEL:
            return [Problem("清单处理 decision", form.verdict.zh, MUST_FILE)] if came else []
        rows = form.lines or [ListRow(number=number) for number in dict.fromkeys(one.number for one in listed)]
        problems = row_problems(rows, waiting_here(work))
        known = {one.number for one in listed}
        if form.verdict == ListVerdict.SEND and not problems:
            new = [row.number for row in rows if row.number not in known]
            problems = [Problem("返修单号 repair", number, TAKEN_ON) for number in new]
        return problems

    def record(form: ListDecision, work: Work) -> None:
        if form.verdict == ListVerdict.SEND:  # with the decision: no other list takes them in between
            for one in kept_on(listed, form.lines):
                write_to(work, one, "list", ListSent(number=work.case.number, package=one.package))

    def prefill() -> dict[str, Any]:
        packages = {one.number: one.package for one in listed}
        return as_rows(ListRow(number=number, package=package) for number, package in packages.items())

    due, more = working_days("filing", came) if came else working_days("list"), More()
    if came:
        more["expires"] = due
    key, role, brief = f"list-{turn}", Role.OFFICE, lambda: brief_list(listed)
    return gate(key, "制作返件清单", role, ListDecision, due, "", brief, prefill, check, record, **more)


def brief_list(listed: Sequence[ListedGoods], most: int = 8) -> list[str]:
    """Show what is on a list, the first few lines, and how much that is."""
    rows = [f"{one.line_no}. {one.number} {one.name} × {one.quantity:f} · 箱 {one.package}" for one in listed[:most]]
    return [*rows, f"共 {len(listed)} 行 lines · {figure(volume_of(listed))} m³"]


def volume_of(listed: Sequence[ListedGoods]) -> Decimal:
    """Add up how much room goods take, m³."""
    return sum((one.volume for one in listed), Decimal(0))


def write_to(work: Work, one: ListedGoods, name: str, told: Form) -> None:
    """Write to the repair of listed goods; one that was taken back meanwhile waits by a key of its own."""
    for key in (f"{name}-{one.own_line}", f"{name}-{one.own_line}-back"):
        to = {"case_id": one.case_id, "key": key, "kind": EntryKind.DECISION}
        work.insert(letter, **to, body=told.model_dump(mode="json"), sent_at=work.now)


@step("发出返件清单", link="制作返件清单")
def send_list(work: Work, listed: Listed) -> Listed:
    """Issue the 返件清单, sent ahead electronically; its print is the packing list, with the packing rules."""
    for one in listed:
        own = {"order_no": one.order_no, "part": one.part, "part_name": one.name, "quantity": one.quantity}
        looks = {"specification": one.specification, "colour": one.colour, "reason": Reason.OTHER, "price": 0}
        work.insert(case_line, line_no=one.line_no, open=False, **own, **looks)
    about = {"remark": work.case.remark, "packing": setting(work, "rl.packing"), "volume": figure(volume_of(listed))}
    rows = [_row(one) for one in sorted(listed, key=attrgetter("package"))]  # a stable sort: lines keep their order
    issue(work, DocumentKind.RETURN_LIST, by_office(work) | about | {"lines": rows})
    return listed


def _row(one: ListedGoods) -> dict[str, Any]:
    own = {"old_no": one.old_no, "new_no": one.new_no, "replaced_by": one.replaced_by}
    when = {"replaced_on": str(one.replaced_on or "")}
    of = {"repair": one.number, "order": one.order_no, "model": one.model}
    return goods_row(one, package=one.package, cause=one.cause, **own, **when, **of)


class HeldParcel(Shape):
    """What a parcel held that nobody announced, and the slip by which it is kept apart."""

    goods: list[Goods]
    slip: DocumentRef

    @property
    def said(self) -> str:
        """The parts."""
        return in_short([f"{one.name} ×{figure(one.quantity)}" for one in self.goods])


@step("暂存冲回", link="制作返件清单")
def book_back_parcel(work: Work, held: HeldParcel, turn: int = 0) -> DocumentRef:
    """Take the parcel out of the books again: it is matched with its repairs, goes back, or was taken in by mistake."""
    return book(work, MovementKind.DAMAGED_IN, held.goods, work.read(warehouses_of)["damaged", None], held.slip)


@step("暂存入库", link="制作返件清单", undo=book_back_parcel)
def hold_parcel(work: Work, rows: list[ListRow]) -> HeldParcel:
    """Keep a parcel that nobody announced apart in the group's damaged warehouse (S3 §3 1.3 不允许私自返厂)."""
    goods = []
    for no, row in enumerate(rows, start=1):
        part = work.read(catalogue)[row.part]
        looks = {"specification": part.specification, "colour": part.colour, "uom": part.uom}
        goods.append(Goods(line_no=no, quantity=row.quantity, part=part.code, name=part.name, **looks))
    return _hold(work, goods)


@step("余件暂存", link="制作返件清单")
def hold_rest(work: Work, rest: list[Goods]) -> HeldParcel:
    """Keep apart what of a parcel its office has not filed for."""
    return _hold(work, rest)


def _hold(work: Work, goods: list[Goods]) -> HeldParcel:
    slip = book(work, MovementKind.DAMAGED_IN, goods, work.read(warehouses_of)["damaged", None])
    return HeldParcel(goods=goods, slip=slip)


def sending_parcel_back(case: Case, held: HeldParcel) -> None:
    """Send back what the office did not file for in 5 wd."""
    shown = [f"{one.name} × {one.quantity:f}" for one in held.goods]
    ask(
        case,
        gate("parcel-back", "暂存件退回", Role.WAREHOUSE, ParcelReturned, "parcel_back", "提货验货", lambda: shown),
    )
    book_back_parcel(case, held, turn=2)
