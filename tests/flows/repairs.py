"""Play the people of a repair return: the office, the list, the workshop, the customer's answers."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import flows.complaint
import flows.repair_return
import flows.return_list  # noqa: F401  register RR and its lists
from schemas.words import Channel, Role
from tasks.durable import clock
from tasks.durable.opening import open_case
from tasks.durable.stage import advance
from tasks.runs.queries import ready_cases
from tests.play import Play, line

IN_WARRANTY = "SO20260318-0042"  # of BJ
OUT_OF_WARRANTY = "SO20250316-0093"


def goods(part: str = "P-PT-001", quantity: object = 2, reason: str = "质量问题", **more: Any) -> dict[str, Any]:
    """Fill in a line of damaged goods."""
    return line(part, quantity, reason) | {"损坏原因": "掉漆", "体积": 0.2, **more}


class Repairs(Play):
    """People who have damaged goods repaired."""

    def apply_repair(self, *lines: Mapping[str, Any], order: str = "", office: str = "BJ", **overrides: Any) -> int:
        """Send an application for repair and let it go to its review; gives its id."""
        form = self.form([], office=office, 明细=[dict(one) for one in lines or (goods(),)], **overrides)
        form |= {"订单号": order} if order else {}
        opened = open_case(self.db, "RR", form, f"cli:{uuid4()}", Channel.CLI)
        advance(self.db, opened.case_id)
        return opened.case_id

    def reviewed(self, *lines: Mapping[str, Any], place: str = "本厂维修", fee: str = "", **overrides: Any) -> int:
        """Have an application approved; gives the case, which waits for a list or stays at the office."""
        case = self.apply_repair(*lines, **overrides)
        said = {"明细": {no: {"费用类别": fee} for no in range(1, 1 + len(lines or (1,)))}} if fee else {}
        photos = {"照片编号": "P-1"} if place == "凭照片就地报废" else {}
        self.decide(case, "review-1", 维修地点=place, **said, **photos)
        while self.next_key(case).startswith("approve"):
            self.decide(case, self.next_key(case))
        return case

    def draw_up(self, *cases: int, office: str = "BJ", package: str = "1") -> int:
        """Draw up a list of these repairs, or of all that wait; gives its id."""
        rows = [{"返修单号": self.case(case).number, "箱号": package} for case in cases]
        form = {"办事处": office, "申报人工号": self.holders(Role.OFFICE, office)[0], "明细": rows}
        opened = open_case(self.db, "RL", form, f"cli:{uuid4()}", Channel.CLI)
        advance(self.db, opened.case_id)
        return opened.case_id

    def parcel(self, **overrides: Any) -> int:
        """Let the warehouse take in a parcel that nobody announced; gives its list."""
        row = {"暂存配件": "P-PT-001", "暂存数量": 2}
        form = {"办事处": "BJ", "申报人工号": self.holders(Role.WAREHOUSE)[0], "未申报到货": "是", "明细": [row]}
        opened = open_case(self.db, "RL", form | overrides, f"cli:{uuid4()}", Channel.CLI)
        self.hear(opened.case_id)
        return opened.case_id

    def rest(self) -> None:
        """Let cases that others opened come to their first gate, and letters be read, until nothing moves."""
        while ready := self._ready():
            self.hear(*ready)

    def _ready(self) -> list[int]:
        with self.db.connect() as connection:
            return ready_cases(connection, clock.now(), 100)

    def hear(self, *cases: int) -> None:
        """Let repairs read what their list has written."""
        for case in cases:
            advance(self.db, case)

    def ship(self, *cases: int, **fields: Any) -> int:
        """Send a list of repairs and let it leave; gives the list."""
        listed = self.draw_up(*cases)
        self.decide(listed, "list-1")
        self.decide(listed, "logistics", **fields)
        self.hear(*cases)
        return listed

    def arrived(self, *lines: Mapping[str, Any], rows: Sequence[Mapping[str, Any]] = (), **overrides: Any) -> int:
        """Have goods approved, listed, shipped and received as listed or as `rows` say; gives the repair."""
        case = self.reviewed(*lines, **overrides)
        listed = self.ship(case)
        self.decide(listed, "receive-1", **({"明细": [dict(row) for row in rows]} if rows else {}))
        self.hear(case)
        return case
