"""Which lots goods come into, leave, and go back to: chosen from what there is, written with each movement.

Lots are read without a lock, as balances are (docs/decisions/0005): what two units would both take breaks a lot's
bound in the second, which looks again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from schemas.tables import stock_lot
from schemas.words import MovementKind
from tasks.stock.queries import WarehousePart, lots_moved, lots_of_cases, lots_of_part, shelf_days
from tasks.stock.rules import Lot, expiry, lots_said, take
from tasks.unit.work import Work

Part = tuple[Lot, Decimal]
Moved = tuple[str, str, Lot, Decimal]  # kind, warehouse, lot, quantity
COMES = {MovementKind.TRANSFER_IN, MovementKind.RETURN_TO_STOCK}
ON_THE_ROAD = {MovementKind.TRANSFER_OUT, MovementKind.DELIVERY_OUT, MovementKind.TRANSFER_IN}


@dataclass
class LotBook:
    """What a unit knows of lots; `moved` follows what its steps do: case, step, line, kind, warehouse, part, lot, quantity."""

    connection: Connection
    case_ids: Sequence[int]
    there: dict[WarehousePart, dict[Lot, Decimal]] = field(default_factory=dict)
    known: set[str | WarehousePart] = field(default_factory=set)  # warehouses, and parts, that were looked up
    moved: defaultdict[int, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))
    came: defaultdict[WarehousePart, set[Lot]] = field(default_factory=lambda: defaultdict(set))
    before: dict[tuple[Any, ...], list[Moved]] | None = None  # by case, line and part

    def at(self, place: WarehousePart) -> dict[Lot, Decimal]:
        """Give the lots of a warehouse and part as they were when the unit first looked."""
        if place[0] not in self.known:
            self.known.add(place[0])
            self.there |= lots_of_cases(self.connection, self.case_ids, place[0])
        if place not in self.there and place not in self.known:
            self.known.add(place)
            self.there |= lots_of_part(self.connection, *place)
        return self.there.get(place, {})

    def moved_by(self, case_id: int, line_no: int, part: str) -> Iterator[Moved]:
        """Give what a case's line moved of a part so far: kind, warehouse, lot, quantity."""
        if self.before is None:
            self.before = defaultdict(list)
            for case, line, kind, where, what, expires_on, came_on, many in lots_moved(self.connection, self.case_ids):
                self.before[case, line, what].append((kind, where, Lot(expires_on, came_on), many))
        yield from self.before.get((case_id, line_no, part), ())
        for _, line, kind, where, what, lot, many in self.moved[case_id]:
            if (line, what) == (line_no, part):
                yield kind, where, lot, many


def lot_book(connection: Connection, case_ids: Sequence[int]) -> LotBook:
    """Open what a unit knows of lots."""
    return LotBook(connection, case_ids)


def choose(
    work: Work, line_no: int, kind: MovementKind, place: WarehousePart, quantity: Decimal, of: Mapping[Lot, Decimal]
) -> list[Part]:
    """Choose the lots that goods come into (above zero) or leave: what is reversed goes back to the lots it was of.

    What comes in is of the lots `of` another slip, where it corrects that, else of today. What nobody has is taken all
    the same: the lot's bound refuses it.
    """
    book, sign = work.read(lot_book), -1 if quantity < 0 else 1
    new = Lot(expiry(work.today, work.read(shelf_days).get(place[1])), work.today)
    chosen, left, moved = list[Part](), abs(quantity), list[Moved]()
    if kind.goes == (quantity > 0) or kind in COMES:
        moved = list(book.moved_by(work.case.id, line_no, place[1]))
    if kind.goes == (quantity > 0):
        mine = _sums((lot, -sign * many) for what, where, lot, many in moved if (what, where) == (kind, place[0]))
        if quantity < 0:  # of what came in wrongly, others may have taken some
            stands = dict(_there(work, book, place, []))
            mine = {lot: min(many, stands.get(lot, Decimal(0))) for lot, many in mine.items()}
        back, left = take(mine, left)
        chosen += back
    elif kind in COMES:  # they expire when they did where they left
        of = _sums([(Lot(lot.expires_on, work.today), -many) for what, _, lot, many in moved if what in ON_THE_ROAD])
    if left and quantity < 0:
        more, left = take(dict(_there(work, book, place, chosen)), left)
        chosen += more
    elif left:
        more, left = take(of, left)
        chosen += more
    if left:
        chosen.append((max(of) if of and quantity > 0 else new, left))
    if len(chosen) == 1:  # as nearly always: nothing to add up
        return [(chosen[0][0], quantity)]
    return [(lot, sign * many) for lot, many in _sums(chosen).items()]


def _sums(moved: Iterable[Part]) -> dict[Lot, Decimal]:
    sums = defaultdict[Lot, Decimal](Decimal)
    for lot, many in moved:
        sums[lot] += many
    return sums


def _there(work: Work, book: LotBook, place: WarehousePart, chosen: Iterable[Part]) -> Iterator[Part]:
    """Give what is left of the lots of a place, with what this unit has done to them."""
    stood, taken = book.at(place), dict(chosen)
    for lot in stood.keys() | book.came[place]:
        shifted = work.unit.shifted(stock_lot, lot_key(place, lot), "on_hand")
        yield lot, stood.get(lot, Decimal(0)) + shifted - taken.get(lot, Decimal(0))


def lot_key(place: WarehousePart, lot: Lot) -> dict[str, Any]:
    """The key of a lot."""
    return {"warehouse": place[0], "part": place[1], "came_on": lot.came_on, "expires_on": lot.expires_on}


def note_lot(work: Work, line_no: int, kind: MovementKind, place: WarehousePart, lot: Lot, quantity: Decimal) -> None:
    """Keep what moved: the lot's figure, and what this unit knows."""
    book, key = work.read(lot_book), lot_key(place, lot)
    if quantity > 0 or lot not in book.at(place):
        work.unit.ensure(work.case.id, stock_lot, key)
        book.came[place].add(lot)
    work.shift(stock_lot, key, on_hand=quantity)
    book.moved[work.case.id].append((work.key, line_no, kind, *place, lot, quantity))


def lots_of_line(work: Work, line_no: int, part: str) -> str:
    """Say which lots this step moved of a line's part; nothing where it moved none."""
    of = work.key, line_no, part
    mine = [row[5:] for row in work.read(lot_book).moved[work.case.id] if (row[0], row[1], row[4]) == of]
    return lots_said(mine) if mine else ""
