"""Goods of a case that come into a warehouse, or leave it, by a slip of their own (DOMAIN, "Stock")."""

from collections.abc import Sequence

from schemas.parts import Goods
from schemas.words import DocumentKind, MovementKind
from tasks.documents.contents import Content, goods_row, slip
from tasks.documents.steps import DocumentRef, issue
from tasks.people.queries import offices
from tasks.stock.moves import receive
from tasks.stock.queries import lots_of_slip
from tasks.unit.work import Work


def book(
    work: Work,
    kind: MovementKind,
    goods: Sequence[Goods],
    where: str,
    reverses: str | None = None,
    party: Content | None = None,
    corrects: str | None = None,
) -> DocumentRef:
    """Move goods, and issue the slip that says so: red, with negative quantities, where it reverses another one.

    What returns to a stock that it had left (退库) comes back by a red slip too (S3 §2 5).
    Goods that come in are of the lots of the slip that it `corrects`.
    """
    out, back, again = kind.endswith(("_out", "_loss")), kind == MovementKind.RETURN_TO_STOCK, reverses is not None
    red = back or again
    lots = lots_of_slip(work.unit.connection, corrects) if corrects else {}
    for one in goods:
        many = -one.quantity if out != again else one.quantity
        receive(work, one.line_no, one.part, many, kind, where, lots.get(one.line_no))
    if party is None:
        office = work.read(offices)[work.case.office]
        party = {"receiver" if out or back else "supplier": f"{office.name} {office.code}"}
    rows = [goods_row(one, quantity=str(-one.quantity if red else one.quantity)) for one in goods]
    document = DocumentKind.OUTBOUND_SLIP if out or back else DocumentKind.INBOUND_SLIP
    return issue(work, document, slip(work, [kind], party, rows, red, where), reverses)
