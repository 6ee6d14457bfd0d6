"""The SQL of reports: counts come from the database, lines of today beside cases from before the system."""

from collections.abc import Sequence

from sqlalchemy import Connection, select, text

from schemas.forms.history import PastCase
from schemas.tables import past_case
from tasks.reports.rules import Convention, CycleCount, GroupedBy, MarkCount
from tasks.rounds.rules import Period
from tasks.unit.among import among
from tasks.unit.rows import change, encode, insertion

# what is promised and reported by the day is compared by the day, whatever the convention
_LINES = """
    SELECT {past} AS "group", promised_at, finished_at, CAST(timezone('Asia/Shanghai', promised_at) AS date) AS due_on,
           CAST(timezone('Asia/Shanghai', finished_at) AS date) AS done_on
    FROM past_case WHERE promised_at IS NOT NULL
    UNION ALL
    SELECT {own}, CAST(o.promised AS timestamp) AT TIME ZONE 'Asia/Shanghai',
           CAST(o.made_on AS timestamp) AT TIME ZONE 'Asia/Shanghai', o.promised, o.made_on
    FROM production_order o JOIN service_case c ON c.id = o.case_id JOIN office f ON f.code = c.office
    JOIN production_unit u ON u.code = o.unit JOIN part p ON p.code = o.part JOIN part_category k ON k.code = p.category
    WHERE o.promised IS NOT NULL AND o.state <> 'cancelled'"""
_GROUPS = {GroupedBy.UNIT: ("unit", "u.name"), GroupedBy.CATEGORY: ("category", "k.name")}
_GROUPS[GroupedBy.OFFICE] = ("office", "f.name")
_ON_TIME = {Convention.DAY: "done_on <= due_on", Convention.TIMESTAMP: "finished_at <= promised_at"}
_CYCLES = """
    SELECT "group", count(*), count(*) FILTER (WHERE {on_time}), count(*) FILTER (WHERE NOT ({on_time})),
           count(*) FILTER (WHERE finished_at IS NULL)
    FROM ({lines}) line WHERE due_on BETWEEN :first AND :last GROUP BY 1 ORDER BY 1"""
_MARKS = """
    SELECT {past}, count(mark), count(*) FILTER (WHERE mark >= 4) FROM past_case
    WHERE mark IS NOT NULL
          AND CAST(timezone('Asia/Shanghai', coalesce(finished_at, started_at)) AS date) BETWEEN :first AND :last
    GROUP BY 1 ORDER BY 1"""


def cycle_counts(connection: Connection, by: GroupedBy, convention: Convention, period: Period) -> list[CycleCount]:
    """Count the lines that were promised for the days of a period, by group."""
    past, own = _GROUPS[by]
    query = _CYCLES.format(on_time=_ON_TIME[convention], lines=_LINES.format(past=past, own=own))
    return [CycleCount(*row) for row in connection.execute(text(query), period._asdict())]


def mark_counts(connection: Connection, by: GroupedBy, period: Period) -> list[MarkCount]:
    """Count the marks of cases that ended in a period, or began in it where no end is known, by group."""
    past, _ = _GROUPS[by]
    return [MarkCount(*row) for row in connection.execute(text(_MARKS.format(past=past)), period._asdict())]


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
