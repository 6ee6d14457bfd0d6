"""What a peer's steps write: the rows that our engine wrote for a genuine case of the same kind.

Core with executemany; nothing is read that can be known beforehand, no form is validated, no rule is judged, no due
time is computed: the rows come ready from the genuine case. Opening a gate belongs to the step before it, taking the
decision to the step behind it.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Table, and_, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.tables import (
    case_line,
    counter,
    decision,
    document,
    outbox,
    production_order,
    reservation,
    service_case,
    stock_balance,
    stock_movement,
    work_item,
)
from schemas.words import ItemState
from tests.bench.load import application, key

Row = dict[str, Any]
TABLES = (case_line, decision, document, outbox, production_order, reservation, stock_movement, work_item)


class Genuine:
    """The rows that our engine wrote for one case of a kind: what the peer writes for each of its own."""

    def __init__(self, connection: Connection, n: int) -> None:
        origin = application(n)[0]
        self.case = dict(connection.execute(select(service_case).where(service_case.c.origin == origin)).one()._mapping)
        self._rows = {
            table: [
                dict(row._mapping)
                for row in connection.execute(select(table).where(table.c.case_id == self.case["id"]))
            ]
            for table in TABLES
        }

    def rows(self, table: Table, **wanted: object) -> list[Row]:
        """Give the rows of a table that have these values."""
        return [row for row in self._rows[table] if all(row[name] == value for name, value in wanted.items())]


genuine: list[Genuine] = []


class Books:
    """One step's writes, for one case."""

    def __init__(self, connection: Connection, n: int, case_id: int) -> None:
        self.connection, self.n, self.case_id = connection, n, case_id
        self.like = genuine[n % len(genuine)]

    def add(self, table: Table, rows: Sequence[Row], **changes: Any) -> None:
        """Insert rows of the genuine case as rows of this one."""
        own = [{k: v for k, v in row.items() if k != "id"} | {"case_id": self.case_id} | changes for row in rows]
        for row in own if table is stock_movement else ():
            row["id"] = uuid4()
        self.connection.execute(insert(table), own)

    def change(self, table: Table, rows: Sequence[Row], by: Sequence[str], *columns: str) -> None:
        """Update this case's rows to what the genuine case's have in `columns`; `by` names the key."""
        where = and_(table.c.case_id == self.case_id, *(table.c[name] == bindparam(f"key_{name}") for name in by))
        statement = update(table).where(where).values({name: bindparam(name) for name in columns})
        self.connection.execute(
            statement, [{f"key_{name}": r[name] for name in by} | {c: r[c] for c in columns} for r in rows]
        )

    def stand(self, **values: Any) -> None:
        """Let the case stand somewhere else."""
        self.connection.execute(update(service_case).where(service_case.c.id == self.case_id).values(values))

    def draw(self, name: str) -> int:
        """Draw a gapless number."""
        made = upsert(counter).values(name=name, value=1)
        raised = made.on_conflict_do_update(index_elements=[counter.c.name], set_={"value": counter.c.value + 1})
        return int(self.connection.execute(raised.returning(counter.c.value)).scalar_one())

    def issue(self, *kinds: str, **wanted: object) -> None:
        """Issue documents with their numbers."""
        for kind in kinds:
            for row in self.like.rows(document, kind=kind, **wanted):
                serial = self.draw(f"document:{kind}:{row['year']}")
                number = {"serial": serial, "number": f"{kind}-{row['year']}-{serial:06d}"}
                self.connection.execute(insert(document), [row | {"id": uuid4(), "case_id": self.case_id} | number])

    def open_gate(self, gate: str) -> None:
        """Open a work item and let the case wait for it."""
        (row,) = self.like.rows(work_item, step_key=key(self.n, gate))
        self.add(work_item, [row], state=ItemState.OPEN, closed_at=None)
        self.stand(link=row["link"], step=row["title"], holder=row["role"], due_at=row["due_at"], ready_at=None)

    def decide(self, gate: str, answer: Mapping[str, Any]) -> None:
        """Take a decision: the row, and the closing of its item."""
        (row,) = self.like.rows(decision, step_key=key(self.n, gate))
        self.add(decision, [row], form=answer)
        (item,) = self.like.rows(work_item, step_key=key(self.n, gate))
        self.change(work_item, [item], ["step_key"], "state", "closed_at")

    def move(self, step: str, on_hand: int, reserved: int) -> None:
        """Write the stock movements of a step and keep the balances; `on_hand`, `reserved` say which way."""
        moves = sorted(self.like.rows(stock_movement, step_key=step), key=lambda row: row["part"])
        self.add(stock_movement, moves)
        place = {name: bindparam(f"key_{name}") for name in ("warehouse", "part")}
        self.connection.execute(
            upsert(stock_balance).on_conflict_do_nothing(), [{name: row[name] for name in place} for row in moves]
        )
        changed = {
            "on_hand": stock_balance.c.on_hand + bindparam("by") * on_hand,
            "reserved": stock_balance.c.reserved + bindparam("by") * reserved,
        }
        self.connection.execute(
            update(stock_balance)
            .where(*(stock_balance.c[name] == value for name, value in place.items()))
            .values(changed),
            [{f"key_{name}": row[name] for name in place} | {"by": abs(row["quantity"])} for row in moves],
        )


