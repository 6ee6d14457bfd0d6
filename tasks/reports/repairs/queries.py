"""The SQL of the repair report: each line with its end, and what returns and repairs cost by office."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, text

from schemas.processes.repair_return import RepairEnding
from schemas.words import DocumentKind, FeeCategory
from tasks.reports.counting import bounds
from tasks.reports.repairs.rules import LineInRepair, OfficeCost
from tasks.rounds.rules import Period

_LINES = text("""
    SELECT c.number, o.name AS office, l.fee, c.opened_at AS received, coalesce(e.finished_at, c.closed_at) AS ended,
           coalesce(e.output #>> '{}', c.ending) AS ending,
           coalesce(g.output ->> 'cause', c.request -> 'lines' -> (l.line_no - 1) ->> 'cause', '') AS cause
    FROM service_case c JOIN office o ON o.code = c.office JOIN case_line l ON l.case_id = c.id
    LEFT JOIN ledger e ON e.case_id = c.id AND e.step_key = 'record-outcome-' || l.line_no
    LEFT JOIN ledger g ON g.case_id = c.id AND g.step_key = 'collect-goods-' || l.line_no
    WHERE c.process = 'RR' AND c.opened_at < :end AND (c.closed_at IS NULL OR c.closed_at >= :start)
          AND coalesce(e.finished_at >= :start, true) ORDER BY c.id, l.line_no""")
_COSTS = text(f"""
    SELECT o.name AS office, coalesce(sum(lists), 0)::int AS lists, coalesce(sum(back), 0) AS back, coalesce(sum(out), 0) AS out,
           coalesce(sum(fees), 0) AS fees, coalesce(sum(paid), 0) AS paid
    FROM (
        SELECT c.office, 1 AS lists, coalesce((l.output ->> 'freight')::numeric, 0) AS back, 0 AS out, 0 AS fees, 0 AS paid
        FROM ledger l JOIN service_case c ON c.id = l.case_id
        WHERE c.process = 'RL' AND l.kind = 'decision' AND l.step_key = 'logistics'
              AND l.finished_at >= :start AND l.finished_at < :end
        UNION ALL
        SELECT c.office, 0, 0, (d.content ->> 'freight')::numeric, 0, 0 FROM document d JOIN service_case c ON c.id = d.case_id
        WHERE c.process = 'RR' AND d.kind = '{DocumentKind.DISPATCH_NOTE}' AND d.issued_at >= :start AND d.issued_at < :end
        UNION ALL
        SELECT office, 0, 0, 0, fee, 0 FROM (  -- what the last repair of a line cost, less what was reported before
            SELECT DISTINCT ON (until, c.id, split_part(l.step_key, '-', 2)) c.office,
                   CASE WHEN until = :end THEN 1 ELSE -1 END * (l.output ->> 'fee')::numeric AS fee
            FROM (SELECT unnest(ARRAY[CAST(:start AS timestamptz), CAST(:end AS timestamptz)]) AS until) bound
            JOIN ledger l ON l.finished_at < until JOIN service_case c ON c.id = l.case_id
            WHERE c.process = 'RR' AND l.kind = 'decision' AND l.step_key LIKE 'repair-%' AND l.output ->> 'result' = 'repaired'
            ORDER BY until, c.id, split_part(l.step_key, '-', 2), l.seq DESC) mended
        UNION ALL
        SELECT c.office, 0, 0, 0, 0, p.amount FROM payment p JOIN service_case c ON c.id = p.case_id
        WHERE c.process = 'RR' AND p.recorded_at >= :start AND p.recorded_at < :end) one
    JOIN office o ON o.code = one.office GROUP BY o.name
    HAVING bool_or(lists > 0 OR back <> 0 OR out <> 0 OR paid <> 0) OR sum(fees) <> 0 ORDER BY o.name""")


def repair_lines(connection: Connection, period: Period) -> list[LineInRepair]:
    """Load the lines that were in repair at any time in a period."""
    return [_line(row) for row in connection.execute(_LINES, bounds(period))]


def _line(row: Row[Any]) -> LineInRepair:
    fee, ending = FeeCategory(row.fee) if row.fee else None, RepairEnding.parse(row.ending) if row.ending else None
    return LineInRepair(row.number, row.office, row.cause, fee, row.received, row.ended, ending)


def office_costs(connection: Connection, period: Period) -> Sequence[OfficeCost]:
    """Add up what the returns and repairs of a period cost by office, CNY."""
    return [OfficeCost(*row[:2], *map(Decimal, row[2:])) for row in connection.execute(_COSTS, bounds(period))]
