"""How the demo's stories are told in stories.yaml: an application, its first mistakes, what staff do, its ending."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from deployments.demo.sensible import day, each_value
from schemas.sheet_kinds import SheetKind, sheet_kinds
from schemas.words import Ending
from tasks.durable.process import PROCESSES, Process

TOLD = yaml.safe_load(Path(__file__).with_name("stories.yaml").read_text("utf-8"))
DRAFT = "draft"  # by form, what is wrong is a draft; a sheet's comes back in the reject sheet
IN_LINE: Mapping[str, Sequence[str]] = TOLD["in_line"]


@dataclass(frozen=True)
class Act:
    """What somebody does at a gate.

    fields    what differs from the pre-filled form; lists are told by line: {2: {"数量": 3}}
    staff     who signs; empty: somebody who holds the role and may decide
    refused   the answer must come back, and the next form must hold this text
    twice     a colleague sends the same answer in the same moment
    withdraw  why `staff` tries to take the case back instead of answering
    after     so many days go by before anybody answers
    silent    nobody answers, until the time for it is over
    once      it is said of the first case that asks; what is sensible of another that asks the same
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    staff: str = ""
    refused: str = ""
    twice: bool = False
    withdraw: str = ""
    after: int = 0
    silent: bool = False
    once: bool = False


@dataclass(frozen=True)
class Slip:
    """A mistake in the sheet as it is first sent: what stands in a cell of a line, and why it comes back."""

    line: int
    heading: str
    written: object
    reason: str


@dataclass(frozen=True)
class Story:
    """One application: `key` is the office's own number on the sheet, `slips` its first mistakes.

    lines    what stands in each, as `in_line` names it for the process
    fields   what else the application says
    opened   how a case of another process ends that was opened because of this one, by the process's code
    later    it is sent when nobody has anything to say about the others for the first time
    copies   office, applicant and order of others of whom the same is told
    """

    key: str
    title: str
    office: str
    applicant: str
    lines: Sequence[Sequence[Any]]
    order: str = ""
    acts: Mapping[str, Sequence[Act]] = field(default_factory=dict)
    code: str = "PA"
    ending: str = "delivered"
    fields: Mapping[str, Any] = field(default_factory=dict)
    slips: Sequence[Slip] = ()
    opened: Mapping[str, str] = field(default_factory=dict)
    later: bool = False
    copies: Sequence[tuple[str, str, str]] = ()

    @property
    def process(self) -> Process:
        """The process that it is told of."""
        return PROCESSES[self.code]

    @property
    def kind(self) -> SheetKind:
        """The sheet by which such applications come."""
        return next(kind for kind in sheet_kinds().values() if kind.form is self.process.request)

    @property
    def ends(self) -> Ending:
        """How it must end."""
        return self.process.endings(self.ending)

    @property
    def whole(self) -> dict[str, Any]:
        """What concerns the whole application."""
        of_order = {"订单号": self.order} if self.order else {}
        return {"办事处": self.office, "申报人工号": self.applicant, **of_order, **self.fields}

    @property
    def each(self) -> Iterator["Story"]:
        """The story itself and its copies, whose keys are counted."""
        yield self
        for no, (office, applicant, order) in enumerate(self.copies, start=2):
            yield replace(self, key=f"{self.key}-{no}", office=office, applicant=applicant, order=order)

    def rows(self, first: bool = False) -> list[dict[str, Any]]:
        """Give the rows of its sheet, a line each; `first` as the office first writes them, mistakes included.

        What concerns the whole application stands in the first row.
        """
        rows = [dict[str, Any](zip(IN_LINE[self.code], line, strict=True)) for line in self.lines] or [{}]
        rows[0] |= self.whole
        for slip in self.slips if first else ():
            rows[slip.line - 1][slip.heading] = slip.written
        return [each_value(row, day) for row in rows]

    def form(self, first: bool = False) -> dict[str, Any]:
        """Fill in the application's form."""
        rows = self.rows(first)
        whole = {name: rows[0].pop(name) for name in self.whole}
        lines = {self.kind.lines: [*filter(None, rows)]} if self.kind.lines else {}
        return self.process.request.model_validate({**whole, **lines}).as_form()


BY_CLICK, BY_SHEET_ALONE = (TypeAdapter(list[Story]).validate_python(TOLD[part]) for part in ("by_click", "by_sheet"))
EACH_ONCE = [*BY_CLICK, *BY_SHEET_ALONE]
BY_SHEET = [one for story in EACH_ONCE for one in story.each]  # through sheets all are played
