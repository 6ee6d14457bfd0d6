"""The goods of a case on their way: what leaves when, is collected, and is to be made again (DOMAIN 1.1, 1.9, 1.11)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import count

from schemas.forms.anomalies import AnomalyVerdict
from schemas.forms.logistics import ReleaseVerdict
from schemas.parts import LineQuantity, PartsLine, Shortfall
from schemas.words import Urgency
from tasks.anomalies.steps import decide_anomaly
from tasks.branches.beside import Branch, alone, beside, drop, drop_all, next_answer
from tasks.durable.process import Case
from tasks.durable.step import step
from tasks.logistics.early import asking_release
from tasks.logistics.pickup import collecting
from tasks.logistics.sending import Parcel, Release, recalling, sending
from tasks.unit.work import Work

EARLY = "release-early"
REJECTED = "先行放行的货物随驳回退回 what left early comes back with the rejection"
NOT_GRANTED = "先行放行的货物未获批准，须退回 this left early and was not granted: it comes back"


class Shipping:
    """How far the goods of a case are; each parcel goes its way as a branch, to the last decision on what it lacked.

    Goods leave together (齐套), re-makes included, or `apart` as they are ready (分批), while others are made or wait for
    an anomaly. `link` is where a case stands while urgent goods may leave before any form.

    ready      what is kept for the case and has not left: line → quantity; left: what left early
    again      what shall be made again; unsent: parcels whose form is owed; complete: all that was made has left
    went       something was sent; unchecked: an office did not check in time
    """

    def __init__(self, case: Case, barred: set[str], link: str, apart: bool = False) -> None:
        self.case, self.barred, self.link, self.apart, self.numbers = case, barred, link, apart, count(1)
        self.offers = count(1)
        self.offer: Branch[None] | None = None
        self.may_go_first = case.request.urgency == Urgency.URGENT
        self.lines: dict[int, PartsLine] = {}
        self.ready: dict[int, Decimal] = {}
        self.left: Release | None = None
        self.again: dict[int, PartsLine] = {}
        self.unsent, self.reserved, self.all_made, self.went, self.unchecked = 0, False, False, False, False

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
            owed.append(line.model_copy(update={"quantity": quantity}))
        if self.left and any(back.values()):
            beside(self.case, recalling(self.case, self.left, back, NOT_GRANTED))
        return [line for line in owed if line.quantity]

    def take(self, quantities: Mapping[int, Decimal], kept_by: str) -> None:
        """Hear of goods that a step keeps for the case; where they need not wait for others they leave."""
        self.reserved, self.all_made = True, False
        if self.apart and quantities:
            drop(self.case, self.offer)
            self._start(quantities, kept_by)
            return
        for no, quantity in quantities.items():
            self.ready[no] = self.ready.get(no, Decimal(0)) + quantity

    def send_rest(self) -> None:
        """Let all that is ready leave, together."""
        self.all_made = True
        drop(self.case, self.offer)
        if self.ready:
            self._start(self.ready)

    def await_return(self) -> None:
        """Wait for the form of what left early, which is owed whatever is refused meanwhile, then for the goods."""
        drop(self.case, self.offer)
        while self.unsent:
            next_answer(self.case)
        drop_all(self.case)
        if self.again:
            cancel_remake(self.case, self.take_again())
        if self.left:
            alone(self.case, recalling(self.case, self.left, self.left.quantities, REJECTED))

    def take_again(self) -> list[PartsLine]:
        """Give what shall be made again, once."""
        again, self.again = self.again, {}
        self.lines |= again  # re-makes, from here on
        return [line for _, line in sorted(again.items())]

    @property
    def complete(self) -> bool:
        """All that was made has left."""
        return self.all_made and not self.unsent

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
        beside(self.case, self._way(parcel))

    def _start(self, quantities: Mapping[int, Decimal], kept_by: str | None = None) -> None:
        parcel = Parcel(self.case, self._lines(quantities), self.barred, next(self.numbers), kept_by, self.may_go_first)
        self.ready = {}
        beside(self.case, self._way(parcel))

    def _way(self, parcel: Parcel) -> Branch[None]:
        """Send a parcel, await its pickup and check, and have decided what becomes of what it lacked."""
        self.unsent += 1
        sent = yield from sending(parcel)
        self.unsent, self.went = self.unsent - 1, True
        missing = yield from collecting(self.case, parcel.lines, sent, parcel.turn)
        self.unchecked |= missing is None
        for one in missing or ():
            beside(self.case, self._settle(parcel, one))

    def _settle(self, parcel: Parcel, found: Shortfall) -> Branch[None]:
        no = found.line_no
        line = next(line for line in parcel.lines if line.line_no == no)
        verdict = yield from decide_anomaly(self.case, f"anomaly-pickup-{parcel.turn}-{no}", found, line, "催提")
        if verdict == AnomalyVerdict.REMAKE:
            missing = found.missing + (self.again[no].quantity if no in self.again else 0)
            self.again[no] = line.model_copy(update={"quantity": missing, "remake": True})

    def _lines(self, quantities: Mapping[int, Decimal]) -> list[PartsLine]:
        return [self.lines[no].model_copy(update={"quantity": many}) for no, many in sorted(quantities.items())]


@step("取消重做", link="催提")
def cancel_remake(work: Work, lines: list[PartsLine]) -> list[LineQuantity]:
    """Say what of a rejected application is not made again, though an anomaly's decision had granted that."""
    return [LineQuantity(line_no=line.line_no, quantity=line.quantity) for line in lines]
