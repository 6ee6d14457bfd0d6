"""What staff see of a case, as plain values: found by `queries`, worded and drawn by the other modules here.

A view knows the customer's phone and address because some forms need them; only `dialog.gate_description`
shows them in full, and only to roles that need them (DOMAIN, "Privacy").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from schemas.shapes import LineTable
from schemas.words import Channel, DocumentKind, Ending, Role, Urgency
from tasks.cycle.rules import published_to, shanghai_day

REFUSED, NOTICE = "refused", "notice"  # kinds of happenings beside those of the ledger


@dataclass(frozen=True)
class CaseFacts:
    """A case's own row with the names behind its codes; `title` is its process's."""

    id: int
    number: str
    process: str
    title: str
    version: int
    office: str
    office_name: str
    applicant: str
    applicant_name: str
    channel: Channel
    customer_name: str
    customer_phone: str = field(repr=False)
    customer_address: str = field(repr=False)
    order_no: str
    model: str
    urgency: Urgency
    link: str
    step: str
    due_at: datetime | None
    ending: Ending | None
    ending_reason: str
    opened_at: datetime
    closed_at: datetime | None
    fault: str | None
    seq: int
    run_id: UUID | None
    run_item: str | None
    run_seq: int
    last_holiday: date | None = None

    def is_provisional(self, moment: datetime) -> bool:
        """Say of a term whether it lies beyond the years whose holidays are known, so that it may still move."""
        return self.last_holiday is not None and shanghai_day(moment) > published_to(self.last_holiday)


class ItemView(NamedTuple):
    """An open work item of a case, what its case is about, and the run that shows it, if there is one by now.

    `brief` are lines of markdown, `prefill` is by Chinese field name; `office` is whose item it is, if only one's.
    """

    case_id: int
    number: str
    office_name: str
    customer_name: str
    customer_phone: str
    customer_address: str
    order_no: str
    urgency: Urgency
    key: str
    title: str
    link: str
    role: Role
    also: Role | None
    office: str | None
    unit_name: str | None
    form: str
    brief: Sequence[str]
    prefill: Mapping[str, Any]
    refusals: int
    refused_because: str
    due_at: datetime
    overdue: bool
    run_id: UUID | None

    def __repr__(self) -> str:
        """Tell a log which item it is, and nothing of the customer."""
        return f"ItemView({self.number} {self.key})"


class DocumentView(NamedTuple):
    """A numbered document; `reverses` is the number of the slip that a red one takes back."""

    number: str
    kind: DocumentKind
    step_key: str
    issued_at: datetime
    reverses: str | None
    carrier: str | None
    tracking: str | None
    edition: str | None = None

    @property
    def red(self) -> bool:
        """Say whether the document takes another one back (红字)."""
        return self.reverses is not None

    @property
    def note(self) -> str:
        """What there is to say of it: the slip it reverses, how the goods travelled, or which edition it is."""
        if self.red:
            return f"冲销 reverses {self.reverses}"
        edition = f"第 {self.edition} 版 edition {self.edition}" if self.edition else ""
        return " ".join(filter(None, [self.carrier, self.tracking, edition]))


class Happening(NamedTuple):
    """Something that happened: a ledger row (its own kind), a refused decision (REFUSED), a notice (NOTICE).

    `output` is what the step returned or the decider sent; of a refusal its reason, of a notice its text.
    `form` is the form of a decision; of a notice, `actor` is the role that heard it.
    """

    at: datetime
    key: str
    kind: str
    title: str
    link: str | None
    output: Any
    actor: str
    actor_name: str | None
    channel: Channel
    form: str | None


class Related(NamedTuple):
    """The case that opened this one, or one that this one opened; `key` is then the question that it answers."""

    number: str
    title: str
    is_parent: bool
    key: str
    link: str
    ending: Ending | None


@dataclass(frozen=True)
class CaseView:
    """All that staff see of a case at one moment; `items` are sorted by due time, `clocks` of what is to be made."""

    case: CaseFacts
    lines: LineTable
    items: Sequence[ItemView]
    documents: Sequence[DocumentView]
    timeline: Sequence[Happening] = field(repr=False)
    related: Sequence[Related]
    now: datetime
    clocks: LineTable | None = None

    def answering(self, key: str) -> Related | None:
        """Give the case whose ending answers a question; None where a person or another system does."""
        return next((one for one in self.related if not one.is_parent and one.key == key), None)


class Waiting(NamedTuple):
    """How many work items wait for a role, and how many of them are late."""

    open: int
    overdue: int
