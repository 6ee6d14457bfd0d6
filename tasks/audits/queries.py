"""The SQL of call audits: the calls of a week, samples that were drawn, a case's table."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select, text

from schemas.forms.audits import AuditRequest
from schemas.forms.calls import CallResult
from schemas.shapes import CaseNumber, LineTable
from schemas.tables import audited_call, call_audit, call_sample, service_case
from schemas.words import Role
from tasks.cycle.rules import at
from tasks.durable import clock
from tasks.rounds.rules import Period
from tasks.unit.among import among

A_YEAR = timedelta(days=366)  # what broke longer ago is not opened any more
HEADINGS = ("通话 Call", "坐席 Agent", "时间 Called at", "录音 Recording")
SPOKEN = (CallResult.SATISFIED, CallResult.UNSATISFIED, CallResult.POSTPONED, CallResult.REFUSED)
_CALLS = text("""
    SELECT c.number AS call, c.office, a.staff AS agent, a.called_at, a.recording
    FROM call_attempt a JOIN service_case c ON c.id = a.case_id
    WHERE a.called_at >= :begins AND a.called_at < :ends AND a.result = ANY(:spoken)
    UNION ALL
    SELECT c.number, c.office, c.applicant, c.opened_at, coalesce(c.request ->> 'recording', '')
    FROM service_case c
    WHERE c.process = 'CC' AND c.opened_at >= :begins AND c.opened_at < :ends AND c.request ->> 'way' = 'phone'
          AND c.origin NOT LIKE 'after:%'
          AND EXISTS (SELECT FROM staff_role r WHERE r.staff = c.applicant AND r.role = :role)
    ORDER BY called_at, call, agent""")


class RecordedCall(NamedTuple):
    """A call that an agent had with a customer."""

    call: str
    office: str
    agent: str
    called_at: datetime
    recording: str


def calls_of(connection: Connection, period: Period) -> list[RecordedCall]:
    """List the calls of a period in which somebody was spoken to: those of the hotline, and follow-up calls."""
    given = {"begins": at(period.first), "ends": at(period.last + timedelta(days=1)), "role": Role.AGENT.value}
    rows = connection.execute(_CALLS, given | {"spoken": [one.value for one in SPOKEN]})
    return [RecordedCall(*row) for row in rows]


def drawn(connection: Connection, period: Period) -> Row[Any] | None:
    """Give the sample that was drawn of a period before; None where none was."""
    same = (call_sample.c.first == period.first) & (call_sample.c.last == period.last)
    return connection.execute(select(call_sample).where(same)).first()


def calls_drawn(connection: Connection) -> list[dict[str, Any]]:
    """Give the calls of all samples of the last year."""
    since = call_sample.c.drawn_at >= clock.now() - A_YEAR
    return [one for chosen in connection.execute(select(call_sample.c.chosen).where(since)).scalars() for one in chosen]


def note_sample(
    connection: Connection, period: Period, seed: int, calls: int, chosen: Sequence[RecordedCall], now: datetime
) -> None:
    """Keep of how many calls which were drawn with which seed."""
    kept = [one._asdict() | {"called_at": one.called_at.isoformat()} for one in chosen]
    row = {**period._asdict(), "seed": seed, "calls": calls, "chosen": kept, "drawn_at": now}
    connection.execute(call_sample.insert().values(row))


def calls_named(connection: Connection, numbers: Sequence[str]) -> dict[str, Row[Any]]:
    """Find cases by number, with their process."""
    wanted = select(*(service_case.c[name] for name in ("number", "id", "process", "office", "opened_at")))
    rows = connection.execute(wanted.where(among(service_case.c.number, numbers)))
    return {row.number: row for row in rows}


def audits_of(connection: Connection, numbers: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """Find the audits of calls, by the call's number."""
    wanted = select(audited_call, service_case.c.number).join(service_case, service_case.c.id == audited_call.c.case_id)
    rows = connection.execute(wanted.where(among(audited_call.c.call, numbers)).order_by(service_case.c.id)).all()
    return {number: [row for row in rows if row.call == number] for number in numbers}


def audit_table(connection: Connection, case_id: int) -> LineTable:
    """Show which call is audited, and what it was scored."""
    wanted = select(service_case.c.request).where(service_case.c.id == case_id)
    form = AuditRequest.model_validate(connection.execute(wanted).scalar_one())
    scored = connection.execute(select(call_audit).where(call_audit.c.case_id == case_id)).first()
    facts = [("得分 Score", str(scored.score)), ("扣款 Deduction", str(scored.deduction))] if scored else []
    row = (CaseNumber(form.call), form.agent, form.called_at, form.call_recording)
    return LineTable(HEADINGS, [row], facts)
