"""What may follow what is in force, and in which shape (DOMAIN, Freight: never edited, only followed); pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from schemas.forms.reference import CatalogueEntry
from schemas.problems import Problem
from schemas.words import Role

FROM = "生效日期 valid from"
TOO_EARLY = "须晚于今天 {}：在用的不改 must be after today: what is in force is never edited"
FIRST_PAST = "不能早于今天 {} must not be in the past"
OVERLAPS = "与自 {} 起生效的版本重叠，须更晚 overlaps the version from that day on: must be later"
RENAMED = "现为 {}：请另立新编码并停用旧编码 is that now: add a new code and discontinue the old one"
TAKEN = "已是 {} 的名称 is the name of that part"
MOVES = {"discontinued_on", "safety_stock"}  # of a known part: its end, and what stock is proposed each month
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def follow_problems(days: Sequence[date], day: date, today: date, until: date | None = None) -> str:
    """Say why a version may not begin on a day, "" where it may: `days` are the others' first days, `until` the last's end."""
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
    """Check a part: a known one is never another one, its end lies ahead and is said once; a new one has its own name."""
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


def shape_problem(now: Any, value: Any, name: str = "") -> str:
    """Say what is wrong with a policy's value, "" where nothing is: it has the shape of the present one."""
    if isinstance(now, dict):
        if not isinstance(value, dict) or now.keys() != value.keys():
            return f"{name}应有 must have {', '.join(now)}"
        return next((wrong for key in now if (wrong := shape_problem(now[key], value[key], f"{key}: "))), "")
    if isinstance(now, list):
        if not isinstance(value, list) or (now and not value):
            return f"{name}应为列表，例如 must be a list such as {now}"
        like = now[:1] or [None]
        return next((wrong for one in value if (wrong := shape_problem(like[0], one, name))), "")
    return "" if now is None or (value is None and _optional(now)) else _like(now, value, name)


def _optional(now: Any) -> bool:
    return isinstance(now, str) and _number(now)


def _like(now: Any, value: Any, name: str) -> str:
    expected = f"{name}应与现值 {now!r} 同类 must be like the present value"
    if isinstance(now, bool) or isinstance(value, bool) or isinstance(now, str) != isinstance(value, str):
        return "" if type(now) is type(value) else expected
    if isinstance(now, str):
        for is_such in (_CLOCK.fullmatch, _number, {*Role}.__contains__):
            if is_such(now):
                return "" if is_such(value) else expected
        return "" if value else expected
    if not isinstance(value, (int, float)) or value < min(now, 0) or (isinstance(now, int) and value != int(value)):
        return expected
    return ""


def _number(text: str) -> bool:
    try:
        return Decimal(text).is_finite() and Decimal(text) >= 0
    except InvalidOperation:
        return False
