"""Play follow-up calls: the day's list, the agents who call, the office that finds a number."""

from typing import Any

import flows.follow_up_call  # noqa: F401  registers process HF
from schemas.forms.calls import CallWhy
from schemas.words import Role
from tasks.calls.listing import DAILY, Listed, list_calls
from tests.flows.complaints import Hotline
from tests.play import open_to_gate

CALLER = "E1026"


class Callers(Hotline):
    """People who call customers, and all whose work is called about."""

    def listed(self, regulars: bool = False) -> list[Listed]:
        """Make the day's list, and let complaints be heard."""
        listed = list_calls(self.db, DAILY if regulars else DAILY - {CallWhy.REGULAR})
        self.rest()
        return listed

    def asked(self, **fields: Any) -> int:
        """Have a customer called; gives the call's id."""
        form = {"办事处": "BJ", "申报人工号": CALLER, "订单号": "SO20260318-0042", "明细": [{"回访事由": "专项回访"}]}
        return open_to_gate(self.db, form | fields, "HF").case_id

    def call_about(self, case: int) -> int:
        """Give the newest call that is about a case."""
        found = self.rows("SELECT max(case_id) AS id FROM call_reason WHERE source = :case", case=case)
        return int(found[0].id)

    def delivered(self, **form: Any) -> int:
        """Have parts delivered to a customer; gives the case."""
        case = self.apply(1, **form)
        assert self.finish(case) == "delivered"
        return case

    def agents(self) -> list[str]:
        """Give the agents."""
        return self.holders(Role.AGENT)
