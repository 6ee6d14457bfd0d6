"""The SQL of exports: rows stream from the server, so that a million take no more memory than a thousand."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, text

from tasks.exports.events import LedgerRow

AT_ONCE = 1_000  # rows that are fetched together


class ExportPeriod(NamedTuple):
    """What is exported: happenings from one moment on and before another, of one process or of all ("")."""

    begins: datetime
    ends: datetime
    process: str = ""


_HAPPENED = "l.finished_at >= :begins AND l.finished_at < :ends"
_WANTED = f"""(:process = '' OR c.process = :process)
    AND EXISTS (SELECT FROM ledger l WHERE l.case_id = c.id AND {_HAPPENED})"""
_ROWS = text(f"""
    SELECT c.number, c.process, l.step_key, l.kind, l.link, l.title, s.code || ' ' || s.name,
           CASE WHEN first.row THEN c.channel ELSE l.channel END, l.output,
           CASE WHEN first.row THEN c.opened_at ELSE l.finished_at END, c.ending, w.role, w.form,
           ARRAY(SELECT d.number FROM document d WHERE d.case_id = l.case_id AND d.step_key = l.step_key ORDER BY 1),
           CASE WHEN first.row THEN c.customer_phone || c.customer_name ELSE '' END,
           ARRAY(SELECT line_no FROM case_line n WHERE first.row AND n.case_id = l.case_id ORDER BY 1)
    FROM ledger l JOIN service_case c ON c.id = l.case_id
    CROSS JOIN LATERAL (SELECT l.seq = 1 AND l.kind = 'step' AS row) first
    LEFT JOIN staff s ON s.code = CASE WHEN first.row THEN c.applicant ELSE l.actor END
    LEFT JOIN work_item w ON w.case_id = l.case_id AND w.step_key = l.step_key
    WHERE {_HAPPENED} AND (:process = '' OR c.process = :process)
    ORDER BY l.case_id, l.seq""")
_CASES = text(f"""
    SELECT c.number, c.process, c.office, c.urgency, c.ending, c.opened_at, p.number AS parent,
           c.customer_phone || c.customer_name AS customer,
           ARRAY(SELECT DISTINCT part FROM case_line WHERE case_id = c.id ORDER BY 1) AS parts
    FROM service_case c LEFT JOIN service_case p ON p.id = c.parent_id WHERE {_WANTED} ORDER BY c.id""")
_LINES = text(f"""
    SELECT c.number, n.line_no, n.part, n.part_name, n.quantity, n.reason, n.unit, c.opened_at
    FROM service_case c JOIN case_line n ON n.case_id = c.id WHERE {_WANTED} ORDER BY c.id, n.line_no""")
_DOCUMENTS = text(f"""
    SELECT d.number, d.kind, c.number AS case_number, r.number AS reverses, d.issued_at
    FROM service_case c JOIN document d ON d.case_id = c.id LEFT JOIN document r ON r.id = d.reverses
    WHERE {_WANTED} ORDER BY c.id, d.number""")
_PARTS = text(f"""
    SELECT DISTINCT p.code, p.name, p.category
    FROM service_case c JOIN case_line n ON n.case_id = c.id JOIN part p ON p.code = n.part WHERE {_WANTED}
    ORDER BY p.code""")
_CUSTOMERS = text(f"""
    SELECT DISTINCT c.customer_phone || c.customer_name AS customer FROM service_case c
    WHERE {_WANTED} AND c.customer_phone || c.customer_name <> '' ORDER BY 1""")


def ledger_rows(connection: Connection, period: ExportPeriod) -> Iterator[LedgerRow]:
    """Give what happened, case by case in its order."""
    return map(LedgerRow._make, _stream(connection, _ROWS, period))


def cases(connection: Connection, period: ExportPeriod) -> Iterator[Row[Any]]:
    """Give the cases to which something happened."""
    return _stream(connection, _CASES, period)


def lines(connection: Connection, period: ExportPeriod) -> Iterator[Row[Any]]:
    """Give the lines of these cases."""
    return _stream(connection, _LINES, period)


def documents(connection: Connection, period: ExportPeriod) -> Iterator[Row[Any]]:
    """Give the documents of these cases."""
    return _stream(connection, _DOCUMENTS, period)


def parts(connection: Connection, period: ExportPeriod) -> Iterator[Row[Any]]:
    """Give the parts that lines of these cases name."""
    return _stream(connection, _PARTS, period)


def customers_of_cases(connection: Connection, period: ExportPeriod) -> Iterator[str]:
    """Give phone and name together of the customers of these cases; for nobody's eyes."""
    return (row.customer for row in _stream(connection, _CUSTOMERS, period))


def _stream(connection: Connection, statement: Any, period: ExportPeriod) -> Iterator[Row[Any]]:
    options = {"stream_results": True, "max_row_buffer": AT_ONCE}
    return iter(connection.execution_options(**options).execute(statement, period._asdict()))
