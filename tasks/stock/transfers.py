"""A transfer's two movements: out by one 调拨单, which names both warehouses, and in as it is counted (S3 §2 4.1)."""

from collections.abc import Mapping, Sequence

from schemas.parts import Goods
from schemas.words import DocumentKind, MovementKind
from tasks.documents.contents import Content, goods_row, slip
from tasks.documents.steps import DocumentRef, issue
from tasks.stock.moves import receive
from tasks.unit.work import Work


def transfer_note(work: Work, goods: Sequence[Goods], here: str, there: str, way: Content) -> DocumentRef:
    """Issue the 调拨单 of goods that leave a warehouse for another: on the road they are nobody's stock."""
    kinds, rows = [MovementKind.TRANSFER_OUT, MovementKind.TRANSFER_IN], [goods_row(one) for one in goods]
    return issue(work, DocumentKind.TRANSFER, slip(work, kinds, {"receiver": there, **way}, rows, warehouse=here))


def transfer_in(
    work: Work, goods: Sequence[Goods], where: str, supplier: str, said: Mapping[int, Content]
) -> DocumentRef | None:
    """Book what was counted of a transfer, with what is said of each line; nothing issues no slip."""
    came = [one for one in goods if one.quantity]
    for one in came:
        receive(work, one.line_no, one.part, one.quantity, MovementKind.TRANSFER_IN, where)
    rows = [goods_row(one, **said[one.line_no]) for one in came]
    content = slip(work, [MovementKind.TRANSFER_IN], {"supplier": supplier}, rows, warehouse=where)
    return issue(work, DocumentKind.INBOUND_SLIP, content) if came else None
