"""Forms as they are typed on a command line: a JSON or YAML file, or field=value over what is pre-filled.

Fields have their name on the form or in English. `list.2.field=3` sets a field of a row, known by its line number
or else by its place; `list.2=` takes the row out, `list=` all of them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer
import yaml
from pydantic.fields import FieldInfo

from schemas.forms.base import Form
from schemas.forms.fields import STAFF
from schemas.problems import BadInput, NotFound, Problem
from schemas.words import Labelled
from tasks.rounds.rules import Period

FirstDay = Annotated[str, typer.Option("--from", metavar="DAY", help="起始日 first day, e.g. 2026-01-01")]
LastDay = Annotated[str, typer.Option("--to", metavar="DAY", help="截止日（含）last day, included")]


def read_form(path: Path) -> dict[str, Any]:
    """Read a form from a .json or .yaml file; BadInput says where it is wrong."""
    try:
        text = path.read_text("utf-8-sig")
        # numbers stay as they are written: a phone number is no number, 0.10 no float
        if path.suffix.lower() == ".json":
            content = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
        else:
            content = yaml.load(text, Loader=yaml.BaseLoader)
    except FileNotFoundError:
        raise NotFound(f"没有这个文件 no such file: {path}") from None
    except OSError as error:
        raise wrong("文件 file", path.name, f"无法读取 cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise wrong("文件 file", path.name, "应为 UTF-8 编码 must be encoded in UTF-8") from error
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        why = f"不是有效的 JSON 或 YAML is no valid JSON or YAML: {' '.join(str(error).split())}"
        raise wrong("文件 file", path.name, why) from error
    if not isinstance(content, dict):
        raise wrong("文件 file", path.name, "应为一份表单（字段: 值） must be one form, field: value")
    return content


def by_chinese_names(form: type[Form], given: Mapping[str, Any]) -> dict[str, Any]:
    """Rename English fields, rows included; unknown ones stay as they are, and the form will refuse them."""
    renamed: dict[str, Any] = {}
    for name, value in given.items():
        field = find_field(form, str(name))
        row_form = rows_of(field) if field else None
        if row_form and isinstance(value, list):
            value = [by_chinese_names(row_form, row) if isinstance(row, dict) else row for row in value]
        renamed[chinese(field) if field else name] = value
    return renamed


def fill_in(form: type[Form], base: Mapping[str, Any], pairs: Sequence[str]) -> dict[str, Any]:
    """Give `base` by Chinese names, with every `field=value` set; BadInput names each pair that fits no field."""
    values = by_chinese_names(form, base)
    problems: list[Problem] = []
    for pair in pairs:
        try:
            _set(form, values, pair)
        except BadInput as refused:
            problems += refused.problems
    if problems:
        raise BadInput(problems)
    return {
        name: [row for row in value if row is not None] if isinstance(value, list) else value
        for name, value in values.items()
    }


def _set(form: type[Form], values: dict[str, Any], pair: str) -> None:
    name, sign, value = pair.replace("＝", "=", 1).partition("=")
    if not sign:
        raise wrong(pair, "", "应为 字段=值 must be field=value")
    path = [step.strip() for step in name.split(".")]
    field = _known(form, path[0], pair)
    row_form = rows_of(field)
    if row_form is None:
        if len(path) > 1:
            raise wrong(pair, value, f"{chinese(field)} 没有明细 has no rows: {chinese(field)}=…")
        values[chinese(field)] = value
        return
    rows = values.setdefault(chinese(field), [])
    if not (isinstance(rows, list) and all(isinstance(row, dict | None) for row in rows)):
        raise wrong(chinese(field), "", "每行应为 字段: 值 each row must be field: value")
    match path[1:], value:
        case [], "":
            rows.clear()
        case [index], "":
            rows[_row(rows, row_form, index, pair)] = None
        case [index, column], _:
            rows[_row(rows, row_form, index, pair)][chinese(_known(row_form, column, pair))] = value
        case _:
            raise wrong(pair, value, f"应为 must be {chinese(field)}.行 row.字段 field=值 value")


def _row(rows: list[Any], form: type[Form], index: str, pair: str) -> int:
    """Find a row by its line number, or by its place; the one after the last is made."""
    if not (index.isdecimal() and int(index) > 0):
        raise wrong(pair, index, "行应为 1、2、3… the row must be 1, 2, 3 …")
    field = find_field(form, "line_no")
    for at, row in enumerate(rows):
        if row is not None and str(row.get(chinese(field)) if field else at + 1) == str(int(index)):
            return at
    if not field and int(index) != len(rows) + 1:
        raise wrong(pair, index, f"只有 {len(rows)} 行 there are {len(rows)} rows")
    rows.append({chinese(field): int(index)} if field else {})
    return len(rows) - 1


def describe(form: type[Form], prefill: Mapping[str, Any]) -> Iterator[str]:
    """Tell the fields of a form: Chinese and English name, what may stand there, what is pre-filled."""
    for name, field in form.model_fields.items():
        row_form, given = rows_of(field), prefill.get(chinese(field))
        if row_form:
            yield f"{chinese(field)}.行 ({name}.row):"
            yield from (f"    {_told(inner, spec)}" for inner, spec in row_form.model_fields.items())
            for row in given or []:
                yield "    · " + "，".join(f"{title}={_shown(value)}" for title, value in row.items() if value != "")
        elif chinese(field) != STAFF:
            yield _told(name, field) + ("" if given in (None, "") else f"  [{_shown(given)}]")


def _told(name: str, field: FieldInfo) -> str:
    kind = field.annotation
    words = " / ".join(word.option for word in kind) if isinstance(kind, type) and issubclass(kind, Labelled) else ""
    must = " 必填 required" if field.is_required() else ""
    return f"{chinese(field)} ({name}){must}{f': {words}' if words else ''}"


def _shown(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def find_field(form: type[Form], name: str) -> FieldInfo | None:
    """Find a field by its Chinese or English name."""
    english = name.strip().lower().replace("-", "_")
    fields = form.model_fields.items()
    return next((field for key, field in fields if name.strip() == field.alias or english == key), None)


def rows_of(field: FieldInfo) -> type[Form] | None:
    """Give the form of a list field's rows."""
    return get_args(field.annotation)[0] if get_origin(field.annotation) is list else None


def chinese(field: FieldInfo) -> str:
    """Give a field's Chinese name."""
    return str(field.alias)


def _known(form: type[Form], name: str, pair: str) -> FieldInfo:
    field = find_field(form, name)
    if field is None:
        listed = "、".join(f"{spec.alias} {key}" for key, spec in form.model_fields.items())
        raise wrong(pair, name, f"没有这个字段 is no field of this form; 应为 one of: {listed}")
    return field


def wrong(field: str, value: str, expected: str) -> BadInput:
    """Say that one thing was typed wrong."""
    return BadInput([Problem(field, value, expected)])


def period_of(first: str, last: str) -> Period:
    """Read the days of --from and --to, both included."""
    begins, ends = (_day_of(option, typed) for option, typed in (("--from", first), ("--to", last)))
    if ends < begins:
        raise wrong("--to", last, f"不能早于 must not be before {begins}")
    return Period(begins, ends)


def _day_of(option: str, typed: str) -> date:
    """Read a day that an option names; BadInput says what was expected."""
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        raise wrong(option, typed, "应为日期 must be a day, e.g. 2026-01-31") from None
