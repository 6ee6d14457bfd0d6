"""What stands on documents (DOMAIN, "Documents", Contents): written when they are issued, never looked up again."""

from collections.abc import Iterable, Sequence
from typing import Any

from schemas.parts import Goods
from schemas.words import MovementKind
from tasks.people.queries import offices
from tasks.stock.moves import warehouse_of
from tasks.stock.queries import warehouses
from tasks.unit.work import Work

Content = dict[str, Any]


def slip(
    work: Work,
    kinds: Iterable[MovementKind],
    party: Content,
    lines: Sequence[Content],
    red: bool = False,
    warehouse: str = "",
) -> Content:
    """入库单, 出库单: the warehouse, why its stock moves, the supplier or receiver, and what; a red one is negative."""
    kinds = list(kinds)
    code = warehouse or warehouse_of(work, kinds[0])
    place = {"warehouse": f"{code} {work.read(warehouses)[code]}", "category": "、".join(kind.zh for kind in kinds)}
    return {"case": work.case.number, "red": red, **place, **party, "lines": list(lines)}


def to_office(work: Work) -> Content:
    """The receiver of what is sent: the office, with address and phone."""
    office = work.read(offices)[work.case.office]
    return {"receiver": f"{office.name} {office.code}", "receiver_address": f"{office.address} {office.phone}"}


def goods_row(goods: Goods, **more: Any) -> Content:
    """A line of a document: code, standard name, specification, colour, unit of measure, quantity."""
    return Goods(**goods.as_goods()).model_dump(mode="json") | more
