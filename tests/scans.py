"""What a case, a sheet, a list or a watch asks must not grow with all cases there ever were (ARCHITECTURE, Speed).

The statements of all that goes on in the day are noted while cases are played; then PostgreSQL is told that the tables
have a million rows, and says how it would find what each asked for.
"""

import re
import sys
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, text

import tasks

TASKS = Path(tasks.__path__[0])
AUDIT, CALL_LIST = TASKS / "books", TASKS / "calls" / "due.py"
ONCE_A_DAY = (str(AUDIT), str(CALL_LIST))
GROWS = (  # with the cases; reference data does not, nor does what is on stock
    *("service_case", "case_line", "ledger", "work_item", "decision", "document", "letter", "sheet_row", "outbox"),
    *("stock_movement", "reservation", "production_order", "charge", "payment", "refund"),
)
MILLION = text("""
    UPDATE pg_class SET reltuples = 1e6 * greatest(relpages, 1) WHERE relname = ANY(:tables)
    OR oid IN (SELECT i.indexrelid FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid WHERE t.relname = ANY(:tables))""")
KEPT_FOR_EVER = {  # what partial indexes hold that grows with the cases
    *("ix_service_case_closed", "uq_decision_accepted", "ix_document_tracking", "ix_document_red"),
    *("uq_document_reverses", "uq_payment_returned", "uq_call_reason_once", "ix_care_message_sent", "ix_outbox_dead"),
}
FINDS = ("SELECT", "WITH", "UPDATE", "DELETE")
Asked = dict[str, tuple[str, Any]]


@contextmanager
def asked_by_day(db: Engine) -> Iterator[Asked]:
    """Note each statement that our code has had sent, once, with what it first asked for."""
    asked: Asked = {}

    def note(_connection: object, _cursor: object, statement: str, given: Any, *_: object) -> None:
        key = re.sub(r"\s+", " ", statement).strip()
        if (key not in asked or _of_nothing(asked[key][1])) and key.startswith(FINDS) and _of_the_day():
            asked[key] = statement, given

    event.listen(db, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(db, "before_cursor_execute", note)


def _of_nothing(given: Any) -> bool:
    return [] in given.values()


def _of_the_day() -> bool:
    frame, ours = sys._getframe(), False
    while back := frame.f_back:
        frame = back
        if frame.f_code.co_filename.startswith(ONCE_A_DAY):
            return False
        ours = ours or frame.f_code.co_filename.startswith(str(TASKS))
    return ours


def scans(db: Engine, asked: Asked) -> list[str]:
    """Give the statements for which a table that grows would be read from end to end, and which table.

    An index of what is open, unpaid or unread may be: that does not grow. What is closed or answered does.
    """
    found = list[str]()
    with db.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.execute(MILLION, {"tables": list(GROWS)})
        partial = set(connection.scalars(text("SELECT indexrelid::regclass::text FROM pg_index WHERE indpred NOTNULL")))
        partial -= KEPT_FOR_EVER
        cursor = connection.connection.cursor()
        for key, (statement, given) in asked.items():
            if not _of_nothing(given):
                cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", given)
                (plan,) = cursor.fetchone() or ()
                found += [f"{table}: {key}" for table in _read_whole(plan[0]["Plan"], partial)]
        connection.rollback()
    return found


def _read_whole(node: dict[str, Any], but: Set[str]) -> Iterator[str]:
    by_index = "Index" in node["Node Type"] and "Index Cond" not in node and node["Index Name"] not in but
    if (by_index or node["Node Type"] == "Seq Scan") and node.get("Relation Name") in GROWS:
        yield f"{node['Relation Name']} ({node['Node Type']} {node.get('Filter', '')})"
    for below in node.get("Plans", ()):
        yield from _read_whole(below, but)
