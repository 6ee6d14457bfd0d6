"""The SQL of clocks: what of a case was to be made from when on, and when it waited for office or customer."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select, text

from schemas.forms.base import clock_stopping_forms
from schemas.tables import holiday, policy_version
from schemas.words import EntryKind

_ORDERS = text(f"""
    SELECT o.case_id, o.line_no, o.turn, o.unit, u.name AS unit_name, l.part_name, s.number, s.opened_at, s.closed_at,
           s.policy_version,
           o.since, o.days, o.promised, o.planned, o.made_on, o.state, o.placed_at, c.number AS control,
           k.used, k.over, k.paused, k.made_in_time, k.in_in_time, k.out_in_time,
           (SELECT max(e.finished_at) FROM work_item i JOIN ledger e USING (case_id, step_key)
            WHERE i.case_id = o.case_id AND i.unit = o.unit AND e.kind = '{EntryKind.DECISION}'
              AND (e.finished_at AT TIME ZONE 'Asia/Shanghai')::date = o.made_on) AS made_at,
           (SELECT json_agg(json_build_array(opened_at, closed_at, title, role, step_key) ORDER BY opened_at, step_key)
            FROM work_item p WHERE p.case_id = o.case_id AND p.form = ANY(:stops) AND coalesce(p.line, o.line_no) = o.line_no
           ) AS stops
    FROM production_order o JOIN service_case s ON s.id = o.case_id JOIN production_unit u ON u.code = o.unit
    JOIN case_line l ON l.case_id = o.case_id AND l.line_no = o.line_no
    LEFT JOIN service_case c ON c.id = o.cycle_id
    LEFT JOIN line_cycle k ON k.case_id = o.cycle_id AND k.line_no = o.line_no AND k.turn = o.turn
    WHERE o.case_id = :case_id OR o.cycle_id = :case_id ORDER BY o.line_no, o.turn""")


def clocked_lines(connection: Connection, case_id: int) -> Sequence[Row[Any]]:
    """Find what of a case, or of the one whose cycles it controls, was to be made, with its stops, by line and turn."""
    return connection.execute(_ORDERS, {"case_id": case_id, "stops": clock_stopping_forms()}).all()


def holiday_names(connection: Connection, first: date, last: date) -> dict[date, str]:
    """Give the names of the days between two that are unlike their weekday."""
    wanted = select(holiday.c.day, holiday.c.name).where(holiday.c.day.between(first, last))
    return dict(connection.execute(wanted).tuples().all())


def policies_since(connection: Connection, first: date, last: date) -> list[tuple[int, date]]:
    """Find the policy versions that came into force after a day, up to another."""
    begun = policy_version.c.valid_from
    wanted = select(policy_version.c.version, begun).where(begun > first, begun <= last).order_by(begun)
    return list(connection.execute(wanted).tuples())
