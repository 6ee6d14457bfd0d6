"""What is wrong with an input: row, field, value, expected; one sentence in Chinese with English beside.

AftersalesError
├── BadInput          an input is refused; carries every problem found, nothing was changed
├── NotFound          no such case, staff member or form
├── IllegalTransition a state may not follow another: a fault of the program, never of the user
├── ProcessChanged    the code of a process no longer fits a case's recorded history
└── UpError           the installation cannot run: a folder, port, setting or file; one line with what to do
    └── Unavailable   a database or server cannot be reached
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

MOST_TOLD = 50  # problems of a refusal that are kept and shown; who made more mends those first
LONGEST_VALUE, LONGEST_REASON = 60, 500  # characters that a problem shows


def printable(text: str) -> str:
    """Write out what cannot be shown or stored: \\u0000."""
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: `row` is 1-based (0 = not in a row), `value` as it was given."""

    field: str
    value: object
    expected: str
    row: int = 0

    def __str__(self) -> str:
        where = f"第{self.row}行 row {self.row}, " if self.row else ""
        field, shown = (
            _cut(printable(str(given)[:LONGEST_REASON]), LONGEST_VALUE) for given in (self.field, self.value)
        )
        return f"{where}{field}: “{shown}” — {_cut(self.expected, LONGEST_REASON)}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}…"


def in_words(problems: Sequence[Problem]) -> str:
    """Say what is wrong, a line each, and how many more there are than anybody reads."""
    more = len(problems) - MOST_TOLD
    told = [str(problem) for problem in problems[:MOST_TOLD]]
    return "\n".join([*told, f"… 还有 {more:,} 个问题 more problems"] if more > 0 else told)


class AftersalesError(Exception):
    """The root of this product's errors."""


class BadInput(AftersalesError):
    """An input was refused; `problems` names every row, field, value and what was expected."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(in_words(problems))
        self.problems = list(problems)


class NotFound(AftersalesError):
    """Nothing by that name."""


class IllegalTransition(AftersalesError):
    """A state may not follow another."""


class ProcessChanged(AftersalesError):
    """The recorded history of a case does not fit the code of its process any more."""


class UpError(AftersalesError):
    """The installation cannot run; the message is one line that says why and what to do."""


class Unavailable(UpError):
    """Something outside cannot be reached."""


_EXPECTED = {  # by the type of error, or by what was to be read: int of int_parsing
    "missing": "必填 is required",
    "extra_forbidden": "没有这个字段，请删除 is not a field of this form, remove it",
    "greater_than": "应大于 must be greater than {gt}",
    "greater_than_equal": "应不小于 must be at least {ge}",
    "less_than_equal": "应不大于 must be at most {le}",
    "decimal_max_places": "最多 {decimal_places} 位小数 at most {decimal_places} decimals",
    "decimal_max_digits": "数字过大 the number is too large",
    "decimal_whole_digits": "数字过大 the number is too large",
    "decimal": "应为数字 must be a number",
    "finite_number": "应为数字 must be a number",
    "int": "应为整数 must be a whole number",
    "date": "应为日期 must be a date such as 2026-03-05",
    "string_too_long": "最多 {max_length} 个字符 at most {max_length} characters",
    "string_too_short": "必填 is required",
    "string": "应为文字 must be text",
    "too_long": "最多 {max_length} 行 at most {max_length} lines (超过请用表格导入 use a sheet for more)",
    "too_short": "至少 {min_length} 行 at least {min_length} line",
    "list": "应为列表 must be a list",
    "model": "应为表单 must be a form with named fields",
    "dict": "应为表单 must be a form with named fields",
}
_UNREAD = ("_type", "_parsing", "_from_float")  # ends of errors that tell of no reading


def problems_of(error: ValidationError) -> list[Problem]:
    """Translate Pydantic's errors: list positions become rows, aliases stay the Chinese field names."""
    return [_problem(detail) for detail in error.errors(include_url=False)]


def _problem(detail: Any) -> Problem:
    names = [part for part in detail["loc"] if isinstance(part, str)]
    rows = [part + 1 for part in detail["loc"] if isinstance(part, int)]
    value = "" if detail["type"] == "missing" else detail["input"]
    kind = detail["type"]
    plain = str(detail["msg"]).removeprefix("Value error, ")
    read_as = kind.partition("_")[0] if kind.endswith(_UNREAD) else kind
    keys = (f"string_{kind}" if isinstance(value, str) else kind, kind, read_as)
    expected = next((_EXPECTED[key] for key in keys if key in _EXPECTED), plain)
    return Problem(
        field=".".join(names) or "表单 form",
        value=value if isinstance(value, str | int | float) else _shape(value),
        expected=expected.format(**detail.get("ctx", {})),
        row=rows[0] if rows else 0,
    )


def _shape(value: object) -> str:
    if isinstance(value, Iterable) and not isinstance(value, dict):
        return f"{len(list(value))} 行 lines"
    return str(value)
