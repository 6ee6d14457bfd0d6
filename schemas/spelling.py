"""Names and numbers as people type them: what is meant alike, and what else may have been meant (DOMAIN 1.1)."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")
_BRACKETS = str.maketrans("[]{}<>【】〔〕「」『』《》〈〉", "()" * 9)
_NOT_DIALLED = re.compile(r"[\s()-]")
_MOBILE = re.compile(r"(?:\+|00)?(?:86)?(1\d{10})")
_BETWEEN_CHINESE = re.compile(r"(?<=[一-鿿]) (?=[一-鿿])")
CLOSE_ENOUGH, MOST_MEANT = 60, 3  # of 100; names


@lru_cache(maxsize=8192)
def alike(text: str) -> str:
    """Write a name as all its spellings are compared: without case, width, spaces (of no width, too), kind of brackets."""
    return "".join(_seen(text).casefold().translate(_BRACKETS).split())


def _seen(text: str) -> str:
    """Give a text in half width without characters that nobody sees."""
    plain = unicodedata.normalize("NFKC", text)
    return plain if plain.isprintable() else "".join(c for c in plain if unicodedata.category(c) != "Cf")


def order_number(text: str) -> str:
    """Write the number of an order or a case as it is kept, in whatever case, width and spaces it was typed."""
    return alike(text).upper()


def phone_number(text: str) -> str:
    """Write a phone number as it is kept: half width, without spaces; a mobile's without +86 and dashes."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    mobile = _MOBILE.fullmatch(_NOT_DIALLED.sub("", plain))
    return mobile[1] if mobile else plain


def person_name(text: str) -> str:
    """Write a person's name as it is kept: half width, one space between words, none between Chinese characters."""
    return _BETWEEN_CHINESE.sub("", " ".join(_seen(text).split()))


class Known(Mapping[str, T]):
    """What the house knows by its names and codes, found however they are spelled."""

    def __init__(self, named: Iterable[tuple[str, T]]) -> None:
        self._names = dict[str, str]()
        self._found = dict[str, T]()
        for name, one in named:
            self._names[alike(name)], self._found[alike(name)] = name, one

    def __getitem__(self, name: str) -> T:
        return self._found[alike(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.values())

    def __len__(self) -> int:
        return len(self._names)

    def near(self, typed: object, most: int = MOST_MEANT) -> list[str]:
        """Give the names that are nearest to what was typed, the nearest first; in whatever order they were read."""
        from rapidfuzz import fuzz, process  # not on the path of what is spelled right

        found = process.extract(
            alike(str(typed)), sorted(self._names), scorer=fuzz.WRatio, limit=most, score_cutoff=CLOSE_ENOUGH
        )
        return [self._names[key] for key, *_ in found]

    def meant(self, typed: object) -> str:
        """Ask what may have been meant by a name that is not known; nothing where no name is near."""
        names = "、".join(self.near(typed))
        return f"；是否 did you mean: {names}?" if names else ""


def numbers_in(text: str) -> list[str]:
    """Read numbers of cases or documents as people type them, each once, in order."""
    read = unicodedata.normalize("NFKC", text).upper().translate(str.maketrans(",;、", "   "))
    return list(dict.fromkeys(read.split()))
