"""The SQL of complaints: what was told of the same matter, cases by number, documents of a case, how old they are."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, or_, select, text

from schemas.forms.contacts import ContactRecord
from schemas.shapes import LineTable
from schemas.tables import document, sales_record, service_case
from schemas.words import DocumentKind
from tasks.unit.among import among

CODE = "CC"
Caller = tuple[str, str]  # order, phone
BY_CALLER = attrgetter("order_no", "customer_phone")  # of records and of cases
HEADINGS = ("类别 Kind", "渠道 Channel", "事项 Matter", "期望 Expectation")
OF_RECORD = ("order_no", "order_line", "part", "kind", "same_as")
OF_CASE = ("id", "number", "opened_at", "closed_at", "ending", "ending_reason")


class Earlier(NamedTuple):
    """An earlier contact: what it was about, as what it was taken, whether it is still followed, and how it ended."""

    id: int
    number: str
    kind: str
    order_no: str
    order_line: int
    part: str
    phone: str
    same_as: str
    opened_at: datetime
    closed_at: datetime | None
    ending: str | None
    ending_reason: str | None


def earlier_contacts(connection: Connection, callers: Sequence[Caller]) -> dict[Caller, list[Earlier]]:
    """Find what customers called about before, by order or by phone, also the order's, the newest first."""
    wanted = select(*(service_case.c[name] for name in ("order_no", "customer_phone", "request", *OF_CASE)))
    wanted = wanted.where(service_case.c.process == CODE)
    orders, phones = ([value for value in values if value] for values in zip(*callers, strict=True))
    sold = select(sales_record.c.order_no, sales_record.c.customer_phone).where(among(sales_record.c.order_no, orders))
    phone_of = {row.order_no: row.customer_phone for row in connection.execute(sold)}
    phones += phone_of.values()
    told = or_(among(service_case.c.order_no, orders), among(service_case.c.customer_phone, phones))
    rows = connection.execute(wanted.where(told).order_by(service_case.c.id.desc())).all()
    found = [(row, _earlier(row)) for row in rows]
    known = {caller: {*caller, phone_of.get(caller[0], "")} - {""} for caller in callers}
    return {caller: [one for _, one in found if {one.order_no, one.phone} & known[caller]] for caller in callers}


def _earlier(row: Row[Any]) -> Earlier:
    told = {name: row.request[name] for name in OF_RECORD} | {"order_no": row.order_no, "phone": row.customer_phone}
    return Earlier(**told, **{name: getattr(row, name) for name in OF_CASE})


def named_by(record: Any) -> str:
    """Give the number that a record says it is about; of a case there is none."""
    return str(getattr(record, "about", ""))


def cases_named(connection: Connection, numbers: Sequence[str]) -> dict[str, Row[Any]]:
    """Find cases by number."""
    wanted = select(service_case.c.number, service_case.c.id)
    return {row.number: row for row in connection.execute(wanted.where(among(service_case.c.number, numbers)))}


def cases_by_id(connection: Connection, case_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Find cases."""
    rows = connection.execute(select(service_case).where(among(service_case.c.id, case_ids)))
    return {row.id: row for row in rows}


def complaints_after(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[int]]:
    """Find the complaints that follow what customers were asked about cases: none or one a case."""
    origins = {after(case_id): case_id for case_id in case_ids}
    wanted = select(service_case.c.origin, service_case.c.id)
    rows = connection.execute(wanted.where(among(service_case.c.origin, list(origins))))
    found = {origins[row.origin]: [row.id] for row in rows}
    return {case_id: found.get(case_id, []) for case_id in case_ids}


def after(case_id: int) -> str:
    """Give the origin of the complaint that follows what a customer was asked about a case."""
    return f"after:{case_id}"


def opened_by(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """Find the cases that cases have opened, with their numbers."""
    wanted = select(service_case.c.parent_id, service_case.c.id, service_case.c.number)
    rows = connection.execute(wanted.where(among(service_case.c.parent_id, case_ids))).all()
    return {case_id: [row for row in rows if row.parent_id == case_id] for case_id in case_ids}


def documents_of(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """Find the documents of cases in order."""
    wanted = select(document.c.case_id, document.c.number, document.c.kind, document.c.issued_at)
    rows = connection.execute(
        wanted.where(among(document.c.case_id, case_ids)).order_by(document.c.issued_at, document.c.number)
    )
    listed = list(rows)
    return {case_id: [row for row in listed if row.case_id == case_id] for case_id in case_ids}


def contact_table(connection: Connection, case_id: int) -> LineTable:
    """Show what a customer called about, how grave it is, and what it is about or the same as."""
    wanted = select(service_case.c.request).where(service_case.c.id == case_id)
    form = ContactRecord.model_validate(connection.execute(wanted).scalar_one())
    graded = select(document.c.content).where(document.c.case_id == case_id, document.c.kind == DocumentKind.COMPLAINT)
    sheet = connection.execute(graded.order_by(document.c.serial.desc()).limit(1)).scalar() or {}
    told = {"严重程度 Severity": sheet.get("severity"), "责任单位 Unit": sheet.get("production_unit")}
    told |= {
        "处理措施 Remedy": sheet.get("remedy"),
        "约定回复 Callback": form.callback,
        "录音 Recording": form.recording,
    }
    told |= {
        "特别事项 Special": form.special.zh if form.special != "none" else "",
        "客户身份 Customer": form.standing.zh,
    }
    told |= {"同一事项 Same matter": form.same_as, "相关单号 About": form.about, "来件文号 File": form.file_no}
    row = (form.kind.zh, form.way.zh, form.matter, form.expectation)
    return LineTable(HEADINGS, [row], [(name, str(value)) for name, value in told.items() if value])


_AGEING = text("""
    SELECT s.number, o.name AS office, s.opened_at, i.due_at AS major_at, i.state, s.link, s.holder, s.due_at,
           d.content ->> 'severity' AS severity, d.content ->> 'production_unit' AS unit
    FROM service_case s JOIN office o ON o.code = s.office
    JOIN LATERAL (
        SELECT due_at, state FROM work_item WHERE case_id = s.id AND form = :month ORDER BY opened_at DESC LIMIT 1) i ON true
    LEFT JOIN LATERAL (
        SELECT content FROM document WHERE case_id = s.id AND kind = :sheet ORDER BY serial DESC LIMIT 1) d ON true
    WHERE s.process = :code AND s.closed_at IS NULL ORDER BY s.opened_at, s.number""")


def ageing_complaints(connection: Connection, month: str) -> Sequence[Row[Any]]:
    """Find the open complaints that were judged valid, the oldest first; `month` is the form of their month's clock."""
    given = {"month": month, "sheet": DocumentKind.COMPLAINT, "code": CODE}
    return connection.execute(_AGEING, given).all()
