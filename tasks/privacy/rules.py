"""Contact data is masked wherever people see it who need not reach the customer; pure."""

import re
from typing import Protocol

MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")


class Reachable(Protocol):
    """Whatever tells how a customer is reached."""

    @property
    def customer_phone(self) -> str: ...  # noqa: D102
    @property
    def customer_address(self) -> str: ...  # noqa: D102


def mask_phone(phone: str) -> str:
    """Mask a phone number: 138****1048."""
    digits = re.sub(r"[\s()-]|^\+86", "", phone)
    if len(digits) < 8:
        return "***" if digits else ""
    return f"{digits[:3]}****{digits[-4:]}"


def mask_address(address: str) -> str:
    """Mask an address behind its first six characters, at most half of it: 天津市河西区***."""
    return f"{address[: min(6, len(address) // 2)]}***" if address else ""


def mask_mobiles(text: str) -> str:
    """Mask whatever looks like a mobile number."""
    return MOBILE.sub(lambda found: mask_phone(found[0]), text)


def mask_text(text: str, customer: Reachable) -> str:
    """Mask what somebody wrote: the customer's phone and address, and whatever looks like a mobile number."""
    for secret, mask in ((customer.customer_phone, mask_phone), (customer.customer_address, mask_address)):
        if len(secret) > 5:
            text = text.replace(secret, mask(secret))
    return mask_mobiles(text)
