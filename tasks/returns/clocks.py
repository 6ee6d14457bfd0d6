"""The clocks of the law on a return: the days of a refund, wilful delay, and who is told of them (DOMAIN-BRANCHES 5)."""

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from schemas.shapes import Reminder
from schemas.words import Role
from tasks.cycle.queries import calendar
from tasks.cycle.rules import Notice, add_working_days_to_date, at, is_working_day, shanghai_day
from tasks.cycle.terms import Due, Remind, end_of, escalation, working_days
from tasks.policies.queries import setting
from tasks.unit.work import Work

if TYPE_CHECKING:
    from tasks.returns.handling import Handling


def pay_by(work: Work, received: date) -> date:
    """Give the last day on which a refund is paid in time; the working day before where it is a day of rest (LAW)."""
    day = received + timedelta(days=setting(work, "rf.refund_days"))
    while not is_working_day(calendar(work), day):
        day -= timedelta(days=1)
    return day


def pay_due(it: "Handling") -> Due:
    """Due in FINANCE's term, at the latest on the law's last day."""
    received = it.received
    own = working_days("pay")
    return lambda work: min(own(work), end_of(work, pay_by(work, received))) if received else own(work)


def clocks(it: "Handling", holder: Role, watched: bool = False) -> Remind:
    """Alarm FINANCE and MANAGER on days 5 and 6, warn of wilful delay; a dispute or a refund is watched daily (S2).

    What was said of a clock is not said again, whichever item is open.
    """
    received, daily = it.received, it.dispute or watched

    def remind(work: Work, due: datetime) -> list[Reminder]:
        start, opened = calendar(work).start, shanghai_day(work.case.opened_at)
        asked = opened if it.case.request.reopens else it.claim.asked_on
        told = list[Reminder]()
        if received:
            ends = end_of(work, pay_by(work, received))
            told += _days(
                work, f"refund-{received}", "rf.refund_alarm_days", received, start, ends, Role.FINANCE, Role.MANAGER
            )
        since, name = received or asked, f"wilful-{received or asked}"
        ends = end_of(work, since + timedelta(days=setting(work, "rf.wilful_days")))
        told += _days(work, name, "rf.wilful_alarm_days", since, start, ends, Role.SUPERVISOR, Role.MANAGER)
        if daily:
            hour = time.fromisoformat(setting(work, "rf.watch_at"))
            first = at(add_working_days_to_date(calendar(work), work.today, 1), hour)
            told += [Reminder(first, Notice.DAILY, role) for role in dict.fromkeys((holder, Role.SUPERVISOR))]
        return told

    return remind


def _days(work: Work, name: str, policy: str, since: date, start: time, ends: datetime, *roles: Role) -> list[Reminder]:
    days: list[int] = setting(work, policy)
    moments = [(at(since + timedelta(days=day), start), f"{Notice.STATUTORY}-{day}") for day in days]
    return [Reminder(moment, kind, role, name, ends) for moment, kind in moments for role in roles]


def both(*reminds: Remind) -> Remind:
    """Say what each of these says."""
    return lambda work, due: [one for remind in reminds for one in remind(work, due)]


def watched(it: "Handling", role: Role) -> Remind:
    """Tell of a delay as everywhere, and of the clocks; a refund in progress is watched daily."""
    return both(escalation(role), clocks(it, role, watched=True))
