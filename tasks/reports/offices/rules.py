"""How offices are judged (DOMAIN, "office evaluation"; DOMAIN-BRANCHES, "Stock and freight": 评估表); pure."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tasks.reports.rules import share


class Evaluated(NamedTuple):
    """What an applicant applied for in a period, and what reviewers made of it.

    lines      that were reviewed for the first time; unchanged: approved then as they were
    anomalies  whose responsibility is the office's
    """

    office: str
    staff: str
    applicant: str
    applications: int = 0
    lines: int = 0
    unchanged: int = 0
    corrected: int = 0
    sent_back: int = 0
    rejected: int = 0
    duplicates: int = 0
    anomalies: int = 0

    @property
    def rate(self) -> float | None:
        """The lines that were unchanged at first review; None where none was reviewed."""
        return share(self.unchanged, self.lines)


class Cards(NamedTuple):
    """How many lines were sold and signed for, and of how many the warranty card is back."""

    sold: int
    returned: int

    @property
    def rate(self) -> float | None:
        """The share of cards that are back; None where nothing was signed for."""
        return share(self.returned, self.sold)


def together(rows: Sequence[Evaluated], named: Callable[[Evaluated], tuple[str, str, str]]) -> list[Evaluated]:
    """Add up those of one name."""
    sums = dict[tuple[str, str, str], list[int]]()
    for row in rows:
        sums[named(row)] = [a + b for a, b in zip(sums.get(named(row), [0] * len(row[3:])), row[3:], strict=True)]
    return [Evaluated(*name, *figures) for name, figures in sums.items()]


def ranked(rows: Sequence[Evaluated], least: int) -> list[tuple[Evaluated, int | None]]:
    """Rank by rate whoever has enough lines, equals alike; the others follow without a rank."""
    enough = [row for row in rows if row.lines >= least and row.rate is not None]
    order = sorted(enough, key=lambda row: (-(row.rate or 0), -row.lines, row.office, row.staff))
    rates = [row.rate for row in order]
    rest = sorted((row for row in rows if row not in enough), key=lambda row: (row.office, row.staff))
    return [(row, 1 + rates.index(row.rate)) for row in order] + [(row, None) for row in rest]
