"""客户档案 as a plain function: an office sees its own, nobody sees contact data."""

from typing import Any

import pytest
from sqlalchemy import Engine, text

from flows.jobs.look_up import open_customer_file
from schemas.forms.base import contact_fields
from tests.tasks.customers.test_cards import ORDER


def ask(wanted: str, staff: str = "E1001") -> Any:
    return open_customer_file.fn(查找单={"经办人工号": staff, "查找内容": wanted})


@pytest.mark.parametrize("wanted", ["+86 138-0000-1048", "钱雨桐", ORDER])
def test_a_customer_is_shown_with_masked_contact_data(db: Engine, shown: list[str], wanted: str) -> None:
    state = ask(wanted)
    assert (state.name, state.message) == ("已查询", "客户 customers 1，单据 cases 0，配件 parts 0")
    assert ORDER in shown[0]
    assert not any(secret in shown[0] + state.message for secret in ("13800001048", "晴川道144号望江轩"))


def test_an_office_does_not_see_customers_of_others(db: Engine, shown: list[str]) -> None:
    assert ask(ORDER, "E1049").name == "没有找到"
    assert "钱雨桐" not in shown[0]


def test_a_store_looks_up_its_own_by_its_code(db: Engine, shown: list[str]) -> None:
    with db.begin() as connection:
        connection.execute(text("UPDATE sales_record SET store = 'ZM003' WHERE order_no = :order"), {"order": ORDER})
    assert (ask(ORDER, "zm003").name, ask("铰链（全盖110°）", "ZM001").name) == ("已查询", "已查询")
    assert ORDER in shown[0]
    assert not any(secret in page for page in shown for secret in ("13800001048", "晴川道144号望江轩"))
    assert [ask(typed, "ZM001").message for typed in (ORDER, "SO-NONE-1")] == [
        "客户 customers 0，单据 cases 0，配件 parts 0"
    ] * 2
    assert shown[2] == shown[3]


def test_a_standard_part_is_looked_up_too(db: Engine, shown: list[str]) -> None:
    assert ask("铰链（全盖110°）").name == "已查询"
    assert "9\\.20" in shown[0]


def test_who_does_not_work_here_is_told_nothing(db: Engine, shown: list[str]) -> None:
    assert ask(ORDER, "E9999").name == "未受理"
    assert "钱雨桐" not in shown[0]


def test_what_was_looked_for_is_cleared_like_contact_data(db: Engine) -> None:
    assert {"wanted", "查找内容"} <= contact_fields()