# the eleven steps; each takes the case's books and, behind a gate, the answer


def register(books: Books) -> int:
    """办事处申报: the case, its lines, the application's document; review waits."""
    year = books.like.case["opened_at"].year
    origin, request = application(books.n)
    row = {name: value for name, value in books.like.case.items() if name != "id"} | {
        "number": f"PA-{year}-{books.draw(f'case:PA:{year}'):06d}",
        "origin": f"dbos:{origin}",
        "request": request,
        "order_no": f"D-{request['订单号']}",
        "link": "办事处申报",
        "closed_at": None,
        "ending": None,
    }
    made = books.connection.execute(insert(service_case).values(row).returning(service_case.c.id))
    books.case_id = int(made.scalar_one())
    lines = books.like.rows(case_line)
    empty = dict.fromkeys(("fee", "unit", "promised", "planned", "made_on", "in_on", "out_on", "picked_on"))
    books.add(case_line, lines, order_no=row["order_no"], open=True, **empty)
    books.issue("SQ")
    books.open_gate("review")
    return books.case_id


def review(books: Books, answer: Row) -> None:
    """审核修正: the decision, and who pays."""
    books.decide("review", answer)
    books.change(case_line, books.like.rows(case_line), ["line_no"], "fee")


def enter_order(books: Books) -> None:
    """录入系统: the order leaves by the outbox, and the embedded order system answers."""
    own = {"idempotency_key": f"dbos:{books.case_id}:place-order"}
    books.add(outbox, books.like.rows(outbox), **own)
    books.stand(link="录入系统")


def confirm_cycle(books: Books) -> None:
    """周期确认: nothing on stock, standard days; the plan waits."""
    books.open_gate("plan")


def confirm_plan(books: Books, answer: Row) -> None:
    """计划确认: unit, promised and planned day of each line."""
    books.decide("plan", answer)
    books.change(case_line, books.like.rows(case_line), ["line_no"], "unit", "promised", "planned")


def place_production(books: Books) -> None:
    """下达生产: an order a line; the workshop's report waits."""
    books.add(production_order, books.like.rows(production_order), made=0, state="open")
    books.open_gate("produce")


def record_production(books: Books, answer: Row) -> None:
    """车间生产: what was made; the count waits."""
    books.decide("produce", answer)
    orders = books.like.rows(production_order)
    books.change(production_order, orders, ["line_no"], "made", "scrapped", "state")
    books.change(case_line, books.like.rows(case_line), ["line_no"], "made_on")
    books.open_gate("goods-in")


def book_goods_in(books: Books, answer: Row) -> None:
    """出货入库, 入库制票: movements, reservations, balances, the 入库单; goods out waits."""
    books.decide("goods-in", answer)
    books.move("book-goods-in-1-2", on_hand=1, reserved=1)
    books.add(reservation, books.like.rows(reservation), state="held")
    books.change(case_line, books.like.rows(case_line), ["line_no"], "in_on")
    books.issue("RK", step_key="book-goods-in-1-2")
    books.open_gate("goods-out")


def release_goods(books: Books, answer: Row) -> None:
    """出库, 出库制票: movements, balances, the 出库单."""
    books.decide("goods-out", answer)
    books.move("release-goods-1", on_hand=-1, reserved=-1)
    books.change(reservation, books.like.rows(reservation), ["line_no", "step_key"], "state")
    books.change(case_line, books.like.rows(case_line), ["line_no"], "out_on")
    books.issue("CK")


def dispatch_goods(books: Books) -> None:
    """发货单, 装箱单; the pickup waits."""
    books.issue("FH", "ZX")
    books.open_gate("pickup")


def confirm_receipt(books: Books, answer: Row) -> None:
    """催提: picked up, and booked into the office's warehouse by an 入库单; the case is closed."""
    books.decide("pickup", answer)
    books.move("confirm-receipt-1", on_hand=1, reserved=0)
    books.issue("RK", step_key="confirm-receipt-1")
    books.change(case_line, books.like.rows(case_line), ["line_no"], "picked_on", "open")
    ended = ("link", "ending", "ending_reason", "closed_at", "step", "holder", "due_at")
    books.stand(**{name: books.like.case[name] for name in ended})
