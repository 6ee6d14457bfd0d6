"""How calls are sampled and scored (S2, 5 %, at least 5; S1 1.2.1–1.2.7); pure."""

from decimal import Decimal
from fractions import Fraction
from math import ceil

from schemas.forms.audits import CRITERIA, CallScored, Met


def sample_size(calls: int, share: Fraction, least: int) -> int:
    """Give how many of a week's calls are audited: a share, at least so many, never more than there are."""
    return min(calls, max(least, ceil(calls * share)))


def score_of(scored: CallScored) -> int | None:
    """Give the share of rules that were kept among those that the call asked for, of 100; None where it asked for none."""
    said = [getattr(scored, name) for name in CRITERIA]
    asked = [one for one in said if one != Met.NOT_ASKED]
    return round(100 * asked.count(Met.MET) / len(asked)) if asked else None


def deduction_of(scored: CallScored, each: Decimal) -> Decimal:
    """Give what forbidden answers cost the agent (S1)."""
    return scored.forbidden * each
