"""The SQL of a case's lines: what was applied for, and how far each line is."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Numeric, Row, Select, case, cast, exists, func, select, text

from schemas.forms.anomalies import AnomalyKind, AnomalyReport
from schemas.parts import NOTHING_MISSING
from schemas.shapes import LineTable, Measure, figure, money
from schemas.tables import case_line, ledger, letter, service_case, stock_movement
from schemas.words import FeeCategory, MovementKind, Reason
from tasks.cycle.rules import published_to
from tasks.durable.process import PROCESSES
from tasks.unit.among import among

_MADE = ", ".join(
    f"'{kind}'" for kind in (MovementKind.PURCHASE_IN, MovementKind.PRODUCTION_IN, MovementKind.REPAIRED_IN)
)
_LINES = text(f"""
    SELECT l.line_no, l.part, l.part_name AS name, l.specification, l.colour, p.uom, l.quantity, l.price, l.fee,
           l.reason, l.warranty_start, l.warranty_end, l.warranty_rule, u.name AS unit_name,
           l.promised, l.planned, l.made_on, l.in_on, l.out_on, l.picked_on,
           coalesce(reserved, 0) AS reserved, coalesce(made, 0) AS made,
           coalesce(received, 0) AS received, coalesce(sent, 0) AS sent, l.replaced,
           (SELECT max(day) FROM holiday) AS last_holiday, c.remark, c.request ->> 'found_on' AS found_on,
           (SELECT json_agg(f ORDER BY step_key, field) FROM line_correction f
            WHERE f.case_id = l.case_id AND f.line_no = l.line_no) AS corrections
    FROM case_line l JOIN service_case c ON c.id = l.case_id JOIN part p ON p.code = l.part
    LEFT JOIN production_unit u ON u.code = l.unit
    LEFT JOIN (SELECT line_no, sum(quantity) AS reserved FROM reservation
               WHERE case_id = :case_id AND state = 'held' GROUP BY line_no) r USING (line_no)
    LEFT JOIN (SELECT line_no, sum(made) AS made FROM production_order
               WHERE case_id = :case_id GROUP BY line_no) o USING (line_no)
    LEFT JOIN (SELECT line_no, sum(quantity) FILTER (WHERE kind IN ({_MADE})) AS received,
                      -sum(quantity) FILTER (WHERE kind = '{MovementKind.DELIVERY_OUT}') AS sent
               FROM stock_movement WHERE case_id = :case_id GROUP BY line_no) m USING (line_no)
    WHERE l.case_id = :case_id ORDER BY line_no""")


_UNPAID = text("""
    WITH RECURSIVE up AS (
        SELECT id AS case_id, id, parent_id FROM service_case WHERE id = ANY(:ids)
        UNION ALL SELECT case_id, parent_id, (SELECT c.parent_id FROM service_case c WHERE c.id = up.parent_id)
        FROM up WHERE parent_id IS NOT NULL)
    SELECT up.case_id, (SELECT c.number FROM service_case c WHERE c.id = up.id) AS number
    FROM up WHERE EXISTS (SELECT FROM case_line l WHERE l.case_id = up.id AND l.unpaid)""")


def parts_of(connection: Connection, case_ids: Collection[int]) -> dict[tuple[int, int], Row[Any]]:
    """Find part names, quantities and dates of the lines of many cases: (case, line) → line."""
    names = ("case_id", "line_no", "part_name", "quantity", "made_on", "out_on", "picked_on")
    wanted = select(*(case_line.c[name] for name in names))
    rows = connection.execute(wanted.where(among(case_line.c.case_id, case_ids)))
    return {(row.case_id, row.line_no): row for row in rows}


REGISTERED = "register-anomaly"  # the step of an anomaly that says where the goods are
_OPENED_BY_CASE = service_case.c.origin.startswith("case:")
Held = dict[int, dict[int, str]]
SAID_ONCE = ("remark", "found_on", "corrections", "last_holiday")  # of the whole case, in words
CORRECTED = {"part": "配件", "quantity": "数量", "price": "单价", "fee": "费用类别"}
HEADINGS = ("行", "配件 Part", "数量 Qty", "预留 Held", "完成 Made", "入库 In", "出库 Out", "承诺 Promised")


def line_table(connection: Connection, case_id: int) -> LineTable:
    """Show the lines of a case: the part with its reason, fee and price, and how far each line is."""
    lines = connection.execute(_LINES, {"case_id": case_id}).all()
    last = max((line for line in lines if line.promised), key=lambda line: line.promised, default=None)
    facts = {
        "承诺 Promised": _promise(last) if last else "",
        "金额 Total": f"{money(sum((line.quantity * line.price for line in lines), Decimal(0)))} CNY",
        "三包 Warranty": "；".join(warranties(lines)),
        "修正 Corrected": "；".join(_correction(made) for line in lines for made in line.corrections or ()),
        "补单 Ordered again": "；".join(
            f"第{line.line_no}行 ×{figure(line.replaced)}" for line in lines if line.replaced
        ),
        "发现日期 Found on": next((line.found_on for line in lines), ""),
        "备注 Remark": next((line.remark for line in lines), ""),
    }
    shown = [(name, fact) for name, fact in facts.items() if fact]
    records = [{name: value for name, value in line._asdict().items() if name not in SAID_ONCE} for line in lines]
    return LineTable(HEADINGS, [_cells(line) for line in lines], shown, records)


def reported_of(connection: Connection, case_ids: Sequence[int]) -> dict[int, dict[int, str]]:
    """Find what people reported of cases: case → id → number. Open lines are held: nothing more is reported meanwhile."""
    lines = select(case_line.c.case_id).where(among(case_line.c.case_id, case_ids), case_line.c.open)
    connection.execute(lines.order_by(case_line.c.case_id, case_line.c.line_no).with_for_update())
    found: dict[int, dict[int, str]] = {case_id: {} for case_id in case_ids}
    reported = select(service_case.c.parent_id, service_case.c.id, service_case.c.number)
    for parent, child, number in connection.execute(
        reported.where(_by_people(), among(service_case.c.parent_id, case_ids)).order_by(service_case.c.id)
    ):
        found[parent][child] = number
    return found


def hold_lines_above(connection: Connection, case_ids: Sequence[int]) -> None:
    """Hold the lines of the cases above these to the transaction's end: a line's delay is charged by one after the other."""
    above = select(service_case.c.parent_id).where(among(service_case.c.id, case_ids))
    lines = select(case_line.c.case_id).where(case_line.c.case_id.in_(above))
    connection.execute(lines.order_by(case_line.c.case_id, case_line.c.line_no).with_for_update(key_share=True))


def ordered_again(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[int]]:
    """Find the open cases that anomalies of cases have opened: two steps below."""
    found: dict[int, list[int]] = {case_id: [] for case_id in case_ids}
    anomaly = service_case.alias()
    below = select(anomaly.c.parent_id, service_case.c.id).join(anomaly, anomaly.c.id == service_case.c.parent_id)
    of_these = below.where(among(anomaly.c.parent_id, case_ids), service_case.c.closed_at.is_(None))
    for case_id, child in connection.execute(of_these.order_by(service_case.c.id)):
        found[case_id].append(child)
    return found


def lines_held(connection: Connection, case_ids: Sequence[int]) -> Held:
    """Find lines about which people reported something that is not settled yet: case → line → number."""
    return _held(connection, case_ids, _by_people())


def goods_held(connection: Connection, case_ids: Sequence[int]) -> Held:
    """Find lines whose goods must not leave: as `lines_held`, and those that were noted when they were made or counted."""
    noted = service_case.c.request["kind"].as_string() == AnomalyKind.NOTED
    return _held(connection, case_ids, _by_people() | (of_reports() & noted))


def unpaid_cases(connection: Connection, case_ids: Sequence[int]) -> dict[int, str]:
    """Find cases whose goods, or those that they replace, are still to be paid for: case → the number of that."""
    return dict(connection.execute(_UNPAID, {"ids": list(case_ids)}).tuples().all())


def _held(connection: Connection, case_ids: Sequence[int], which: ColumnElement[bool]) -> Held:
    found: Held = {case_id: {} for case_id in case_ids}
    line = service_case.c.request["line_no"].as_integer()
    wanted = select(service_case.c.parent_id, line, service_case.c.number).where(which, ~exists().where(letter_told()))
    for parent, line_no, number in connection.execute(wanted.where(among(service_case.c.parent_id, case_ids))):
        found[parent][line_no] = number
    return found


def reported_by_people(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[tuple[int, Decimal, Any]]]:
    """Find what that left the house people have reported as bad or missing, unless it was none.

    Case → line, quantity, and what was told of its end, None where it has not ended.
    """
    found: dict[int, list[tuple[int, Decimal, Any]]] = {case_id: [] for case_id in case_ids}
    line, kind = service_case.c.request["line_no"].as_integer(), service_case.c.request["kind"].as_string()
    of_these = _by_people() & among(service_case.c.parent_id, case_ids) & kind.not_in(NOTHING_MISSING)
    is_one = letter.c.body.is_(None) | letter.c.body["good"].as_boolean()
    wanted = select(service_case.c.parent_id, line, reported_left(), letter.c.body).outerjoin(letter, letter_told())
    for parent, line_no, left, told in connection.execute(wanted.where(of_these, is_one).order_by(service_case.c.id)):
        found[parent].append((line_no, left, told))
    return found


def sent_quantities(case_ids: Sequence[int]) -> Select[tuple[int, int, Decimal]]:
    """Say in SQL how many of each line of cases have left the house: case, line, quantity."""
    of = stock_movement.c
    sent = select(of.case_id, of.line_no, -func.sum(of.quantity))
    return sent.where(of.kind == MovementKind.DELIVERY_OUT, among(of.case_id, case_ids)).group_by(
        of.case_id, of.line_no
    )


def reported_left() -> ColumnElement[Decimal]:
    """Say in SQL how many that had left the house an anomaly's report is about, once that is registered."""
    registered = select(ledger.c.output["left"].as_string()).where(
        ledger.c.case_id == service_case.c.id, ledger.c.step_key == REGISTERED
    )
    return func.coalesce(cast(registered.scalar_subquery(), Numeric), 0)


