"""What must be true at the end of a simulated year; each check gives what contradicts it."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, text

from tasks.books.queries import ALWAYS, untrue
from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import at, last_working_moment, shanghai_day
from tasks.reports.registry import known_reports
from tasks.reports.shapes import Report
from tasks.reports.wording import from_text
from tasks.rounds.rules import Period, rounds_due

# a reminder is due once its moment lies before the end of working time that a round of the watch goes by
_REMINDERS = text("""
    SELECT c.number, i.case_id, coalesce(nullif(e ->> 'term', ''), i.step_key) AS term, i.step_key,
           (e ->> 'kind') || ':' || (e ->> 'role') AS kind, CAST(e ->> 'at' AS timestamptz) AS at,
           i.opened_at, i.expires_at, i.closed_at
    FROM work_item i JOIN service_case c ON c.id = i.case_id, json_array_elements(i.schedule) e
    WHERE e ->> 'kind' <> 'daily'""")
_TOLD = text("SELECT case_id, step_key, kind, sent_at FROM notice")
_UNSOLVED = text("""
    SELECT c.number FROM service_case c
    WHERE c.process = 'CC' AND c.request ->> 'kind' = 'complaint' AND c.opened_at + interval '1 month' < :now
      AND EXISTS (SELECT 1 FROM ledger l WHERE l.case_id = c.id AND l.step_key LIKE 'first-%'
                  AND l.output ->> 'verdict' = 'valid')
      AND coalesce((SELECT min(finished_at) FROM ledger l WHERE l.case_id = c.id AND l.step_key LIKE 'effect-%'
                    AND l.output ->> 'verdict' = 'satisfied'), c.closed_at, :now) > c.opened_at + interval '1 month 1 day'
      AND NOT EXISTS (SELECT 1 FROM ledger l WHERE l.case_id = c.id AND l.step_key LIKE 'month-%'
                      AND l.kind = 'timed_out')""")


_EDITIONS = text("SELECT first, last, report FROM report_edition WHERE kind = :kind ORDER BY first")
COUNTED = {  # what a published report says of its period, counted from the timelines
    "complaints-month": "SELECT count(*) FROM service_case WHERE process = 'CC' AND opened_at >= :begin AND opened_at < :end",
    "repairs": """
        SELECT count(*) FROM case_line JOIN service_case c ON c.id = case_id
        WHERE c.process = 'RR' AND c.opened_at >= :begin AND c.opened_at < :end""",
}


class Round(NamedTuple):
    """A round of the deadline watch: it closes first what was made in time, which is not told to be overdue."""

    begun: datetime
    ended: datetime


def untold(connection: Connection, rounds: Sequence[Round]) -> list[tuple[Any, ...]]:
    """Give reminders that were due while their item was open and that no round of the watch has told."""
    told, calendar = (
        {(row.case_id, row.step_key, row.kind) for row in connection.execute(_TOLD)},
        calendar_today(connection),
    )
    by = [(one, last_working_moment(calendar, one.begun)) for one in rounds]
    missing, ends = [], [until for _, until in by]
    for row in connection.execute(_REMINDERS).all():
        if (row.case_id, row.term, row.kind) in told:
            continue
        late_enough = by[bisect_left(ends, row.at) :]
        first = next((one for one, _ in late_enough if one.begun > row.opened_at), None)
        ran_out = row.expires_at is not None and first is not None and row.expires_at <= first.begun
        if first and not ran_out and (row.closed_at is None or row.closed_at > first.ended):
            missing.append((row.number, row.step_key, row.kind, row.at, first))
    return missing


def told_early(connection: Connection) -> list[tuple[Any, ...]]:
    """Give reminders that were told before their moment, or of an item that was answered by then."""
    due: dict[tuple[int, str, str], list[Any]] = {}
    for row in connection.execute(_REMINDERS).all():
        due.setdefault((row.case_id, row.term, row.kind), []).append(row)
    return [
        (row.case_id, row.step_key, row.kind, row.sent_at)
        for row in connection.execute(_TOLD).all()
        if (items := due.get((row.case_id, row.step_key, row.kind)))
        and not any(one.at <= row.sent_at and (one.closed_at is None or one.closed_at >= row.sent_at) for one in items)
    ]


def old_and_not_major(connection: Connection, now: datetime) -> list[str]:
    """Give valid complaints that were unsolved a month after receipt and did not become major then (S0 4.1.3)."""
    return list(connection.execute(_UNSOLVED, {"now": now}).scalars())


def missing_editions(connection: Connection, now: datetime) -> list[tuple[Any, ...]]:
    """Give published reports that have not exactly one edition of each period since their first one."""
    calendar, wrong = calendar_today(connection), list[tuple[Any, ...]]()
    rows = connection.execute(
        text("SELECT kind, first, last, count(*) FROM report_edition GROUP BY 1, 2, 3 ORDER BY 1, 2")
    )
    by_kind: dict[str, dict[Period, int]] = {}
    for kind, first, last, editions in rows:
        by_kind.setdefault(kind, {})[Period(first, last)] = editions
    for code, found in by_kind.items():
        kind = known_reports()[code]
        since = min(found).first - timedelta(days=1)
        due = rounds_due(calendar, kind.cadence, since, shanghai_day(now), kind.working_day)
        wrong += [(code, period, found.get(period, 0)) for period in due if found.get(period) != 1]
    return wrong


def sums_apart(connection: Connection) -> list[tuple[Any, ...]]:
    """Give figures of published reports that the timelines contradict: contacts and repairs received, lines controlled."""
    wrong = list[tuple[Any, ...]]()
    for code, count in COUNTED.items():
        for first, last, kept in connection.execute(_EDITIONS, {"kind": code}):
            begin, end = at(first), at(last + timedelta(days=1))
            counted = connection.execute(text(count), {"begin": begin, "end": end}).scalar()
            said = _said(from_text(kept), f"{first:%Y-%m}")
            wrong += [(code, first, said, counted)] if said != counted else []
    return wrong


def _said(report: Report, month: str) -> object:
    """Give what a report says came in: its measure, else the month's row of its trend."""
    measures = {one.key: one.value for one in report.measures}
    if "received" in measures:
        return measures["received"]
    (trend,) = [one for one in report.sections if one.key == "trend"]
    return next((row["contacts"] for row in trend.rows if row["month"] == month), 0)


def all_wrong(db: Engine, rounds: Sequence[Round], now: datetime) -> Mapping[str, Sequence[Any]]:
    """Give what contradicts each sentence about a simulated time; `rounds` are those of the deadline watch.

    A whole year's rows are thought about longer than a transaction may be idle, and nobody writes any more.
    """
    with db.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return _all_wrong(connection, rounds, now)


def _all_wrong(connection: Connection, rounds: Sequence[Round], now: datetime) -> Mapping[str, Sequence[Any]]:
    return {
        "reminders untold": untold(connection, rounds),
        "reminders told early": told_early(connection),
        "old complaints not major": old_and_not_major(connection, now),
        "editions missing or twice": missing_editions(connection, now),
        "sums apart from timelines": sums_apart(connection),
        "books not true": list(untrue(connection, ALWAYS)),
    }
