"""The SQL of the reports on follow-up calls and call audits: counted by the database, a row a group."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from schemas.forms.audits import CRITERIA
from tasks.cycle.rules import at
from tasks.rounds.rules import Period

_CALLS = text("""
    WITH called AS (
        SELECT c.id, c.number, o.name AS office, c.ending,
               (SELECT r.why FROM call_reason r WHERE r.case_id = c.id ORDER BY r.line_no LIMIT 1) AS why,
               coalesce((SELECT a.staff FROM call_attempt a WHERE a.case_id = c.id ORDER BY a.called_at DESC LIMIT 1),
                        c.applicant) AS staff
        FROM service_case c JOIN office o ON o.code = c.office
        WHERE c.process = 'HF' AND c.opened_at >= :begins AND c.opened_at < :ends AND c.ending IS DISTINCT FROM 'withdrawn'),
    complained AS (  -- of a call in so many words: the matter begins with its number and a blank, which no number holds
        SELECT number, count(*) AS complaints FROM (
            SELECT split_part(request ->> 'matter', ' ', 1) AS number FROM service_case
            WHERE process = 'CC' AND strpos(request ->> 'matter', ' ') > 0
            UNION ALL SELECT substr(key, 6) FROM letter WHERE key LIKE 'word-%' AND body ->> 'verdict' = 'unsatisfied') told
        GROUP BY 1),
    each AS (
        SELECT h.*, s.name AS agent, tried.attempts, tried.spoken, coalesce(n.complaints, 0) AS complaints
        FROM called h JOIN staff s ON s.code = h.staff LEFT JOIN complained n USING (number), LATERAL (
            SELECT count(*) AS attempts, bool_or(a.result NOT IN ('not_reached', 'wrong_number')) AS spoken
            FROM call_attempt a WHERE a.case_id = h.id) tried)
    SELECT CASE WHEN grouping(agent) = 0 THEN 'agent' WHEN grouping(office) = 0 THEN 'office'
                WHEN grouping(why) = 0 THEN 'why' ELSE 'all' END AS by,
           coalesce(agent || ' ' || staff, office, why, '') AS name, count(*) AS due,
           count(*) FILTER (WHERE attempts > 0) AS made, count(*) FILTER (WHERE spoken) AS reached,
           coalesce(sum(attempts), 0) AS attempts, count(*) FILTER (WHERE ending = 'satisfied') AS satisfied,
           count(*) FILTER (WHERE ending = 'unsatisfied') AS unsatisfied, coalesce(sum(complaints), 0) AS complaints
    FROM each GROUP BY GROUPING SETS ((agent, staff), (office), (why), ()) ORDER BY 1, 3 DESC, 2""")
_SCORES = text(f"""
    SELECT s.name || ' ' || s.code AS agent, count(*) AS audits, avg(a.score) AS score, sum(a.forbidden) AS forbidden,
           sum(a.deduction) AS deduction,
           {
    ", ".join(
        f"count(*) FILTER (WHERE {name} = 'met') AS {name}_met, "
        f"count(*) FILTER (WHERE {name} = 'not_met') AS {name}_not"
        for name in CRITERIA
    )
}
    FROM call_audit a JOIN staff s ON s.code = a.agent
    WHERE a.recorded_at >= :begins AND a.recorded_at < :ends GROUP BY s.code, s.name ORDER BY 3, 1""")
_ADVICE = text("""
    SELECT s.name || ' ' || s.code AS agent, a.call, a.score, a.advice FROM call_audit a JOIN staff s ON s.code = a.agent
    WHERE a.recorded_at >= :begins AND a.recorded_at < :ends AND a.advice <> '' ORDER BY a.recorded_at""")


def _days(period: Period) -> dict[str, Any]:
    return {"begins": at(period.first), "ends": at(period.last + timedelta(days=1))}


def calls_counted(connection: Connection, period: Period) -> Sequence[Row[Any]]:
    """Count the calls that fell due in a period: all, and by agent, office and reason."""
    return connection.execute(_CALLS, _days(period)).all()


def scores_counted(connection: Connection, period: Period) -> Sequence[Row[Any]]:
    """Count by agent what audits of a period scored, and how often each rule was kept."""
    return connection.execute(_SCORES, _days(period)).all()


def advice_given(connection: Connection, period: Period) -> Sequence[Row[Any]]:
    """List what SUPERVISORs advised in a period."""
    return connection.execute(_ADVICE, _days(period)).all()
