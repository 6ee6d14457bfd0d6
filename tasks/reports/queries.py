"""The SQL of reports: counts come from the database, lines of today beside cases from before the system."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, select, text

from schemas.forms.history import PastCase
from schemas.tables import past_case
from tasks.reports.lines import counted, seen_now
from tasks.reports.rules import SATISFIED, Convention, CycleCount, GroupedBy, MarkCount
from tasks.rounds.rules import Period
from tasks.unit.among import among
from tasks.unit.rows import change, encode, insertion

_MARKS = """
    SELECT {groups}, mark, count(*) FROM (
        SELECT *, timezone('Asia/Shanghai', coalesce(finished_at, started_at)) AS marked_at FROM past_case
        WHERE mark IS NOT NULL) marked
    WHERE CAST(marked_at AS date) BETWEEN :first AND :last GROUP BY {groups}, mark ORDER BY {groups}, mark"""
MARKED_IN = "date_trunc('month', marked_at)"


def cycle_counts(connection: Connection, by: GroupedBy, convention: Convention, period: Period) -> list[CycleCount]:
    """Count the lines that were promised for the days of a period, by group."""
    return [CycleCount(*row[:5]) for row in counted(connection, [by], convention, period, seen_now(connection))]


def mark_counts(connection: Connection, by: GroupedBy, period: Period) -> list[MarkCount]:
    """Count the marks of cases that ended in a period, or began in it where no end is known, by group."""
    counts = []
    for group, rows in groupby(marks_by(connection, [by], period), itemgetter(0)):
        marks = [(mark, many) for _, mark, many in rows]
        satisfied = sum(many for mark, many in marks if mark >= SATISFIED)
        counts.append(MarkCount(group, sum(many for _, many in marks), satisfied))
    return counts


def marks_by(connection: Connection, groups: Sequence[str], period: Period) -> Sequence[Row[Any]]:
    """Count how often each mark was given in a period: the groups, the mark, how often."""
    query = _MARKS.format(groups=", ".join(groups))
    return connection.execute(text(query), period._asdict()).all()


def past_cases(connection: Connection, numbers: Sequence[str]) -> dict[str, PastCase]:
    """Find cases from before the system by their numbers."""
    found = select(past_case).where(among(past_case.c.case_no, numbers))
    return {row.case_no: PastCase.model_validate(dict(row._mapping)) for row in connection.execute(found)}


def keep_past_cases(connection: Connection, cases: Sequence[PastCase]) -> None:
    """Write cases, each over what was known of it."""
    if cases:
        columns = tuple(PastCase.model_fields)
        rows = [case.model_dump() for case in cases]
        connection.execute(insertion(past_case, columns, if_missing=True), {"rows": encode(past_case, rows)})
        keyed = [row | {"key_case_no": row["case_no"]} for row in rows]
        connection.execute(change(past_case, ("case_no",), columns[1:]), {"rows": encode(past_case, keyed)})
