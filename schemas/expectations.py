"""What must be true of a sheet, each said as a sentence: the expectations of Great Expectations by sheet kind.

All follow from the kind, which follows from its form. They are asked of a frame that holds each cell as its form
takes it (2026-03-05, 12.50) and nothing for an empty one. A frame has helper columns, too: `day_of` the day of a date
or moment, and `fact` that says 是 or 否 of a look-up, because Great Expectations takes long lists slowly.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from importlib import import_module
from typing import Any

from schemas.forms.fields import Register
from schemas.sheet_kinds import CellType, Column, SheetKind

YES, NO = "是", "否"
CASE_NUMBER = r"^[A-Za-z]{2,4}-\d{4}-\d{6,}$"
WHOLE, FROM_ONE = r"^\d{1,9}$", r"^0*[1-9]\d{0,8}$"
FROM_ZERO = r"^\d{1,12}(\.\d{1,2}0*)?$"
ABOVE_ZERO = r"^(?=.*[1-9])\d{1,12}(\.\d{1,2}0*)?$"
UNREADABLE = "读不懂的单元格"  # the helper column that names the cells of a row that cannot be read
LOOKED_UP = {
    Register.CASE: "是已有的单据 is a case that exists",
    Register.STAFF: "是在职员工 is the number of somebody who works here",
    Register.OFFICE: "是已有的办事处（名称或编码） is the name or code of an office",
    Register.STORE: "是已有的专卖店或经销商（名称或编码） is the name or code of a store or dealer",
}


def day_of(heading: str) -> str:
    """Name the helper column that holds a column's dates."""
    return f"{heading}·日"


def fact(heading: str) -> str:
    """Name the helper column that says whether a look-up found it."""
    return f"{heading}·已知"


def of_whole(kind: SheetKind, column: Column) -> bool:
    """Say whether a column belongs to a whole form of several rows."""
    return bool(kind.lines) and column.field is not None and not column.of_line


def expectations(kind: SheetKind, columns: Sequence[Column], today: date) -> list[Any]:
    """Give what must be true of a sheet with these columns, in the order in which a reader asks."""
    readable = "单元格都能读懂：不是公式，不是错误值，日期和数字写得对 every cell can be read"
    found = [_expect("ColumnValuesToBeNull", "", readable, column=UNREADABLE)]
    found += [one for column in columns for one in _of_column(kind, column, today)]
    headings = {column.heading for column in columns}
    if kind.once and set(once := list(map(kind.heading, kind.once))) <= headings:
        found.append(_once(*once))
    for earlier, later in (map(kind.heading, pair) for pair in kind.in_order):
        if {earlier, later} <= headings:
            pair = {"column_A": day_of(later), "column_B": day_of(earlier), "ignore_row_if": "either_value_is_missing"}
            sentence = f"{later}不早于{earlier} {later} is not before {earlier}"
            found.append(_expect("ColumnPairValuesAToBeGreaterThanB", later, sentence, or_equal=True, **pair))
    return found


def _once(first: str, *others: str) -> Any:
    """What stands in these columns together does not come again."""
    if not others:
        return _expect("ColumnValuesToBeUnique", first, f"{first}不重复 occurs once", column=first)
    among = {"column_list": [first, *others], "ignore_row_if": "any_value_is_missing"}
    sentence = f"{'、'.join([first, *others])}合起来不重复 occur together once"
    return _expect("CompoundColumnsToBeUnique", first, sentence, **among)


def _of_column(kind: SheetKind, column: Column, today: date) -> Iterator[Any]:
    heading, longest = column.heading, column.limit("max_length")
    if column.required:
        each = "每份" if of_whole(kind, column) else "每行"
        sentence = f"{each}都有{heading} nobody left {heading} empty"
        yield _expect("ColumnValuesToNotBeNull", heading, sentence, column=heading)
    if column.register is Register.CASE:
        yield _matches(heading, CASE_NUMBER, f"{heading}形如 PA-2026-000123 looks like a case's number")
    elif column.holds is CellType.NUMBER:
        yield _number(column)
    elif column.words:
        spellings = [spelling for word in column.words for spelling in (word.zh, word.option, word.value)]
        sentence = f"{heading}是 {'、'.join(column.choices)} 之一 is one of the list"
        yield _expect("ColumnValuesToBeInSet", heading, sentence, column=heading, value_set=spellings)
    elif column.holds is CellType.TEXT and longest:
        sentence = f"{heading}不超过 {longest} 个字符 has at most {longest} characters"
        yield _expect("ColumnValueLengthsToBeBetween", heading, sentence, column=heading, max_value=longest)
    if column.past:
        sentence, last = f"{heading}不晚于今天（{today}） is not after today", datetime.combine(today, time())
        yield _expect("ColumnValuesToBeBetween", heading, sentence, column=day_of(heading), max_value=last)
    if column.register in LOOKED_UP:
        sentence = f"{heading}{LOOKED_UP[column.register]}"
        yield _expect("ColumnValuesToBeInSet", heading, sentence, column=fact(heading), value_set=[YES])


def _number(column: Column) -> Any:
    """It is a number as the form wants it."""
    above_zero = column.limit("gt") is not None or column.limit("ge") == 1
    if column.field is not None and column.field.annotation is int:
        regex, zh, english = (FROM_ONE, "是正整数", "from 1") if above_zero else (WHOLE, "是不小于 0 的整数", "from 0")
        return _matches(column.heading, regex, f"{column.heading}{zh} is a whole number {english}")
    regex, zh, english = (ABOVE_ZERO, "大于", "above") if above_zero else (FROM_ZERO, "不小于", "from")
    sentence = f"{column.heading}是{zh} 0 的数，最多两位小数 is a number {english} 0 with at most two decimals"
    return _matches(column.heading, regex, sentence)


def _matches(heading: str, regex: str, sentence: str) -> Any:
    return _expect("ColumnValuesToMatchRegex", heading, sentence, column=heading, regex=regex)


def _expect(kind: str, heading: str, sentence: str, **what: Any) -> Any:
    """Make an expectation that says its sentence; `heading` is the column that a reason names."""
    library = import_module("great_expectations.expectations")  # takes seconds, so not before it is needed
    return getattr(library, f"Expect{kind}")(description=sentence, meta={"heading": heading}, **what)
