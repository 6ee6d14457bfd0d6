"""三包: until when goods are under warranty, and who should pay (DOMAIN, "Warranty", 1.2); pure."""

from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple, Protocol

from schemas.parts import Warranty
from schemas.words import FeeCategory, Reason

POLICIES = ("months_by_category", "default_months", "no_signing_offset_months", "excluded_causes")
EXCHANGED, REPAIRED = "换货日起 from the exchange", "扣除维修 {} 天 without the days in repair"
INSTALLED, SIGNED = "安装完成日起 from installation", "签收日起 from signing"
MADE = "无签收日期，出厂日顺延 {} 个月起 from the factory date + {} months"
WAIVED = "{} 放弃保修 waived"


class Sold(Protocol):
    """Whatever tells when goods were made, signed for, installed, exchanged, repaired, and their warranty given up."""

    @property
    def factory_date(self) -> date: ...  # noqa: D102
    @property
    def signing_date(self) -> date | None: ...  # noqa: D102
    @property
    def installation_date(self) -> date | None: ...  # noqa: D102
    @property
    def exchanged_on(self) -> date | None: ...  # noqa: D102
    @property
    def repair_days(self) -> int: ...  # noqa: D102
    @property
    def waived_on(self) -> date | None: ...  # noqa: D102


class Cover(NamedTuple):
    """What is known of the warranty of an order's goods on a day.

    start, since   the first day of warranty (None: the order is not in the sales records), and why that day
    months         by part category; default_months: of the others
    excluded       causes that no warranty covers
    waived         since when there is none, because the customer gave it up
    repaired       days in repair, which do not count
    """

    day: date
    start: date | None
    since: str
    months: Mapping[str, int]
    default_months: int
    excluded: frozenset[Reason]
    waived: date | None = None
    repaired: int = 0

    def of(self, category: str) -> Warranty | None:
        """Give the warranty of a part of a category, None where nobody knows when it began."""
        if self.start is None:
            return None
        months = self.months.get(category, self.default_months)
        end = add_months(self.start, months) + timedelta(days=self.repaired)
        rule = f"{self.since}，{months} 个月 months" + (f"，{REPAIRED.format(self.repaired)}" if self.repaired else "")
        if self.waived and self.waived <= end:
            end, rule = self.waived - timedelta(days=1), f"{rule}，{WAIVED.format(self.waived)}"
        return Warranty(start=self.start, end=end, rule=rule)

    def fee(self, category: str, reason: Reason) -> FeeCategory:
        """Suggest who pays for a line: free within warranty, unless the cause is none of its."""
        warranty = self.of(category)
        covered = warranty is not None and self.day <= warranty.end and reason not in self.excluded
        return FeeCategory.FREE if covered else FeeCategory.CHARGED


def cover_of(policy: Callable[[str], Any], day: date, sold: Sold | None) -> Cover:
    """Give what is known on a day of the warranty of what was sold, by the policies that count for it."""
    months, default, offset, excluded = (policy(f"warranty.{name}") for name in POLICIES)
    start, since = warranty_start(sold, offset) if sold else (None, "")
    waived, repaired = (sold.waived_on, sold.repair_days) if sold else (None, 0)
    return Cover(day, start, since, months, default, frozenset(map(Reason, excluded)), waived, repaired)


def warranty_start(sold: Sold, offset_months: int) -> tuple[date, str]:
    """Give the first day of warranty and why: exchange, installation, signing, else factory date + offset (DOMAIN)."""
    if sold.exchanged_on:
        return sold.exchanged_on, EXCHANGED
    if sold.installation_date:
        return sold.installation_date, INSTALLED
    if sold.signing_date:
        return sold.signing_date, SIGNED
    return add_months(sold.factory_date, offset_months), MADE.format(offset_months, offset_months)


def add_months(day: date, months: int) -> date:
    """Move a date by calendar months; the 31st becomes the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
