"""The SQL of anomalies: the case and line in question, who may be responsible, what was reported of a case."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, TextClause, select, text

from schemas.forms.anomalies import AnomalyReport, PartyKind
from schemas.forms.cases import CaseEnded
from schemas.parts import Goods
from schemas.spelling import Known
from schemas.tables import (
    carrier,
    case_line,
    charge,
    letter,
    office,
    production_unit,
    service_case,
    staff,
    staff_role,
    warehouse,
)
from schemas.words import Role
from tasks.anomalies.rules import Party, Source
from tasks.lines.anomalies import outcome_of
from tasks.lines.queries import hold_lines_above, letter_told, of_reports, reported_left, sent_quantities
from tasks.unit.among import among

_REVIEWS = staff.c.active & staff.c.code.in_(select(staff_role.c.staff).where(staff_role.c.role == Role.PARTS_REVIEWER))
PARTIES: Mapping[PartyKind, tuple[Any, ColumnElement[bool] | None]] = {
    PartyKind.UNIT: (production_unit, production_unit.c.kind != "supplier"),
    PartyKind.SUPPLIER: (production_unit, production_unit.c.kind == "supplier"),
    PartyKind.WAREHOUSE: (warehouse, warehouse.c.office.is_(None)),
    PartyKind.CARRIER: (carrier, None),
    PartyKind.OFFICE: (office, None),
    PartyKind.REVIEWER: (staff, _REVIEWS),
}
_ANCESTORS = text("""
    WITH RECURSIVE up AS (
        SELECT id AS case_id, parent_id FROM service_case WHERE id = ANY(:ids)
        UNION ALL SELECT up.case_id, c.parent_id FROM up JOIN service_case c ON c.id = up.parent_id)
    SELECT up.case_id, count(*) FROM up JOIN service_case c ON c.id = up.parent_id
    JOIN service_case own ON own.id = up.case_id AND own.process = c.process GROUP BY up.case_id""")

_PENALISED = text("""
    SELECT a.id, p.unit, sum(p.confirmed) FROM service_case a JOIN service_case c ON c.parent_id = a.parent_id
    JOIN penalty p ON p.case_id = c.id AND p.line_no = (a.request ->> 'line_no')::int
    WHERE a.id = ANY(:ids) AND p.confirmed > 0 GROUP BY a.id, p.unit""")


_STANDS = text("""
    SELECT coalesce(sum(m.quantity), 0) FROM stock_movement m JOIN service_case c ON c.id = m.case_id
    WHERE :source IN (c.id, c.parent_id) AND (m.line_no, m.part, m.warehouse) = (:line_no, :part, :warehouse)""")
_TRAVELS = text("""
    SELECT coalesce(-sum(m.quantity), 0) FROM stock_movement m
    WHERE (m.case_id, m.line_no, m.part) = (:source, :line_no, :part) AND m.step_key LIKE 'release-goods-%' AND NOT EXISTS (
        SELECT FROM ledger l WHERE l.case_id = m.case_id AND l.step_key IN (
            replace(m.step_key, 'release-goods', 'confirm-receipt'), replace(m.step_key, 'release-goods', 'book-back')))""")


def stands_at(connection: Connection, source: int, goods: Goods, where: str) -> Decimal:
    """Find how many of a line's goods stand in a warehouse by a case, and have not left it by that case's anomalies."""
    return _found(connection, _STANDS, goods, source=source, warehouse=where)


def on_the_road(connection: Connection, source: int, goods: Goods) -> Decimal:
    """Find how many of a line's goods left the house and nobody has collected yet."""
    return _found(connection, _TRAVELS, goods, source=source)


def _found(connection: Connection, query: TextClause, goods: Goods, **more: Any) -> Decimal:
    about = {"line_no": goods.line_no, "part": goods.part}
    return Decimal(connection.execute(query, about | more).scalar_one())


