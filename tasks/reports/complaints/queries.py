"""The SQL of the hotline's reports: each contact with what its timeline and papers say of it, and customers' words."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from schemas.forms.complaints import Satisfaction
from schemas.forms.contacts import ContactKind, ContactWay, Severity, SpecialMatter
from schemas.processes.complaint import ContactEnding
from schemas.words import DocumentKind, Role
from tasks.applications.warranty import add_months
from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import Calendar, add_working_days_to_date, at, shanghai_day
from tasks.policies.queries import settings_on
from tasks.privacy.rules import mask_text, without_name
from tasks.reports.complaints.rules import Callback, Contact, Hotline, Targets
from tasks.reports.counting import bounds
from tasks.reports.rules import share
from tasks.rounds.rules import Period

CONVENTION = (
    "投诉以首次判为有效计；结案＝投诉档案目录归档，按期＝受理后 {close} 个工作日内；"
    "解决＝效果验证通过，及时＝{months} 个自然月内；到期日在期内的计入，均以上海时间当日 24:00 为限 "
    "A complaint counts once found valid; closed = filed, in time = {close} working days from receipt; solved = effect "
    "verified, in time = {months} calendar month; counted where it fell due in the period, until midnight in Shanghai"
)
_SHEET, _FILE = f"d.kind = '{DocumentKind.COMPLAINT}'", f"d.kind = '{DocumentKind.COMPLAINT_FILE}'"
_CAUSE = "coalesce(nullif(output ->> 'category', ''), output ->> 'cause')"
_LAST_CAUSE = f"""(array_agg({_CAUSE} ORDER BY l.seq DESC)
                FILTER (WHERE l.kind = 'decision' AND step_key LIKE '{{}}-%' AND output ->> 'cause' <> ''))[1]"""
_CONTACTS = text(f"""
    SELECT c.number, o.name AS office, c.request, c.customer_name, c.customer_phone, c.customer_address, c.model,
           c.opened_at AS received, c.closed_at AS closed, c.ending, c.link,
           t.answered, t.raised, t.reopenings, t.took, coalesce(u.name, '') AS unit, coalesce(t.cause, t.unit_cause, '') AS cause,
           (SELECT count(*) FROM work_item i WHERE i.case_id = c.id AND i.due_at < :end
                   AND (i.closed_at IS NULL OR i.closed_at >= :end) AND i.role <> '{Role.SYSTEM}') AS late,
           p.judged, p.severity, p.major, p.solved, p.filed, p.filings
    FROM service_case c JOIN office o ON o.code = c.office, LATERAL (
        SELECT min(finished_at) FILTER (WHERE l.kind = 'decision' AND step_key LIKE 'first-%') AS answered,
               min(finished_at) FILTER (WHERE step_key = 'raise-to-major') AS raised,
               count(*) FILTER (WHERE step_key LIKE 'reopen-complaint-%') AS reopenings,
               (array_agg(output) FILTER (WHERE step_key = 'record-contact'))[1] AS took,
               (array_agg(output #>> '{{}}' ORDER BY l.seq DESC) FILTER (WHERE step_key LIKE 'name-unit-%'))[1] AS unit,
               {_LAST_CAUSE.format("cause")} AS cause, {_LAST_CAUSE.format("plan")} AS unit_cause
        FROM ledger l WHERE l.case_id = c.id AND finished_at < :end) t LEFT JOIN production_unit u ON u.code = t.unit, LATERAL (
        SELECT min(issued_at) FILTER (WHERE {_SHEET}) AS judged,
               (array_agg(content ->> 'severity' ORDER BY issued_at DESC, serial DESC) FILTER (WHERE {_SHEET}))[1] AS severity,
               min(issued_at) FILTER (WHERE {_SHEET} AND content ->> 'severity' = :major) AS major,
               min(issued_at) FILTER (WHERE {_SHEET} AND content ->> 'effect' <> '') AS solved,
               min(issued_at) FILTER (WHERE {_FILE}) AS filed, count(*) FILTER (WHERE {_FILE}) AS filings
        FROM document d WHERE d.case_id = c.id AND issued_at < :end) p
    WHERE c.process = 'CC' AND c.opened_at < :end AND (c.opened_at >= :since OR c.closed_at IS NULL OR c.closed_at >= :start)
    ORDER BY c.opened_at, c.id""")
_FILED = """(  -- a call or a survey after the complaint was filed answers its callback
              SELECT count(*) FILTER (WHERE b.step_key LIKE 'archive-complaint-%')
                     > count(*) FILTER (WHERE b.step_key LIKE 'reopen-complaint-%')
              FROM ledger b WHERE b.case_id = l.case_id AND b.seq < l.seq)"""
# a case is closed by its last entry: what its timeline has of a period is of a case that was open in it
_ALIVE = "c.process = 'CC' AND c.opened_at < :end AND (c.closed_at IS NULL OR c.closed_at >= :start)"
_HEARD = "l.case_id = c.id AND l.kind = 'decision' AND l.step_key ~ '^customer-[0-9]+$'"
_IN_PERIOD = "l.finished_at >= :start AND l.finished_at < :end"
_CALLBACKS = text(f"""
    SELECT c.number, c.customer_phone, c.customer_address, l.finished_at AS at, l.output ->> 'verdict' AS said,
           coalesce(l.output ->> 'reason', '') AS reason, coalesce(u.name, '') AS unit, {_FILED} AS filed
    FROM service_case c JOIN ledger l ON {_HEARD}
    LEFT JOIN LATERAL (SELECT output #>> '{{}}' AS code FROM ledger n WHERE n.case_id = c.id
                       AND n.step_key LIKE 'name-unit-%' ORDER BY n.seq DESC LIMIT 1) named ON true
    LEFT JOIN production_unit u ON u.code = named.code
    WHERE {_ALIVE} AND {_IN_PERIOD} ORDER BY l.finished_at, c.id""")
_MAJORS = text(f"""
    SELECT count(*) FROM service_case c, LATERAL (
        SELECT min(since) AS since FROM (
            SELECT issued_at AS since FROM document d
            WHERE d.case_id = c.id AND {_SHEET} AND content ->> 'severity' = :major
            UNION ALL SELECT finished_at FROM ledger l WHERE l.case_id = c.id AND l.step_key = 'raise-to-major') said) grave
    WHERE {_ALIVE} AND since >= :start AND since < :end""")

_MONTH = "to_char(timezone('Asia/Shanghai', {}), 'YYYY-MM')"
_MONTHS = text(f"""
    SELECT month, sum(contacts)::int AS contacts, sum(complaints)::int AS complaints, sum(filed)::int AS filed,
           sum(satisfied)::int AS satisfied, sum(asked)::int AS asked
    FROM (
        SELECT {_MONTH.format("c.opened_at")} AS month, 1 AS contacts,
               EXISTS (SELECT FROM document d WHERE d.case_id = c.id AND {_SHEET} AND d.issued_at < :end)::int AS complaints,
               0 AS filed, 0 AS satisfied, 0 AS asked
        FROM service_case c WHERE c.process = 'CC' AND c.opened_at >= :start AND c.opened_at < :end
        UNION ALL SELECT {_MONTH.format("filed")}, 0, 0, 1, 0, 0 FROM (
            SELECT min(issued_at) AS filed FROM document d WHERE {_FILE} GROUP BY case_id) done
        WHERE filed >= :start AND filed < :end
        UNION ALL SELECT {_MONTH.format("l.finished_at")}, 0, 0, 0, (l.output ->> 'verdict' = 'satisfied')::int, 1
        FROM service_case c JOIN ledger l ON {_HEARD}
        WHERE {_ALIVE} AND {_IN_PERIOD} AND l.output ->> 'verdict' IN ('satisfied', 'unsatisfied') AND {_FILED}) one
    GROUP BY 1""")


def hotline(connection: Connection, period: Period, fell_due: bool = True) -> Hotline:
    """Load what the reports of a period count, as it stood at the end of it; on demand without what only fell due in it."""
    policy, calendar = settings_on(connection, period.last), calendar_today(connection)
    close, months = policy["cc.close.days"], policy["cc.major_after_months"]
    since = add_months(period.first, -months) - timedelta(days=2 * close) if fell_due else period.first
    given = bounds(period) | {"since": at(since), "major": Severity.MAJOR.zh}
    rows = connection.execute(_CONTACTS, given)
    year = Period(date(period.last.year, 1, 1), period.last)
    return Hotline(
        period=period,
        contacts=[_contact(row, calendar, close, months) for row in rows],
        callbacks=[_callback(row) for row in connection.execute(_CALLBACKS, bounds(period))],
        majors=connection.execute(_MAJORS, bounds(year) | {"major": Severity.MAJOR.zh}).scalar_one(),
        targets=Targets(*(policy[f"cc.target.{name}"] for name in ("closed", "response", "majors"))),
        most=policy["cc.hot_topics"],
        convention=CONVENTION.format(close=close, months=months),
    )


def _contact(row: Row[Any], calendar: Calendar, close: int, months: int) -> Contact:
    """Read a contact; what people wrote shows no contact data."""
    asked, day = row.request, shanghai_day(row.received)
    graver = min((since for since in (row.major, row.raised) if since), default=None)
    return Contact(
        number=row.number,
        office=row.office,
        kind=ContactKind(asked["kind"]),
        way=ContactWay(asked["way"]),
        matter=mask_text(asked["matter"], row),
        model=row.model,
        part=asked["part"],
        special=SpecialMatter(asked["special"]).zh,
        received=row.received,
        due=datetime.fromisoformat(row.took["due"]) if row.took else None,
        closed=row.closed,
        ending=ContactEnding(row.ending) if row.ending else None,
        contacts=row.took["contacts"] if row.took else 1,
        close_by=add_working_days_to_date(calendar, day, close),
        solve_by=add_months(day, months),
        link=row.link,
        recording=asked["recording"],
        late=row.late,
        answered=row.answered,
        judged=row.judged,
        severity=Severity.MAJOR if graver else Severity.parse(row.severity) if row.severity else None,
        graver=graver,
        unit=row.unit,
        cause=without_name(mask_text(row.cause, row), row.customer_name),
        solved=row.solved,
        filed=row.filed,
        filings=row.filings,
        reopenings=row.reopenings,
    )


def _callback(row: Row[Any]) -> Callback:
    """Read what a customer said."""
    return Callback(row.number, row.unit, row.at, Satisfaction(row.said), mask_text(row.reason, row), row.filed)


def months_of(connection: Connection, months: list[Period]) -> list[dict[str, Any]]:
    """Count contacts, complaints, files and satisfied customers by month; a month without any has zeros."""
    found = {
        row.month: row._asdict()
        for row in connection.execute(_MONTHS, bounds(Period(months[0].first, months[-1].last)))
    }
    nothing = dict.fromkeys(("contacts", "complaints", "filed", "satisfied", "asked"), 0)
    rows = [found.get(f"{month.first:%Y-%m}", {"month": f"{month.first:%Y-%m}"} | nothing) for month in months]
    return [row | {"rate": share(row["satisfied"], row["asked"])} for row in rows]
