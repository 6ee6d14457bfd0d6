"""What people type differently and mean alike."""

import pytest

from schemas.spelling import Known, alike, order_number, person_name, phone_number

PARTS = Known(
    (name, name) for name in ("柜门板(左)", "柜门板(右)", "铰链(全盖110°)", "抽屉面板(小)", "P-PB-001", "北京办事处")
)


@pytest.mark.parametrize(
    "typed",
    ["WX-77A", "wx-77a", "ＷＸ-77a", " WX - 77A ", "Wx-７７Ａ"],
    ids=["kept", "case", "width", "spaces", "digits"],
)
def test_an_order_number_is_one_however_it_is_typed(typed: str) -> None:
    assert order_number(typed) == "WX-77A"


@pytest.mark.parametrize("typed", ["柜门板（右）", "柜门板【右】", "柜门板 ( 右 )", "柜门板〔右〕", "柜门板[右]"])
def test_a_part_is_known_by_whatever_brackets(typed: str) -> None:
    assert PARTS[typed] == "柜门板(右)"
    assert typed in PARTS
    assert alike(typed) == "柜门板(右)"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("138 0000 9999", "13800009999"),
        ("+86 138-0000-9999", "13800009999"),
        ("0086 13800009999", "13800009999"),
        ("８６１３８００００９９９９", "13800009999"),
        ("010-8888 0000", "010-88880000"),
        ("", ""),
    ],
)
def test_a_phone_number_is_one_however_it_is_typed(typed: str, kept: str) -> None:
    assert phone_number(typed) == kept


def test_what_is_near_is_asked_for_and_what_is_not_is_not() -> None:
    assert PARTS.meant("柜门版(左)").startswith("；是否 did you mean: 柜门板(左)")
    assert PARTS.meant("北京办") == "；是否 did you mean: 北京办事处?"
    assert PARTS.meant("zzzzzz") == ""
    assert "门" not in Known[str]([]).meant("柜门板")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("钱 雨 桐", "钱雨桐"),
        ("　钱雨桐 ", "钱雨桐"),
        ("钱\u200b雨桐", "钱雨桐"),
        ("Ａnna  Li", "Anna Li"),
        ("Li 雨桐", "Li 雨桐"),
        ("", ""),
    ],
)
def test_a_name_is_kept_in_one_spelling(typed: str, kept: str) -> None:
    assert person_name(typed) == kept
