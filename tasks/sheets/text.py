"""Text and numbers as people type or paste them: clean what is harmless, name what is not."""

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

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # Cc but tab and newline, lone surrogates
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SHOWN = 5

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


def text_problems(value: str, max_length: int) -> list[str]:
    """Return what is wrong with a text, Chinese then English per problem; an empty list when it is fine."""
    problems = []
    if found := list(_CONTROL.finditer(value)):
        problems.append(_unwanted(found, "控制字符", "control characters"))
    if found := list(_BIDI.finditer(value)):
        problems.append(_unwanted(found, "文字方向控制符", "writing-direction characters"))
    if (length := len(value)) > max_length:
        problems.append(
            f"文字有 {length} 个字符，最多 {max_length} 个：请删减 {length - max_length} 个字符。 / "
            f"The text has {length} characters, at most {max_length} are allowed: "
            f"shorten it by {length - max_length}."
        )
    return problems


def parse_decimal(text: str) -> Decimal | None:
    """Return the number that a person typed, e.g. '1,200.50', '１２' or ' 3 ', or None where it is none.

    Commas count only as thousands separators; exponents, NaN, infinity and over 40 characters are no numbers.
    """
    typed = clean_text(text).translate(_TO_NUMBER)
    if len(typed) > _LONGEST_NUMBER or not _NUMBER.fullmatch(typed):
        return None
    number = Decimal(typed.replace(",", ""))
    return number.copy_abs() if number.is_zero() else number


def _unwanted(found: list[re.Match[str]], zh: str, en: str) -> str:
    codes = sorted({f"U+{ord(match.group()):04X}" for match in found})
    listed = ", ".join(codes[:_SHOWN]) + (" …" if len(codes) > _SHOWN else "")
    places = ", ".join(str(match.start() + 1) for match in found[:_SHOWN])
    places += " …" if len(found) > _SHOWN else ""
    return (
        f"含有{zh} {listed}（第 {places} 个字符，共 {len(found)} 处）："
        "只能使用普通文字、换行和制表符，请删除后重新提交。 / "
        f"Contains {en} {listed} (character {places}; {len(found)} in all): "
        "only ordinary text, line breaks and tabs are allowed, delete them and send again."
    )
