"""What forms are made of: fields that mean the same wherever they stand.

A field's type says how a value is read; its `label` how staff call it; `Cell` how a sheet shows it; `Register`
and `Sense` what must be true of it. A label stands here if several forms have it, else beside its form's field.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from schemas.spelling import order_number, person_name, phone_number

T = TypeVar("T")
UNWANTED = {"Cc", "Cs"}  # control characters, halves of characters
BIDI = {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}
A_NUMBER = "应为数字 must be a number"
A_MOMENT = "应为日期和时间 must be a day and a time such as 2026-05-06 16:00"
_MOMENT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::\d{2}(?:\.0+)?)?)?")
_UNSEEN = re.compile(
    r"[\s\u00ad\u115f\u1160\u200b-\u200f\u2060-\u2064\u2800\u3164\ufeff\uffa0]*"
)  # blanks of any script
_PARTED = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")
NUMBER, LINE_NO, STAFF = "单号", "行号", "经办人工号"


@dataclass(frozen=True)
class Cell:
    """What a sheet shows of a field: the template's example, the heading's note (else its hint), the column's width.

    given   the heading under which an inbox repeats what was pre-filled, beside what people then make of it
    later   the field came when rows without it had been taken already: left empty, a row is still known
    """

    example: object = ""
    note: str = ""
    width: int = 14
    given: str = ""
    later: bool = False


class Register(Enum):
    """A list that the house keeps, and that a field's word is on."""

    CASE = "case"
    ORDER = "order"
    STAFF = "staff"
    OFFICE = "office"
    STORE = "store"
    PART = "part"
    UNIT = "unit"
    CARRIER = "carrier"
    WAREHOUSE = "warehouse"


class Sense(Enum):
    """What else is true of a field: it is cleared when the case closes; it is not after today."""

    CONTACT = "contact"
    PAST = "past"


def label(zh: str, english: str, hint: str | None = None) -> Any:
    """Name a field: in Chinese it is known to forms and sheets, both languages and the hint stand in dialogs."""
    return Field(alias=zh, title=f"{zh} {english}", description=hint)


def needed(when: str) -> Any:
    """Say when a field that may be empty must not be: the hint of its dialog, the note of its column."""
    return Field(description=when)


def cleaned(value: object) -> object:
    """Trim a text, to nothing where nothing of it is seen.

    ValueError names the control characters in it, which no database takes.
    """
    if not isinstance(value, str):
        return value
    if _UNSEEN.fullmatch(value):
        return ""
    if value.isprintable():
        return value.strip()
    bad = {c for c in value if (unicodedata.category(c) in UNWANTED and c not in "\n\t\r") or c in BIDI}
    if bad:
        named = ", ".join(sorted(f"U+{ord(c):04X}" for c in bad))
        raise ValueError(f"含有控制字符 contains control characters {named}，请删除 remove them")
    return value.replace("\r\n", "\n").strip()


def unparted(typed: str) -> str:
    """Take the commas that part thousands out of a number; ValueError where one parts none, with both readings."""
    if "," not in typed or _PARTED.fullmatch(typed):
        return typed.replace(",", "")
    readings = typed.replace(",", "."), typed.replace(",", "")
    if typed.count(",") > 1 or "." in typed or not readings[1].lstrip("+-").isdecimal():
        raise ValueError(A_NUMBER)
    one, other = readings
    raise ValueError(f"{A_NUMBER}: 可读作 {one} 或 {other}，请写明 may mean {one} or {other}, write which")


def moment_text(value: str) -> str:
    """Write a day, or a day and a time, as it is kept: 2026-05-06 or 2026-05-06 16:00; ValueError where it is none."""
    if not value:
        return ""
    plain = unicodedata.normalize("NFKC", value).replace("/", "-")
    if not (read := _MOMENT.fullmatch(plain)):
        raise ValueError(A_MOMENT)
    year, month, day, hour, minute = (int(part) if part else 0 for part in read.groups())
    try:
        moment = datetime(year, month, day, hour, minute)
    except ValueError:
        raise ValueError(A_MOMENT) from None
    return f"{moment:%Y-%m-%d %H:%M}" if read[4] else f"{moment:%Y-%m-%d}"


def _half_width(value: object) -> object:
    """Read 1,200 and １２ as a person means them; floats by their shortest digits."""
    if isinstance(value, str):
        return unparted(unicodedata.normalize("NFKC", value).strip())
    return str(value).removesuffix(".0") if isinstance(value, float) else value


