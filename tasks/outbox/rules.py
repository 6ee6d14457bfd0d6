"""How messages are tried again, at which hours they may leave, how a digest reads (policies `outbox.…`); pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from tasks.cycle.rules import at, shanghai_day

TRY_AGAIN = frozenset({408, 409, 425, 429})  # the other system says: not now
SHORTEST_CARD = 16  # digits; accounts of firms are shorter and have no check digit
SETTLING = timedelta(seconds=30)  # for the case to take the answer


@dataclass(frozen=True)
class DeliveryRules:
    """How often a message is tried, how long an answer may take, how long the first pause is."""

    attempts: int
    timeout: timedelta
    backoff: timedelta

    @property
    def claim(self) -> timedelta:
        """How long a message belongs to one dispatcher: every phase of the exchange may be slow."""
        return 4 * self.timeout + SETTLING

    def pause(self, attempt: int, chance: float, wanted: timedelta = timedelta(0)) -> timedelta:
        """Give the pause after a failed attempt (1, 2, …): doubled each time, half to all of it by `chance`.

        `chance` lies in [0, 1); `wanted` is what the other system asked for (Retry-After), up to the longest
        pause.
        """
        doubled, longest = (self.backoff * float(2 ** (n - 1)) for n in (attempt, self.attempts))
        return max(doubled * (0.5 + chance / 2), min(wanted, longest))


def is_refusal(status: int) -> bool:
    """Say whether an HTTP status means that sending the same again is of no use."""
    return 400 <= status < 500 and status not in TRY_AGAIN


def opens_at(hours: Sequence[str] | None, now: datetime) -> datetime | None:
    """Give the next moment at which a message may leave that has hours, [from, to] of a day; None where that is now."""
    if not hours:
        return None
    today, (begins, ends) = shanghai_day(now), map(time.fromisoformat, hours)
    if begins >= ends:
        raise ValueError(f"hours {hours} end before they begin; expected from < to on one day: correct the policy")
    if at(today, begins) <= now < at(today, ends):
        return None
    return at(today if now < at(today, begins) else today + timedelta(days=1), begins)


def digest_text(number: int, digest: Mapping[str, Any], most: int) -> str:
    """Write a digest, {"title", "lines", "more"}, in at most so many bytes; what does not fit is counted.

    Its number stands on it, by which people see that one which came twice is one.
    """
    lines, left = list(digest["lines"]), digest["more"]
    while True:
        more = [f"… 另 {left} 条，请看收件箱 more in the inbox"] if left else []
        text = "\n".join([f"{digest['title']} · 编号 no. {number}", *(f"· {line}" for line in lines), *more])
        if len(text.encode()) <= most or not lines:
            return text
        lines.pop()
        left += 1


def is_account(digits: str) -> bool:
    """Say whether a bank may know an account: the digits of a card add up (Luhn); none is the way it was paid."""
    if len(digits) < SHORTEST_CARD:
        return True
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0
