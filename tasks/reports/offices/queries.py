"""The SQL of the 配件申报评估表: what offices and their people applied for, and what reviewers made of it."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, text

from schemas.forms.anomalies import PartyKind
from tasks.reports.counting import bounds
from tasks.reports.offices.rules import Cards, Evaluated
from tasks.rounds.rules import Period

_COUNTED = ", ".join(f"coalesce(sum({name}), 0)::int AS {name}" for name in Evaluated._fields[3:])
_EVALUATED = text(f"""
    WITH applied AS (  -- by people; what another case has ordered again is nobody's application
        SELECT c.id, c.office, c.applicant, r.finished_at, json_array_length(r.output -> 'lines') AS lines
        FROM ledger r JOIN service_case c ON c.id = r.case_id
        WHERE r.step_key = 'register-lines' AND c.origin NOT LIKE 'case:%' AND r.finished_at < :end),
    review AS (
        SELECT a.*, l.step_key, l.finished_at AS reviewed, l.output ->> 'verdict' AS verdict FROM applied a
        JOIN ledger l ON l.case_id = a.id AND l.kind = 'decision' AND l.step_key ~ '^review-[0-9]+(-anew-[0-9]+)?$'
        WHERE l.finished_at >= :start AND l.finished_at < :end),
    first AS (
        SELECT r.*, (SELECT count(DISTINCT k.line_no) FROM line_correction k
                     WHERE k.case_id = r.id AND k.step_key = 'record-review-1') AS corrected
        FROM review r WHERE r.step_key ~ '^review-1(-|$)'),
    blamed AS (
        SELECT DISTINCT ON (l.case_id) l.output ->> 'party' AS office, g.output ->> 'applicant' AS applicant,
               l.finished_at, l.output ->> 'kind' AS kind
        FROM ledger l JOIN ledger g ON g.case_id = l.case_id AND g.step_key = 'register-anomaly'
        WHERE l.step_key LIKE 'name-party-%' AND l.finished_at < :end ORDER BY l.case_id, l.seq DESC),
    counted (office, applicant, applications, lines, unchanged, corrected, sent_back, rejected, duplicates, anomalies) AS (
        SELECT office, applicant, 1, 0, 0, 0, 0, 0, 0, 0 FROM applied WHERE finished_at >= :start
        UNION ALL SELECT office, applicant, 0, lines, CASE WHEN verdict = 'approve' THEN lines - corrected ELSE 0 END, corrected,
                         0, 0, 0, 0 FROM first
        UNION ALL SELECT office, applicant, 0, 0, 0, 0, (verdict = 'send_back')::int, (verdict = 'reject')::int, 0, 0 FROM review
        UNION ALL SELECT office, applicant, 0, 0, 0, 0, 0, 0, 1, 0 FROM duplicate_line WHERE applied_on BETWEEN :first AND :last
        UNION ALL SELECT office, applicant, 0, 0, 0, 0, 0, 0, 0, 1 FROM blamed
                  WHERE kind = '{PartyKind.OFFICE}' AND finished_at >= :start)
    SELECT o.name AS office, s.code AS staff, s.name AS applicant, {_COUNTED}
    FROM counted k JOIN office o ON o.code = k.office JOIN staff s ON s.code = k.applicant
    GROUP BY o.name, s.code, s.name ORDER BY o.name, s.code""")
_CARDS = text("""
    SELECT o.name AS office, count(*) AS sold, count(w.card_no) FILTER (WHERE w.returned_on <= :last) AS returned
    FROM sales_record s JOIN office o ON o.code = s.office
    LEFT JOIN warranty_card w ON w.order_no = s.order_no AND w.line_no = s.line_no
    WHERE s.signing_date BETWEEN :since AND :last GROUP BY 1 ORDER BY 1""")


def evaluated(connection: Connection, period: Period) -> Sequence[Evaluated]:
    """Count what each applicant of each office applied for, and what became of it, in a period."""
    rows = connection.execute(_EVALUATED, bounds(period) | period._asdict())
    return [Evaluated(*row) for row in rows]


def cards(connection: Connection, period: Period, days: int) -> dict[str, Cards]:
    """Count the sales that were signed in so many days up to the end of a period, and those whose card is back, by office."""
    given = {"since": period.last - timedelta(days=days), "last": period.last}
    return {row.office: Cards(row.sold, row.returned) for row in connection.execute(_CARDS, given)}
