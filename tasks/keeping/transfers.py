"""调拨: asked for, held, agreed to, sent by the one keeper, counted by the other; what differs is an anomaly (S3 §2 4.1)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from schemas.forms.anomalies import AnomalyKind, Remedy
from schemas.forms.transfers import CameLine, LeftLine, TransferCame, TransferRequest, TransferSent
from schemas.parts import Goods, Shortfall
from schemas.problems import Problem
from schemas.shapes import Shape, figure, listed
from schemas.words import Channel, MovementKind, Role, Verdict
from tasks.approvals.rules import reason_needed
from tasks.approvals.steps import Matter, approval
from tasks.branches.beside import Branch
from tasks.cycle.terms import gate
from tasks.documents.contents import Content
from tasks.documents.steps import DocumentRef
from tasks.durable.process import Case, ask
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.keeping.accept import accept_at, add_goods, as_goods, brief_goods, part_problems, set_apart
from tasks.keeping.queries import stocked
from tasks.keeping.rules import came_problems
from tasks.lines.anomalies import settling
from tasks.lines.rules import all_lines, as_rows, only_these
from tasks.stock.moves import deliver_reserved, release, reserve, set_free
from tasks.stock.places import NOTHING, Warehouse, held_at, places, stock_here
from tasks.stock.queries import warehouses_of
from tasks.stock.transfers import transfer_in, transfer_note
from tasks.unit.unit import Unit
from tasks.unit.work import Work

ASK, AGREE, OUT, IN = "调拨申请", "计划审批", "调出", "调入"
SENDER, RECEIVER = "调出仓库 from", "调入仓库 to"
SAME = "调出与调入是同一仓库 goods of a warehouse do not go to itself"
APART = "良品与残次品分开调拨 good and damaged goods go apart: from good to good, or from damaged to damaged"
MOST_SENT = "最多 {}，更多的另开调拨 at most what is held: more is another transfer"


class Transfer(Shape):
    """Goods that are held for a transfer, or on the road, and their two warehouses."""

    here: Warehouse
    there: Warehouse
    goods: list[Goods]

    @property
    def across(self) -> bool:
        """Whether it leaves an office, or comes to one."""
        return self.here.office != self.there.office

    @property
    def said(self) -> str:
        """From where to where, and what."""
        return f"{self.here.said} → {self.there.said} " + listed(
            [f"{g.name} ×{figure(g.quantity)}" for g in self.goods]
        )

    def of(self, quantities: Mapping[int, Decimal]) -> list[Goods]:
        """Give so many of its lines, none of which is none."""
        return [one.of(many) for one in self.goods if (many := quantities.get(one.line_no, Decimal(0)))]


def accept_transfer(form: TransferRequest, unit: Unit, channel: Channel) -> tuple[Mapping[str, Any], list[Problem]]:
    """Give the facts of a transfer, and every problem: its warehouses, whose they are, and what is free there."""
    concerned = {SENDER: form.sender, RECEIVER: form.receiver}
    facts, problems = accept_at(form, unit, channel, concerned, [Role.PLANNER])
    parts = unit.read(stocked)
    problems += part_problems(parts, [line.part for line in form.lines])
    if problems:
        return {}, problems
    here, there = (unit.read(places)[name] for name in concerned.values())
    if here.code == there.code or here.kind != there.kind:
        return {}, [Problem(RECEIVER, there.said, SAME if here.code == there.code else APART)]
    stock = set_apart(unit.connection, here, held_at(unit.connection, [here.code])[here.code])
    for row, line in enumerate(form.lines, start=1):
        held = stock.get(parts[line.part].code, NOTHING)
        if line.quantity > held.free:
            free = f"{here.name}可调 {figure(held.free)}（在库 {figure(held.on_hand)}，已预留 {figure(held.reserved)}）"
            problems.append(Problem("数量 quantity", line.quantity, f"{free} is what is free there", row))
    return facts | {"remark": form.remark}, problems


@step("释放预留货", link=ASK)
def free_goods(work: Work, _held: Transfer) -> None:
    """Let go of what is still held for the transfer."""
    release(work)


@step(ASK, undo=free_goods)
def hold_goods(work: Work, form: TransferRequest) -> Transfer:
    """Hold what is asked for, or what is left of it: nobody else takes it while others agree."""
    known, parts = work.read(places), work.read(stocked)
    here, asked = known[form.sender], list[Goods]()
    stock = set_apart(work.unit.connection, here, stock_here(work, here))
    for no, line in enumerate(form.lines, start=1):
        one = as_goods(parts[line.part], no, line.quantity)
        if (many := min(line.quantity, stock.get(one.part, NOTHING).free)) > 0:
            asked.append(one.of(many))
            reserve(work, no, one.part, many, here.code)
    add_goods(work, asked, parts)
    return Transfer(here=here, there=known[form.receiver], goods=asked)


def agree_on_transfer(case: Case, held: Transfer) -> str:
    """计划审批: across offices the PLANNER agrees, or a SUPERVISOR; nobody to an own transfer. Gives why not."""
    if not held.across:
        return ""
    matter = Matter(
        AGREE, {case.request.applicant}, lambda: [f"**{held.here.said} → {held.there.said}**", *_lines(held)]
    )
    said = ask(case, approval("agree", "调拨审批", Role.PLANNER, matter, also=Role.SUPERVISOR))
    return str(said.reason) if said.verdict == Verdict.REJECT else ""


def send_out(case: Case, held: Transfer) -> tuple[Transfer | None, str]:
    """调出: the sender's keeper confirms what leaves; gives what is on the road, or none and why."""
    said = ask(case, _out_question(held))
    many = {line.line_no: line.sent for line in said.lines}
    return (send_transfer(case, held, said) if any(many.values()) else None), said.reason


