"""The SQL of returns: what was sold and came back, the lines and money of a case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select, text

from schemas.shapes import LineTable, Measure, money
from schemas.tables import case_line, ledger, refund, sales_record, service_case
from schemas.words import RefundState
from tasks.applications.queries import repair_days
from tasks.customers.queries import held_sales
from tasks.cycle.rules import Notice
from tasks.returns.shapes import SoldLine
from tasks.unit.among import among
from tasks.unit.work import Work

HEADINGS = ("行", "商品 Article", "数量 Qty", "实付单价 Paid each")


@dataclass
class SoldOrder:
    """An order as it was sold, and how many of each line may still be claimed; others of the same sheet lower that."""

    about: Row[Any]
    lines: dict[int, SoldLine]
    free: dict[int, Decimal]


def sold_orders(connection: Connection, orders: Sequence[str]) -> dict[str, SoldOrder]:
    """Find what was sold by orders; until the transaction ends nobody else claims anything of it."""
    found: dict[str, SoldOrder] = {}
    held, columns = held_sales(connection, orders), (sales_record.c.order_no, sales_record.c.line_no)
    in_repair = select(*columns, repair_days()).where(among(sales_record.c.order_no, orders))
    repaired = {(order, no): days for order, no, days in connection.execute(in_repair)}
    for (order, no), row in held.items():
        told = {name: value for name, value in row._mapping.items() if name in SoldLine.model_fields}
        one = found.setdefault(order, SoldOrder(row, {}, {}))
        one.lines[no] = SoldLine(**told, repair_days=repaired[order, no]).dearer(row.paid_more)
        one.free[no] = row.quantity - row.returned
    return found


def sold_now(work: Work) -> SoldOrder:
    """Give the case's order as it stands now, what has come back included."""
    found = work.unit.read_by(sold_orders, lambda one: str(one.order_no), work.case)
    assert found is not None, "it was accepted by its sales record"
    return SoldOrder(found.about, {no: _shifted(work, one) for no, one in found.lines.items()}, found.free)


def _shifted(work: Work, sold: SoldLine) -> SoldLine:
    """Add what cases of the same unit have given back of a line, and have not written yet."""
    key = {"order_no": work.case.order_no, "line_no": sold.line_no}
    names = ("settled", "refunded", "fee_refunded", "offer_lost")
    shifted = {name: getattr(sold, name) + work.unit.shifted(sales_record, key, name) for name in names}
    return sold.model_copy(update=shifted).dearer(work.unit.shifted(sales_record, key, "paid_more"))


def earlier_case(work: Work) -> Row[Any] | None:
    """Give the case that this one reopens; None where it reopens none."""
    reopens = work.case.request["reopens"]
    return work.unit.read_by(ended_without_goods, str, reopens) if reopens else None


# asked_on: by the customer; paid_for: what was lost is; ahead: how many of what went out in exchange have not come back
_WITHOUT_GOODS = """
    SELECT s.number, s.id, s.order_no, s.ending, CAST(r.output ->> 'asked_on' AS date) AS asked_on,
           s.ending = 'lost' AND EXISTS (
               SELECT FROM ledger WHERE case_id = s.id AND (step_key LIKE 'settle-pieces-%' OR step_key LIKE 'mark-exchanged-%')
           ) AS paid_for,
           CAST(coalesce(u.output #>> '{}', '0') AS numeric) AS ahead
    FROM service_case s JOIN ledger r ON r.case_id = s.id AND r.step_key = 'register-return'
    LEFT JOIN ledger u ON u.case_id = s.id AND u.step_key = 'tell-unreturned'
    WHERE s.process = 'RF' AND (s.ending IN ('never_returned', 'lost', 'partly_refunded') OR u.output IS NOT NULL)
      AND NOT (u.output IS NOT NULL AND EXISTS (  -- whatever is still owed then is owed by the case that reopened it
          SELECT FROM service_case WHERE parent_id = s.id AND process = 'RF' AND ending NOT IN ('refused', 'withdrawn')))"""
_BY_NUMBER = text(f"{_WITHOUT_GOODS} AND s.number = ANY(:numbers)")
_AHEAD = text(f"""SELECT * FROM ({_WITHOUT_GOODS} AND s.order_no = ANY(:orders) AND u.output IS NOT NULL) owed
    WHERE NOT EXISTS (SELECT FROM service_case WHERE parent_id = owed.id AND process = 'RF'
                      AND (ending IS NULL OR ending NOT IN ('refused', 'withdrawn')))""")


