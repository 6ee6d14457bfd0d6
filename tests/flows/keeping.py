"""Play the people who keep warehouses: transfers, counts, slips by hand."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import uuid4

import flows.goods_slip
import flows.stock_count
import flows.stock_transfer  # noqa: F401  register what keepers do
from schemas.words import Channel, Role
from tasks.durable.opening import open_case
from tasks.durable.stage import advance
from tests.play import Play

KEEPER, PLANNER, OF_BJ, OF_SH = "E1016", "E1004", "E1049", "E1052"
HINGE = "P-HW-001"  # on stock
MAIN, MAIN_BAD, BJ, BJ_BAD, SH = "MAIN-GOOD", "MAIN-DAMAGED", "BJ-GOOD", "BJ-DAMAGED", "SH-GOOD"


class Keepers(Play):
    """People who keep warehouses."""

    def opened(self, process: str, **form: Any) -> int:
        """Open a case and let it go to its first gate; gives its id."""
        opened = open_case(self.db, process, form, f"cli:{uuid4()}", Channel.CLI)
        advance(self.db, opened.case_id)
        return opened.case_id

    def transfer(
        self, sender: str = MAIN, receiver: str = BJ, applicant: str = OF_BJ, many: int = 4, **more: Any
    ) -> int:
        """Ask for a transfer of hinges."""
        return self.opened("ST", **self.transfer_form(sender, receiver, applicant, many, **more))

    def transfer_form(
        self, sender: str = MAIN, receiver: str = BJ, applicant: str = OF_BJ, many: int = 4, **more: Any
    ) -> dict[str, Any]:
        """Fill in a request for a transfer of hinges."""
        form = {"办事处": "BJ", "申报人工号": applicant, "调出仓库": sender, "调入仓库": receiver}
        return form | {"明细": [{"配件名称": HINGE, "数量": many}]} | more

    def count(self, applicant: str = KEEPER, warehouse: str = MAIN, **more: Any) -> int:
        """Ask for a count of hinges."""
        form = {"办事处": "BJ", "申报人工号": applicant, "盘点仓库": warehouse, "盘点类别": "临时盘点"}
        return self.opened("SC", **form | {"明细": [{"配件名称": HINGE}]} | more)

    def slip(
        self, kind: str = "零星采购入库", applicant: str = KEEPER, many: int = 5, warehouse: str = MAIN, **more: Any
    ) -> int:
        """Ask for a slip by hand of hinges."""
        form = {"办事处": "BJ", "申报人工号": applicant, "记账仓库": warehouse, "出入库类别": kind}
        form |= {"供应方或领用方": "南城五金店"}
        return self.opened("GS", **form | {"明细": [{"物料": HINGE, "数量": many}]} | more)

    def provisional(self) -> int:
        """Book hinges provisionally, so that they wait for their papers."""
        case = self.slip("暂估入库", 询问发货方="李工：发票后补")
        self.decide(case, "check", KEEPER)
        return case

    def sent(self, **form: Any) -> int:
        """Bring a transfer onto the road."""
        case = self.transfer(**form)
        self.decide(case, "agree", PLANNER)
        self.decide(case, "out")
        return case

    def stock(self, warehouse: str, part: str = HINGE) -> tuple[Decimal, Decimal]:
        """Give what a warehouse has of a part, and what is reserved of it."""
        wanted = "SELECT on_hand, reserved FROM stock_balance WHERE warehouse = :warehouse AND part = :part"
        rows = self.rows(wanted, warehouse=warehouse, part=part)
        return (rows[0].on_hand.normalize(), rows[0].reserved.normalize()) if rows else (Decimal(0), Decimal(0))

    def ending(self, case: int) -> str:
        """Say how a case ended."""
        return str(self.case(case).ending)

    def kinds(self, case: int) -> Mapping[str, Decimal]:
        """Add up what a case has moved, by kind."""
        rows = self.rows("SELECT kind, sum(quantity) AS many FROM stock_movement WHERE case_id = :c GROUP BY 1", c=case)
        return {row.kind: row.many.normalize() for row in rows}

    def leader(self, role: Role = Role.SUPERVISOR, no: int = 0) -> str:
        """Give one of a role."""
        return self.holders(role)[no]
