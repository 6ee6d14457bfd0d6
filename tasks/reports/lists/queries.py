"""The SQL of lists that leaders read every week: suggestions, open tasks, cases."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from schemas.words import Role
from tasks.reports.counting import bounds
from tasks.rounds.rules import Period

_SUGGESTIONS = text("""
    SELECT c.number, c.opened_at AS received, c.closed_at AS closed, c.ending, o.name AS office, c.customer_name,
           c.customer_phone, c.customer_address, c.request ->> 'matter' AS matter, coalesce(u.name, '') AS unit,
           coalesce(said.reply, '') AS reply
    FROM service_case c JOIN office o ON o.code = c.office
    LEFT JOIN LATERAL (
        SELECT (array_agg(output #>> '{}' ORDER BY seq DESC) FILTER (WHERE step_key LIKE 'name-unit-%'))[1] AS unit,
               (array_agg(output ->> 'answer' ORDER BY seq DESC) FILTER (
                   WHERE kind = 'decision' AND step_key ~ '^(first|unit)-' AND output ->> 'answer' <> ''))[1] AS reply
        FROM ledger l WHERE l.case_id = c.id AND l.finished_at < :end) said ON true
    LEFT JOIN production_unit u ON u.code = said.unit
    WHERE c.process = 'CC' AND c.request ->> 'kind' = 'suggestion' AND c.opened_at < :end
          AND (c.closed_at IS NULL OR c.closed_at >= :start) ORDER BY c.opened_at, c.id""")
_TASKS = text(f"""
    SELECT i.role, i.title, count(*) AS open, count(*) FILTER (WHERE i.due_at < :end) AS overdue, min(i.due_at) AS oldest
    FROM work_item i WHERE i.opened_at < :end AND (i.closed_at IS NULL OR i.closed_at >= :end) AND i.role <> '{Role.SYSTEM}'
    GROUP BY 1, 2 ORDER BY overdue DESC, open DESC, 1, 2""")
_CASES = text("""
    SELECT process, count(*) FILTER (WHERE opened_at >= :start) AS came, count(*) FILTER (WHERE closed_at < :end) AS closed,
           count(*) FILTER (WHERE closed_at IS NULL OR closed_at >= :end) AS open, min(opened_at) FILTER (
               WHERE closed_at IS NULL OR closed_at >= :end) AS oldest
    FROM service_case WHERE opened_at < :end AND (closed_at IS NULL OR closed_at >= :start) GROUP BY 1 ORDER BY 1""")


def suggested(connection: Connection, period: Period) -> Sequence[Row[Any]]:
    """Load the suggestions that were open at any time in a period, as it stood at its end."""
    return connection.execute(_SUGGESTIONS, bounds(period)).all()


def open_tasks(connection: Connection, end: datetime) -> Sequence[Row[Any]]:
    """Count what waited for people at a moment, by role and title, the most overdue first."""
    return connection.execute(_TASKS, {"end": end}).all()


def cases_in(connection: Connection, period: Period) -> Sequence[Row[Any]]:
    """Count the cases that came, were closed and are open, by process."""
    return connection.execute(_CASES, bounds(period)).all()