def ended_without_goods(connection: Connection, numbers: Sequence[str]) -> dict[str, Row[Any]]:
    """Find cases that ended before all their goods had come, by number."""
    return {row.number: row for row in connection.execute(_BY_NUMBER, {"numbers": list(numbers)})}


def unreturned(connection: Connection, orders: Sequence[str]) -> dict[str, Row[Any]]:
    """Find the cases whose exchange went ahead of goods that never came, nor are they reopened: by order."""
    return {row.order_no: row for row in connection.execute(_AHEAD, {"orders": list(orders)})}


def return_table(connection: Connection, case_id: int) -> LineTable:
    """Show what is brought back, by which rule with its days, and what became of the money."""
    lines = connection.execute(
        select(case_line).where(case_line.c.case_id == case_id).order_by(case_line.c.line_no)
    ).all()
    asked = connection.execute(select(service_case.c.request).where(service_case.c.id == case_id)).scalar_one()
    told = dict(
        connection.execute(
            select(ledger.c.step_key, ledger.c.output).where(
                ledger.c.case_id == case_id,
                ledger.c.step_key.like("fix-rule-%") | ledger.c.step_key.like("hear-news-%"),
            )
        )
        .tuples()
        .all()
    )
    rule: Mapping[str, Any] = next((told[key] for key in sorted(told, reverse=True) if key.startswith("fix-rule-")), {})
    disputed = asked["dispute"] == "yes" or any(
        isinstance(one, dict) and one.get("dispute") == "yes" for one in told.values()
    )
    paid = connection.execute(select(refund).where(refund.c.case_id == case_id).order_by(refund.c.turn)).all()
    period = (
        f"{rule.get('name', '')} {rule.get('first') or ''} → {rule.get('last') or '未起算'} [{rule.get('source', '')}]"
    )
    facts = {
        "维权 Dispute": "平台维权中 platform dispute" if disputed else "",
        "依据 Rule": period if rule else "",
        "照片 Photos": asked["photos"],
        "退款 Refund": "；".join(
            f"{money(one.amount)} CNY {RefundState(one.state).zh} {one.paid_on or ''}" for one in paid
        ),
    }
    rows = [
        (one.line_no, f"**{one.part_name}** · {_found(asked, one.line_no)}", Measure(one.quantity, ""), one.price)
        for one in lines
    ]
    return LineTable(HEADINGS, rows, [(name, fact) for name, fact in facts.items() if fact])


def _found(asked: dict[str, Any], line_no: int) -> str:
    return next(str(line["found"]) for line in asked["lines"] if line["line_no"] == line_no)


# an item is watched where its schedule is daily: a refund in progress, or a dispute
_WATCHED = text("""
    SELECT s.number, o.name AS office, i.title, i.role, i.due_at, r.amount, r.state, s.request ->> 'dispute' = 'yes' OR EXISTS (
               SELECT FROM ledger WHERE case_id = s.id AND step_key LIKE 'hear-news-%' AND output ->> 'dispute' = 'yes'
           ) AS disputed,
           (SELECT max(e ->> 'due') FROM json_array_elements(i.schedule) e WHERE e ->> 'term' LIKE 'refund-%') AS pay_by,
           (SELECT max(sent_at) FROM notice WHERE case_id = i.case_id AND step_key = i.step_key AND role = i.role) AS told_at
    FROM service_case s JOIN work_item i ON i.case_id = s.id JOIN office o ON o.code = s.office
    LEFT JOIN LATERAL (SELECT amount, state FROM refund WHERE case_id = s.id ORDER BY turn DESC LIMIT 1) r ON true
    WHERE s.process = 'RF' AND s.closed_at IS NULL AND i.closed_at IS NULL
      AND EXISTS (SELECT FROM json_array_elements(i.schedule) e WHERE e ->> 'kind' = :daily)
    ORDER BY pay_by NULLS LAST, i.due_at, s.number, i.step_key""")


def watched_returns(connection: Connection) -> Sequence[Row[Any]]:
    """Find what is watched daily of open returns: refunds in progress and disputes, the first to be paid first."""
    return connection.execute(_WATCHED, {"daily": Notice.DAILY}).all()
