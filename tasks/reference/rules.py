"""What may follow what is in force, and in which shape (DOMAIN, Freight: never edited, only followed); pure."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from schemas.forms.fields import cleaned
from schemas.forms.reference import CatalogueEntry
from schemas.problems import Problem
from schemas.words import Role
from tasks.approvals.rules import Chain

FROM = "生效日期 valid from"
TOO_EARLY = "须晚于今天 {}：在用的不改 must be after today: what is in force is never edited"
FIRST_PAST = "不能早于今天 {} must not be in the past"
TOO_LATE = "不能晚于 {} must not be later than that: whatever follows would have to wait for it"
OVERLAPS = "与自 {} 起生效的版本重叠，须更晚 overlaps the version from that day on: must be later"
RENAMED = "现为 {}：请另立新编码并停用旧编码 is that now: add a new code and discontinue the old one"
TAKEN = "已是 {} 的名称 is the name of that part"
MOVES = {"discontinued_on", "safety_stock"}  # of a known part: its end, and what stock is proposed each month
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_FRACTION = re.compile(r"0|1|[1-9]\d{0,5}/[1-9]\d{0,5}")
_SHARE = re.compile(r"share\b")  # of one, per working day, per year
CHOICES: tuple[Collection[str], ...] = ({*Role}, {*Chain}, {"promised_date"})
Words = Mapping[str, Collection[str]]
NO_WORDS: Words = {}
INSIDE = "share inside"  # neither none nor all
FARTHEST = timedelta(days=1100)  # three years: what lies beyond is a slip of the pen
MOST = 999_999_999
RANGES = {  # what can be reckoned with at all
    **{"second": (1, 3600), "minute": (1, 1440), "line": (1, MOST), "hour": (0, 8760)},
    **{"wd": (0, 3660), "day": (0, 3660), "month": (0, 1200), "year": (1, 100)},
}


def follow_problems(days: Sequence[date], day: date, today: date, until: date | None = None) -> str:
    """Say why a version may not begin on a day, "" where it may: `days` are the others' first days, `until` the last's end."""
    if day > today + FARTHEST:
        return TOO_LATE.format(today + FARTHEST)
    if not days:
        return FIRST_PAST.format(today) if day < today else ""
    if day <= today:
        return TOO_EARLY.format(today)
    if day <= max(days) or (until and day <= until):
        return OVERLAPS.format(max(days))
    return ""


def catalogue_problems(
    row: Mapping[str, Any], held: Mapping[str, Any] | None, others: Sequence[str], day: date, today: date
) -> list[Problem]:
    """Check a part: a known one is never another one, its end lies ahead and is said once; a new one has its own name.

    `others` are the parts whose name or code its name or code is, too.
    """
    ends = row["discontinued_on"]
    past = Problem("停用日期 discontinued", ends, TOO_EARLY.format(today))
    if held is None:
        taken = [Problem("标准名称 name", row["name"], TAKEN.format(code)) for code in others]
        late = [Problem(FROM, day, FIRST_PAST.format(today))] if day < today else []
        return [*taken, *late, *([past] if ends and ends <= max(day, today) else [])]
    of = {name: str(CatalogueEntry.model_fields[name].title) for name in row if name not in MOVES}
    problems = [
        Problem(title, row[name], RENAMED.format(held[name] or "空 empty"))
        for name, title in of.items()
        if row[name] != held[name]
    ]
    ended = held["discontinued_on"]
    if ends and ends != ended and (ends <= today or (ended and ended <= today)):
        problems.append(past)
    return problems


def read_value(typed: str) -> Any:
    """Read a policy's value as JSON, or as the text that it is; 08:00:00 is what Excel makes of 08:00."""
    try:
        return json.loads(typed, parse_constant=dict[str, None]().__getitem__)
    except (ValueError, KeyError, RecursionError):
        return typed[:5] if _CLOCK.fullmatch(typed[:5]) and typed[5:] == ":00" else typed


def shape_problem(now: Any, value: Any, unit: str = "", words: Words = NO_WORDS, name: str = "") -> str:
    """Say what is wrong with a policy's value, "" where nothing is: it has the shape of the present one, in its unit.

    `words` are the codes that a unit knows; a value "CNY by office" is a number for any of that unit's.
    """
    what, _, by = unit.partition(" by ")
    if isinstance(now, dict):
        keys = {*words[by]} if by in words else now.keys()
        if not isinstance(value, dict) or not (value.keys() <= keys if by in words else value.keys() == keys):
            return f"{name}应有 must have {', '.join(sorted(keys))}"
        like = next((one for one in now.values() if one is not None), 0)
        return _first(
            shape_problem(like if now.get(key) is None else now[key], one, what, words, f"{key}: ")
            for key, one in value.items()
            if one is not None or now.get(key, like) is not None
        )
    if isinstance(now, list):
        if not isinstance(value, list) or (now and not value):
            return f"{name}应为列表，例如 must be a list such as {now}"
        wrong = _first(shape_problem(now[0] if now else "text", one, what, words, name) for one in value)
        pair = what == "time" and (len(value) != len(now) or value != sorted({*value}))
        return wrong or (f"{name}应先早后晚，例如 must be the earlier before the later, such as {now}" if pair else "")
    return "" if value is None and _optional(now) else _like(now, value, what, words.get(what), name)


def hours_problem(policies: Mapping[str, Any]) -> str:
    """Say where working time would end before it starts: no term could be reckoned in any version, from now on."""
    start, end = policies["work.start"], policies["work.end"]
    return "" if start < end else f"上班 {start} 须早于下班 {end} working time must start before it ends"


def _first(problems: Iterable[str]) -> str:
    return next(filter(None, problems), "")


def _optional(now: Any) -> bool:
    return isinstance(now, str) and _number(now)


def _like(now: Any, value: Any, unit: str, words: Collection[str] | None, name: str) -> str:
    is_share = _SHARE.match(unit)
    least, most = (0, 1) if is_share else RANGES.get(unit, (0, MOST))
    expected = f"{name}应与现值 {now!r} 同类 must be like the present value"
    beyond = f"{expected}，{least}–{most}{' 之间 and neither' if unit == INSIDE else ''}"
    if isinstance(now, bool) or isinstance(value, bool) or isinstance(now, str) != isinstance(value, str):
        return "" if type(now) is type(value) else expected
    if isinstance(now, str):
        if words is not None and value not in words:
            return f"{name}应为 must be one of {', '.join(words)}"
        kinds: tuple[Callable[[str], object], ...]
        kinds = (_CLOCK.fullmatch, _number, _FRACTION.fullmatch, *(choice.__contains__ for choice in CHOICES))
        kind = next((is_such for is_such in kinds if is_such(now)), _text)
        return "" if kind(value) else expected
    if not isinstance(value, int if isinstance(now, int) and not is_share else (int, float)):
        return expected
    inside = unit != INSIDE or least < value < most
    return "" if least <= value <= most and inside else beyond


def _number(text: str) -> bool:
    try:
        return 0 <= Decimal(text) <= MOST
    except InvalidOperation:
        return False


def _text(text: str) -> bool:
    try:
        return bool(cleaned(text))
    except ValueError:
        return False
