"""What the repair report counts (DOMAIN, "repair report"; S3 §8 3.1.3, S0); pure."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from schemas.processes.repair_return import RepairEnding
from schemas.words import FeeCategory
from tasks.reports.counting import UNNAMED, by_then, grouped, within
from tasks.rounds.rules import Period

ENDS = {
    "repaired": {RepairEnding.REPAIRED},
    "scrapped": {RepairEnding.SCRAPPED},
    "unrepaired": {RepairEnding.UNREPAIRED},
    "refused": {RepairEnding.REJECTED},
}
ELSE = set(RepairEnding) - {one for ends in ENDS.values() for one in ends}  # withdrawn, never sent back, lost


class LineInRepair(NamedTuple):
    """A line of a repair: its cause, who pays, when it was received and how it ended, if it has."""

    number: str
    office: str
    cause: str
    fee: FeeCategory | None
    received: datetime
    ended: datetime | None
    ending: RepairEnding | None

    @property
    def pays(self) -> str:
        """Who pays, as staff read it."""
        return self.fee.zh if self.fee else UNNAMED


class OfficeCost(NamedTuple):
    """What an office's repairs cost in a period, CNY.

    back, out   freight of what came back damaged, and of what left; fees: of repairs; paid: by customers
    """

    office: str
    lists: int
    back: Decimal
    out: Decimal
    fees: Decimal
    paid: Decimal

    @property
    def cost(self) -> Decimal:
        """What is left for us to pay."""
        return self.back + self.out + self.fees - self.paid


def counts(lines: Sequence[LineInRepair], period: Period) -> dict[str, int]:
    """Count the lines that came, that ended and how, and that are open at the end of a period."""
    ended = [one.ending for one in lines if within(period, one.ended)]
    became = {name: sum(one in ends for one in ended) for name, ends in (ENDS | {"other": ELSE}).items()}
    came = sum(within(period, one.received) for one in lines)
    return {"received": came, **became, "open": sum(not by_then(period, one.ended) for one in lines)}


def counts_by(
    lines: Sequence[LineInRepair], period: Period, key: str, by: Callable[[LineInRepair], str]
) -> list[dict[str, str | int]]:
    """Count the lines by what they have in common."""
    return [{key: group, **counts(those, period)} for group, those in grouped(lines, by).items()]
