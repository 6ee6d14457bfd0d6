"""The shapes that travel through a repair return and the lists of its goods."""

from datetime import date
from decimal import Decimal

from schemas.parts import Goods
from schemas.shapes import figure


class RepairGoods(Goods):
    """Damaged goods of a line, as they were taken in by a slip and documents name them (S3 §3 1.5)."""

    case_id: int
    number: str
    office: str
    order_no: str
    model: str
    cause: str
    old_no: str
    new_no: str
    replaced_by: str
    replaced_on: date | None
    volume: Decimal
    warehouse: str
    slip: str = ""

    @property
    def said(self) -> str:
        """The part, how many, and what is wrong."""
        return f"第{self.line_no}行 {self.name} ×{figure(self.quantity)} {self.cause}"


class ListedGoods(RepairGoods):
    """Goods of a repair on a list: the repair's own line, and the package that they are in."""

    own_line: int
    package: str

    @property
    def said(self) -> str:
        """The repair and its goods."""
        return f"{self.number} {self.name} ×{figure(self.quantity)}"
