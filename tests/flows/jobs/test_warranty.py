"""保修卡登记 and 放弃保修 as plain functions: what the page says, what Prefect keeps of the form."""

from collections.abc import Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from flows.jobs.warranty import give_up_warranty, register_warranty_card
from tasks.runs import job
from tests.play import Play
from tests.tasks.customers.test_cards import CARD


def register(**told: Any) -> Any:
    return register_warranty_card.fn(**{"保修卡": CARD | told})


def test_a_card_is_registered_and_the_page_says_so_without_contact_data(db: Engine, shown: list[str]) -> None:
    assert register().name == "已登记"
    assert "BX-1 已登记" in shown[0]
    assert not any(secret in shown[0] for secret in ("13800001048", "晴川道", "钱雨桐"))
    assert (register().name, "未作改动" in shown[1]) == ("此前已登记", True)


def test_a_wrong_card_is_not_accepted_and_says_why(db: Engine, shown: list[str]) -> None:
    state = register(订单号="SO20250106-0110")
    assert state.name == "未受理"
    assert "SO20250106-0101" in shown[0]
    assert Play(db).rows("SELECT * FROM warranty_card") == []


def test_a_warranty_is_given_up_by_a_supervisor_alone(db: Engine, shown: list[str]) -> None:
    waiver = {"订单号": CARD["订单号"], "行号": 1, "原因": "客户自行改装", "经办人工号": "E1001"}
    assert give_up_warranty.fn(放弃单=waiver).name == "未受理"
    assert give_up_warranty.fn(放弃单=waiver | {"经办人工号": "E1040"}).name == "已办理"
    assert "不再三包" in shown[-1]


def test_what_prefect_keeps_of_the_form_has_no_contact_data_when_the_job_is_over(
    db: Engine, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = dict[str, Any]()

    def update(_run: object, parameters: Mapping[str, Any]) -> None:
        kept.update(parameters)

    @contextmanager
    def client() -> Any:
        yield SimpleNamespace(update_flow_run=update)

    run = SimpleNamespace(id=uuid4(), run_count=1, parameters={"保修卡": CARD})
    monkeypatch.setattr(job, "this_run", lambda: run)
    monkeypatch.setattr(job, "prefect_client", client)
    register()
    blank = {"客户姓名": "", "客户电话": "", "客户地址": ""}
    assert kept == {"保修卡": CARD | blank}
