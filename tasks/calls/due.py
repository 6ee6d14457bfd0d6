"""The SQL of who is due to be called: one statement for what happened to cases, one for regular customers (S2)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from schemas.forms.base import form_path
from schemas.forms.calls import CallMade, CallWhy, NumberCorrected
from schemas.forms.complaints import CustomerHeard
from schemas.processes.complaint import ContactEnding
from schemas.words import DocumentKind, Role
from tasks.applications.warranty import add_months
from tasks.calls.rules import DueReason
from tasks.cycle.rules import at, shanghai_day
from tasks.durable import clock
from tasks.durable.process import PROCESSES

SERVICES = ("PA", "RR", "RF", "SO")  # whose good endings a customer sees
_OF_NO_COMPLAINT = "(SELECT p.process FROM service_case p WHERE p.id = c.parent_id) IS DISTINCT FROM 'CC'"
_FOUND = text(f"""
    WITH found AS (
        SELECT CAST(:filed AS text) AS why, CAST(substring(i.step_key FROM '[0-9]+$') AS integer) AS turn,
               i.opened_at AS since, c.*
        FROM work_item i JOIN service_case c ON c.id = i.case_id
        WHERE i.form = :word AND i.role = :system AND i.closed_at IS NULL
        UNION ALL
        SELECT :done, 1, c.closed_at, c.* FROM service_case c
        WHERE c.process || ':' || c.ending = ANY(:good) AND c.closed_at >= :after AND {_OF_NO_COMPLAINT}
        UNION ALL
        SELECT :during, 1, c.opened_at + make_interval(days => :open_days), c.* FROM service_case c
        WHERE c.closed_at IS NULL AND c.opened_at <= :long AND c.process = ANY(:services) AND {_OF_NO_COMPLAINT}
        UNION ALL
        SELECT :during, 1, c.opened_at + make_interval(days => :open_days), c.* FROM service_case c
        WHERE c.closed_at IS NULL AND c.opened_at <= :long AND c.process = 'CC'
              AND NOT EXISTS (SELECT FROM document d WHERE d.case_id = c.id AND d.kind = :file)
        UNION ALL
        SELECT :quarter, f.turn, CAST(:now AS timestamptz), c.* FROM (
            SELECT case_id, CAST(extract(year FROM gone) * 12 + extract(month FROM gone) AS integer) / :months AS turn
            FROM (SELECT case_id, age(CAST(:today AS timestamp),
                         date_trunc('day', max(issued_at) AT TIME ZONE 'Asia/Shanghai')) AS gone
                  FROM document WHERE kind = :file AND issued_at >= :first_filed GROUP BY case_id) filed) f
        JOIN service_case c ON c.id = f.case_id
        WHERE f.turn BETWEEN 1 AND :quarters AND c.process = 'CC' AND c.closed_at IS NOT NULL AND c.ending <> :unreachable)
    SELECT f.why, f.id AS source, f.turn, f.since, f.number, f.office, f.order_no, f.customer_name AS name,
           coalesce(n.phone, f.customer_phone) AS phone, f.customer_address AS address
    FROM found f LEFT JOIN phone_correction n ON n.wrong = f.customer_phone
    WHERE (f.customer_phone <> '' OR f.why = :filed)
          AND NOT EXISTS (SELECT FROM no_calls x WHERE x.phone = coalesce(n.phone, f.customer_phone))
          AND NOT EXISTS (SELECT FROM call_reason r WHERE (r.why, r.source, r.turn) = (f.why, f.id, f.turn))
    ORDER BY f.since, f.id""")
_REGULAR = text("""
    WITH told AS NOT MATERIALIZED (  -- whose phones and days are added up first, without what else is told
        SELECT t.office, t.order_no, t.name, coalesce(n.phone, t.phone) AS phone, t.address, t.at, t.counts FROM (
            SELECT office, order_no, customer_name AS name, customer_phone AS phone, customer_address AS address,
                   CAST(coalesce(signing_date, delivery_date, factory_date) AS timestamp) AT TIME ZONE 'Asia/Shanghai'
                   AS at, true AS counts
            FROM sales_record
            UNION ALL
            SELECT office, order_no, customer_name, customer_phone, customer_address, coalesce(closed_at, opened_at),
                   process <> 'HF'
            FROM service_case) t LEFT JOIN phone_correction n ON n.wrong = t.phone),
    quiet AS (
        SELECT phone, since FROM (
            SELECT phone, max(at) AS since FROM told WHERE phone <> '' GROUP BY phone
            HAVING max(at) < :before AND max(at) FILTER (WHERE counts) >= :since) q
        WHERE NOT EXISTS (SELECT FROM no_calls x WHERE x.phone = q.phone)
              AND NOT EXISTS (SELECT FROM service_case c WHERE c.process = 'HF' AND c.customer_phone = q.phone
                              AND c.closed_at IS NULL)
        ORDER BY since, phone LIMIT :most)
    SELECT DISTINCT ON (q.since, q.phone) t.office, t.order_no, t.name, q.phone, t.address, q.since
    FROM quiet q JOIN told t ON t.phone = q.phone AND t.counts ORDER BY q.since, q.phone, t.at DESC, t.order_no DESC""")
_LISTED = text("SELECT count(*) FROM call_reason WHERE why = :why AND added_at >= :today")
_OPEN = text("""
    SELECT c.customer_phone AS phone, max(c.id) AS case_id FROM service_case c JOIN work_item i ON i.case_id = c.id
    WHERE c.process = 'HF' AND c.closed_at IS NULL AND i.closed_at IS NULL AND i.form = ANY(:forms)
          AND c.customer_phone = ANY(:phones) AND c.customer_phone <> '' GROUP BY 1""")


def reasons_due(connection: Connection, policy: Mapping[str, Any]) -> list[DueReason]:
    """Find what customers are to be called about and were not: filed complaints, what was done, what takes long."""
    now, months = clock.now(), policy["hf.quarter.months"]
    today, quarters = shanghai_day(now), policy["hf.quarter.until_months"] // months
    good = [
        f"{code}:{word.value}"
        for code in SERVICES
        if code in PROCESSES
        for word in PROCESSES[code].endings
        if word.good
    ]
    words = {why.name.lower(): why.value for why in CallWhy}
    given: dict[str, Any] = {
        "word": form_path(CustomerHeard),
        "system": Role.SYSTEM.value,
        "file": DocumentKind.COMPLAINT_FILE.value,
    }
    given |= {"good": good, "services": list(SERVICES), "open_days": policy["hf.open.days"], "now": now, "today": today}
    given |= {"after": now - timedelta(days=policy["hf.after.days"]), "unreachable": ContactEnding.UNREACHABLE.value}
    given |= {"long": now - timedelta(days=policy["hf.open.days"]), "months": months, "quarters": quarters}
    given |= {"first_filed": _start(today, -months * (quarters + 1))}
    rows = connection.execute(_FOUND, words | given)
    return [DueReason(**row._asdict() | {"why": CallWhy(row.why)}) for row in rows]


def regulars_due(connection: Connection, policy: Mapping[str, Any]) -> list[DueReason]:
    """Find the regular customers whom nobody called, or did anything for, for a quarter; so many a day."""
    today, now = shanghai_day(clock.now()), clock.now()
    since, before = _start(today, -policy["hf.regular.since_months"]), _start(today, -policy["hf.regular.months"])
    listed = connection.scalar(_LISTED, {"why": CallWhy.REGULAR.value, "today": at(today)}) or 0
    most = max(policy["hf.regular.most_a_day"] - listed, 0)
    given = {"since": since, "before": before + timedelta(days=1), "most": most}
    rows = connection.execute(_REGULAR, given)
    own = {"why": CallWhy.REGULAR, "source": None, "number": "", "turn": 1, "since": now}
    return [DueReason(**row._asdict() | own) for row in rows]


def _start(today: date, months: int) -> datetime:
    """Give the beginning of the day so many months from today."""
    return at(add_months(today, months))


def calls_open(connection: Connection, phones: Sequence[str]) -> dict[str, int]:
    """Find the calls to these numbers that were not made yet: number → case."""
    forms = [form_path(form) for form in (CallMade, NumberCorrected)]
    rows = connection.execute(_OPEN, {"forms": forms, "phones": list(phones)})
    return {row.phone: row.case_id for row in rows}
