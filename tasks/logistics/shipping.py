"""The goods of a case on their way: what leaves when, is collected, and is replaced (DOMAIN 1.1, 1.9, 1.11)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import count

from schemas.forms.logistics import ReleaseVerdict
from schemas.parts import LineQuantity, Outcome, PartsLine, Shortfall
from schemas.words import Urgency
from tasks.branches.beside import Branch, beside, drop, next_answer
from tasks.durable.process import Case
from tasks.durable.signals import TimedOut
from tasks.durable.step import step
from tasks.lines.anomalies import heed_anomaly, settling
from tasks.logistics.early import asking_release
from tasks.logistics.pickup import collecting
from tasks.logistics.sending import Parcel, sending
from tasks.stock.moves import set_free
from tasks.unit.work import Work

EARLY = "release-early"


class Shipping:
    """How far the goods of a case are; each parcel goes its way as a branch, to the last decision on what it lacked.

    Goods leave together (齐套), or `apart` as they are ready (分批), while others are made or wait for an anomaly. `link`
    is where a case stands while urgent goods may leave before any form.

    ready      what is kept for the case and has not left: line → quantity; gone: what left early, part → quantity
    unsent     parcels whose form is owed, by number; given_up: what is neither made nor sent any more: line → quantity
    delivered: what left and was not replaced; unchecked: not in time, by an office
    """

    def __init__(self, case: Case, barred: set[str], link: str, apart: bool = False) -> None:
        self.case, self.barred, self.link, self.apart, self.numbers = case, barred, link, apart, count(1)
        self.offers = count(1)
        self.offer: Branch[None] | None = None
        self.may_go_first = case.request.urgency == Urgency.URGENT
        self.lines: dict[int, PartsLine] = {}
        self.ready: dict[int, Decimal] = {}
        self.gone: dict[str, Decimal] = {}
        self.delivered = Decimal(0)
        self.unsent: dict[int, tuple[Parcel, Branch[None]]] = {}
        self.given_up = defaultdict[int, Decimal](Decimal)
        self.reserved, self.unchecked, self.went = False, False, False

    def registered(self, lines: Sequence[PartsLine]) -> None:
        """Hear of the lines, and of what became of them: of urgent ones a SUPERVISOR may release what is on stock.

        Before any form; lines that are others now are asked for anew, unless something has left already.
        """
        known, self.lines = self.lines, {line.line_no: line for line in lines}
        if self.may_go_first and not self.gone and known != self.lines:
            drop(self.case, self.offer)
            number = next(self.offers)
            self.offer = beside(self.case, self._early(EARLY if number == 1 else f"{EARLY}-{number}"))

    def owed(self, lines: Sequence[PartsLine]) -> list[PartsLine]:
        """Hear of the lines as they were corrected; gives what is owed of them after what left early."""
        self.lines, owed, gone = {line.line_no: line for line in lines}, [], dict(self.gone)
        for line in lines:
            had = min(gone.get(line.part, Decimal(0)), line.quantity)
            gone[line.part] = gone.get(line.part, Decimal(0)) - had
            owed.append(line.model_copy(update={"quantity": line.quantity - had}))
        return [line for line in owed if line.quantity]

    def take(self, quantities: Mapping[int, Decimal], kept_by: str) -> None:
        """Hear of goods that a step keeps for the case; where they need not wait for others they leave."""
        self.reserved = True
        if self.apart and quantities:
            self._start(quantities, kept_by)
            return
        for no, quantity in quantities.items():
            self.ready[no] = self.ready.get(no, Decimal(0)) + quantity

    def send_rest(self) -> None:
        """Let all that is ready leave, together."""
        drop(self.case, self.offer)
        if self.ready:
            self._start(self.ready)

    def await_forms(self) -> None:
        """Wait for the forms of what left early: they are owed whatever is refused meanwhile."""
        drop(self.case, self.offer)
        while self.unsent:
            next_answer(self.case)

    def _early(self, key: str) -> Branch[None]:
        lines, nothing_kept = list(self.lines.values()), lambda: not self.reserved
        try:
            said, answered = yield from asking_release(self.case, key, self.barred, lines, nothing_kept, self.link)
        except TimedOut:
            return
        if said.verdict == ReleaseVerdict.WAIT:
            self.may_go_first = False
            return
        parcel = Parcel(self.case, lines, self.barred, next(self.numbers))
        parcel.leave_before_the_form(answered, said.staff)
        for line in parcel.leave().lines:
            self.gone[line.part] = self.gone.get(line.part, Decimal(0)) + line.quantity
        self.ready = {}
        parcel.lines = self._lines(parcel.leave().quantities)
        self.unsent[parcel.turn] = parcel, beside(self.case, self._way(parcel))

    def heed(self, outcome: Outcome) -> None:
        """Hear what came of something that people reported: what is given up and has not left stays here."""
        if outcome.left:
            self.delivered -= outcome.quantity * outcome.again
        elif outcome.given_up:
            self.given_up[outcome.line_no] += outcome.quantity
            for turn, (parcel, branch) in list(self.unsent.items()):
                quantities = {line.line_no: line.quantity for line in parcel.lines}
                if outcome.line_no in quantities and not parcel.released:
                    drop(self.case, branch)
                    del self.unsent[turn]
                    self._start(quantities, parcel.kept_by)

    def _start(self, quantities: Mapping[int, Decimal], kept_by: str | None = None) -> None:
        drop(self.case, self.offer)
        number, self.ready = next(self.numbers), {}
        stays = {no: min(many, self.given_up[no]) for no, many in quantities.items() if self.given_up[no]}
        if stays:
            lines = [LineQuantity(line_no=no, quantity=many) for no, many in stays.items()]
            keep_here(self.case, lines, kept_by, turn=number)
            quantities = {no: many - stays.get(no, Decimal(0)) for no, many in quantities.items()}
        for no, many in stays.items():
            self.given_up[no] -= many
        if any(quantities.values()):
            parcel = Parcel(self.case, self._lines(quantities), self.barred, number, kept_by, self.may_go_first)
            self.unsent[number] = parcel, beside(self.case, self._way(parcel))

    def _way(self, parcel: Parcel) -> Branch[None]:
        """Send a parcel, await its pickup and check, and have decided what becomes of what it lacked."""
        sent = yield from sending(parcel)
        del self.unsent[parcel.turn]
        self.went = True
        self.delivered += sum(sent.quantities.values())
        missing = yield from collecting(self.case, parcel.lines, sent, parcel.turn)
        self.unchecked |= missing is None
        for one in missing or ():
            beside(self.case, self._settle(parcel, one))

    def _settle(self, parcel: Parcel, found: Shortfall) -> Branch[None]:
        turn = f"pickup-{parcel.turn}-{found.line_no}"
        outcome = yield from settling(self.case, f"anomaly-{turn}", found, "催提")
        heed_anomaly(self.case, outcome, turn=turn)
        if outcome.again:
            self.delivered -= found.missing

    def _lines(self, quantities: Mapping[int, Decimal]) -> list[PartsLine]:
        return [self.lines[no].model_copy(update={"quantity": many}) for no, many in sorted(quantities.items()) if many]


@step("不再发出", link="出库")
def keep_here(work: Work, lines: list[LineQuantity], kept_by: str | None, turn: int) -> list[LineQuantity]:
    """Set free what is kept for lines that wait for it no longer: it was ordered again, or is not needed."""
    for line in lines:
        set_free(work, line.line_no, line.quantity, kept_by)
    return lines
