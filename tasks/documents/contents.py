"""What stands on documents (DOMAIN, "Documents", Contents): written when they are issued, never looked up again."""

from collections.abc import Iterable, Sequence
from typing import Any

from schemas.parts import OF_GOODS, Goods
from schemas.words import MovementKind, Urgency
from tasks.people.queries import offices, people
from tasks.stock.lots import lots_of_line
from tasks.stock.moves import warehouse_of
from tasks.stock.queries import warehouses
from tasks.unit.work import Work

Content = dict[str, Any]


def application(work: Work, edition: int, remark: str) -> Content:
    """The head of an application: what case, how fast, by whom, for whom, of which order."""
    urgency = Urgency(work.case.urgency).option
    return {**to_customer(work), **by_office(work), "edition": edition, "urgency": urgency, "remark": remark}


def by_office(work: Work) -> Content:
    """Which office applied, and who of it."""
    office, person = work.read(offices)[work.case.office], work.read(people)[work.case.applicant]
    return {"case": work.case.number, "office": f"{office.name} {office.code}", "applicant": str(person)}


def to_customer(work: Work) -> Content:
    """For whom a case is, of which order."""
    case = work.case
    customer = " ".join(filter(None, [case.customer_name, case.customer_phone, case.customer_address]))
    return {"case": case.number, "order": case.order_no, "model": case.model, "customer": customer}


def slip(
    work: Work,
    kinds: Iterable[MovementKind],
    party: Content,
    lines: Sequence[Content],
    red: bool = False,
    warehouse: str = "",
) -> Content:
    """入库单, 出库单: the warehouse, why its stock moves, the supplier or receiver, and what; a red one is negative.

    Of what this step has moved, the lots stand on it.
    """
    kinds = list(kinds)
    code = warehouse or warehouse_of(work, kinds[0])
    place = {"warehouse": f"{code} {work.read(warehouses)[code]}", "category": "、".join(kind.zh for kind in kinds)}
    rows = [with_lots(work, line) for line in lines]
    return {"case": work.case.number, "red": red, **place, **party, "lines": rows}


def with_lots(work: Work, line: Content) -> Content:
    """Give a line of a slip with the lots of what this step moved of it."""
    lots = lots_of_line(work, line["line_no"], line["part"]) if "line_no" in line and "part" in line else ""
    return {**line, "lots": lots} if lots else line


def to_office(work: Work) -> Content:
    """The receiver of what is sent: the office, with address and phone."""
    office = work.read(offices)[work.case.office]
    return {"receiver": f"{office.name} {office.code}", "receiver_address": f"{office.address} {office.phone}"}


def goods_row(goods: Goods, **more: Any) -> Content:
    """A line of a document: code, standard name, specification, colour, unit of measure, quantity."""
    return goods.model_dump(mode="json", include=OF_GOODS) | more
