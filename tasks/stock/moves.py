"""The few ways in which stock moves; every step that touches stock uses these, so the books always balance."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from schemas.parts import Goods, LineQuantity
from schemas.tables import reservation, stock_balance, stock_movement
from schemas.words import MovementKind
from tasks.stock.lots import choose, note_lot
from tasks.stock.queries import Reservation, damaged_warehouse, free_of, free_stock, main_warehouse, reservations
from tasks.stock.rules import Lot
from tasks.unit.work import Work

OF_DAMAGED = {MovementKind.DAMAGED_IN, MovementKind.SCRAP_OUT}


def available(work: Work, part: str) -> Decimal:
    """Good stock that nobody has reserved."""
    place = {"warehouse": work.read(main_warehouse), "part": part}
    shifted = work.unit.shifted(stock_balance, place, "on_hand") - work.unit.shifted(stock_balance, place, "reserved")
    return free_of(work.unit.connection, work.read(free_stock), part) + shifted


def reserve(work: Work, line_no: int, part: str, quantity: Decimal, warehouse: str = "") -> None:
    """Keep goods for a line of the case, of the main warehouse where no other is named."""
    place = {"warehouse": warehouse or work.read(main_warehouse), "part": part}
    held = Reservation(line_no, work.key, place["warehouse"], part, quantity, "held")
    work.read(reservations).setdefault(work.case.id, []).append(held)
    work.insert(reservation, line_no=line_no, quantity=quantity, state=held.state, **place)
    work.shift(stock_balance, place, reserved=quantity)


def reserve_available(work: Work, lines: Iterable[Goods]) -> list[LineQuantity]:
    """Keep what is available of each line, up to what it wants; gives what is kept."""
    held = []
    for line in lines:
        quantity = min(available(work, line.part), line.quantity)
        if quantity > 0:
            reserve(work, line.line_no, line.part, quantity)
            held.append(LineQuantity(line_no=line.line_no, quantity=quantity))
    return held


def warehouse_of(work: Work, kind: MovementKind) -> str:
    """Give the warehouse whose stock a movement changes: damaged goods are kept apart."""
    return work.read(damaged_warehouse if kind in OF_DAMAGED else main_warehouse)


def receive(
    work: Work,
    line_no: int,
    part: str,
    quantity: Decimal,
    kind: MovementKind,
    warehouse: str = "",
    of: Mapping[Lot, Decimal] | None = None,
) -> None:
    """Book goods in, or fewer than none of them out; by default where goods of that kind stand.

    Goods that come in are a lot of today, or of the lots `of` what they correct.
    """
    place = {"warehouse": warehouse or warehouse_of(work, kind), "part": part}
    _move(work, line_no, place, quantity, kind, of=of)
    work.unit.ensure(work.case.id, stock_balance, place)
    work.shift(stock_balance, place, on_hand=quantity)


def set_free(work: Work, line_no: int, quantity: Decimal, kept_by: str | None = None) -> None:
    """Let go of so many of what is kept for a line."""
    for held in [one for one in kept_for(work, kept_by) if one.line_no == line_no]:
        less = min(held.quantity, quantity)
        held.quantity, quantity = held.quantity - less, quantity - less
        key = {"case_id": work.case.id, "line_no": line_no, "step_key": held.step_key}
        if held.quantity:
            work.update(reservation, key, quantity=held.quantity)
        else:
            held.state = "released"
            work.update(reservation, key, state=held.state)
        work.shift(stock_balance, held.place, reserved=-less)


def deliver_reserved(work: Work, kind: MovementKind, kept_by: str | None = None) -> list[Reservation]:
    """Book out what is kept for the case, and give it. Stock never falls below zero."""
    gone = release(work, "used", kept_by)
    for held in gone:
        _move(work, held.line_no, held.place, -held.quantity, kind, held.step_key)
        work.shift(stock_balance, held.place, on_hand=-held.quantity)
    return gone


def kept_for(work: Work, kept_by: str | None = None) -> list[Reservation]:
    """Give what is kept for the case, all of it or what one step keeps."""
    held = [one for one in work.read(reservations).get(work.case.id, []) if one.state == "held"]
    return [one for one in held if kept_by in {None, one.step_key}]


def by_line(held: Iterable[Reservation]) -> dict[int, Decimal]:
    """Add up goods by the case's line."""
    found: dict[int, Decimal] = {}
    for one in held:
        found[one.line_no] = found.get(one.line_no, Decimal(0)) + one.quantity
    return found


def release(work: Work, state: str = "released", kept_by: str | None = None) -> list[Reservation]:
    """Let go of what is still kept for the case, and give it; `state` says what becomes of it."""
    freed = kept_for(work, kept_by)
    for held in freed:
        held.state = state
        work.shift(stock_balance, held.place, reserved=-held.quantity)
        key = {"case_id": work.case.id, "line_no": held.line_no, "step_key": held.step_key}
        work.update(reservation, key, state=state)
    return freed


def _move(
    work: Work,
    line_no: int,
    place: dict[str, str],
    quantity: Decimal,
    kind: MovementKind,
    note: str = "",
    of: Mapping[Lot, Decimal] | None = None,
) -> None:
    """Write movements of the lots that are chosen, one each."""
    here = place["warehouse"], place["part"]
    for serial, (lot, some) in enumerate(choose(work, line_no, kind, here, quantity, of or {})):
        key = work.id_of("move", line_no, kind, note, *([serial] if serial else []))
        moved = {"id": key, "kind": kind, "quantity": some, "moved_at": work.now, **lot._asdict()}
        work.insert(stock_movement, line_no=line_no, **moved, **place)
        note_lot(work, line_no, kind, here, lot, some)
