"""Play the people of a complaint: the hotline, the handler, QUALITY, the unit, the customer's words."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import flows.complaint
import flows.duty
import flows.follow_up_call
import flows.repair_return  # noqa: F401  what a complaint may open
from schemas.answers import Result
from schemas.forms.calls import CallWhy
from schemas.problems import BadInput
from schemas.words import Channel
from tasks.calls.listing import list_calls
from tasks.durable.opening import open_case
from tasks.durable.stage import advance
from tests.play import Play, open_to_gate

ORDER = "SO20260318-0042"  # of BJ, in warranty
AGENT, HANDLER, SUPERVISOR, MANAGER = "E1025", "E1030", "E1040", "E1043"
FIRST = {"投诉": "有效投诉", "报修": "转办", "咨询": "已答复", "建议": "转办"}


def record(kind: str = "投诉", **fields: Any) -> dict[str, Any]:
    """Fill in a record of a contact."""
    said = {"办事处": "BJ", "申报人工号": AGENT, "来电类别": kind, "来电渠道": "电话", "来电事项": "柜门开裂"}
    return said | {"订单号": ORDER, "订单行": 1, "客户期望": "更换"} | fields


class Hotline(Play):
    """People who hear, answer and follow what customers call about."""

    def call(self, kind: str = "投诉", **fields: Any) -> int:
        """Record a contact and let it go to its first answer; gives its id."""
        return open_to_gate(self.db, record(kind, **fields), "CC").case_id

    def wrong(self, kind: str = "投诉", process: str = "CC", **fields: Any) -> str:
        """Record a contact that must be refused, and change nothing; gives why."""
        form: Mapping[str, Any] = record(kind, **fields) if process == "CC" else fields
        before = self.rows("SELECT count(*) AS n FROM service_case")
        try:
            open_case(self.db, process, form, f"cli:{uuid4()}", Channel.CLI)
        except BadInput as wrong:
            assert self.rows("SELECT count(*) AS n FROM service_case") == before
            return str(wrong)
        raise AssertionError("it was accepted")

    def valid(self, severity: str = "一般", **fields: Any) -> int:
        """Have a complaint found valid; gives its id, which waits for its handler."""
        case = self.call(**fields)
        self.decide(case, "first-1", 接听结论="有效投诉", 严重程度=severity)
        return case

    def planned(self, severity: str = "一般", *, quality: bool = False, unit: str = "PANEL", **fields: Any) -> int:
        """Take a complaint to the unit's plan."""
        case = self.valid(severity, **fields)
        while not any(key.startswith("coordinate") for key in self.items(case)):
            self.decide(case, self.next_key(case))
        self.decide(case, "coordinate-1", 品管判定="是" if quality else "否", 责任单位=unit)
        if quality:
            self.decide(case, "cause-1", 责任单位=unit)
        return case

    def go_on(self, case: int, waiting: Mapping[str, Any]) -> None:
        """Answer what is answered next; a month goes by itself, and of a filed complaint the customer is called."""
        waiting = {key: item for key, item in waiting.items() if not key.startswith("month")}
        if all(key.startswith("callback") for key in waiting):
            self.called_back(case)
        else:
            super().go_on(case, waiting)

    def decide(self, case: int, key: str, staff: str | None = None, **fields: Any) -> Result:
        """Answer an open item; what a filed complaint waits for, its customer says when called."""
        if not key.startswith("callback"):
            return super().decide(case, key, staff, **fields)
        said = {"回访结果": fields.pop("客户意见", "满意"), "反映事项": fields.pop("原因", "")}
        return self.called_back(case, staff, **said, **fields)

    def called_back(self, case: int, staff: str | None = None, **fields: Any) -> Result:
        """Have the customer of a filed complaint called, who says this."""
        list_calls(self.db, {CallWhy.FILED})
        (found,) = self.rows("SELECT max(case_id) AS id FROM call_reason WHERE source = :c", c=case)
        became = super().decide(found.id, "call-1", staff, **fields)
        advance(self.db, case)
        return became

    def to(self, case: int, prefix: str) -> str:
        """Answer everything sensibly until an item whose key begins so is open; gives its key."""
        while True:
            items = self.items(case)
            assert items, f"the case ended before {prefix}: {self.keys(case)}"
            if found := next((key for key in items if key.startswith(prefix)), None):
                return found
            self.go_on(case, items)

    def said(self, case: int, prefix: str, staff: str | None = None, **fields: Any) -> None:
        """Answer everything sensibly until an item whose key begins so is open, and then say this there."""
        self.decide(case, self.to(case, prefix), staff, **fields)

    def issued(self, case: int) -> list[str]:
        """Give the kinds of the documents of a case."""
        return sorted({row.kind for row in self.rows("SELECT kind FROM document WHERE case_id = :c", c=case)})

    def told(self, case: int) -> set[tuple[str, str]]:
        """Give which roles were told what of a case, by step."""
        found = self.rows("SELECT step_key, role FROM notice WHERE case_id = :c", c=case)
        return {(row.step_key, row.role) for row in found}
