"""Close the stock of each working day, print its journals and let them be signed (DOMAIN, "Stock", "Scheduled work").

A day's movements are those that no day before it has: what moved after the hour of closing, at a weekend, or was
reversed later, is the next day's. What is closed is never edited.
"""

from collections.abc import Sequence
from datetime import date, time
from typing import Any

from sqlalchemy import Connection, Engine, Row

from schemas.forms.closing import JournalSigned
from schemas.problems import BadInput, Problem
from schemas.spelling import numbers_in
from schemas.words import DocumentKind, Role
from tasks.closing import queries
from tasks.closing.rules import JOURNAL, journals, signing_problems, told_of
from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import add_working_days_to_date, at, is_working_day, shanghai_day
from tasks.documents.steps import issue_apart
from tasks.durable import clock
from tasks.people.rights import signer_at_work
from tasks.policies.queries import setting_today
from tasks.rounds.pages import Listing, page_of
from tasks.rounds.queries import tell_role
from tasks.rounds.rules import Cadence, Period, rounds_due
from tasks.rounds.steps import Rounds
from tasks.safety.steps import low_listing, tell_planner

HOUR = "stock.closing_at"
HEADINGS = ("仓库 Warehouse", "品种 Parts", "收入 In", "发出 Out", "结存 Balance", "流水账 Journal", "签收 Signed")
DIFFERING = ("仓库 Warehouse", "配件 Part", "账面 Booked", "结存 On hand")
LATE = ("流水账 Journal", "日结 Day", "仓库 Warehouse", "应签 Due", "迟交原因 Why it is late")


def close_days(connection: Connection, period: Period) -> str:
    """Close a day that is due after the last one closed; show it, and what is at or below its safety stock."""
    day = period.last
    for one in _to_close(connection, period):
        _close(connection, one)
        tell_planner(connection, one)
    differ, told = queries.differences(connection), list[str]()
    if differ:
        told = [f"日结不平 {day}：{len(differ)} 项 the books do not balance"]
    tell_role(connection, "stock-closing", Role.SUPERVISOR, day, "\n".join(told), clock.now())
    return page_of(
        "日结 Daily closing",
        day,
        Listing("各仓收发 By warehouse", HEADINGS, [_sums(row) for row in queries.day_sums(connection, day)]),
        Listing("不平 Differences", DIFFERING, differ),
        low_listing(connection, day),
    )


CLOSING = Rounds("日结", Cadence.WORKING_DAY, close_days, hour=HOUR)


def _to_close(connection: Connection, period: Period) -> list[date]:
    """Give the days to close now: this one, and before it the working days that nobody closed yet.

    Days that a person asks for again, or that are not over, are only shown.
    """
    queries.close_alone(connection)
    hour, calendar = time.fromisoformat(setting_today(connection, HOUR)), calendar_today(connection)
    if period.first != period.last or not is_working_day(calendar, period.last) or clock.now() < at(period.last, hour):
        return []
    due = rounds_due(calendar, Cadence.WORKING_DAY, queries.last_closed(connection), period.last)
    return [one.last for one in due]


def _close(connection: Connection, day: date) -> None:
    """Take the day's movements, add them up, and issue a journal for each warehouse whose stock moved."""
    now, hour = clock.now(), time.fromisoformat(setting_today(connection, HOUR))
    since = queries.LONG_AGO if queries.last_closed(connection) else at(day)
    queries.take_movements(connection, day, at(day, hour), now)
    queries.add_up(connection, day, since)
    written = journals(day, queries.moved_since(connection, day, since))
    refs = issue_apart(connection, DocumentKind.JOURNAL, f"closing:{day}", list(written.values()), now)
    days = setting_today(connection, "stock.journal.days")
    due_on = add_working_days_to_date(calendar_today(connection), shanghai_day(now), days)
    queries.keep_journals(connection, day, due_on, dict(zip(written, refs, strict=True)))
    tell_waiting(connection)


def late_journals(connection: Connection, _period: Period) -> str:
    """Ask for the journals that are late, and list them with those of late that came late, for the SUPERVISOR."""
    today = shanghai_day(clock.now())
    late = [row for row in tell_waiting(connection) if row.due_on < today]
    came = queries.late_since(connection, at(queries.last_closed(connection) or today))
    listed = [(row.number, row.day, row.name, row.due_on, row.reason) for row in (*late, *came)]
    return page_of("流水账催交 Journals asked for", today, Listing("迟交 Late", LATE, listed))


ASKING = Rounds("流水账催交", Cadence.WORKING_DAY, late_journals, catch_up=False)


def sign_journals(db: Engine, form: JournalSigned) -> str:
    """Sign journals, all that are named or none; BadInput says which are unknown, signed, another's, or late without a reason."""
    with db.begin() as connection:
        person, numbers = signer_at_work(connection, form.staff), numbers_in(form.numbers)
        found, now = queries.journals_named(connection, numbers), clock.now()
        problems = [
            Problem(JOURNAL, no, "没有这本流水账 there is no such journal") for no in numbers if no not in found
        ]
        for journal in found.values():
            problems += signing_problems(person, journal, shanghai_day(now), form.reason)
        if problems:
            raise BadInput(problems)
        said = {"signed_by": person.code, "signed_at": now, "remark": form.remark}
        for late in (True, False):
            mine = [one.document_id for one in found.values() if (shanghai_day(now) > one.due_on) is late]
            queries.sign(connection, mine, **said, reason=form.reason if late else "")
        tell_waiting(connection)
        return "，".join(f"{number} {found[number].name}" for number in numbers)


def tell_waiting(connection: Connection) -> Sequence[Row[Any]]:
    """Tell the WAREHOUSE and the offices which journals wait for them, and the SUPERVISOR which are late; gives all."""
    today, waiting = shanghai_day(clock.now()), queries.journals_waiting(connection)
    for role, said in told_of(waiting, today).items():
        tell_role(connection, "journals", role, today, said, clock.now())
    return waiting


def _sums(row: Row[Any]) -> Sequence[object]:
    figures = (f"{row.came.normalize():f}", f"{row.went.normalize():f}", f"{row.closing.normalize():f}")
    return (f"{row.code} {row.name}", row.parts, *figures, row.number, row.signed_by)
