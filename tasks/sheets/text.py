"""Text and numbers as people type or paste them: what is harmless is made clean."""

import re
import unicodedata
from decimal import Decimal

# Digits, Latin letters and the signs of codes and numbers. Full-width commas, brackets, colons, question
# marks and the like are Chinese punctuation and stay as they are.
_FULL_WIDTH = "０１２３４５６７８９－．／＋＃％＿＝＊＠＆" + "".join(
    chr(first + n) for first in (0xFF21, 0xFF41) for n in range(26)
)
_TO_HALF_WIDTH = str.maketrans({sign: unicodedata.normalize("NFKC", sign) for sign in _FULL_WIDTH} | {"\u3000": " "})
_LINE_ENDS = re.compile(r"\r\n?")
_INVISIBLE_ENDS = re.compile(r"\A[\s\u200b\u2060\ufeff]+|[\s\u200b\u2060\ufeff]+\Z")

_NUMBER = re.compile(r"[+-]?(?:(?:[0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.[0-9]+)?|\.[0-9]+)")
_TO_NUMBER = str.maketrans({"，": ",", "\u2212": "-"})
_LONGEST_NUMBER = 40


def clean_text(value: str) -> str:
    """Return the text trimmed, with half-width digits, Latin letters and code signs, and `\\n` line ends.

    Combining marks are composed (NFC). Chinese punctuation, superscripts and units such as ㎡ stay;
    cleaning twice changes nothing.
    """
    text = _LINE_ENDS.sub("\n", value).translate(_TO_HALF_WIDTH)
    return _INVISIBLE_ENDS.sub("", unicodedata.normalize("NFC", text))


def parse_decimal(text: str) -> Decimal | None:
    """Return the number that a person typed, e.g. '1,200.50', '１２' or ' 3 ', or None where it is none.

    Commas count only as thousands separators; exponents, NaN, infinity and over 40 characters are no numbers.
    """
    typed = clean_text(text).translate(_TO_NUMBER)
    if len(typed) > _LONGEST_NUMBER or not _NUMBER.fullmatch(typed):
        return None
    number = Decimal(typed.replace(",", ""))
    return number.copy_abs() if number.is_zero() else number
