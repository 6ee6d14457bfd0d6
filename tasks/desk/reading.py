"""Put what a step returned or a person decided into a few words that staff can read."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from schemas.forms.base import Form
from schemas.states import Labelled

SHOWN_ROWS = 4  # of a list the first ones are read out
MACHINE_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Z]{2}-\d{4}-\d{6}:.*")
SILENT = {"staff", "category", "specification", "colour", "slip", "turn", "cancelled", "names", "by"}
STANDARD = {"name": "", "part": "", "quantity": "×", "price": "@", "promised": "承诺 "}  # what a line says without label
QUANTITIES = {"quantity", "made", "scrapped", "counted", "good", "days"}


class Word(NamedTuple):
    """How a field is read: its label (empty: the value speaks for itself) and the words of its values."""

    label: str
    words: Mapping[str, str]


@cache
def form_named(name: str) -> type[Form] | None:
    """Find a form by the name that a work item keeps."""
    return next((form for form in _all_forms(Form) if form.__name__ == name), None)


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
    said = [_read_row(row, words) if isinstance(row, Mapping) else read_output(row) for row in rows]
    shown = "；".join(row for row in said[:SHOWN_ROWS] if row)
    return f"{shown}；… 共 {len(rows)} 行" if len(rows) > SHOWN_ROWS and shown else shown


def _read_row(row: Mapping[str, Any], words: Mapping[str, Word]) -> str:
    said = [f"第{row['line_no']}行"] if "line_no" in row else []
    for name, value in row.items():
        if name == "line_no" or (name == "part" and "name" in row):
            continue
        if name in STANDARD:
            said.append(f"{STANDARD[name]}{_number(name, value)}" if value else "")
        elif name in words and not (name in QUANTITIES and not Decimal(str(value or 0))):
            said.append(_read_field(name, value, words))
    return " ".join(part for part in said if part)


def _number(name: str, value: Any) -> str:
    """Write a value; quantities without needless zeros."""
    if value is None or isinstance(value, bool | dict):
        return ""
    return f"{Decimal(str(value)).normalize():f}" if name in QUANTITIES else str(value)


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
    merged: dict[str, Word] = {"promised": Word("承诺", {}), "role": Word("", _bare_words())}
    for form in _all_forms(Form):
        for name, (label, meanings) in _words_of(form).items():
            known = merged.setdefault(name, Word(label, {}))
            merged[name] = Word(known.label or label, {**meanings, **known.words})
    return merged


@cache
def _bare_words() -> dict[str, str]:
    """Merge all labelled words: value → Chinese."""
    words: dict[str, str] = {}
    for kind in Labelled.__subclasses__():
        words = {member.value: member.zh for member in kind} | words
    return words


def _all_forms(root: type[Form]) -> list[type[Form]]:
    return [form for child in root.__subclasses__() for form in (child, *_all_forms(child))]
