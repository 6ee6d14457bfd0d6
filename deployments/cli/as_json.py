"""What commands print for machines: JSON with stable keys, times ISO 8601 in UTC, contact data masked."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from schemas.problems import Problem
from tasks.desk.rules import timeline_rows
from tasks.desk.views import CaseView, InboxRow
from tasks.privacy.rules import mask_address, mask_phone, mask_text


def show_json(value: object) -> None:
    """Print for machines: Decimal as string, times in UTC."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def inbox_json(rows: Sequence[InboxRow]) -> list[dict[str, Any]]:
    """Give what waits, by due time."""
    return [
        {
            "number": row.number,
            "step": row.key,
            "title": row.title,
            "role": row.role.value,
            "office": row.office_name,
            "unit": row.unit_name,
            "urgency": row.urgency.value,
            "due_at": _utc(row.due_at),
            "overdue": row.overdue,
            "refusals": row.refusals,
            "run_id": row.run_id,
        }
        for row in rows
    ]


def case_json(view: CaseView) -> dict[str, Any]:
    """Give a case whole."""
    case = view.case
    return {
        "number": case.number,
        "process": case.process,
        "title": case.title,
        "version": case.version,
        "office": case.office,
        "office_name": case.office_name,
        "applicant": case.applicant,
        "applicant_name": case.applicant_name,
        "customer": {
            "name": case.customer_name,
            "phone": mask_phone(case.customer_phone),
            "address": mask_address(case.customer_address),
        },
        "order_no": case.order_no,
        "model": case.model,
        "urgency": case.urgency.value,
        "link": case.link,
        "ending": case.ending.value if case.ending else None,
        "ending_reason": case.ending_reason,
        "opened_at": _utc(case.opened_at),
        "closed_at": _utc(case.closed_at),
        "due_at": _utc(case.due_at),
        "promised": view.promised,
        "fault": case.fault,
        "run_id": case.run_id,
        "lines": [_plain(line._asdict()) for line in view.lines],
        "documents": [_plain(document._asdict()) for document in view.documents],
        "open": open_json(view),
        "timeline": [
            {
                "at": _utc(row.source.at),
                "step": row.source.key,
                "kind": row.source.kind,
                "title": row.title,
                "who": row.who,
                "actor": row.source.actor,
                "channel": row.source.channel.value,
                "text": row.what,
            }
            for row in timeline_rows(view)
        ],
    }


def open_json(view: CaseView) -> list[dict[str, Any]]:
    """Give what a case waits for, the first due first."""
    return [
        {
            "step": item.key,
            "title": item.title,
            "role": item.role.value,
            "office": item.office,
            "unit": item.unit_name,
            "due_at": _utc(item.due_at),
            "overdue": item.due_at < view.now,
            "refusals": item.refusals,
            "refused_because": mask_text(item.refused_because, view.case),
            "prefill": item.prefill,
        }
        for item in view.items
    ]


def problems_json(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Give what is wrong: row (0: none), field, value, expected."""
    return [
        {"row": one.row, "field": one.field, "value": str(one.value), "expected": one.expected, "text": str(one)}
        for one in problems
    ]


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in values.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return _utc(value)
    return f"{value:f}" if isinstance(value, Decimal) else value


def _utc(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
