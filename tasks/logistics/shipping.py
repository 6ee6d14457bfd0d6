"""The goods of a case on their way: what leaves when, is collected, and is replaced (DOMAIN 1.1, 1.9, 1.11)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import count

from schemas.forms.logistics import ReleaseVerdict
from schemas.parts import LineQuantity, Outcome, PartsLine, Shortfall
from schemas.words import DocumentKind, MovementKind, Urgency
from tasks.branches.beside import Branch, alone, beside, drop, drop_all, next_answer
from tasks.branches.children import withdraw_child
from tasks.documents.contents import goods_row, slip, to_office
from tasks.documents.steps import issue
from tasks.durable.process import Case
from tasks.durable.step import step
from tasks.lines.anomalies import heed_anomaly, settling
from tasks.lines.queries import ordered_again
from tasks.lines.rules import GONE, GivenUp
from tasks.logistics.early import asking_release
from tasks.logistics.pickup import collecting, stand_at_office
from tasks.logistics.reported import Reported
from tasks.logistics.sending import Parcel, Release, recalling, sending
from tasks.stock.moves import receive, set_free
from tasks.unit.work import Work

EARLY = "release-early"
UNCHECKED = "逾期未核对，损失由办事处承担 unchecked in time: the loss is the office's"
REJECTED = "先行放行的货物随驳回退回 what left early comes back with the rejection"
NOT_GRANTED = "先行放行的货物未获批准，须退回 this left early and was not granted: it comes back"


class Shipping:
    """How far the goods of a case are; each parcel goes its way as a branch, to the last decision on what it lacked.

    Goods leave together (齐套), or `apart` as they are ready (分批), while others are made or wait for an anomaly. `link`
    is where a case stands while urgent goods may leave before any form.

    ready      what is kept for the case and has not left: line → quantity; left: what left early
    unsent     parcels whose form is owed, by number; given_up: what is neither made nor sent any more
    again      what was ordered again by reports of people: line → quantity; cheaper: by how much others cost less, CNY
    reported   what was found at a pickup and people had reported before; ended: how many such reports have
    elsewhere  what left and, by an anomaly's plan, is not with the office: line → quantity
    delivered  what left and was not ordered again: line → quantity; unchecked: not in time, by an office
    """

    def __init__(self, case: Case, barred: set[str], link: str, apart: bool = False) -> None:
        self.case, self.barred, self.link, self.apart, self.numbers = case, barred, link, apart, count(1)
        self.offers, self.ended, self.reported = count(1), count(1), Reported(case)
        self.offer: Branch[None] | None = None
        self.may_go_first = case.request.urgency == Urgency.URGENT
        self.lines: dict[int, PartsLine] = {}
        self.ready: dict[int, Decimal] = {}
        self.left: Release | None = None
        self.unsent: dict[int, tuple[Parcel, Branch[None]]] = {}
        self.given_up = GivenUp(self._hold_back)
        self.delivered, self.again, self.elsewhere = (defaultdict[int, Decimal](Decimal) for _ in range(3))
        self.reserved, self.unchecked, self.went, self.cheaper = False, False, False, Decimal(0)

    @property
    def leaving(self) -> dict[int, Decimal]:
        """What is ready and will leave: line → quantity."""
        left = {no: many - min(many, self.given_up[no]) for no, many in self.ready.items()}
        return {no: many for no, many in left.items() if many}

    def registered(self, lines: Sequence[PartsLine]) -> None:
        """Hear of the lines, and of what became of them: of urgent ones a SUPERVISOR may release what is on stock.

        Before any form; lines that are others now are asked for anew, unless something has left already.
        """
        known, self.lines = self.lines, {line.line_no: line for line in lines}
        if self.may_go_first and not self.left and known != self.lines:
            drop(self.case, self.offer)
            number = next(self.offers)
            self.offer = beside(self.case, self._early(EARLY if number == 1 else f"{EARLY}-{number}"))

    def owed(self, lines: Sequence[PartsLine]) -> list[PartsLine]:
        """Hear of the lines as they were granted; gives what is owed after what left early, whose rest is called back."""
        self.lines, owed, left = {line.line_no: line for line in lines}, [], self.left.lines if self.left else []
        back = {line.line_no: line.quantity for line in left}
        for line in lines:
            quantity = line.quantity
            for out in left:
                had = min(back[out.line_no], quantity) if out.part == line.part else Decimal(0)
                back[out.line_no], quantity = back[out.line_no] - had, quantity - had
            owed.append(line.of(quantity))
        if self.left and any(back.values()):
            beside(self.case, recalling(self.case, self.left, back, NOT_GRANTED))
        return [line for line in owed if line.quantity]

    def take(self, quantities: Mapping[int, Decimal], kept_by: str) -> None:
        """Hear of goods that a step keeps for the case; where they need not wait for others they leave."""
        self.reserved = True
        if self.apart and quantities:
            drop(self.case, self.offer)
            self._start(quantities, kept_by)
            return
        for no, quantity in quantities.items():
            self.ready[no] = self.ready.get(no, Decimal(0)) + quantity

    def send_rest(self) -> None:
        """Let all that is ready leave, together."""
        drop(self.case, self.offer)
        if self.ready:
            self._start(self.ready)

    def await_return(self) -> None:
        """Wait for the form of what left early, which is owed whatever is refused meanwhile, then for the goods."""
        drop(self.case, self.offer)
        while self.unsent:
            next_answer(self.case)
        drop_all(self.case)
        if any(self.again.values()):
            cancel_again(self.case)
        left = self.left.quantities if self.left else {}
        back = {no: many - min(many, self.elsewhere[no]) for no, many in left.items()}
        if self.left and any(back.values()):
            alone(self.case, recalling(self.case, self.left, back, REJECTED, self.elsewhere))

    def _early(self, key: str) -> Branch[None]:
        lines, nothing_kept = list(self.lines.values()), lambda: not self.reserved
        said, answered = yield from asking_release(self.case, key, self.barred, lines, nothing_kept, self.link)
        if said.verdict == ReleaseVerdict.WAIT:
            self.may_go_first = False
            return
        parcel = Parcel(self.case, lines, self.barred, next(self.numbers))
        parcel.leave_before_the_form(answered, said.staff)
        self.left = parcel.leave()
        self.ready = {}
        parcel.lines = self._lines(self.left.quantities)
        self._send(parcel)

    def heed(self, outcome: Outcome) -> None:
        """Hear what came of something that people reported: what is given up and has not left stays here."""
        self.again[outcome.line_no] += outcome.quantity * outcome.again
        self.delivered[outcome.line_no] -= outcome.left * outcome.again
        self.cheaper += outcome.reduction
        if outcome.given_up:
            self.given_up.add(outcome, outcome.quantity - outcome.left)
            self.elsewhere[outcome.line_no] += outcome.left if GONE[outcome.goods] else 0
        self.reported.heed(f"ended-{next(self.ended)}")

    def _hold_back(self, line_no: int) -> None:
        """Let parcels that have not left leave without what is given up of a line."""
        for parcel, branch in list(self.unsent.values()):
            quantities = {line.line_no: line.quantity for line in parcel.lines}
            if line_no in quantities and not parcel.released:
                drop(self.case, branch)
                self._start(quantities, parcel.kept_by)

    def _start(self, quantities: Mapping[int, Decimal], kept_by: str | None = None) -> None:
        number, self.ready, leaving = next(self.numbers), {}, dict(quantities)
        stays, out = list[LineQuantity](), defaultdict[MovementKind, dict[int, Decimal]](dict)
        for no, many in quantities.items():
            for kind, some in self.given_up.take(no, many).items():
                stays.append(LineQuantity(line_no=no, quantity=some))
                leaving[no] -= some
                if kind:
                    out[kind][no] = some
        if stays:
            gone = {kind: self._lines(out[kind]) for kind in sorted(out)}
            keep_here(self.case, stays, kept_by, gone, turn=number)
        if any(leaving.values()):
            self._send(Parcel(self.case, self._lines(leaving), self.barred, number, kept_by, self.may_go_first))

    def _send(self, parcel: Parcel) -> None:
        self.unsent[parcel.turn] = parcel, self._way(parcel)  # its way may end before it waits for anything
        beside(self.case, self.unsent[parcel.turn][1])

    def _way(self, parcel: Parcel) -> Branch[None]:
        """Send a parcel, await its pickup and check, and have decided what becomes of what it lacked."""
        try:
            sent = yield from sending(parcel)
        finally:
            del self.unsent[parcel.turn]
        self.went = True
        for no, many in sent.quantities.items():
            self.delivered[no] += many
        missing = yield from collecting(self.case, parcel.lines, sent, parcel.turn)
        self.unchecked |= missing is None
        for one in self.reported.leave_out(missing, sent.lines, f"{parcel.turn}") if missing else ():
            beside(self.case, self._settle(parcel, one))

    def _settle(self, parcel: Parcel, found: Shortfall) -> Branch[None]:
        turn = f"pickup-{parcel.turn}-{found.line_no}"
        outcome = yield from settling(self.case, f"anomaly-{turn}", found, "催提")
        heed_anomaly(self.case, outcome, turn=turn)
        if outcome.again:
            self.again[outcome.line_no] += outcome.quantity
            self.delivered[outcome.line_no] -= found.missing
        if outcome.given_up and GONE[outcome.goods]:
            self.elsewhere[outcome.line_no] += found.missing
        if not outcome.given_up and parcel.released:  # it stays with the office as it is
            kept = [line.of(found.missing) for line in parcel.released.lines if line.line_no == found.line_no]
            stand_at_office(self.case, kept, turn=turn)

    def _lines(self, quantities: Mapping[int, Decimal]) -> list[PartsLine]:
        return [self.lines[no].of(many) for no, many in sorted(quantities.items()) if many]


@step("不再发出", link="出库")
def keep_here(
    work: Work, lines: list[LineQuantity], kept_by: str | None, out: dict[MovementKind, list[PartsLine]], turn: int
) -> list[LineQuantity]:
    """Set free what is kept for lines that wait for it no longer: it was ordered again, or is not needed.

    What of it is not there, or goes elsewhere, leaves the good stock at once: nobody else gets it, and a warehouse
    counts it before it is booked in again.
    """
    for line in lines:
        set_free(work, line.line_no, line.quantity, kept_by)
    for kind, goods in out.items():
        for one in goods:
            receive(work, one.line_no, one.part, -one.quantity, kind)
        rows = [goods_row(one) for one in goods]
        issue(work, DocumentKind.OUTBOUND_SLIP, slip(work, [kind], to_office(work), rows, red=False))
    return lines


@step("取消补单", link="催提")
def cancel_again(work: Work) -> list[int]:
    """Take back what anomalies of a case that ends without its goods have ordered again."""
    ordered = work.read(ordered_again)[work.case.id]
    for child in ordered:
        withdraw_child(work, child, "原单已驳回或撤回 the case that it replaces was rejected or withdrawn")
    return ordered
