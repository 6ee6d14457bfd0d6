"""What people reported of goods on their way, and an office found when it checked them: no anomaly is about it twice."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from schemas.parts import LineQuantity, Shortfall
from tasks.durable.process import Case
from tasks.durable.step import step
from tasks.lines.anomalies import is_kept
from tasks.lines.queries import reported_by_people
from tasks.logistics.pickup import stand_at_office
from tasks.logistics.sending import SentLine
from tasks.unit.work import Work


class Reported:
    """What was found at pickups and people had reported before; where it is kept as it is, it stands at the office.

    known  what of it does not stand there: line → quantity; kept: what does, and is in a report that was one
    goods  the lines as they were sent
    """

    def __init__(self, case: Case) -> None:
        self.case, self.goods = case, dict[int, SentLine]()
        self.known, self.kept = defaultdict[int, Decimal](Decimal), defaultdict[int, Decimal](Decimal)

    def leave_out(self, missing: Sequence[Shortfall], sent: Sequence[SentLine], turn: str) -> list[Shortfall]:
        """Leave out of what is missing what people have reported already; each such piece is left out once."""
        reported, left = _by_line(list_known(self.case, turn=turn)), list[Shortfall]()
        self.goods |= {line.line_no: line for line in sent}
        for one in missing:
            no = one.line_no
            known = max(min(one.quantity, reported[no] - self.kept[no] - self.known[no]), Decimal(0))
            self.known[no] += known
            less = {"missing": one.missing - known, "quantity": one.quantity - known}
            left += [one.model_copy(update=less)] if one.quantity > known else []
        self._stand(reported, f"{turn}-found")
        return left

    def heed(self, turn: str) -> None:
        """Hear that a report of people has ended."""
        if any(self.known.values()):
            self._stand(_by_line(list_known(self.case, turn=turn)), turn)

    def _stand(self, reported: defaultdict[int, Decimal], turn: str) -> None:
        """Let what is known and is not lost, for its report was none or leaves it as it is, stand at the office."""
        if not any(self.known.values()):
            return
        lost, stands = _by_line(list_lost(self.case, turn=turn)), list[SentLine]()
        for no, many in self.known.items():
            came = max(many - lost[no], Decimal(0))
            self.known[no] -= came
            self.kept[no] = min(self.kept[no] + came, reported[no] - lost[no])
            stands += [self.goods[no].of(came)] if came else []
        if stands:
            stand_at_office(self.case, stands, turn=f"reported-{turn}")


@step("核对另报", link="催提")
def list_known(work: Work, turn: str) -> list[LineQuantity]:
    """List what people have reported of the case's goods that left: that is in an anomaly of its own already."""
    return _sums(work, lost=False)


@step("核对另报未留", link="催提")
def list_lost(work: Work, turn: str) -> list[LineQuantity]:
    """List what people have reported of the case's goods that left, as far as it is not settled that it stays as it is."""
    return _sums(work, lost=True)


def _sums(work: Work, lost: bool) -> list[LineQuantity]:
    sums = defaultdict[int, Decimal](Decimal)
    for line_no, many, ended in work.read(reported_by_people)[work.case.id]:
        if not (lost and ended and is_kept(ended)):
            sums[line_no] += many
    return [LineQuantity(line_no=no, quantity=many) for no, many in sorted(sums.items()) if many]


def _by_line(listed: Sequence[LineQuantity]) -> defaultdict[int, Decimal]:
    return defaultdict(Decimal, {one.line_no: one.quantity for one in listed})
