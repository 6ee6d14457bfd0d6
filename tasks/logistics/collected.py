"""Goods that an office collected stand in its own warehouse until it hands them to the customer (DOMAIN, "Stock"; S3 §2)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from schemas.parts import Goods
from schemas.words import MovementKind
from tasks.documents.steps import DocumentRef
from tasks.keeping.accept import set_apart
from tasks.stock.booking import book
from tasks.stock.lots import lot_book
from tasks.stock.moves import warehouse_of
from tasks.stock.places import NOTHING, places, stock_here
from tasks.stock.queries import warehouses, warehouses_of
from tasks.unit.work import Work


def own_warehouse(work: Work) -> str | None:
    """Give the good warehouse of the case's office; None where it has none, and so keeps no books."""
    return work.read(warehouses_of).get(("good", work.case.office))


def stand_here(work: Work, goods: Sequence[Goods]) -> DocumentRef | None:
    """Book what arrived into the office's own warehouse, by an 入库单; nothing issues no slip."""
    here, came = own_warehouse(work), [one for one in goods if one.quantity]
    if here is None or not came:
        return None
    main = warehouse_of(work, MovementKind.TRANSFER_IN)
    party = {"supplier": f"{main} {work.read(warehouses)[main]}"}
    return book(work, MovementKind.TRANSFER_IN, came, here, party=party)


def leave_here(
    work: Work, goods: Sequence[Goods], most: Mapping[int, Decimal], kind: MovementKind = MovementKind.TRANSFER_OUT
) -> DocumentRef | None:
    """Book goods that the office gave back, or has no more, out of its own warehouse, at most so many of a line.

    What its customers have by then is not in its warehouse any more.
    """
    here = own_warehouse(work)
    if here is None or not any(many > 0 for many in most.values()):
        return None
    place = work.read(places)[here]
    there = set_apart(work.unit.connection, place, stock_here(work, place))
    gone = [one.of(min(one.quantity, most[one.line_no], there.get(one.part, NOTHING).free)) for one in goods]
    gone = [one for one in gone if one.quantity > 0]
    main = warehouse_of(work, kind)
    party = {"receiver": f"{main} {work.read(warehouses)[main]}"} if kind == MovementKind.TRANSFER_OUT else None
    return book(work, kind, gone, here, party=party) if gone else None


def beyond_what_left(work: Work, goods: Goods) -> Decimal:
    """Say how many more of a line stand at the office, by this case's books, than have left for it; below none: fewer."""
    moved = list(work.read(lot_book).moved_by(work.case.id, goods.line_no, goods.part))
    here, went = own_warehouse(work), MovementKind.DELIVERY_OUT
    return sum((many for kind, where, _, many in moved if where == here or kind == went), Decimal(0))
