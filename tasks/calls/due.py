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
_FOUND = text("""
    WITH found AS (
        SELECT CAST(:filed AS text) AS why, i.case_id AS source,
               CAST(substring(i.step_key FROM '[0-9]+$') AS integer) AS turn, i.opened_at AS since
        FROM work_item i WHERE i.form = :word AND i.role = :system AND i.closed_at IS NULL
        UNION ALL
        SELECT :done, c.id, 1, c.closed_at FROM service_case c LEFT JOIN service_case p ON p.id = c.parent_id
        WHERE c.process || ':' || c.ending = ANY(:good) AND c.closed_at >= :after AND coalesce(p.process, '') <> 'CC'
        UNION ALL
        SELECT :during, c.id, 1, c.opened_at + make_interval(days => :open_days)
        FROM service_case c LEFT JOIN service_case p ON p.id = c.parent_id
        WHERE c.closed_at IS NULL AND c.process = ANY(:services) AND c.opened_at <= :long
              AND coalesce(p.process, '') <> 'CC'
        UNION ALL
        SELECT :during, c.id, 1, c.opened_at + make_interval(days => :open_days) FROM service_case c
        WHERE c.closed_at IS NULL AND c.process = 'CC' AND c.opened_at <= :long
              AND NOT EXISTS (SELECT FROM document d WHERE d.case_id = c.id AND d.kind = :file)
        UNION ALL
        SELECT :quarter, case_id, turn, CAST(:now AS timestamptz) FROM (
            SELECT f.case_id, CAST(extract(year FROM gone) * 12 + extract(month FROM gone) AS integer) / :months AS turn
            FROM (SELECT d.case_id, age(CAST(:today AS timestamp),
                         date_trunc('day', max(d.issued_at) AT TIME ZONE 'Asia/Shanghai')) AS gone
                  FROM document d JOIN service_case c ON c.id = d.case_id
                  WHERE d.kind = :file AND c.process = 'CC' AND c.closed_at IS NOT NULL AND c.ending <> :unreachable
                        AND d.issued_at >= :first_filed
                  GROUP BY d.case_id) f) quarters
        WHERE turn BETWEEN 1 AND :quarters)
    SELECT f.why, f.source, f.turn, f.since, c.number, c.office, c.order_no, c.customer_name AS name,
           coalesce(n.phone, c.customer_phone) AS phone, c.customer_address AS address
    FROM found f JOIN service_case c ON c.id = f.source LEFT JOIN phone_correction n ON n.wrong = c.customer_phone
    WHERE (c.customer_phone <> '' OR f.why = :filed)
          AND NOT EXISTS (SELECT FROM no_calls x WHERE x.phone = coalesce(n.phone, c.customer_phone))
          AND NOT EXISTS (SELECT FROM call_reason r WHERE (r.why, r.source, r.turn) = (f.why, f.source, f.turn))
    ORDER BY f.since, f.source""")
_REGULAR = text("""
    WITH told AS (
        SELECT office, order_no, customer_name AS name, customer_phone AS phone, customer_address AS address,
               CAST(coalesce(signing_date, delivery_date, factory_date) AS timestamp) AT TIME ZONE 'Asia/Shanghai'
               AS at, true AS counts
        FROM sales_record
        UNION ALL
        SELECT office, order_no, customer_name, customer_phone, customer_address, coalesce(closed_at, opened_at),
               process <> 'HF'
        FROM service_case),
    known AS (
        SELECT DISTINCT ON (t.phone) t.* FROM (SELECT t.*, coalesce(n.phone, t.phone) AS own FROM told t
                                               LEFT JOIN phone_correction n ON n.wrong = t.phone) u
        CROSS JOIN LATERAL (SELECT u.office, u.order_no, u.name, u.own AS phone, u.address, u.at, u.counts) t
        WHERE t.phone <> '' AND t.counts ORDER BY t.phone, t.at DESC),
    last AS (SELECT coalesce(n.phone, t.phone) AS phone, max(t.at) AS at
             FROM told t LEFT JOIN phone_correction n ON n.wrong = t.phone GROUP BY 1)
    SELECT k.office, k.order_no, k.name, k.phone, k.address, l.at AS since FROM known k JOIN last l USING (phone)
    WHERE k.at >= :since AND l.at < :before
          AND NOT EXISTS (SELECT FROM no_calls x WHERE x.phone = k.phone)
          AND NOT EXISTS (SELECT FROM service_case c WHERE c.process = 'HF' AND c.customer_phone = k.phone
                          AND c.closed_at IS NULL)
    ORDER BY l.at, k.phone LIMIT :most""")
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