def letter_told() -> ColumnElement[bool]:
    """Say in SQL that a letter told a case's parent how it ended."""
    opened = service_case.c.origin.regexp_replace("^case:.*:", "")
    key = case((_OPENED_BY_CASE, opened), else_=func.concat("case-", service_case.c.id))
    return (letter.c.case_id == service_case.c.parent_id) & (letter.c.key == key)


def of_reports() -> ColumnElement[bool]:
    """Say in SQL that a case is an anomaly's report; other cases may be about the same one and hold nothing."""
    return service_case.c.process.in_(
        [code for code, process in PROCESSES.items() if issubclass(process.request, AnomalyReport)]
    )


def _by_people() -> ColumnElement[bool]:
    return of_reports() & ~_OPENED_BY_CASE


def _promise(line: Row[Any]) -> str:
    """Say what was promised for a line; provisional beyond the years whose holidays are known."""
    beyond = line.promised and line.last_holiday and line.promised > published_to(line.last_holiday)
    return f"{line.promised or ''}{' 暂定 provisional' if beyond else ''}"


def warranties(lines: Sequence[Row[Any]]) -> list[str]:
    """Say until when lines are under warranty, those alike together."""
    alike: dict[str, list[str]] = {}
    for line in lines:
        if line.warranty_end:
            said = f"{line.warranty_start} → {line.warranty_end} {line.warranty_rule}"
            alike.setdefault(said, []).append(str(line.line_no))
    return [said if len(nos) == len(lines) else f"第{'、'.join(nos)}行 {said}" for said, nos in alike.items()]


def _correction(made: Mapping[str, Any]) -> str:
    was, now = (FeeCategory(one).zh if made["field"] == "fee" else one for one in (made["before"], made["after"]))
    return f"第{made['line_no']}行 {CORRECTED[made['field']]} {was} → {now}"


def _cells(line: Row[Any]) -> tuple[Any, ...]:
    about = [Reason(line.reason).zh, *([FeeCategory(line.fee).zh] if line.fee else []), f"{line.price} CNY"]
    name = " ".join(filter(None, [f"**{line.name}**", line.specification, line.colour]))
    promised = " ".join(filter(None, [_promise(line), line.unit_name]))
    counts = (line.reserved, line.made, line.received, line.sent)
    return (line.line_no, " · ".join([name, *about]), Measure(line.quantity, line.uom), *counts, promised)
