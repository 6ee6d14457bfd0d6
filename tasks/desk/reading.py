"""Put what a step returned or a person decided into a few words that staff can read."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, NamedTuple

from schemas.forms.base import Form, form_at
from schemas.words import Labelled

SHOWN_ROWS = 3  # of a list the first ones are read out
MACHINE_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Z]{2}-\d{4}-\d{6}:.*")
SILENT = {"staff", "category", "specification", "colour", "slip", "turn", "cancelled", "names", "by"}
ASSIGNED = {"supply", "unit"}  # read only where a plan assigns them: elsewhere a unit is the catalogue's
STANDARD = {"name": "", "part": "", "quantity": "×", "price": "@", "promised": "承诺 "}  # a line's short words
QUANTITIES = {"quantity", "made", "scrapped", "counted", "good", "days"}
MONEY = {"price", "freight"}


class Word(NamedTuple):
    """How a field is read: its label (empty: the value speaks for itself) and the words of its values."""

    label: str
    words: Mapping[str, str]


@cache
def form_behind(path: str) -> type[Form] | None:
    """Find the form that a work item keeps by its path; None where the code has no such form any more."""
    try:
        return form_at(path)
    except (ImportError, AttributeError):
        return None


def read_output(output: Any, form: type[Form] | None = None) -> str:
    """Read an output aloud, in one line; empty where there is nothing that would interest anybody."""
    if isinstance(output, Mapping):
        return _read_fields(output, _words_of(form) if form else _all_words())
    if isinstance(output, list):
        return _read_rows(output, _all_words())
    if isinstance(output, str):
        return "" if MACHINE_TEXT.fullmatch(output) else _bare_words().get(output, output)
    return "" if output is None or isinstance(output, bool) else str(output)


def _read_fields(fields: Mapping[str, Any], words: Mapping[str, Word]) -> str:
    said = [_read_field(name, value, words) for name, value in fields.items() if name in words]
    return " · ".join(part for part in said if part)


def _read_field(name: str, value: Any, words: Mapping[str, Word]) -> str:
    if isinstance(value, list):
        return _read_rows(value, _all_words())
    label, meanings = words[name]
    shown = meanings.get(value) if isinstance(value, str) else None
    if shown:
        return shown
    said = _number(name, value)
    return f"{label} {said}".strip() if said else ""


def _read_rows(rows: Sequence[Any], words: Mapping[str, Word]) -> str:
    if rows and isinstance(rows[0], int):
        return f"第{'、'.join(map(str, rows))}行"
    said = [_read_row(row, words) if isinstance(row, Mapping) else read_output(row) for row in rows]
    shown = "；".join(row for row in said[:SHOWN_ROWS] if row)
    return f"{shown}；… 共 {len(rows)} 行" if len(rows) > SHOWN_ROWS and shown else shown


def _read_row(row: Mapping[str, Any], words: Mapping[str, Word]) -> str:
    said = [f"第{row['line_no']}行"] if "line_no" in row else []
    for name, value in row.items():
        if name in STANDARD:
            said += [f"{STANDARD[name]}{_number(name, value)}"] if value and not _is_doubled(name, row) else []
        elif name in words and name != "line_no" and not _goes_without_saying(name, value, row):
            said.append(_read_field(name, value, words))
    return " ".join(part for part in said if part)


def _is_doubled(name: str, row: Mapping[str, Any]) -> bool:
    return name == "part" and "name" in row


def _goes_without_saying(name: str, value: Any, row: Mapping[str, Any]) -> bool:
    nothing = name in QUANTITIES and _number(name, value) in {"", "0"}
    return nothing or (name in ASSIGNED and "planned" not in row)


def _number(name: str, value: Any) -> str:
    """Write a value: quantities without needless zeros, money with two decimals."""
    if value is None or isinstance(value, bool | dict):
        return ""
    try:
        if name in MONEY:
            return f"{Decimal(str(value)):,.2f}"
        return f"{Decimal(str(value)).normalize():f}" if name in QUANTITIES else str(value)
    except InvalidOperation:
        return str(value)


def _words_of(form: type[Form]) -> dict[str, Word]:
    return {name: _word(form, name) for name in form.model_fields if name not in SILENT}


def _word(form: type[Form], name: str) -> Word:
    field = form.model_fields[name]
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, Labelled):
        return Word("", {member.value: member.zh for member in kind})
    return Word(field.alias or name, {})


@cache
def _all_words() -> dict[str, Word]:
    """Merge the words of all forms: the shapes that steps return use the same field names."""
    merged = dict(of_shapes := {"promised": Word("承诺", {}), "role": Word("", _bare_words()), "unit": Word("", {})})
    for form in _all_forms(Form):
        for name, (label, meanings) in _words_of(form).items():
            known = merged.setdefault(name, Word(label, {}))
            merged[name] = Word(known.label or label, {**meanings, **known.words})
    return merged | of_shapes


@cache
def _bare_words() -> dict[str, str]:
    """Merge all labelled words: value → Chinese."""
    words: dict[str, str] = {}
    for kind in Labelled.__subclasses__():
        words = {member.value: member.zh for member in kind} | words
    return words


def _all_forms(root: type[Form]) -> list[type[Form]]:
    return [form for child in root.__subclasses__() for form in (child, *_all_forms(child))]