def _out_question(held: Transfer) -> Question[TransferSent]:
    most = {one.line_no: one.quantity for one in held.goods}

    def check(form: TransferSent, _work: Work) -> list[Problem]:
        problems = all_lines([line.line_no for line in form.lines], most)
        rows = [] if problems else [*enumerate(form.lines, start=1)]
        problems += [
            Problem("调出数量 sent", line.sent, MOST_SENT.format(figure(most[line.line_no])), row)
            for row, line in rows
            if line.sent > most[line.line_no]
        ]
        less = any(line.sent < most[line.line_no] for _, line in rows)
        return problems + reason_needed(form.reason, less, "少于预留时必填 is required where less leaves")

    def prefill() -> dict[str, Any]:
        return as_rows(LeftLine(line_no=no, sent=quantity) for no, quantity in most.items())

    return gate(
        "out", OUT, held.here.keeper, TransferSent, "out", OUT, lambda: [f"→ **{held.there.said}**", *_lines(held)],
        prefill, check, office=held.here.office,
    )  # fmt: skip


@step("调出制票", link=OUT)
def send_transfer(work: Work, held: Transfer, form: TransferSent) -> Transfer:
    """Book out what leaves by one 调拨单, and let go of what stays."""
    many = {line.line_no: line.sent for line in form.lines}
    for one in held.goods:
        set_free(work, one.line_no, one.quantity - many[one.line_no])
    deliver_reserved(work, MovementKind.TRANSFER_OUT)
    sent = held.model_copy(update={"goods": held.of(many)})
    way = {"carrier": form.carrier, "tracking": form.tracking, "remark": work.case.remark}
    transfer_note(work, sent.goods, held.here.code, held.there.said, way)
    return sent


def receiving(case: Case, sent: Transfer) -> list[Shortfall]:
    """调入: the receiver's keeper counts all that was sent; gives what differs, line by line."""
    return book_arrival(case, sent, ask(case, _in_question(sent, "in")), turn="1")


def settling_difference(case: Case, sent: Transfer, found: Shortfall, lost: list[Shortfall]) -> Branch[None]:
    """差异处理: what is missing or damaged is an anomaly; where that finds it only late, it is counted again."""
    no, turn = found.line_no, 1
    while True:
        outcome = yield from settling(case, f"anomaly-{no}-{turn}", found, IN)
        if found.missing == 0 or outcome.remedy not in (None, Remedy.NEW_DATE):
            lost.append(found)
            return
        left, turn = sent.model_copy(update={"goods": sent.of({no: found.missing})}), turn + 1
        said = yield _in_question(left, f"in-{no}-{turn}")
        again = book_arrival(case, left, said, turn=f"{no}-{turn}")
        if not again:
            return
        found = again[0]


def _in_question(sent: Transfer, key: str) -> Question[TransferCame]:
    most = {one.line_no: one.quantity for one in sent.goods}

    def check(form: TransferCame, work: Work) -> list[Problem]:
        problems = all_lines([line.line_no for line in form.lines], most)
        apart = sent.here.kind != "damaged" and ("damaged", sent.there.office) in work.read(warehouses_of)
        return problems or came_problems(form.lines, most, apart)

    def prefill() -> dict[str, Any]:
        return as_rows(CameLine(line_no=no, came=quantity) for no, quantity in most.items())

    return gate(
        key, IN, sent.there.keeper, TransferCame, "in", IN, lambda: [f"← **{sent.here.said}**", *_lines(sent)],
        prefill, check, office=sent.there.office, covers=only_these(most),
    )  # fmt: skip


def book_arrival(case: Case, sent: Transfer, form: TransferCame, turn: str) -> list[Shortfall]:
    """Book what the receiver counted, damaged pieces apart; gives what differs, line by line."""
    book_transfer(case, sent, form, turn=turn)
    if any(line.damaged for line in form.lines):
        keep_apart(case, sent, form, turn=turn)
    short = [_shortfall(line, _sent(sent, line.line_no), form.staff) for line in form.lines]
    return [one for one in short if one.quantity]


@step("调入制票", link=IN)
def book_transfer(work: Work, sent: Transfer, form: TransferCame, turn: str) -> DocumentRef | None:
    """Book what came whole into the receiver's warehouse."""
    many = {line.line_no: line.came - line.damaged for line in form.lines}
    return transfer_in(work, sent.of(many), sent.there.code, sent.here.said, _said(sent, form))


@step("损坏另存", link=IN)
def keep_apart(work: Work, sent: Transfer, form: TransferCame, turn: str) -> DocumentRef | None:
    """Book what was damaged on the road into the receiver's damaged warehouse."""
    where = work.read(warehouses_of)["damaged", sent.there.office]
    many = {line.line_no: line.damaged for line in form.lines}
    return transfer_in(work, sent.of(many), where, sent.here.said, _said(sent, form))


def _said(sent: Transfer, form: TransferCame) -> dict[int, Content]:
    return {line.line_no: {"reported": str(_sent(sent, line.line_no)), "reason": line.found} for line in form.lines}


def _sent(sent: Transfer, line_no: int) -> Decimal:
    return next(one.quantity for one in sent.goods if one.line_no == line_no)


def _shortfall(line: CameLine, sent: Decimal, by: str) -> Shortfall:
    missing = sent - line.came
    kind = AnomalyKind.MISSING if missing else AnomalyKind.DAMAGED
    return Shortfall(
        line_no=line.line_no, missing=missing, quantity=missing + line.damaged, kind=kind, found=line.found, by=by
    )


def _lines(held: Transfer) -> list[str]:
    return brief_goods(held.goods)
