"""Due times and reminders of questions, from policy data (DOMAIN 4)."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal

from schemas.words import Role
from tasks.cycle.queries import calendar
from tasks.cycle.rules import SHANGHAI, add_clock_hours, add_working_days, add_working_days_to_date, share_moment
from tasks.durable.question import Reminder
from tasks.policies.queries import setting
from tasks.unit.work import Work

Due = Callable[[Work], datetime]
Remind = Callable[[Work, datetime], Sequence[Reminder]]


def working_days(key: str) -> Due:
    """Due at the end of working time after the policy's number of working days."""
    return lambda work: add_working_days(calendar(work), work.now, setting(work, key))


def clock_hours(key: str) -> Due:
    """Due after the policy's number of clock hours, non-working days skipped."""
    return lambda work: add_clock_hours(calendar(work), work.now, setting(work, key))


def end_of(day: date) -> Due:
    """Due at the end of working time of a day."""
    return lambda work: at(work, day, setting(work, "work.end"))


def working_days_after(day: date, key: str) -> Due:
    """Due the policy's number of working days after a day."""
    return lambda work: at(
        work, add_working_days_to_date(calendar(work), day, setting(work, key)), setting(work, "work.end")
    )


def at(work: Work, day: date, clock_time: str) -> datetime:
    """Give the moment of a Shanghai clock time on a day, in UTC."""
    return datetime.combine(day, time.fromisoformat(clock_time), SHANGHAI).astimezone(UTC)


def overdue(*roles: Role) -> Remind:
    """Tell these roles when the due time has passed."""
    return lambda _work, due: [Reminder(due, "overdue", role) for role in roles]


def escalation(holder: Role, *others: Role) -> Remind:
    """Tell holder and others when due, the SUPERVISOR 3 and the MANAGER 7 working days later (DOMAIN 4)."""

    def remind(work: Work, due: datetime) -> list[Reminder]:
        over = [
            (Role.SUPERVISOR, setting(work, "cycle.supervisor_after_days")),
            (Role.MANAGER, setting(work, "cycle.manager_after_days")),
        ]
        later = [Reminder(add_working_days(calendar(work), due, days), f"over-{days}", role) for role, days in over]
        return [Reminder(due, "overdue", role) for role in (holder, *others)] + later

    return remind


def production_watch(promised: date) -> Remind:
    """Warn the unit when 80 % of the time is used, then as `escalation` (DOMAIN 4)."""

    def remind(work: Work, due: datetime) -> list[Reminder]:
        share = Decimal(str(setting(work, "cycle.warn_share")))
        day = share_moment(calendar(work), work.now, promised, share)
        warning = Reminder(at(work, day, setting(work, "work.start")), "warning", Role.WORKSHOP)
        return [warning, *escalation(Role.WORKSHOP, Role.PLANNER)(work, due)]

    return remind


def pickup_reminders(work: Work, due: datetime) -> list[Reminder]:
    """催提: the office after 2, 5 and 10 working days, then the SUPERVISOR (DOMAIN 1.11)."""
    days: list[int] = setting(work, "pa.pickup.reminder_days")
    hour = setting(work, "pickup.reminders_at")
    on = [add_working_days_to_date(calendar(work), work.today, n) for n in days]
    office = [Reminder(at(work, day, hour), f"pickup-{n}", Role.OFFICE) for n, day in zip(days, on, strict=True)]
    then = add_working_days_to_date(calendar(work), on[-1], 1)
    return [*office, Reminder(at(work, then, hour), "pickup-escalated", Role.SUPERVISOR)]


def pickup_due(work: Work) -> datetime:
    """Pickup is due with its last reminder."""
    days: list[int] = setting(work, "pa.pickup.reminder_days")
    return add_working_days(calendar(work), work.now, days[-1])


def daily_after(role: Role) -> Remind:
    """Remind every working day once the due time has passed (S3 §3 2.2)."""
    return lambda _work, due: [Reminder(due, "daily", role)]
