"""Cancel, Delete, Retry, Pause: whatever is pressed, soon the case waits at the right gate again (law 5)."""

from typing import Any

import pytest

from tests.system.product import Product, until
from tests.system.staff import Staff

pytestmark = pytest.mark.system
BACK_WITHIN = 60.0  # seconds


@pytest.fixture
def number(product: Product) -> str:
    """A case that waits for the planner."""
    number = product.apply([{"配件名称": "书柜层板(900mm)", "数量": 1, "原因": "缺件"}])
    product.decide(number, "review-1", 经办人工号="E1001", 审核结论="通过 approve")
    product.wait_at(number, "plan-1")
    return number


def test_cancel(product: Product, staff: Staff, number: str) -> None:
    run_id = _run_id(product, number)
    staff.open_run(run_id)
    staff.press("Cancel", "Cancel Flow Run")
    until(lambda: product.states(run_id) & {"Cancelling", "Cancelled"}, 60, lambda: product.run(run_id))
    _goes_on(product, staff, number)


def test_delete(product: Product, staff: Staff, number: str) -> None:
    run_id = _run_id(product, number)
    staff.open_run(run_id)
    staff.press("Delete", "Delete")
    until(lambda: product.run(run_id) is None, 10, run_id)
    _goes_on(product, staff, number)
    assert _run_id(product, number) != run_id


def test_cancel_and_retry(product: Product, staff: Staff, number: str) -> None:
    run_id = _run_id(product, number)
    with product.worker_asleep():
        staff.open_run(run_id)
        staff.press("Cancel", "Cancel Flow Run")
        product.force(run_id, "CANCELLED")  # the worker would say so, but it sleeps
        staff.open_run(run_id)
        staff.press("Retry", "Retry")
        until(lambda: _state(product, run_id) == "AwaitingRetry", 10, lambda: product.run(run_id))
    _goes_on(product, staff, number)


def test_pause_in_the_middle_of_a_leg(product: Product, staff: Staff, number: str) -> None:
    run_id = _run_id(product, number)
    with product.case_locked(number):
        staff.decide(run_id, "E1004")
        until(lambda: _state(product, run_id) == "Running", 20, lambda: product.run(run_id))
        staff.open_run(run_id)
        staff.press("Pause", "Pause Flow Run")
        until(lambda: _state(product, run_id) == "Suspended", 10, lambda: product.run(run_id))
    product.wait_at(number, "produce-1-panel-1", BACK_WITHIN)


def test_retry_of_a_closed_case_does_nothing_again(product: Product, staff: Staff, number: str) -> None:
    product.withdraw(number, "E1049")
    closed = product.wait_closed(number)
    run_id, before = str(closed["id"]), product.rows("SELECT count(*) FROM ledger")[0][0]
    staff.open_run(run_id)
    staff.press("Retry", "Retry")
    until(lambda: (product.run(run_id) or {})["run_count"] > closed["run_count"], 20, lambda: product.run(run_id))
    assert product.wait_closed(number)["state_name"] == "已撤回"
    assert product.rows("SELECT count(*) FROM ledger")[0][0] == before


def _goes_on(product: Product, staff: Staff, number: str) -> None:
    """The planner's gate is back, and it can be answered."""
    run = product.wait_at(number, "plan-1", BACK_WITHIN)
    assert run["name"] == f"{number} · 北京办事处 · 计划确认"
    staff.decide(str(run["id"]), "E1004")
    product.wait_at(number, "produce-1-panel-1")


def _run_id(product: Product, number: str) -> str:
    run = product.run_of(number)
    assert run is not None
    return str(run["id"])


def _state(product: Product, run_id: str) -> Any:
    return (product.run(run_id) or {}).get("state_name")
