"""三包: until when goods are under warranty, and who should pay (DOMAIN, "Warranty", 1.2); pure."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from schemas.parts import Warranty
from schemas.words import FeeCategory, Reason

SIGNED, MADE = "签收日起 from signing", "无签收日期，出厂日顺延 {} 个月起 from the factory date + {} months"


class Cover(NamedTuple):
    """What is known of the warranty of an order's goods on a day.

    start, since   the first day of warranty (None: the order is not in the sales records), and why that day
    months         by part category; default_months: of the others
    excluded       causes that no warranty covers
    """

    day: date
    start: date | None
    since: str
    months: Mapping[str, int]
    default_months: int
    excluded: frozenset[Reason]

    def of(self, category: str) -> Warranty | None:
        """Give the warranty of a part of a category, None where nobody knows when it began."""
        if self.start is None:
            return None
        months = self.months.get(category, self.default_months)
        rule = f"{self.since}，{months} 个月 months"
        return Warranty(start=self.start, end=add_months(self.start, months), rule=rule)

    def fee(self, category: str, reason: Reason) -> FeeCategory:
        """Suggest who pays for a line: free within warranty, unless the cause is none of its."""
        warranty = self.of(category)
        covered = warranty is not None and self.day <= warranty.end and reason not in self.excluded
        return FeeCategory.FREE if covered else FeeCategory.CHARGED


def warranty_start(signed_on: date | None, factory_date: date, offset_months: int) -> tuple[date, str]:
    """Give the first day of warranty and why: the signing, without it the factory date + offset (DOMAIN)."""
    if signed_on:
        return signed_on, SIGNED
    return add_months(factory_date, offset_months), MADE.format(offset_months, offset_months)


def add_months(day: date, months: int) -> date:
    """Move a date by calendar months; the 31st becomes the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
