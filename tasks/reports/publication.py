"""Publication 公示: a report becomes an edition that never changes; a correction is a new one (DOMAIN 4)."""

from datetime import date
from hashlib import sha256

from sqlalchemy import Connection, Engine

from schemas.problems import BadInput, NotFound, Problem
from schemas.words import Role
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.people.queries import Person
from tasks.people.rights import SIGNER, signer_at_work
from tasks.policies.queries import settings_today
from tasks.privacy.rules import mask_phones
from tasks.reports import editions
from tasks.reports.editions import Edition
from tasks.reports.registry import ReportKind
from tasks.reports.wording import as_text
from tasks.rounds.rules import Period, period_at


def publish_due(connection: Connection, kind: ReportKind, period: Period) -> Edition | None:
    """Publish edition 1 of a whole period that is over; None where there is one, or the days are not such a period."""
    if period != period_at(kind.cadence, period.first) or period.last >= shanghai_day(clock.now()):
        return None
    editions.hold_editions(connection)
    return None if editions.latest(connection, kind.code, period) else _publish(connection, kind, period)


def publish_first(db: Engine, kind: ReportKind, period: Period) -> Edition:
    """Publish edition 1 of whatever days a person wants; BadInput where they are not over, or were published."""
    today = shanghai_day(clock.now())
    with db.begin() as connection:
        editions.hold_editions(connection)
        if period.last >= today:
            expected = f"期间须已结束，今天是 must be over, today is {today}"
            raise BadInput([Problem("截止日 until", period.last, expected)])
        if before := editions.latest(connection, kind.code, period):
            expected = f"已公示第 {before.edition} 版，更正须写原因 was published: to correct it give a reason"
            raise BadInput([Problem("报表 report", kind.title, expected)])
        return _publish(connection, kind, period)


def publish_correction(db: Engine, kind: ReportKind, period: Period, staff: str, reason: str) -> Edition:
    """Publish a new edition of what is known now.

    BadInput where that is the same, or nobody of the policy's roles signs; NotFound where nothing was published.
    """
    with db.begin() as connection:
        person = _who_may_correct(connection, staff)
        if edition := correct(connection, kind, period, person, reason):
            return edition
    about = f"{kind.title} {period.first} – {period.last}"
    raise NotFound(f"{about} 尚未公示 was not published: there is nothing to correct")


def correct(connection: Connection, kind: ReportKind, period: Period, person: Person, reason: str) -> Edition | None:
    """Publish a new edition with what the caller commits; None where nothing was published. BadInput where it is the same."""
    editions.hold_editions(connection)
    before = editions.latest(connection, kind.code, period)
    return _publish(connection, kind, period, before, person, mask_phones(reason)) if before else None


def remove_old_editions(connection: Connection) -> int:
    """Remove the editions whose years are over (policy `retention.edition_years`, never below `retention.years`)."""
    policy = settings_today(connection)
    years = max(int(policy[key]) for key in ("retention.edition_years", "retention.years"))
    today = shanghai_day(clock.now())
    return editions.remove_before(connection, date(today.year - years, today.month, 1))


def _publish(
    connection: Connection,
    kind: ReportKind,
    period: Period,
    before: Edition | None = None,
    person: Person | None = None,
    reason: str = "",
) -> Edition:
    report = kind.made(connection, period)
    kept = as_text(report)
    number, check = before.edition + 1 if before else 1, sha256(kept.encode()).hexdigest()
    if before and before.sha256 == check:
        expected = f"与第 {before.edition} 版相同，无需更正 is the same as edition {before.edition}: nothing to correct"
        raise BadInput([Problem("报表 report", kind.title, expected)])
    signed = person.code if person else None
    edition = Edition(kind.code, *period, number, clock.now(), signed, reason, check, report.title)
    editions.keep(connection, edition, kept)
    return edition


def _who_may_correct(connection: Connection, staff: str) -> Person:
    person = signer_at_work(connection, staff)
    roles = [Role(one) for one in settings_today(connection)["report.correct_roles"]]
    if not any(map(person.holds, roles)):
        wanted = "、".join(role.option for role in roles)
        raise BadInput([Problem(SIGNER, str(person), f"需要权限 must hold one of: {wanted}")])
    return person
