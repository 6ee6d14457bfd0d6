"""Which lots goods come into, leave, and go back to: chosen from what there is, written with each movement.

Lots are read without a lock, as balances are (docs/decisions/0005): what two units would both take breaks a lot's
bound in the second, which looks again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from schemas.tables import stock_lot
from schemas.words import MovementKind
from tasks.stock.queries import WarehousePart, lots_moved, lots_of_cases, lots_of_part, shelf_days
from tasks.stock.rules import Lot, expiry, lots_said, take
from tasks.unit.work import Work

Part = tuple[Lot, Decimal]


@dataclass
class LotBook:
    """What a unit knows of lots; `moved` follows what its steps do: case, step, line, kind, warehouse, part, lot, quantity."""

    connection: Connection
    case_ids: Sequence[int]
    there: dict[WarehousePart, dict[Lot, Decimal]] | None = None
    known: set[str] = field(default_factory=set)  # parts that were looked up by themselves
    moved: defaultdict[int, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))
    came: defaultdict[WarehousePart, set[Lot]] = field(default_factory=lambda: defaultdict(set))
    before: list[tuple[Any, ...]] | None = None

    def at(self, place: WarehousePart) -> dict[Lot, Decimal]:
        """Give the lots of a warehouse and part as they were when the unit first looked."""
        if self.there is None:
            self.there = lots_of_cases(self.connection, self.case_ids)
        if place not in self.there and place[1] not in self.known:
            self.known.add(place[1])
            self.there = lots_of_part(self.connection, place[1]) | self.there
        return self.there.get(place, {})

    def moved_by(self, case_id: int, line_no: int, kind: str, place: WarehousePart) -> dict[Lot, Decimal]:
        """Add up by lot what a case's line moved of a kind so far."""
        if self.before is None:
            self.before = lots_moved(self.connection, self.case_ids)
        sums, of = defaultdict[Lot, Decimal](Decimal), (case_id, line_no, kind, *place)
        for *about, expires_on, came_on, many in self.before:
            if tuple(about) == of:
                sums[Lot(expires_on, came_on)] += many
        for _, *about, lot, many in self.moved[case_id]:
            if (case_id, *about) == of:
                sums[lot] += many
        return sums


def lot_book(connection: Connection, case_ids: Sequence[int]) -> LotBook:
    """Open what a unit knows of lots."""
    return LotBook(connection, case_ids)


def choose(
    work: Work, line_no: int, kind: MovementKind, place: WarehousePart, quantity: Decimal, expires_on: date | None
) -> list[Part]:
    """Choose the lots that goods come into (above zero) or leave: what is reversed goes back to the lots it was of.

    What nobody has is taken all the same: the lot's bound refuses it.
    """
    book, sign = work.read(lot_book), -1 if quantity < 0 else 1
    new = Lot(expires_on or expiry(work.today, work.read(shelf_days).get(place[1])), work.today)
    chosen, left = list[Part](), abs(quantity)
    if kind.goes == (quantity > 0):
        mine = {lot: -sign * many for lot, many in book.moved_by(work.case.id, line_no, kind, place).items()}
        if quantity < 0:  # of what came in wrongly, others may have taken some
            stands = dict(_there(work, book, place, []))
            mine = {lot: min(many, stands.get(lot, Decimal(0))) for lot, many in mine.items()}
        back, left = take(mine, left)
        chosen += back
    if left and quantity < 0:
        more, left = take(dict(_there(work, book, place, chosen)), left)
        chosen += more
    if left:
        chosen.append((new, left))
    return [(lot, sign * many) for lot, many in chosen]


def _there(work: Work, book: LotBook, place: WarehousePart, chosen: Iterable[Part]) -> Iterator[Part]:
    """Give what is left of the lots of a place, with what this unit has done to them."""
    stood, taken = book.at(place), dict(chosen)
    for lot in stood.keys() | book.came[place]:
        shifted = work.unit.shifted(stock_lot, key_of(place, lot), "on_hand")
        yield lot, stood.get(lot, Decimal(0)) + shifted - taken.get(lot, Decimal(0))


def key_of(place: WarehousePart, lot: Lot) -> dict[str, Any]:
    """The key of a lot."""
    return {"warehouse": place[0], "part": place[1], "came_on": lot.came_on, "expires_on": lot.expires_on}


def note_lot(work: Work, line_no: int, kind: MovementKind, place: WarehousePart, lot: Lot, quantity: Decimal) -> None:
    """Keep what moved: the lot's figure, and what this unit knows."""
    book, key = work.read(lot_book), key_of(place, lot)
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
