"""When questions are due and who is reminded of them, from policy data (DOMAIN 4).

A term is named by its gate, "goods_in": the policy of the case's own process counts, else the common one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, TypedDict, TypeVar, Unpack

from schemas.forms.base import Form
from schemas.problems import Problem
from schemas.shapes import Reminder
from schemas.words import Role
from tasks.cycle.queries import calendar
from tasks.cycle.rules import (
    Notice,
    add_clock_hours,
    add_working_days,
    add_working_days_to_date,
    at,
    shanghai_day,
    share_moment,
)
from tasks.durable.question import Question
from tasks.policies.queries import setting, term
from tasks.unit.work import Work

F = TypeVar("F", bound=Form)
Due = Callable[[Work], datetime]
Remind = Callable[[Work, datetime], Sequence[Reminder]]


class More(TypedDict, total=False):
    """What else a question may say (`Question`)."""

    also: Role
    unit: str
    office: str | None
    line: int | None
    barred: Set[str]
    expires: Due
    remind: Remind | None
    covers: Callable[[Mapping[str, Any]], bool]


def gate(
    key: str,
    title: str,
    role: Role,
    form: type[F],
    within: str | Due,
    link: str = "",
    brief: Callable[[], Sequence[str]] = list,
    prefill: Callable[[], Mapping[str, Any]] = dict,
    check: Callable[[F, Work], Sequence[Problem]] | None = None,
    record: Callable[[F, Work], None] | None = None,
    **more: Unpack[More],
) -> Question[F]:
    """Ask a role, by default within a named term of working days; who watches over it hears of delays (DOMAIN 4)."""
    due = working_days(within) if isinstance(within, str) else within
    more.setdefault("remind", escalation(role))
    return Question(key, title, role, form, due, link, brief=brief, prefill=prefill, check=check, record=record, **more)


def working_days(name: str, since: datetime | None = None) -> Due:
    """Due at the end of working time after the gate's number of working days, by default from when it is asked."""
    return lambda work: add_working_days(calendar(work), since or work.now, term(work, f"{name}.days"))


def clock_hours(name: str, since: datetime | None = None) -> Due:
    """Due after the gate's number of clock hours, non-working days skipped, by default since the case was received."""
    return lambda work: add_clock_hours(calendar(work), since or work.case.opened_at, term(work, f"{name}.hours"))


def calendar_days(name: str, since: datetime | None = None) -> Due:
    """Due at 24:00 of the last of the gate's calendar days, by default counted from when it is asked."""
    return lambda work: at(shanghai_day(since or work.now) + timedelta(days=term(work, f"{name}.days") + 1))


def reminders(name: str, *roles: Role) -> Remind:
    """Remind these roles on the gate's days from when it is asked, at the start of working time, and when it is due."""

    def remind(work: Work, due: datetime) -> list[Reminder]:
        start, days = calendar(work).start, term(work, f"{name}.reminder_days")
        moments = [(at(work.today + timedelta(days=n), start), f"{Notice.REMINDER}-{n}") for n in days]
        told = [Reminder(moment, kind, role) for moment, kind in moments for role in roles]
        return [*told, *overdue(*roles)(work, due)]

    return remind


def end_of(work: Work, day: date) -> datetime:
    """Give the end of working time of a day."""
    return at(day, calendar(work).end)


def overdue(*roles: Role, kind: Notice = Notice.OVERDUE) -> Remind:
    """Tell these roles when the due time has passed; DAILY: and every working day from then on (S3 §3 2.2)."""
    return lambda _work, due: [Reminder(due, kind, role) for role in roles]


def escalation(holder: Role, *others: Role, kind: Notice = Notice.OVERDUE) -> Remind:
    """Tell holder and others when due, the SUPERVISOR 3 and the MANAGER 7 working days later (DOMAIN 4)."""

    def remind(work: Work, due: datetime) -> list[Reminder]:
        above = {Role.SUPERVISOR: "cycle.supervisor_after_days", Role.MANAGER: "cycle.manager_after_days"}
        over = [(setting(work, key), role) for role, key in above.items()]
        later = [Reminder(add_working_days(calendar(work), due, n), f"{Notice.OVER}-{n}", role) for n, role in over]
        return [*overdue(holder, *others, kind=kind)(work, due), *later]

    return remind


class Promise(NamedTuple):
    """What lines of a unit promise: to be made within working days, counted after a day."""

    since: date
    days: int


def production_due(promises: Iterable[Promise]) -> Due:
    """Due with the first of these promises, by the calendar that is known today: what was provisional is that no more."""
    return lambda work: end_of(work, min(add_working_days_to_date(calendar(work), *promise) for promise in promises))


def promise_watch(work: Work, name: str, since: date, days: int, paused: int) -> list[Reminder]:
    """Warn the unit when 80 % of a promise's time is used, then as `escalation`; paused days move it all (DOMAIN 4).

    What was said of a promise under its name is not said again.
    """
    share, known = Decimal(str(setting(work, "cycle.warn_share"))), calendar(work)
    promised = add_working_days_to_date(known, since, days)
    warned = add_working_days_to_date(known, share_moment(known, at(since), promised, share), paused)
    due = end_of(work, add_working_days_to_date(known, promised, paused))
    warning = Reminder(at(warned, known.start), Notice.WARNING, Role.WORKSHOP)
    told = [warning, *escalation(Role.WORKSHOP, Role.PLANNER)(work, due)]
    return [reminder._replace(term=name, due=due) for reminder in told]


def pickup_reminders(work: Work, due: datetime) -> list[Reminder]:
    """催提: the office after 2, 5 and 10 working days, then the SUPERVISOR (DOMAIN 1.11)."""
    days: list[int] = term(work, "pickup.reminder_days")
    last = Role(term(work, "pickup.escalation_role"))
    hour = time.fromisoformat(setting(work, "pickup.reminders_at"))
    on = [add_working_days_to_date(calendar(work), work.today, n) for n in [*days, days[-1] + 1]]
    names = [*((str(n), Role.OFFICE) for n in days), ("escalated", last)]
    return [
        Reminder(at(day, hour), f"{Notice.PICKUP}-{name}", role) for day, (name, role) in zip(on, names, strict=True)
    ]


def reminders_used_up(work: Work) -> datetime:
    """The reminders are used up with the day on which the SUPERVISOR is told (DOMAIN 1.11)."""
    last = term(work, "pickup.reminder_days")[-1]
    return end_of(work, add_working_days_to_date(calendar(work), work.today, last + 1))


def pickup_due(work: Work) -> datetime:
    """Pickup is due with its last reminder."""
    return add_working_days(calendar(work), work.now, term(work, "pickup.reminder_days")[-1])