def penalised_units(connection: Connection, case_ids: Sequence[int]) -> dict[int, dict[str, Decimal]]:
    """Find, of each anomaly, which units pay how much as a confirmed penalty for the delay of its line, CNY."""
    hold_lines_above(connection, case_ids)
    found: dict[int, dict[str, Decimal]] = {case_id: {} for case_id in case_ids}
    for case_id, unit, amount in connection.execute(_PENALISED, {"ids": list(case_ids)}):
        found[case_id][unit] = amount
    return found


def sources(connection: Connection, numbers: Sequence[str], hold: bool = False) -> dict[str, Source]:
    """Find cases with their lines by number; `hold`: no line of them ends, or is reported, before this transaction ends."""
    cases = connection.execute(select(service_case).where(among(service_case.c.number, numbers))).all()
    lines = select(case_line).where(among(case_line.c.case_id, [case.id for case in cases]))
    lines = lines.order_by(case_line.c.case_id, case_line.c.line_no)
    rows = connection.execute(lines.with_for_update(key_share=True) if hold else lines).all()
    claimed, gone = _claimed_and_gone(connection, [case.id for case in cases])
    own = {case.id: {row.line_no: row for row in rows if row.case_id == case.id} for case in cases}
    return {case.number: Source(case, own[case.id], claimed[case.id], gone[case.id]) for case in cases}


OfLines = dict[int, defaultdict[int, Decimal]]


def _claimed_and_gone(connection: Connection, case_ids: Sequence[int]) -> tuple[OfLines, OfLines]:
    """Add up, case → line → quantity, what is claimed, and what has left the house and no report is about.

    Claimed is what anomalies are about that their source has not heard of, or that was accepted as missing.
    """
    claimed, gone = ({case_id: defaultdict[int, Decimal](Decimal) for case_id in case_ids} for _ in range(2))
    for case_id, line_no, quantity in connection.execute(sent_quantities(case_ids)):
        gone[case_id][line_no] = quantity
    told = letter_told() & letter.c.read_at.is_not(None)
    reports = select(service_case.c.parent_id, service_case.c.request, letter.c.body, reported_left())
    wanted = reports.outerjoin(letter, told).where(of_reports(), among(service_case.c.parent_id, case_ids))
    for parent, request, body, left in connection.execute(wanted):
        outcome, line_no = outcome_of(CaseEnded.model_validate(body)) if body else None, request["line_no"]
        if outcome is None or (outcome.given_up and not outcome.again):
            claimed[parent][line_no] += Decimal(request["quantity"])
        if outcome is None or outcome.given_up:
            gone[parent][line_no] -= min(left, gone[parent][line_no])
    return claimed, gone


def charges(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """Load what was charged for anomalies, in order."""
    rows = connection.execute(select(charge).where(among(charge.c.case_id, case_ids)).order_by(charge.c.id)).all()
    return {case_id: [row for row in rows if row.case_id == case_id] for case_id in case_ids}


def source_of(one: Any) -> str:
    """Give the number of the case that is meant: what a report or an anomaly's case names, any other case itself."""
    return str(one.source if isinstance(one, AnomalyReport) else one.request.get("source", one.number))


def held_sources(connection: Connection, numbers: Sequence[str]) -> dict[str, Source]:
    """Find cases with their lines by number; no line of them ends before this transaction does."""
    return sources(connection, numbers, hold=True)


def parties(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[PartyKind, Known[Party]]:
    """Load who may be responsible, by kind, by code and by name."""
    found = {}
    for kind, (table, which) in PARTIES.items():
        wanted = select(table.c.code, table.c.name).order_by(table.c.code)
        rows = connection.execute(wanted if which is None else wanted.where(which))
        known = [Party(*row) for row in rows]
        found[kind] = Known((word, one) for one in known for word in (one.name, one.code))
    return found


def anomalies_before(connection: Connection, case_ids: Sequence[int]) -> dict[int, int]:
    """Count, of each anomaly, those whose re-order it is about: the cases above it of its own process."""
    return dict(connection.execute(_ANCESTORS, {"ids": list(case_ids)}).tuples().all())
