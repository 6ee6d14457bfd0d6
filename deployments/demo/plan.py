"""How the demo's stories are told in stories.yaml: an application, its first mistakes, what staff do, its ending."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from deployments.demo.sensible import day, each_value
from schemas.forms.applications import PartsApplication
from schemas.processes.parts_application import PartsEnding

OF_APPLICATION = ("办事处", "申报人工号", "订单号", "紧急程度", "发现日期")
OF_LINE = ("配件名称", "数量", "原因")


@dataclass(frozen=True)
class Act:
    """What somebody does at a gate.

    fields    what differs from the pre-filled form; lists are told by line: {2: {"数量": 3}}
    staff     who signs; empty: somebody who holds the role and may decide
    refused   the answer must come back, and the next form must hold this text
    twice     a colleague sends the same answer in the same moment
    withdraw  why `staff` tries to take the case back instead of answering
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    staff: str = ""
    refused: str = ""
    twice: bool = False
    withdraw: str = ""


@dataclass(frozen=True)
class Slip:
    """A mistake in the sheet as it is first sent: what stands in a cell of a line, and why it comes back."""

    line: int
    heading: str
    written: object
    reason: str


@dataclass(frozen=True)
class Story:
    """One application: `key` is the office's own number on the sheet, `slips` its first mistakes."""

    key: str
    title: str
    office: str
    applicant: str
    order: str
    lines: Sequence[tuple[str, int | float, str]]  # OF_LINE
    acts: Mapping[str, Sequence[Act]] = field(default_factory=dict)
    ending: PartsEnding = PartsEnding.DELIVERED
    urgency: str = "普通"
    slips: Sequence[Slip] = ()

    def rows(self, first: bool = False) -> list[dict[str, Any]]:
        """Give the rows of its sheet, a line each; `first` as the office first writes them, mistakes included.

        What concerns the whole application stands in the first row.
        """
        whole = (self.office, self.applicant, self.order, self.urgency, "two days ago")
        rows = [dict[str, Any](zip(OF_LINE, line, strict=True)) for line in self.lines]
        rows[0] |= dict(zip(OF_APPLICATION, whole, strict=True))
        for slip in self.slips if first else ():
            rows[slip.line - 1][slip.heading] = slip.written
        return [each_value(row, day) for row in rows]

    def form(self, first: bool = False) -> dict[str, Any]:
        """Fill in the application's form."""
        rows = self.rows(first)
        whole = {name: rows[0].pop(name) for name in OF_APPLICATION}
        return PartsApplication.model_validate({**whole, "明细": rows}).as_form()


TOLD = yaml.safe_load(Path(__file__).with_name("stories.yaml").read_text("utf-8"))
STORIES = TypeAdapter(dict[str, list[Story]]).validate_python(TOLD)
SHEET, BY_FORM = STORIES["sheet"], STORIES["form"]
