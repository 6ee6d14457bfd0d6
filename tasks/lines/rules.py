"""What forms say of a case's lines, how lines are shown, and what of them is not owed any more; pure."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from weakref import WeakMethod

from schemas.forms.anomalies import Whereabouts
from schemas.forms.base import Form
from schemas.parts import Outcome, PartsLine
from schemas.problems import Problem
from schemas.words import MovementKind

Covers = Callable[[Mapping[str, Any]], bool]
FIELD = "行号 line"
ABSENT = "缺少此行 is missing from the form"
GONE: dict[Whereabouts | None, MovementKind | None]  # as what goods that are given up leave; the others go elsewhere
GONE = {None: None, **dict.fromkeys(Whereabouts, MovementKind.TRANSFER_OUT)}
GONE |= {Whereabouts.KEPT: None, Whereabouts.NONE: MovementKind.COUNT_LOSS}


class GivenUp:
    """What of a case's lines is neither made nor sent any more, and as what it leaves the good stock if it is there.

    `then` hears of each line of which something is given up.
    """

    def __init__(self, then: Callable[[int], None] | None = None) -> None:
        self.then = WeakMethod(then) if then else lambda: None  # whose it is has this too: no ring for the collector
        self._of = defaultdict[int, list[tuple[MovementKind | None, Decimal]]](list)

    def __getitem__(self, line_no: int) -> Decimal:
        return sum((many for _, many in self._of[line_no]), Decimal(0))

    def add(self, outcome: Outcome, quantity: Decimal) -> None:
        """Give up so many of a line, by what came of an anomaly."""
        if quantity > 0:
            self._of[outcome.line_no].append((GONE[outcome.goods], quantity))
            if then := self.then():
                then(outcome.line_no)

    def take(self, line_no: int, most: Decimal) -> dict[MovementKind | None, Decimal]:
        """Take at most so many of a line off what is given up; gives how many of them leave the good stock as what."""
        taken, left = defaultdict[MovementKind | None, Decimal](Decimal), []
        for kind, many in self._of[line_no]:
            some = min(many, most)
            most -= some
            taken[kind] += some
            left.append((kind, many - some))
        self._of[line_no] = [(kind, many) for kind, many in left if many]
        return {kind: some for kind, some in taken.items() if some}


def known_lines(listed: Sequence[int], own: Collection[int]) -> list[Problem]:
    """Check that a form names lines of its own, each once."""
    expected = f"应为 must be one of {', '.join(map(str, sorted(own)))}"
    unknown = [Problem(FIELD, no, expected, row) for row, no in enumerate(listed, start=1) if no not in own]
    return unknown + [Problem(FIELD, no, "重复 is listed twice") for no in sorted(own) if listed.count(no) > 1]


def all_lines(listed: Sequence[int], own: Collection[int], absent: str = ABSENT) -> list[Problem]:
    """Check that a form names each of its own lines exactly once."""
    return known_lines(listed, own) + [Problem(FIELD, no, absent) for no in own if no not in listed]


def held_problems(lines: Iterable[int], held: Mapping[int, str]) -> list[Problem]:
    """Check that nothing is said of lines that wait for an anomaly: line → its number."""
    expected = "该行等待异常单 {}，其他行可先办 the line waits for that anomaly, others go on"
    return [Problem(FIELD, no, expected.format(held[no])) for no in lines if no in held]


def not_too_many(listed: int, most: int) -> list[Problem]:
    """Check that a form has no more lines than forms may have."""
    return [Problem("明细 lines", listed, f"最多 {most} 行 at most {most} lines")] if listed > most else []


def only_these(own: Iterable[int]) -> Covers:
    """Say of a filled-in form whether all the lines that it names are among these."""
    known = set(own)
    return lambda data: {row.get("行号") for row in data.get("明细", [])} <= known


def first_of(fits: Sequence[Covers]) -> Covers:
    """Say of a filled-in form whether it fits the last of these, and none before it."""
    return lambda data: fits[-1](data) and not any(fit(data) for fit in fits[:-1])


def as_rows(lines: Iterable[Form]) -> dict[str, Any]:
    """Give lines as a form's lines are pre-filled."""
    return {"明细": [line.as_form() for line in lines]}


def brief_lines(lines: Sequence[PartsLine], most: int = 4) -> list[str]:
    """Show lines as a decider wants to see them, the first few."""
    shown = [
        f"{line.line_no}. {line.name} × {line.quantity.normalize():f} @ {line.price} · {line.reason.zh}"
        for line in lines[:most]
    ]
    return [*shown, f"… 共 {len(lines)} 行 lines in all"] if len(lines) > most else shown
