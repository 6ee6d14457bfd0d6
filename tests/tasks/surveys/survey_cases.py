"""Repairs that are over, for surveys to ask about."""

from sqlalchemy import Engine, text

MANY = text("""
    INSERT INTO service_case (number, process, version, origin, office, applicant, urgency, customer_name,
        customer_phone, customer_address, model, link, ending, policy_version, request, opened_at, closed_at)
    SELECT 'RR-2026-9' || lpad(n::text, 5, '0'), 'RR', 1, 'test:' || n, 'BJ', 'E1049', 'normal', '客户' || n,
        '139' || lpad(n::text, 8, '0'), '松涛里' || n, 'BD-201', '催提', 'repaired', 1, '{}',
        CAST(:day AS timestamptz) - interval '9 days', CAST(:day AS timestamptz)
    FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n""")
MADE_BY = text("""
    INSERT INTO production_order (case_id, line_no, turn, unit, supply, part, quantity, since, promised, planned,
        days, state, placed_at)
    SELECT id, 1, 1, CASE WHEN id % 3 = 0 THEN :other ELSE :unit END, 'workshop', 'P-HW-001', 1, '2026-10-05',
        '2026-10-12', '2026-10-12', 7, 'done', opened_at
    FROM service_case WHERE origin LIKE 'test:%' ORDER BY id LIMIT :many""")


def repaired(db: Engine, many: int, day: str = "2026-10-15T10:00:00+08:00", first: int = 1) -> None:
    """Let so many repairs have ended on a day, of two units."""
    with db.begin() as connection:
        connection.execute(MANY, {"day": day, "first": first, "last": first + many - 1})


def made_by(db: Engine, unit: str, other: str, many: int = 1000) -> None:
    """Let every third repair be one unit's, the others another's."""
    with db.begin() as connection:
        connection.execute(MADE_BY, {"unit": unit, "other": other, "many": many})
