"""What forms take for text, and which of their fields are contact data."""

import math
import sys
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.forms.anomalies import AnomalyPlan
from schemas.forms.applications import ReviewedLine
from schemas.forms.base import Form, contact_fields, form_schema
from schemas.forms.contacts import ContactRecord
from schemas.forms.fields import Key, Money, Name, Quantity, Text
from schemas.forms.returns import ReturnReview
from schemas.forms.sales import SalesLine
from schemas.sheet_kinds import sheet_kinds
from schemas.words import FeeCategory
from tests.test_architecture import subclasses

TEXT, KEY = TypeAdapter[str](Text), TypeAdapter[str](Key)
BIDI = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]


def told(adapter: TypeAdapter[str], text: str) -> str:
    try:
        adapter.validate_python(text)
    except ValidationError as wrong:
        return str(wrong.errors()[0]["msg"])
    return ""


def test_every_control_character_but_newline_and_tab_is_refused_and_nothing_else_is() -> None:
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        control = unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t\r"
        if bool(told(TEXT, f"a{char}b")) != (control or code in BIDI):
            pytest.fail(f"U+{code:04X} is judged wrongly")


def test_ordinary_text_has_no_problems() -> None:
    assert told(TEXT, "柜门铰链，2 只\n\t左右各一 — “急” 😀") == ""


@pytest.mark.parametrize(
    "unseen", ["\u200b", "\u3164", "\u2800", " \u00ad\ufeff ", "\u115f\u1160\uffa0", "\u2060\u200f"]
)
def test_a_text_of_which_nothing_is_seen_is_none(unseen: str) -> None:
    assert TEXT.validate_python(unseen) == ""
    assert told(TypeAdapter[str](Name), unseen)
    assert TEXT.validate_python(f"急{unseen}件") == f"急{unseen}件"


def test_a_control_character_is_named_with_the_remedy() -> None:
    for part in ("U+0000, U+0007", "请删除", "control characters", "remove them"):
        assert part in told(TEXT, "铰\x00链\x00\x07")


def test_a_text_full_of_control_characters_gets_a_short_message() -> None:
    assert len(told(TEXT, "".join(map(chr, range(32))) * 600)) < 400


def test_a_key_is_told_its_limit() -> None:
    assert told(KEY, "K" * 60) == ""
    assert "60" in told(KEY, "K" * 61)


def numbers_of(schema: object) -> Iterator[dict[str, Any]]:
    """Find whatever says of itself that it is a number, however deep it is."""
    if isinstance(schema, dict):
        if schema.get("type") in ("number", "integer"):
            yield schema
        for one in schema.values():
            yield from numbers_of(one)


def test_no_dialog_takes_a_number_that_the_server_of_prefect_cannot_give_back() -> None:
    forms = {kind.form for kind in sheet_kinds().values()}
    assert forms
    unbounded = [
        (form.__name__, number["title"])
        for form in forms
        if issubclass(form, Form)
        for number in numbers_of(form_schema(form))
        if number.get("maximum", math.inf) > 2**63
    ]
    assert unbounded == []


@pytest.mark.parametrize(("field", "most"), [(Quantity, "9999999.99"), (Money, "9999999999.99")])
def test_what_a_dialog_takes_at_most_is_what_the_field_takes_at_most(field: Any, most: str) -> None:
    adapter = TypeAdapter(field)
    assert Decimal(str(adapter.json_schema()["maximum"])) == adapter.validate_python(most) == Decimal(most)
    with pytest.raises(ValidationError):
        adapter.validate_python(str(Decimal(most) + Decimal("0.01")))


def test_contact_data_are_known_from_the_forms() -> None:
    assert sheet_kinds()
    assert contact_fields() >= {
        "客户姓名",
        "客户电话",
        "客户地址",
        "customer_name",
        "customer_phone",
        "customer_address",
    }
    assert not contact_fields() & {"办事处", "经办人工号", "订单号", "备注"}


@pytest.mark.parametrize("number", [Quantity, Money])
@pytest.mark.parametrize("typed", ["1,5", "１，５", " 1,50 ", "0,125", "1234,567"])
def test_a_comma_that_parts_no_thousands_is_refused_with_both_readings(number: object, typed: str) -> None:
    whole, _, rest = unicodedata.normalize("NFKC", typed).strip().partition(",")
    message = told(TypeAdapter(number), typed)
    for reading in (f"{whole}.{rest}", f"{whole}{rest}"):
        assert reading in message


@pytest.mark.parametrize(
    ("typed", "number"), [("1,200", 1200), ("1,234,567", 1234567), ("1,200.50", Decimal("1200.5"))]
)
def test_commas_that_part_thousands_are_read(typed: str, number: Decimal) -> None:
    assert TypeAdapter(Money).validate_python(typed) == number


@pytest.mark.parametrize("typed", ["1,2,3", "12,00.5", "1,2345,678", "a,b"])
def test_commas_of_which_nobody_knows_the_sense_make_no_number(typed: str) -> None:
    assert told(TypeAdapter(Money), typed)


def test_a_choice_that_may_be_left_empty_is_drawn_as_the_choice() -> None:
    fee = form_schema(ReviewedLine)["properties"]["费用类别"]
    assert fee["enum"] == [category.option for category in FeeCategory]
    assert not {"anyOf", "default"} & fee.keys()
    line = {"行号": 1, "配件名称": "P-1", "数量": 1, "单价": 1}
    assert ReviewedLine.model_validate(line | {"费用类别": ""}).fee is None
    assert ReviewedLine.model_validate(line | {"费用类别": "收费"}).fee is FeeCategory.CHARGED


def test_no_dialog_begins_with_a_zero_that_nobody_typed() -> None:
    """The start dialog's 订单行 is empty; left out, a number is what its form says."""
    numbers = [
        spec
        for form in (ContactRecord, ReturnReview, AnomalyPlan, SalesLine)
        for spec in form_schema(form)["properties"].values()
        if spec.get("type") in {"number", "integer"}
    ]
    assert len(numbers) > 5
    assert not [spec["title"] for spec in numbers if spec.get("default") == 0]
    assert form_schema(ContactRecord, {"订单行": 2})["properties"]["订单行"]["default"] == 2


INDEXED = {
    "customer_name",
    "customer_phone",
    "order_no",
    "old_no",
    "card_no",
    "source",
    "reference",
    "tracking",
    "party",
}


def test_what_an_index_holds_is_short_whatever_is_typed() -> None:
    """An index takes 2,700 bytes: a longer text was accepted, and stopped its case when the database refused it."""
    every = [form for form in subclasses(Form) if form.__module__.startswith("schemas.")]
    specs = [(form, name, form_schema(form)["properties"]) for form in every for name in INDEXED & {*form.model_fields}]
    most = {
        f"{form.__name__}.{name}": spec.get("maxLength", math.inf)
        for form, name, properties in specs
        if "enum" not in (spec := properties[form.model_fields[name].alias or name])
    }
    assert len(most) > 20
    assert {field: length for field, length in most.items() if length > 200} == {}
