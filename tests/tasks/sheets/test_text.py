from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.sheets.cells import A_NUMBER, clean_text, read_number

calm = settings(deadline=None, max_examples=100)
BIDI = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("柜门铰链", "柜门铰链"),
        ("  柜门铰链\t\n", "柜门铰链"),
        ("\u3000柜门　铰链\u3000", "柜门 铰链"),
        ("ＡＢｃ１２３", "ABc123"),
        ("ＨＷ－００１／２．５", "HW-001/2.5"),
        ("左门，右门（白色）：１扇；好！？", "左门，右门（白色）：1扇；好！？"),
        ("“门”、《说明》。", "“门”、《说明》。"),
        ("面积２㎡，10m²，①号，½", "面积2㎡，10m²，①号，½"),
        ("第一行\r\n第二行\r第三行", "第一行\n第二行\n第三行"),
        ("\ufeff柜门\u200b", "柜门"),
        ("cafe\u0301", "caf\u00e9"),
        ("ｅ\u0301", "\u00e9"),
        ("a\tb", "a\tb"),
        ("", ""),
        (" \u3000 ", ""),
    ],
)
def test_text_is_trimmed_and_made_half_width_but_keeps_chinese_punctuation(typed: str, clean: str) -> None:
    assert clean_text(typed) == clean


@calm
@given(st.text() | st.text(alphabet="ａＺ０９－．，。（\u3000 \r\n\t\u0301\u200be"))
@example("\u200b \u0301x")
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once


@calm
@given(st.text(alphabet="，。、；：？！“”‘’（）【】《》…—～·￥柜门"))
def test_chinese_text_with_its_punctuation_stays_as_it_is(text: str) -> None:
    assert clean_text(text) == text


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1,200.50", "1200.50"),
        ("１２", "12"),
        (" 3 ", "3"),
        ("\u30003\u3000", "3"),
        ("１，２００．５０", "1200.50"),
        ("1,234,567", "1234567"),
        ("-3", "-3"),
        ("－３", "-3"),
        ("\u22123", "-3"),
        ("+3", "3"),
        (".5", "0.5"),
        ("007", "7"),
        ("0.000", "0.000"),
        ("-0", "0"),
        ("123456789012345678901234567890.12", "123456789012345678901234567890.12"),
    ],
)
def test_a_number_is_read_as_people_type_it(typed: str, number: str) -> None:
    assert str(read_number(typed)) == number


@pytest.mark.parametrize(
    "typed", ["", " ", "abc", "三", "12个", "1,2", "1,20", "12,00.5", "0,123", "1,2345", "1 200", "1.2.3", "3.", "."]
)
def test_what_is_no_plain_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=A_NUMBER):
        read_number(typed)


@pytest.mark.parametrize(
    "typed", ["-", "--3", "1e5", "1E5", "NaN", "Infinity", "-inf", "1_000", "0x10", "٣", "²", "½", "￥5", "5%", "1\n2"]
)
def test_what_only_a_program_would_take_for_a_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=A_NUMBER):
        read_number(typed)


def test_a_number_longer_than_anything_we_store_is_refused() -> None:
    assert read_number("9" * 40).is_finite()
    with pytest.raises(ValueError, match=A_NUMBER):
        read_number("9" * 41)


@calm
@given(st.decimals(-(10**12), 10**12, places=4))
def test_a_number_is_read_back_from_every_way_of_writing_it(number: Decimal) -> None:
    full_width = f"{number:f}".translate({ord("0") + n: ord("０") + n for n in range(10)})
    for written in (f"{number:f}", f"{number:,f}", f"  {number:f}\n", full_width):
        assert read_number(written) == number


@calm
@given(st.text())
def test_any_text_gives_a_finite_number_or_none(text: str) -> None:
    with suppress(ValueError):
        assert read_number(text).is_finite()
