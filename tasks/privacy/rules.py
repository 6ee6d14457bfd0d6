"""Contact data is masked wherever people see it who need not reach the customer, secrets of URLs everywhere; pure."""

import re
import unicodedata
from collections.abc import Callable, Set
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import urlsplit

WEB = r"(?:https?|ftp):[/\\]*(?=[^\s/\\])"  # as browsers read it, whatever slashes stand there
URL = re.compile(rf"(?<![a-z0-9])(?:{WEB}|[a-z][a-z0-9+.-]*://)[^\s\"'<>]*", re.IGNORECASE)
WIDER = 0xFEE0  # from ！ to ～, than ! to ~
NARROW = {sign + WIDER: sign for sign in range(ord("!"), ord("~") + 1)}
PARTING = r"\s.,()·－（），\-"  # what people put between the parts of a number or an address
MOBILE = re.compile(
    rf"(?<!\d)(?:[+＋]?[8８][6６][{PARTING}]?)?[1１][3-9３-９]\d[{PARTING}]?\d{{4}}[{PARTING}]?\d{{4}}(?!\d)"
)
AREA = r"(?:[1１][0０]|[2２]\d|[3-9３-９]\d\d)"  # of a landline, which is dialled with 0 or +86 before it
LANDLINE = re.compile(
    rf"(?<![0-9A-Za-z])(?<![0-9A-Za-z]-)(?:[0０]|[+＋][8８][6６][{PARTING}]{{0,2}}[0０]?[)）]?){AREA}[{PARTING}]{{0,2}}"
    rf"[2-8２-８]\d{{2,3}}[{PARTING}]?\d{{4}}(?!\d)"
)


class Reachable(Protocol):
    """Whatever tells how a customer is reached."""

    @property
    def customer_phone(self) -> str: ...  # noqa: D102
    @property
    def customer_address(self) -> str: ...  # noqa: D102


def mask_phone(phone: str) -> str:
    """Mask a phone number: 138****1048."""
    digits = re.sub(rf"[{PARTING}]|^\+86", "", unicodedata.normalize("NFKC", phone))
    if len(digits) < 8:
        return "***" if digits else ""
    return f"{digits[:3]}****{digits[-4:]}"


def mask_address(address: str) -> str:
    """Mask an address behind its first six characters, at most half of it: 天津市河西区***."""
    return f"{address[: min(6, len(address) // 2)]}***" if address else ""


def mask_name(name: str) -> str:
    """Mask a name behind the family name: 王**."""
    return f"{name[:1]}**" if name else ""


def without_name(text: str, name: str) -> str:
    """Mask a customer's name in what somebody wrote; one sign is no name that could be found."""
    return text.replace(name, mask_name(name)) if len(name) > 1 else text


def mask_phones(text: str) -> str:
    """Mask whatever looks like a mobile number or a landline's with its area code, parted or not."""
    for numbers in (MOBILE, LANDLINE):
        text = numbers.sub(lambda found: mask_phone(found[0]), text)
    return text


def mask_text(text: str, customer: Reachable) -> str:
    """Mask what somebody wrote: the customer's phone and address, and whatever looks like a phone number."""
    for secret, mask in ((customer.customer_phone, mask_phone), (customer.customer_address, mask_address)):
        if len(secret) > 5 and _signs(secret) in _in_line(text):  # to make its pattern takes long
            text = _spelled(secret).sub(mask(secret).replace("\\", r"\\"), text)
    return mask_phones(text)


@lru_cache(maxsize=1024)
def _spelled(secret: str) -> re.Pattern[str]:
    """Find a phone number or an address however it is parted, and whatever the width of its signs."""
    each = (
        f"[{re.escape(sign)}{chr(ord(sign) + WIDER)}]" if "!" <= sign <= "~" else re.escape(sign)
        for sign in _signs(secret) or secret
    )
    return re.compile(f"[{PARTING}]*".join(each))


def _signs(secret: str) -> str:
    return _in_line(unicodedata.normalize("NFKC", secret))


def _in_line(text: str) -> str:
    """Give what is left of a text without what parts it, wide signs made narrow."""
    return re.sub(f"[{PARTING}]", "", text.translate(NARROW))


def bare_url(url: str) -> str:
    """Give a URL without what may be secret: user, password, query, fragment; of one that is none only its scheme."""
    url = re.sub(rf"\A{WEB}", lambda found: f"{found[0].partition(':')[0]}://", url, flags=re.IGNORECASE)
    try:
        parts = urlsplit(url)
        _ = parts.port  # ValueError where a password holds what parts a URL
    except ValueError:
        return f"{url.partition('://')[0]}://…"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def bare_urls(text: str) -> str:
    """Take the secrets out of whatever looks like a URL in a text."""
    return URL.sub(lambda found: bare_url(found[0]), text)


def bare_values(value: Any) -> Any:
    """Give the same value with bare URLs, however deep they are."""
    return in_texts(value, lambda text: bare_url(text) if URL.match(text) else bare_urls(text))


def without_secrets(value: Any) -> Any:
    """Give the same value with bare URLs and masked phone numbers: what is kept of the form of a job that is over."""
    return in_texts(bare_values(value), mask_phones)


def in_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Give the same value with its texts changed, however deep they are."""
    if isinstance(value, dict):
        return {key: in_texts(one, change) for key, one in value.items()}
    if isinstance(value, list):
        return [in_texts(one, change) for one in value]
    return change(value) if isinstance(value, str) else value


def blanked(value: Any, fields: Set[str]) -> Any:
    """Give the same value with these fields blank, however deep they are."""
    if isinstance(value, dict):
        return {k: "" if k in fields else blanked(v, fields) for k, v in value.items()}
    return [blanked(v, fields) for v in value] if isinstance(value, list) else value
