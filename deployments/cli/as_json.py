"""What commands print for machines: JSON with stable keys, times ISO 8601 in UTC, contact data masked.

Each shape is read from what `tasks/` gives; a key that is named otherwise there says so by its alias.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, TypeAdapter

from schemas.problems import Problem
from schemas.words import Channel, DocumentKind, Role, Urgency
from tasks.desk.timeline import timeline_rows
from tasks.desk.views import CaseView
from tasks.privacy.rules import mask_address, mask_phone, mask_text

Moment = Annotated[datetime, PlainSerializer(datetime.isoformat, return_type=str)]


class Shape(BaseModel):
    """A value that is printed as JSON."""

    model_config = ConfigDict(from_attributes=True)


def show_json(shape: Any, value: object) -> None:
    """Print a value in a shape: Decimal as string, times in UTC."""
    printed: TypeAdapter[Any] = TypeAdapter(shape)
    print(printed.dump_json(printed.validate_python(value, from_attributes=True), indent=2).decode())


class ProblemShape(Shape):
    """What is wrong: row (0: none), field, value, expected."""

    row: int
    field: str
    value: str
    expected: str
    text: str


def problem_shapes(problems: Iterable[Problem]) -> list[ProblemShape]:
    """Give what is wrong, each with its sentence."""
    return [ProblemShape(**{**vars(one), "value": str(one.value)}, text=str(one)) for one in problems]


class ItemShape(Shape):
    """A work item."""

    step: str = Field(validation_alias="key")
    title: str
    role: Role
    unit: str | None = Field(validation_alias="unit_name")
    due_at: Moment
    overdue: bool
    refusals: int


class WaitingShape(ItemShape):
    """A work item in an inbox."""

    number: str
    office: str = Field(validation_alias="office_name")
    urgency: Urgency
    run_id: UUID | None


class OpenShape(ItemShape):
    """A work item that a case waits for."""

    office: str | None
    refused_because: str
    prefill: dict[str, Any]


class DocumentShape(Shape):
    """A numbered document of a case."""

    number: str
    kind: DocumentKind
    step_key: str
    issued_at: Moment
    reverses: str | None
    carrier: str | None
    tracking: str | None


class EntryShape(Shape):
    """A line of a case's history."""

    at: Moment
    step: str
    kind: str
    title: str
    who: str
    actor: str
    channel: Channel
    text: str


class CaseShape(Shape):
    """A case whole."""

    number: str
    process: str
    title: str
    version: int
    office: str
    office_name: str
    applicant: str
    applicant_name: str
    customer: dict[str, str]
    order_no: str
    model: str
    urgency: Urgency
    link: str
    ending: str | None
    ending_reason: str
    opened_at: Moment
    closed_at: Moment | None
    due_at: Moment | None
    facts: dict[str, str]
    fault: str | None
    run_id: UUID | None
    lines: list[dict[str, Any]]
    documents: list[DocumentShape]
    open: list[OpenShape]
    timeline: list[EntryShape]


class ReplyShape(Shape):
    """What became of an answer, and where its case stands now."""

    accepted: bool
    problems: list[ProblemShape]
    number: str
    link: str
    ending: str | None
    open: list[OpenShape]


def open_shapes(view: CaseView) -> list[OpenShape]:
    """Give what a case waits for, the first due first."""
    return [
        OpenShape.model_validate(
            item._asdict()
            | {"overdue": item.due_at < view.now, "refused_because": mask_text(item.refused_because, view.case)}
        )
        for item in view.items
    ]


def case_shape(view: CaseView) -> CaseShape:
    """Give a case whole."""
    case = view.case
    contact = {
        "name": case.customer_name,
        "phone": mask_phone(case.customer_phone),
        "address": mask_address(case.customer_address),
    }
    timeline = [
        row.source._asdict() | {"step": row.source.key, "title": row.title, "who": row.who, "text": row.what}
        for row in timeline_rows(view)
    ]
    return CaseShape.model_validate(
        vars(case)
        | {"customer": contact, "facts": dict(view.lines.facts), "lines": view.lines.as_records()}
        | {"documents": view.documents, "open": open_shapes(view), "timeline": timeline}
    )


def reply_shape(view: CaseView, accepted: bool, problems: Iterable[Problem]) -> ReplyShape:
    """Tell what became of an answer."""
    case, wrong = view.case, problem_shapes(problems)
    return ReplyShape(
        accepted=accepted,
        problems=wrong,
        number=case.number,
        link=case.link,
        ending=case.ending,
        open=open_shapes(view),
    )
