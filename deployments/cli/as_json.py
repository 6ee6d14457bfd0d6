"""What commands print for machines: JSON with stable keys, times ISO 8601 in UTC, contact data masked."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from schemas.problems import Problem
from tasks.desk.chain import waits_of
from tasks.desk.timeline import timeline_rows
from tasks.desk.views import CaseView, ItemView
from tasks.durable.process import Process
from tasks.policies.rulebook import InForce, Rule
from tasks.privacy.rules import mask_address, mask_phone

Object = dict[str, Any]
ITEM = ("step", "title", "role", "unit", "due_at", "overdue", "refusals")
WAITING = (*ITEM, "number", "office", "urgency", "run_id")
OPEN = (*ITEM, "office", "refused_because", "prefill")
ENTRY = ("at", "step", "kind", "title", "who", "actor", "channel", "text")
CASE = (
    *("number", "process", "title", "version", "office", "office_name", "applicant", "applicant_name", "customer"),
    *("order_no", "model", "urgency", "link", "ending", "ending_reason", "opened_at", "closed_at", "due_at", "facts"),
    *("fault", "run_id", "lines", "documents", "open", "timeline"),
)


def chosen(known: Mapping[str, Any], names: Sequence[str]) -> Object:
    """Choose by name what machines read."""
    picked = {name: known[name] for name in names}
    return {name: one.isoformat() if isinstance(one, datetime) else one for name, one in picked.items()}


def process_object(process: Process) -> Object:
    """Give a process: of each link of its chain who moves a case on, who is asked, and by which policy it is due."""
    links = [
        {"label": link, "kind": wait.kind.value, "role": wait.role, "due": wait.due} for link, wait in waits_of(process)
    ]
    known = {"links": links, "endings": [ending.value for ending in process.endings]}
    return chosen(vars(process) | known, ("code", "title", "version", "links", "endings"))


def rule_object(rule: Rule, values: Mapping[str, InForce]) -> Object:
    """Give a rule of the rulebook: its policies with their values in force, the tests that show it."""
    return rule._asdict() | {"policies": {key: values[key]._asdict() for key in rule.policies}}


def problem_objects(problems: Iterable[Problem]) -> list[Object]:
    """Give what is wrong, each with its sentence; row 0 is none."""
    names = ("row", "field", "value", "expected", "text")
    return [chosen(vars(one) | {"value": str(one.value), "text": str(one)}, names) for one in problems]


def inbox_objects(rows: Iterable[ItemView]) -> list[Object]:
    """Give what waits for people."""
    return [
        chosen(row._asdict() | {"step": row.key, "office": row.office_name, "unit": row.unit_name}, WAITING)
        for row in rows
    ]


def open_objects(view: CaseView) -> list[Object]:
    """Give what a case waits for, the first due first."""
    return [chosen(item._asdict() | {"step": item.key, "unit": item.unit_name}, OPEN) for item in view.items]


def case_object(view: CaseView) -> Object:
    """Give a case whole."""
    case = view.case
    customer = {
        "name": case.customer_name,
        "phone": mask_phone(case.customer_phone),
        "address": mask_address(case.customer_address),
    }
    timeline = [
        row.source._asdict() | {"step": row.source.key, "title": row.title, "who": row.who, "text": row.what}
        for row in timeline_rows(view)
    ]
    known = {
        "customer": customer,
        "facts": dict(view.lines.facts),
        "lines": view.lines.as_records(),
        "documents": [chosen(document._asdict(), document._fields) for document in view.documents],
        "open": open_objects(view),
        "timeline": [chosen(entry, ENTRY) for entry in timeline],
    }
    return chosen(vars(case) | known, CASE)


def reply_object(view: CaseView, accepted: bool, problems: Iterable[Problem]) -> Object:
    """Tell what became of an answer, and where its case stands now."""
    known = {"accepted": accepted, "problems": problem_objects(problems), "open": open_objects(view)}
    return chosen(vars(view.case) | known, ("accepted", "problems", "number", "link", "ending", "open"))
