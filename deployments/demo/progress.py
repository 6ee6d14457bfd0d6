"""How far the demo's stories are, and who says what next; the same by clicks and through sheets."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from deployments.demo.plan import Act, Story
from schemas.words import Role
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.people.queries import Person

STAFF = "经办人工号"
ROLES = (  # leaders before those who send goods: they may let urgent ones go first
    Role.OFFICE,
    Role.PARTS_REVIEWER,
    Role.PLANNER,
    Role.WORKSHOP,
    Role.SUPERVISOR,
    Role.MANAGER,
    Role.GENERAL_MANAGER,
    Role.LOGISTICS,
    Role.WAREHOUSE,
)
SENSIBLE: Mapping[str, Mapping[str, Any]] = {
    "ReviewDecision": {"审核结论": "通过"},
    "ApprovalDecision": {"审批结论": "同意"},
    "GoodsOut": {"运输方式": "自有车辆", "承运商": "集团自有车队", "运费": 0, "件数": 1},
    "EarlyRelease": {"放行结论": "先行放行"},
    "PickupConfirmation": {"到货日期": "today", "核对结果": "货单相符"},
    "GoodsCheck": {"核对结果": "货单相符"},
}
APPROVALS = {"ReviewDecision", "ApprovalDecision"}
DAYS = {"today": 0, "in 60 days": 60}
UNIT = re.compile(r"produce-\d+-(\w+)-\d+")


@dataclass
class Progress:
    """How far a story is: its case and run, what each gate got, who approved, what must be told next."""

    story: Story
    number: str = ""
    run_id: UUID | None = None
    acts: dict[str, Act] = field(default_factory=dict)
    approved: set[str] = field(default_factory=set)
    expected: str = ""
    refused_at: str = ""

    def act_at(self, key: str, item: str) -> Act:
        """Give what is said at an item's gate `key`; a gate that is shown again gets the same."""
        if key not in self.acts:
            kind = max((k for k in self.story.acts if item.startswith(k)), key=len, default="")
            said = sum(1 for known in self.acts if kind and known.startswith(kind))
            planned = self.story.acts.get(kind, ())
            self.acts[key] = planned[said] if said < len(planned) else Act()
        return self.acts[key]


def said_day(value: object) -> date | None:
    """Give the day that a story's word for it means, if it is one."""
    days = DAYS.get(value) if isinstance(value, str) else None
    return None if days is None else shanghai_day(clock.now()) + timedelta(days=days)


def who_may(people: Mapping[str, Person], role: Role, progress: Progress, item: str, form: str) -> list[str]:
    """Give who may answer; an approval neither the applicant nor who has approved before."""
    able = _holders(people, role, progress.story, item)
    if form not in APPROVALS:
        return able
    barred = {progress.story.applicant, *progress.approved}
    return [code for code in able if code not in barred] or able


def _holders(people: Mapping[str, Person], role: Role, story: Story, item: str) -> list[str]:
    """Give the staff who may act at an item; the applicant where the office is asked."""
    if role == Role.OFFICE:
        return [story.applicant]
    found = UNIT.fullmatch(item)
    unit = found[1].upper() if found else None
    return [p.code for _, p in sorted(people.items()) if p.active and p.holds(role, None, unit)]


def unsaid(stories: Sequence[Progress], apart: str = "") -> list[str]:
    """Give what was planned and never happened, `apart` from the acts at gates of that name."""
    missing = [f"{p.story.key}: 未见 was not told: {p.expected}" for p in stories if p.expected]
    for progress in stories:
        for kind, acts in progress.story.acts.items():
            said = sum(1 for key in progress.acts if key.startswith(kind))
            if said < len(acts) and kind != apart:
                missing.append(f"{progress.story.key}: {kind} 少 only {said} of {len(acts)} acts")
    return missing
