"""Publication 公示: a report becomes an edition that never changes; a correction is a new one (DOMAIN 4)."""

from datetime import date
from hashlib import sha256

from sqlalchemy import Connection, Engine

from schemas.forms.editions import Correction
from schemas.problems import BadInput, NotFound, Problem
from schemas.words import Role
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.people.rights import SIGNER, signer_at_work
from tasks.policies.queries import setting_today
from tasks.reports import editions
from tasks.reports.editions import Edition
from tasks.reports.registry import ReportKind, report_kind
from tasks.reports.wording import as_text
from tasks.rounds.rules import Period, period_at


def publish_due(connection: Connection, kind: ReportKind, period: Period) -> Edition | None:
    """Publish edition 1 of a whole period that is over; None where there is one, or the days are not such a period."""
    if period != period_at(kind.cadence, period.first) or period.last >= shanghai_day(clock.now()):
        return None
    editions.hold_editions(connection)
    return None if editions.latest(connection, kind.code, period) else _publish(connection, kind, period)


def publish_correction(db: Engine, form: Correction) -> Edition:
    """Publish a new edition of what is known now.

    BadInput where that is the same, or nobody of the policy's roles signs; NotFound where nothing was published.
    """
    kind, period = report_kind(form.report), Period(form.since, form.until)
    with db.begin() as connection:
        _may_correct(connection, form.staff)
        editions.hold_editions(connection)
        before = editions.latest(connection, kind.code, period)
        if before is None:
            about = f"{kind.title} {period.first} – {period.last}"
            raise NotFound(f"{about} 尚未公示 was not published: there is nothing to correct")
        return _publish(connection, kind, period, before, form)


def remove_old_editions(connection: Connection) -> int:
    """Remove the editions whose years are over (policy `retention.edition_years`, never below `retention.years`)."""
    years = max(int(setting_today(connection, key)) for key in ("retention.edition_years", "retention.years"))
    today = shanghai_day(clock.now())
    return editions.remove_before(connection, date(today.year - years, today.month, 1))


def _publish(
    connection: Connection,
    kind: ReportKind,
    period: Period,
    before: Edition | None = None,
    form: Correction | None = None,
) -> Edition:
    report = kind.made(connection, period)
    kept = as_text(report)
    number, check = before.edition + 1 if before else 1, sha256(kept.encode()).hexdigest()
    if before and before.sha256 == check:
        expected = f"与第 {before.edition} 版相同，无需更正 is the same as edition {before.edition}: nothing to correct"
        raise BadInput([Problem("报表 report", kind.title, expected)])
    staff, reason = (form.staff, form.reason) if form else (None, "")
    edition = Edition(kind.code, *period, number, clock.now(), staff, reason, check, report.title)
    editions.keep(connection, edition, kept)
    return edition


def _may_correct(connection: Connection, staff: str) -> None:
    person = signer_at_work(connection, staff)
    roles = [Role(one) for one in setting_today(connection, "report.correct_roles")]
    if not any(map(person.holds, roles)):
        wanted = "、".join(role.option for role in roles)
        raise BadInput([Problem(SIGNER, str(person), f"需要权限 must hold one of: {wanted}")])
