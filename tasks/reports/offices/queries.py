"""The SQL of the 配件申报评估表: what offices and their people applied for, and what reviewers made of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.forms.anomalies import PartyKind
from schemas.forms.applications import ReviewVerdict
from schemas.tables import review_objection
from tasks.reports.counting import bounds
from tasks.reports.offices.rules import Cards, Evaluated
from tasks.rounds.rules import Period

_COUNTED = ", ".join(f"coalesce(sum({name}), 0)::int AS {name}" for name in Evaluated._fields[3:])
# a case is closed by its last entry: whatever happened in a period is of a case that was open in it
_ALIVE = "c.opened_at < :end AND (c.closed_at IS NULL OR c.closed_at >= :start)"
_EVALUATED = text(f"""
    WITH applied AS (  -- by people; what another case has ordered again is nobody's application
        SELECT c.id, c.office, c.applicant, r.finished_at, json_array_length(r.output -> 'lines') AS lines
        FROM ledger r JOIN service_case c ON c.id = r.case_id
        WHERE r.step_key = 'register-lines' AND c.origin NOT LIKE 'case:%' AND r.finished_at < :end AND {_ALIVE}),
    upheld AS (SELECT case_id, line_no FROM review_objection WHERE verdict = 'approve'),  -- the office was right
    review AS (
        SELECT a.*, l.step_key, l.finished_at AS reviewed, l.output ->> 'verdict' AS verdict,
               l.step_key ~ '^review-1(-|$)' AND EXISTS (
                   SELECT FROM upheld u WHERE u.case_id = a.id AND u.line_no = 0) AS excused
        FROM applied a
        JOIN ledger l ON l.case_id = a.id AND l.kind = 'decision' AND l.step_key ~ '^review-[0-9]+(-anew-[0-9]+)?$'
        WHERE l.finished_at >= :start AND l.finished_at < :end),
    first AS (
        SELECT r.*, (SELECT count(DISTINCT k.line_no) FROM line_correction k
                     WHERE k.case_id = r.id AND k.step_key = 'record-review-1' AND NOT EXISTS (
                         SELECT FROM upheld u WHERE u.case_id = k.case_id AND u.line_no = k.line_no)) AS corrected
        FROM review r WHERE r.step_key ~ '^review-1(-|$)'),
    blamed AS (
        SELECT DISTINCT ON (l.case_id) l.output ->> 'party' AS office, g.output ->> 'applicant' AS applicant,
               l.finished_at, l.output ->> 'kind' AS kind
        FROM ledger l JOIN ledger g ON g.case_id = l.case_id AND g.step_key = 'register-anomaly'
        JOIN service_case c ON c.id = l.case_id
        WHERE l.step_key LIKE 'name-party-%' AND l.finished_at < :end AND {_ALIVE} ORDER BY l.case_id, l.seq DESC),
    counted (office, applicant, applications, lines, unchanged, corrected, sent_back, rejected, duplicates, anomalies) AS (
        SELECT office, applicant, 1, 0, 0, 0, 0, 0, 0, 0 FROM applied WHERE finished_at >= :start
        UNION ALL SELECT office, applicant, 0, lines, CASE WHEN verdict = 'approve' OR excused THEN lines - corrected ELSE 0 END,
                         corrected, 0, 0, 0, 0 FROM first
        UNION ALL SELECT office, applicant, 0, 0, 0, 0, (verdict = 'send_back' AND NOT excused)::int,
                         (verdict = 'reject' AND NOT excused)::int, 0, 0 FROM review
        UNION ALL SELECT office, applicant, 0, 0, 0, 0, 0, 0, 1, 0 FROM duplicate_line WHERE applied_on BETWEEN :first AND :last
        UNION ALL SELECT office, applicant, 0, 0, 0, 0, 0, 0, 0, 1 FROM blamed
                  WHERE kind = '{PartyKind.OFFICE}' AND finished_at >= :start)
    SELECT o.name AS office, s.code AS staff, s.name AS applicant, {_COUNTED}
    FROM counted k JOIN office o ON o.code = k.office JOIN staff s ON s.code = k.applicant
    GROUP BY o.name, s.code, s.name ORDER BY o.name, s.code""")
_FIRST_REVIEW = text("""
    SELECT c.id AS case_id, c.number, c.office, l.finished_at AS reviewed_at, l.output ->> 'verdict' AS verdict,
           (SELECT array_agg(DISTINCT k.line_no) FROM line_correction k
            WHERE k.case_id = c.id AND k.step_key = 'record-review-1') AS corrected
    FROM service_case c JOIN ledger l ON l.case_id = c.id AND l.kind = 'decision' AND l.step_key ~ '^review-1(-anew-[0-9]+)?$'
    WHERE c.number = :number AND c.origin NOT LIKE 'case:%'
          AND EXISTS (SELECT FROM ledger r WHERE r.case_id = c.id AND r.step_key = 'register-lines')""")
_CARDS = text("""
    SELECT o.name AS office, count(*) AS sold, count(w.card_no) FILTER (WHERE w.returned_on <= :last) AS returned
    FROM sales_record s JOIN office o ON o.code = s.office
    LEFT JOIN warranty_card w ON w.order_no = s.order_no AND w.line_no = s.line_no
    WHERE s.signing_date BETWEEN :since AND :last GROUP BY 1 ORDER BY 1""")


def evaluated(connection: Connection, period: Period) -> Sequence[Evaluated]:
    """Count what each applicant of each office applied for, and what became of it, in a period."""
    rows = connection.execute(_EVALUATED, bounds(period) | period._asdict())
    return [Evaluated(*row) for row in rows]


def cards_back(connection: Connection, period: Period, days: int) -> dict[str, Cards]:
    """Count the sales that were signed in so many days up to the end of a period, and those whose card is back, by office."""
    given = {"since": period.last - timedelta(days=days), "last": period.last}
    return {row.office: Cards(row.sold, row.returned) for row in connection.execute(_CARDS, given)}


class FirstReview(NamedTuple):
    """What an application's first review came to; `corrected` are its lines that were."""

    case_id: int
    number: str
    office: str
    reviewed_at: datetime
    verdict: ReviewVerdict
    corrected: Sequence[int]


def first_review(connection: Connection, number: str) -> FirstReview | None:
    """Give the first review of an application that people made; None where there was none."""
    row = connection.execute(_FIRST_REVIEW, {"number": number}).first()
    if row is None:
        return None
    said = {"verdict": ReviewVerdict(row.verdict), "corrected": row.corrected or ()}
    return FirstReview(**row._asdict() | said)


def objections_to(connection: Connection, case_id: int) -> dict[int, Row[Any]]:
    """Load the objections to the review of a case, by line."""
    of = review_objection
    return {row.line_no: row for row in connection.execute(select(of).where(of.c.case_id == case_id).with_for_update())}


def object_to_line(connection: Connection, case_id: int, line_no: int, **said: Any) -> bool:
    """Note an objection; False where there is one."""
    row = upsert(review_objection).values(case_id=case_id, line_no=line_no, **said)
    return connection.execute(row.on_conflict_do_nothing().returning(review_objection.c.line_no)).first() is not None


def note_decision(connection: Connection, objection: Row[Any], **decided: Any) -> None:
    """Note what was decided of an objection."""
    of = review_objection
    mine = (of.c.case_id == objection.case_id, of.c.line_no == objection.line_no)
    connection.execute(update(of).where(*mine).values(**decided))
