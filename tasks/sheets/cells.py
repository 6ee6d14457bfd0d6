"""Cells as people fill them in: many habits of dates, separators, codes that Excel took for numbers; pure.

Raises ValueError with what was expected, Chinese first.
"""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from schemas.forms.fields import A_NUMBER, cleaned, unparted
from schemas.sheet_kinds import CellType
from tasks.unit.work import SHANGHAI

Cell = str | int | float | bool | date | datetime | None
EXCEL_EPOCH, LATER_EPOCH = date(1899, 12, 30), date(1904, 1, 1)
FIRST_YEAR = (
    1902  # of moments: Shanghai's clocks had no zone before; what Excel makes of an empty cell is of 1899 or 1900
)
SERIALS = range(20_000, 80_000)  # 1954 to 2119, what a day in a cell without date format may be
SAFE_DIGITS = 15  # Excel keeps no more of a number
A_MOMENT = "应为时间，例如 2026-03-05 14:30 must be a time such as 2026-03-05 14:30"
A_DAY = "应为日期，例如 2026-03-05 must be a date such as 2026-03-05"

_FULL = re.compile(r"(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?(?:[ T]00:00(?::00)?)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_CLOCK = re.compile(r"(?P<day>.+?)[ T]+(?P<clock>\d{1,2}:\d\d(?::\d\d(?:\.\d{1,6})?)?) ?(?P<zone>Z|[+-]\d\d:?\d\d)?")
_SHORT = re.compile(r"(\d{1,2})月(\d{1,2})[日号]?")
# Digits, Latin letters and the signs of codes and numbers. Full-width commas, brackets, colons, question
# marks and the like are Chinese punctuation and stay as they are.
_FULL_WIDTH = "０１２３４５６７８９－．／＋＃％＿＝＊＠＆" + "".join(
    chr(first + n) for first in (0xFF21, 0xFF41) for n in range(26)
)
_TO_HALF_WIDTH = str.maketrans({sign: unicodedata.normalize("NFKC", sign) for sign in _FULL_WIDTH} | {"\u3000": " "})
_LINE_ENDS = re.compile(r"\r\n?")
_INVISIBLE_ENDS = re.compile(r"\A[\s\u200b\u2060\ufeff]+|[\s\u200b\u2060\ufeff]+\Z")

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_TO_NUMBER = str.maketrans({"，": ",", "\u2212": "-"})
_LONGEST_NUMBER = 40


class Formula(str):
    """A cell that holds a formula: nobody knows its value for sure."""


class From1904(int):
    """A whole number of a workbook that counts its days from 1904, as old ones of a Mac do."""


class Fault(str):
    """A cell that holds an error such as #N/A."""


class NoCell(str):
    """What another system gave that no cell can hold, as JSON."""


def read_cell(value: Cell, kind: CellType, today: date) -> str:
    """Give a cell as its form field takes it; "" for an empty one."""
    if isinstance(value, Formula):
        raise ValueError("不能使用公式，请粘贴为数值 must not be a formula: paste its value")
    if isinstance(value, NoCell):
        raise ValueError("应为文字或数字 must be a text or a number")
    if isinstance(value, Fault):
        raise ValueError("单元格有错误 the cell holds an error")
    if value is None or (isinstance(value, str) and not clean_text(value)):
        return ""
    if kind is CellType.DAY:
        return read_day(value, today).isoformat()
    if kind is CellType.MOMENT:
        return read_moment(value, today).isoformat()
    return f"{read_number(value).normalize():f}" if kind is CellType.NUMBER else read_text(value)


def read_day(value: Cell, today: date) -> date:
    """Read a date: a real one, 2026/3/5, 2026-3-5, 20260305, 3月5日 (the last up to today), a serial."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = f"{value:.15g}" if isinstance(value, float) else clean_text(str(value))
    try:
        if match := _FULL.fullmatch(text) or _COMPACT.fullmatch(text):
            year, month, day = map(int, match.groups())
            return date(year, month, day)
        if match := _SHORT.fullmatch(text):
            return _last(int(match[1]), int(match[2]), today)
    except ValueError:
        raise ValueError(A_DAY) from None
    if text.isascii() and text.isdigit() and int(text) in SERIALS:
        return (LATER_EPOCH if isinstance(value, From1904) else EXCEL_EPOCH) + timedelta(days=int(text))
    raise ValueError(A_DAY)


def read_moment(value: Cell, today: date) -> datetime:
    """Read a day with a clock time after it, or without one as its midnight; Shanghai's, save where a zone is written."""
    if isinstance(value, datetime) and value.year >= FIRST_YEAR:
        return value if value.tzinfo else value.replace(tzinfo=SHANGHAI)
    match = _CLOCK.fullmatch(clean_text(value)) if isinstance(value, str) else None
    day = read_day(match["day"] if match else value, today)
    try:
        clock = time.fromisoformat(f"{match['clock']:0>5}") if match else time()
        zone = (
            datetime.fromisoformat(f"2000-01-01T00:00{match['zone']}").tzinfo if match and match["zone"] else SHANGHAI
        )
    except ValueError:
        raise ValueError(A_MOMENT) from None
    if day.year < FIRST_YEAR:
        raise ValueError(A_MOMENT)
    return datetime.combine(day, clock, zone)


def _last(month: int, day: int, today: date) -> date:
    """Give the last such day up to today; the 29th of February may be years ago."""
    for year in range(today.year, today.year - 9, -1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found <= today:
            return found
    raise ValueError(A_DAY)


def read_number(value: Cell) -> Decimal:
    """Read 1,200.50 and １２ as people type them; of a float the 15 digits that Excel shows.

    Commas count only as thousands separators; exponents, NaN, infinity and over 40 characters are no numbers.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(A_NUMBER)
    typed = clean_text(value if isinstance(value, str) else _shown(value)).translate(_TO_NUMBER)
    if len(typed) > _LONGEST_NUMBER or not _NUMBER.fullmatch(plain := unparted(typed)):
        raise ValueError(A_NUMBER)
    number = Decimal(plain)
    return number.copy_abs() if number.is_zero() else number


def read_text(value: Cell) -> str:
    """Read a text; a code or phone number that Excel took for a number comes back as it was typed."""
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return value.date().isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) >= 10**SAFE_DIGITS:
            expected = f"超过 {SAFE_DIGITS} 位的编号须设为文本 Excel has lost digits: format the cell as text"
            raise ValueError(f"{expected} and type it again")
        return _shown(value)
    return str(cleaned(clean_text(str(value))))


def _shown(number: float) -> str:
    return f"{Decimal(f'{number:.15g}'):f}"


def clean_text(value: str) -> str:
    """Return the text trimmed, with half-width digits, Latin letters and code signs, and `\\n` line ends.

    Combining marks are composed (NFC). Chinese punctuation, superscripts and units such as ㎡ stay;
    cleaning twice changes nothing.
    """
    text = _LINE_ENDS.sub("\n", value).translate(_TO_HALF_WIDTH)
    return _INVISIBLE_ENDS.sub("", unicodedata.normalize("NFC", text))