def _form_number(value: Decimal, info: Any) -> float | str:
    return float(value) if info.context == "form" else str(value)


Text = Annotated[str, BeforeValidator(cleaned)]
# bounds stand beside the type: behind a validator of ours Pydantic would check them in Python, much slower
Name = Annotated[str, Field(min_length=1, max_length=80), BeforeValidator(cleaned)]
OptionalName = Annotated[str, Field(max_length=200), BeforeValidator(cleaned)]  # numbers too; no index takes a Remark
Key = Annotated[str, Field(max_length=60), BeforeValidator(cleaned)]  # by which a sheet tells its forms apart
Remark = Annotated[str, Field(max_length=2000), BeforeValidator(cleaned)]
_Typed = Annotated[T, BeforeValidator(_half_width), PlainSerializer(_form_number)]
# Each number of a dialog has a maximum: once a run holds one of more than 64 bits, Prefect's server lists no runs.
_MOST, _MOST_MONEY = 9_999_999.99, 9_999_999_999.99  # what the digits allow
_ABOVE_ZERO = WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": _MOST})
Quantity = Annotated[_Typed[Annotated[Decimal, Field(gt=0, max_digits=9, decimal_places=2)]], _ABOVE_ZERO]
_FROM_ZERO = WithJsonSchema({"type": "number", "minimum": 0, "maximum": _MOST})
Count = Annotated[_Typed[Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=2)]], _FROM_ZERO]
_AMOUNT = WithJsonSchema({"type": "number", "minimum": 0, "maximum": _MOST_MONEY})
Money = Annotated[_Typed[Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]], _AMOUNT]
Day = date
Maybe = Annotated[T | None, BeforeValidator(lambda value: None if value == "" else value)]
OptionalDay = Annotated[
    Maybe[date],
    PlainSerializer(lambda day: day.isoformat() if day else "", return_type=str),
    WithJsonSchema({"type": "string", "format": "date"}),
]
OptionalMoment = Annotated[str, AfterValidator(moment_text), BeforeValidator(cleaned)]
Past = Annotated[T, Sense.PAST]

StaffNo = Annotated[Name, label(STAFF, "Staff number", "例如 e.g. E1001"), Register.STAFF]
CaseNo = Annotated[Name, AfterValidator(order_number), label(NUMBER, "Case", "例如 e.g. PA-2026-000123"), Register.CASE]
_OFFICE = label("办事处", "Office", "编码或名称 code or name, e.g. BJ")
OfficeName = Annotated[Name, _OFFICE, Register.OFFICE, Cell("北京办事处", width=16)]
_ORDER = label("订单号", "Order", "例如 e.g. SO20260318-0042")
OrderNo = Annotated[
    Name, AfterValidator(order_number), _ORDER, Register.ORDER, Cell("SO20260318-0042", "销售订单号", 20)
]
LineNo = Annotated[int, Field(ge=1, le=999_999), label(LINE_NO, "Line"), Cell(1, "本单中的第几行", 7)]
_PART = label("配件名称", "Part", "标准名称或编码 standard name or code")
PartName = Annotated[Name, _PART, Register.PART, Cell("铰链(全盖110°)", width=26)]
PartQuantity = Annotated[Quantity, label("数量", "Quantity"), Cell(4, "大于 0，最多两位小数", 8)]
ReasonText = Annotated[Remark, label("原因", "Reason"), Cell(width=30)]
Note = Annotated[Remark, label("备注", "Remark"), Cell(width=24)]
Explanation = Annotated[Remark, label("说明", "Note"), Cell(width=30)]
Photos = Annotated[
    Remark, label("照片编号", "Photos", "损坏或货不对单时必填 needed for damage and mismatch"), Cell(width=20)
]
MOST_LINES = 10_000  # of a form, whatever brings it; the policies form.max_lines and sheet.max_lines say less
OptionalLines = Annotated[list[T], Field(max_length=MOST_LINES), label("明细", "Lines")]
Lines = Annotated[OptionalLines[T], Field(min_length=1)]
# contact data, where it may be empty (OptionalName, an address: Remark) or must not be (Name)
ContactName = Annotated[T, AfterValidator(person_name), label("客户姓名", "Customer"), Sense.CONTACT]
ContactPhone = Annotated[T, AfterValidator(phone_number), label("客户电话", "Phone"), Sense.CONTACT]
ContactAddress = Annotated[T, label("客户地址", "Address"), Sense.CONTACT]
