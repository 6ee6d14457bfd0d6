"""What must be true at the end of a simulated year; each check gives what contradicts it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from tasks.books.queries import ALWAYS, untrue
from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import last_working_moment

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


def untold(connection: Connection, rounds: Sequence[datetime]) -> list[tuple[Any, ...]]:
    """Give reminders that were due while their item was open and that no round of the watch has told."""
    told, calendar = (
        {(row.case_id, row.step_key, row.kind) for row in connection.execute(_TOLD)},
        calendar_today(connection),
    )
    by = [(at, last_working_moment(calendar, at)) for at in rounds]
    missing = []
    for row in connection.execute(_REMINDERS):
        if (row.case_id, row.term, row.kind) in told:
            continue
        first = next((at for at, until in by if until >= row.at and at > row.opened_at), None)
        ran_out = row.expires_at is not None and first is not None and row.expires_at <= first
        if first and not ran_out and (row.closed_at is None or row.closed_at > first):
            missing.append((row.number, row.step_key, row.kind, row.at, first))
    return missing


def told_early(connection: Connection) -> list[tuple[Any, ...]]:
    """Give reminders that were told before their moment, or of an item that was answered by then."""
    due: dict[tuple[int, str, str], list[Any]] = {}
    for row in connection.execute(_REMINDERS):
        due.setdefault((row.case_id, row.term, row.kind), []).append(row)
    return [
        (row.case_id, row.step_key, row.kind, row.sent_at)
        for row in connection.execute(_TOLD)
        if (items := due.get((row.case_id, row.step_key, row.kind)))
        and not any(one.at <= row.sent_at and (one.closed_at is None or one.closed_at >= row.sent_at) for one in items)
    ]


def old_and_not_major(connection: Connection, now: datetime) -> list[str]:
    """Give valid complaints that were unsolved a month after receipt and did not become major then (S0 4.1.3)."""
    return list(connection.execute(_UNSOLVED, {"now": now}).scalars())


def books(connection: Connection) -> dict[str, Any]:
    """Give the sentences of the books that are not true."""
    return dict(untrue(connection, ALWAYS))
