"""How figures of a report are written, and how a report is kept as JSON; pure."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from schemas.shapes import money
from tasks.reports.shapes import Kind, Report, ReportColumn, Value

NOTHING = "—"
_REPORT = TypeAdapter(Report)


def shown(value: Value, kind: Kind) -> str:
    """Write a value as staff read it: 95.30 %, 1,234, 1,234.50, 3.4; nothing is a dash."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, str | date):
        return str(value)
    match kind:
        case Kind.RATE:
            return f"{value:.2%}".replace("%", " %")
        case Kind.MONEY:
            return money(Decimal(value))
        case Kind.DAYS:
            return f"{value:,.1f}".removesuffix(".0")
    return f"{value:,.15g}"


def zh_and_en(label: str) -> tuple[str, str]:
    """Part a label in its Chinese and its English; what is in one language only has no second part."""
    for at, sign in enumerate(label):
        if sign == " " and label[at + 1 : at + 2].isascii() and label[at + 1 : at + 2].isalpha():
            return label[:at], label[at + 1 :]
    return label, ""


def as_object(report: Report) -> dict[str, Any]:
    """Give a report as JSON knows values: money as string, days as ISO 8601."""
    own = asdict(report)
    first, last = own.pop("period")
    for measure in own["measures"]:
        measure["value"] = None if measure["value"] is None else float(measure["value"])
    plain: dict[str, Any] = json.loads(json.dumps(own | {"from": first, "to": last}, default=_plain))
    return plain


def as_text(report: Report) -> str:
    """Write a report as it is kept: the same report is the same text."""
    return json.dumps(as_object(report), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def from_text(kept: str) -> Report:
    """Read a report that was kept."""
    known = json.loads(kept)
    period = (known.pop("from"), known.pop("to"))
    report = _REPORT.validate_python(known | {"period": period})
    sections = tuple(
        replace(section, rows=[_read(row, section.columns) for row in section.rows]) for section in report.sections
    )
    return replace(report, sections=sections)


def _read(row: Mapping[str, Value], columns: tuple[ReportColumn, ...]) -> dict[str, Value]:
    kinds = {column.key: column.kind for column in columns}
    return {key: _value(value, kinds.get(key, Kind.TEXT)) for key, value in row.items()}


def _value(value: Value, kind: Kind) -> Value:
    if isinstance(value, str) and value:
        if kind is Kind.MONEY:
            return Decimal(value)
        if kind is Kind.DAY:
            return date.fromisoformat(value)
    return value


def _plain(value: object) -> str:
    if isinstance(value, Decimal | date):
        return str(value)
    raise TypeError(f"{value!r} cannot stand in a report: expected text, a number or a day")
