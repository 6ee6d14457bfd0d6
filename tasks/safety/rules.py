"""How much of a part should be there at least, by what was consumed (DOMAIN-BRANCHES, "Stock and freight": dynamic); pure."""

from decimal import ROUND_CEILING, Decimal


def safe_quantity(consumed: Decimal, days: int, cover_days: int) -> Decimal:
    """Give what is consumed in so many days to come, in whole units, as of what was consumed in the days before."""
    return (consumed * cover_days / days).to_integral_value(ROUND_CEILING)
