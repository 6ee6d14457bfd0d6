"""The few ways in which stock moves; every step that touches stock uses these, so the books always balance."""

from collections.abc import Callable
from decimal import Decimal

from schemas.tables import reservation, stock_balance, stock_movement
from schemas.words import MovementKind
from tasks.stock.queries import Reservation, balance, balances, main_warehouse, reservations
from tasks.unit.work import Work


def available(work: Work, part: str) -> Decimal:
    """Good stock that nobody has reserved."""
    key = {"warehouse": work.read(main_warehouse), "part": part}
    on_hand, reserved = balance(work.unit.connection, work.read(balances), key["warehouse"], part)
    shifted = work.unit.shifted(stock_balance, key, "on_hand") - work.unit.shifted(stock_balance, key, "reserved")
    return on_hand - reserved + shifted


def reserve(work: Work, line_no: int, part: str, quantity: Decimal) -> None:
    """Keep goods for a line of the case."""
    store = work.read(main_warehouse)
    held = Reservation(line_no, work.key, store, part, quantity, "held")
    work.read(reservations).setdefault(work.case.id, []).append(held)
    work.insert(reservation, line_no=line_no, warehouse=store, part=part, quantity=quantity, state="held")
    work.shift(stock_balance, {"warehouse": store, "part": part}, reserved=quantity)


def receive(work: Work, line_no: int, part: str, quantity: Decimal, kind: MovementKind) -> None:
    """Book goods in."""
    store = work.read(main_warehouse)
    _move(work, line_no, store, part, quantity, kind)
    work.unit.ensure(work.case.id, stock_balance, {"warehouse": store, "part": part})
    work.shift(stock_balance, {"warehouse": store, "part": part}, on_hand=quantity)


def deliver_reserved(work: Work, kind: MovementKind) -> list[tuple[int, str, Decimal]]:
    """Book out all that is kept for the case; gives (line, part, quantity). Stock never falls below zero."""
    gone = []
    for held in mine(work, lambda r: r.state == "held"):
        _move(work, held.line_no, held.warehouse, held.part, -held.quantity, kind, held.step_key)
        place = {"warehouse": held.warehouse, "part": held.part}
        work.shift(stock_balance, place, on_hand=-held.quantity, reserved=-held.quantity)
        _turn(work, held, "used")
        gone.append((held.line_no, held.part, held.quantity))
    return gone


def take_back(work: Work, line_no: int, part: str, quantity: Decimal, kind: MovementKind) -> None:
    """Reverse a delivery: the goods are on stock again, free for anybody (a red, negative slip belongs to it)."""
    receive(work, line_no, part, quantity, kind)


def release(work: Work) -> list[tuple[int, str, Decimal]]:
    """Let go of all that is still kept for the case; gives (line, part, quantity)."""
    freed = []
    for held in mine(work, lambda r: r.state == "held"):
        place = {"warehouse": held.warehouse, "part": held.part}
        work.shift(stock_balance, place, reserved=-held.quantity)
        _turn(work, held, "released")
        freed.append((held.line_no, held.part, held.quantity))
    return freed


def mine(work: Work, which: Callable[[Reservation], bool]) -> list[Reservation]:
    """Give the case's reservations that fit."""
    return [held for held in work.read(reservations).get(work.case.id, []) if which(held)]


def _turn(work: Work, held: Reservation, state: str) -> None:
    held.state = state
    key = {"case_id": work.case.id, "line_no": held.line_no, "step_key": held.step_key}
    work.update(reservation, key, state=state)


def _move(
    work: Work, line_no: int, store: str, part: str, quantity: Decimal, kind: MovementKind, note: str = ""
) -> None:
    work.insert(
        stock_movement,
        id=work.id_of("move", line_no, note),
        line_no=line_no,
        kind=kind,
        warehouse=store,
        part=part,
        quantity=quantity,
        moved_at=work.now,
    )
