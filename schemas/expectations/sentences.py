"""The sentences that are made of Great Expectations: each takes a column and says what is true of each row.

They are asked of a frame that holds each cell as its form takes it (2026-03-05, 12.50) and nothing for an empty
one. A frame has helper columns, too: `day_of` a date as a time, and `fact` that says 是 or 否 of a look-up,
because Great Expectations takes long lists slowly.
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from importlib import import_module
from typing import Any

YES, NO = "是", "否"
CASE_NUMBER = r"^[A-Za-z]{2,4}-\d{4}-\d{6,}$"
WHOLE, FROM_ONE = r"^\d{1,9}$", r"^0*[1-9]\d{0,8}$"
FROM_ZERO = r"^\d{1,12}(\.\d{1,2}0*)?$"
ABOVE_ZERO = r"^(?=.*[1-9])\d{1,12}(\.\d{1,2}0*)?$"


def day_of(heading: str) -> str:
    """Name the helper column that holds a column's dates."""
    return f"{heading}·日"


def fact(heading: str) -> str:
    """Name the helper column that says whether a look-up found it."""
    return f"{heading}·已知"


def readable(unreadable: str) -> Any:
    """Every cell can be read; the helper column names the cells of a row that cannot."""
    zh = "单元格都能读懂：不是公式，不是错误值，日期和数字写得对"
    return _expect("ColumnValuesToBeNull", "", f"{zh} every cell can be read", column=unreadable)


def filled(heading: str, each: str = "每行") -> Any:
    """Nobody left it empty."""
    sentence = f"{each}都有{heading} nobody left {heading} empty"
    return _expect("ColumnValuesToNotBeNull", heading, sentence, column=heading)


def case_number(heading: str) -> Any:
    """It looks like a case's number."""
    return _matches(heading, CASE_NUMBER, f"{heading}形如 PA-2026-000123 looks like a case's number")


def number(heading: str, whole: bool, above_zero: bool) -> Any:
    """It is a number as the form wants it."""
    if whole:
        regex, zh, english = (FROM_ONE, "是正整数", "from 1") if above_zero else (WHOLE, "是不小于 0 的整数", "from 0")
        return _matches(heading, regex, f"{heading}{zh} is a whole number {english}")
    regex, zh, english = (ABOVE_ZERO, "大于", "above") if above_zero else (FROM_ZERO, "不小于", "from")
    sentence = f"{heading}是{zh} 0 的数，最多两位小数 is a number {english} 0 with at most two decimals"
    return _matches(heading, regex, sentence)


def one_of(heading: str, words: Sequence[str], shown: Sequence[str]) -> Any:
    """It is one of the words of the list; `shown` are those that the sentence names."""
    sentence = f"{heading}是 {'、'.join(shown)} 之一 is one of the list"
    return _expect("ColumnValuesToBeInSet", heading, sentence, column=heading, value_set=list(words))


def short(heading: str, longest: int) -> Any:
    """It is no longer than the form takes."""
    sentence = f"{heading}不超过 {longest} 个字符 has at most {longest} characters"
    return _expect("ColumnValueLengthsToBeBetween", heading, sentence, column=heading, max_value=longest)


def not_after(heading: str, day: date) -> Any:
    """It is no later than a day."""
    sentence, last = f"{heading}不晚于今天（{day}） is not after today", datetime.combine(day, time())
    return _expect("ColumnValuesToBeBetween", heading, sentence, column=day_of(heading), max_value=last)


def is_known(heading: str, sentence: str) -> Any:
    """The look-up found it."""
    return _expect("ColumnValuesToBeInSet", heading, sentence, column=fact(heading), value_set=[YES])


def once(headings: Sequence[str]) -> Any:
    """No two rows say the same in these columns."""
    sentence = f"{'、'.join(headings)}合起来不重复 occur together once"
    among = {"column_list": list(headings), "ignore_row_if": "any_value_is_missing"}
    return _expect("CompoundColumnsToBeUnique", headings[0], sentence, **among)


def in_order(earlier: str, later: str) -> Any:
    """One date is no later than the other."""
    sentence = f"{later}不早于{earlier} {later} is not before {earlier}"
    pair = {"column_A": day_of(later), "column_B": day_of(earlier), "or_equal": True}
    kind = "ColumnPairValuesAToBeGreaterThanB"
    return _expect(kind, later, sentence, ignore_row_if="either_value_is_missing", **pair)


def _matches(heading: str, regex: str, sentence: str) -> Any:
    return _expect("ColumnValuesToMatchRegex", heading, sentence, column=heading, regex=regex)


def _expect(kind: str, heading: str, sentence: str, **what: Any) -> Any:
    """Make an expectation that says its sentence; `heading` is the column that a reason names."""
    library = import_module("great_expectations.expectations")  # takes seconds, so not before it is needed
    return getattr(library, f"Expect{kind}")(description=sentence, meta={"heading": heading}, **what)
