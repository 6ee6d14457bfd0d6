"""The SQL of lines with a promise: those of today, as they are recorded or stand now, beside cases from before the system.

What is promised and reported by the day is compared by the day, whatever the convention. Of a line that is not on
record yet its clock is read now: where it stood still, the promise moved (DOMAIN 4).
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from tasks.control import queries as control
from tasks.control.rules import moved_promise, times_of
from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import Calendar, shanghai_day
from tasks.durable import clock
from tasks.reports.rules import Convention, GroupedBy
from tasks.rounds.rules import Period

GROUPS = [by.value for by in GroupedBy]
COUNTED = ("lines", "on_time", "late", "open", "in_on_time", "in_late", "out_on_time", "out_late")
_ON_TIME = {
    Convention.DAY: "CAST(timezone('Asia/Shanghai', finished_at) AS date) <= "
    "CAST(timezone('Asia/Shanghai', promised_at) AS date)",
    Convention.TIMESTAMP: "finished_at <= promised_at",
}
_SEEN = """
    json_to_recordset(CAST(:seen AS json)) AS seen
        (case_id bigint, line_no int, turn int, due date, used int, made boolean, came boolean, went boolean)"""
_OWN = f"""
    production_order o JOIN service_case c ON c.id = o.case_id JOIN office f ON f.code = c.office
    JOIN production_unit u ON u.code = o.unit JOIN part p ON p.code = o.part JOIN part_category k ON k.code = p.category
    LEFT JOIN line_cycle y ON (y.case_id, y.line_no, y.turn) = (o.cycle_id, o.line_no, o.turn)
    LEFT JOIN {_SEEN} ON (seen.case_id, seen.line_no, seen.turn) = (o.cycle_id, o.line_no, o.turn)
    WHERE o.state <> 'cancelled' AND y.withdrawn IS NOT TRUE"""
_LINES = f"""
    WITH line AS (
        SELECT false AS past, u.name AS unit, k.name AS category, f.name AS office, c.process, o.promised AS promised_on,
               coalesce(y.used, seen.used) AS used, o.made_on IS NOT NULL AS done,
               coalesce(y.made_in_time, seen.made, o.made_on <= o.promised) AS made,
               coalesce(y.in_in_time, seen.came) AS came, coalesce(y.out_in_time, seen.went) AS went
        FROM {_OWN} AND o.promised BETWEEN :first AND :last
        UNION ALL
        SELECT true, unit, category, office, process, timezone('Asia/Shanghai', promised_at), NULL,
               finished_at IS NOT NULL, {{on_time}}, NULL, NULL
        FROM past_case
        WHERE promised_at >= timezone('Asia/Shanghai', CAST(:first AS timestamp))
              AND promised_at < timezone('Asia/Shanghai', CAST(:last AS timestamp) + interval '1 day'))
    SELECT {{groups}}, count(*), count(*) FILTER (WHERE made), count(*) FILTER (WHERE NOT made),
           count(*) FILTER (WHERE NOT done), count(*) FILTER (WHERE came), count(*) FILTER (WHERE NOT came),
           count(*) FILTER (WHERE went), count(*) FILTER (WHERE NOT went)
    FROM line GROUP BY {{groups}} ORDER BY {{groups}}"""
_OVERDUE = text(f"""
    SELECT c.number, o.line_no, p.name AS part, u.name AS unit, f.name AS office, coalesce(seen.due, o.promised) AS due
    FROM {_OWN} AND coalesce(seen.due, o.promised) <= :as_of AND (o.made_on IS NULL OR o.made_on > :as_of)
         AND (c.closed_at IS NULL OR c.closed_at >= timezone('Asia/Shanghai', CAST(:as_of AS timestamp) + interval '1 day'))
    ORDER BY due, c.number, o.line_no""")
_OPEN_CONTROLS = text("""
    SELECT DISTINCT o.cycle_id FROM production_order o JOIN line_cycle y
    ON (y.case_id, y.line_no, y.turn) = (o.cycle_id, o.line_no, o.turn)
    WHERE y.used IS NULL AND NOT y.withdrawn ORDER BY 1""")
_PENALTIES = text("""
    SELECT u.name AS unit, count(*) AS lines, sum(p.amount) AS amount, sum(p.confirmed) AS confirmed,
           sum(p.amount) FILTER (WHERE p.confirmed IS NULL) AS proposed,
           sum(p.amount - p.confirmed) AS dropped
    FROM penalty p JOIN production_unit u ON u.code = p.unit
    WHERE p.made_on BETWEEN :first AND :last AND p.amount > 0 GROUP BY u.name ORDER BY u.name""")
MONTH = "date_trunc('month', promised_on)"


def counted(
    connection: Connection, groups: Sequence[str], convention: Convention, period: Period, seen: str
) -> list[Row[Any]]:
    """Count the lines that were promised for the days of a period: the groups, then what COUNTED names."""
    query = _LINES.format(on_time=_ON_TIME[convention], groups=", ".join(groups))
    return list(connection.execute(text(query), period._asdict() | {"seen": seen}))


def overdue(connection: Connection, as_of: date, seen: str) -> list[Row[Any]]:
    """List the lines that were due by the end of a day and not made by then, the oldest first."""
    return list(connection.execute(_OVERDUE, {"as_of": as_of, "seen": seen}))


def penalties(connection: Connection, period: Period) -> list[Row[Any]]:
    """Add up the penalties on what was made late in these days, by unit: proposed, confirmed, dropped, CNY."""
    return list(connection.execute(_PENALTIES, period._asdict()))


def seen_now(connection: Connection) -> str:
    """Say of the lines that are not on record yet how they stand now, as JSON: the moved promise, or each stage's time."""
    ids = [row.cycle_id for row in connection.execute(_OPEN_CONTROLS)]
    today, known = shanghai_day(clock.now()), calendar_today(connection)
    plans, lines = control.units_of(connection, ids), control.lines_of(connection, ids)
    rows = [
        {"case_id": case_id, "line_no": line.line_no, "turn": line.turn, **now}
        for case_id in ids
        for line, now in _standing(known, plans[case_id][0].progress, lines[case_id], today)
    ]
    return json.dumps(rows, default=str)


def _standing(
    known: Calendar, progress: Any, lines: Sequence[Row[Any]], today: date
) -> Iterator[tuple[Row[Any], dict[str, Any]]]:
    for line in lines:
        pauses = progress.pauses_of(line.line_no)
        if line.made_on:
            times = times_of(known, pauses, line)
            stages = {"made": times.made_in_time, "came": times.in_in_time, "went": times.out_in_time}
            yield line, {"used": times.used, **stages}
        elif pauses:
            yield line, {"due": moved_promise(known, pauses, line.since, line.promised, today)}


def last_day_over(period: Period) -> date:
    """Give the last day of a period that is over by now: its own, or yesterday."""
    return min(period.last, shanghai_day(clock.now()) - timedelta(days=1))
