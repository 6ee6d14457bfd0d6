"""How messages to other systems are tried again (DOMAIN, policies `outbox.…`); pure decisions."""

from dataclasses import dataclass
from datetime import timedelta

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


def is_account(digits: str) -> bool:
    """Say whether a bank may know an account: the digits of a card add up (Luhn); none is the way it was paid."""
    if len(digits) < SHORTEST_CARD:
        return True
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0
