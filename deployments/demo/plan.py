"""How the demo's stories are told in stories.yaml: an application, its first mistakes, what staff do, its ending."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from schemas.processes.parts_application import PartsEnding
from schemas.words import Reason, Urgency


@dataclass(frozen=True)
class TakeBack:
    """An attempt to withdraw a case through the deployment 撤回申报; `refused` is why it must fail."""

    staff: str
    reason: str
    refused: str = ""


@dataclass(frozen=True)
class Act:
    """What somebody does at a gate.

    fields    what differs from the pre-filled form; lists are told by line: {2: {"数量": 3}}
    staff     who signs; empty: somebody who holds the role and may decide
    refused   the answer must come back, and the next form must hold this text
    twice     a colleague sends the same answer in the same moment
    withdraw  instead of an answer, attempts to take the case back
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    staff: str = ""
    refused: str = ""
    twice: bool = False
    withdraw: tuple[TakeBack, ...] = ()


@dataclass(frozen=True)
class Slip:
    """A mistake in the sheet as it is first sent: what stands in a cell of a line, and why it comes back."""

    line: int
    heading: str
    written: object
    reason: str


Line = tuple[str, int | float, str]  # part, quantity, reason


@dataclass(frozen=True)
class Story:
    """One application: `key` is the office's own number on the sheet, `slips` its first mistakes."""

    key: str
    title: str
    office: str
    applicant: str
    order: str
    lines: Sequence[Line]
    acts: Mapping[str, Sequence[Act]] = field(default_factory=dict)
    ending: PartsEnding = PartsEnding.DELIVERED
    urgency: str = "普通"
    slips: Sequence[Slip] = ()

    def mistakes(self, line: int) -> dict[str, object]:
        """Give the cells of a row that are wrong at first."""
        return {slip.heading: slip.written for slip in self.slips if slip.line == line}

    def form(self, first: bool = False) -> dict[str, Any]:
        """Fill in the application's form; `first` as the office first writes it, mistakes included."""
        wrong = self.mistakes(1) if first else {}
        rows = [
            {"配件名称": part, "数量": quantity, "原因": Reason.parse(reason).option}
            | ({"配件名称": wrong["配件名称"]} if no == 1 and "配件名称" in wrong else {})
            for no, (part, quantity, reason) in enumerate(self.lines, start=1)
        ]
        return {
            "办事处": self.office,
            "申报人工号": wrong.get("申报人工号", self.applicant),
            "订单号": self.order,
            "紧急程度": Urgency.parse(self.urgency).option,
            "明细": rows,
        }


TOLD = yaml.safe_load(Path(__file__).with_name("stories.yaml").read_text("utf-8"))
STORIES = TypeAdapter(dict[str, list[Story]]).validate_python(TOLD)
SHEET, BY_FORM = STORIES["sheet"], STORIES["form"]
