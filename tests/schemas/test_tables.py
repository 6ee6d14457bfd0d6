"""What the database itself refuses, one sentence each; and what it still allows."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, Table, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from schemas.processes.parts_application import PartsEnding
from schemas.tables import (
    case_line,
    cycle_standard,
    decision,
    document,
    ledger,
    outbox,
    part_price,
    policy_version,
    production_order,
    reservation,
    sales_record,
    service_case,
    staff_role,
    stock_balance,
    stock_movement,
    work_item,
)
from schemas.words import DocumentKind, ItemState, MovementKind, Role

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
CLOSED = {"ending": PartsEnding.DELIVERED, "closed_at": NOW}
PART, OTHER_PART, WAREHOUSE = "P-HW-001", "P-HW-002", "BJ-GOOD"


@contextmanager
def refused(db: Engine, because: str) -> Iterator[Connection]:
    """A transaction that the database must refuse, naming the rule."""
    with pytest.raises(IntegrityError, match=because), db.begin() as connection:
        yield connection


def add(connection: Connection, table: Table, defaults: dict[str, Any], values: dict[str, Any]) -> Any:
    """Insert a row and give its first key."""
    first = next(iter(table.primary_key or table.c))
    return connection.execute(insert(table).values(defaults | values).returning(first)).scalar_one()


def add_case(connection: Connection, **values: Any) -> int:
    unique = str(uuid4())
    defaults = {
        "number": unique[:20],
        "process": "PA",
        "version": 1,
        "origin": unique,
        "office": "BJ",
        "applicant": "E1049",
        "urgency": "normal",
        "link": "办事处申报",
        "policy_version": 1,
        "request": {},
        "opened_at": NOW,
    }
    return int(add(connection, service_case, defaults, values))


def add_line(connection: Connection, case_id: int, **values: Any) -> None:
    defaults = {
        "case_id": case_id,
        "line_no": 1,
        "order_no": "SO1",
        "part": PART,
        "part_name": "铰链",
        "quantity": 1,
        "price": 1,
        "reason": "damaged",
    }
    add(connection, case_line, defaults, values)


def add_entry(connection: Connection, case_id: int, **values: Any) -> None:
    defaults = {
        "case_id": case_id,
        "step_key": "review",
        "seq": 1,
        "kind": "step",
        "title": "审核",
        "link": "审核修正",
        "actor": "SYSTEM",
        "channel": "system",
        "started_at": NOW,
        "finished_at": NOW,
    }
    add(connection, ledger, defaults, values)


def add_item(connection: Connection, case_id: int, **values: Any) -> None:
    defaults = {
        "case_id": case_id,
        "step_key": "review",
        "title": "审核",
        "link": "审核修正",
        "role": Role.PARTS_REVIEWER,
        "form": "Review",
        "brief": [],
        "prefill": {},
        "schedule": [],
        "opened_at": NOW,
        "due_at": NOW,
    }
    add(connection, work_item, defaults, values)


def add_decision(connection: Connection, case_id: int, **values: Any) -> int:
    defaults = {
        "case_id": case_id,
        "step_key": "review",
        "actor": "E1001",
        "channel": "cli",
        "accepted": True,
        "form": {},
        "given_at": NOW,
    }
    return int(add(connection, decision, defaults, values))


def add_document(connection: Connection, case_id: int, serial: int = 1, **values: Any) -> UUID:
    defaults = {
        "id": uuid4(),
        "case_id": case_id,
        "step_key": "goods-in",
        "kind": DocumentKind.INBOUND_SLIP,
        "year": 2026,
        "serial": serial,
        "number": f"RK-2026-{serial:06d}",
        "content": {},
        "issued_at": NOW,
    }
    return UUID(str(add(connection, document, defaults, values)))


def add_movement(connection: Connection, case_id: int, **values: Any) -> UUID:
    defaults = {
        "id": uuid4(),
        "case_id": case_id,
        "step_key": "goods-in",
        "kind": MovementKind.PRODUCTION_IN,
        "warehouse": WAREHOUSE,
        "part": PART,
        "quantity": 1,
        "moved_at": NOW,
        "came_on": NOW.date(),
    }
    return UUID(str(add(connection, stock_movement, defaults, values)))


def add_message(connection: Connection, case_id: int, **values: Any) -> None:
    defaults = {
        "case_id": case_id,
        "step_key": "enter-order",
        "idempotency_key": f"{case_id}/enter-order",
        "destination": "orders",
        "kind": "order",
        "payload": {},
        "state": "pending",
        "next_at": NOW,
        "created_at": NOW,
    }
    add(connection, outbox, defaults, values)


def add_order(connection: Connection, case_id: int, **values: Any) -> None:
    defaults = {
        "case_id": case_id,
        "line_no": 1,
        "turn": 1,
        "unit": "HW",
        "supply": "workshop",
        "part": PART,
        "quantity": 5,
        "promised": date(2026, 3, 9),
        "planned": date(2026, 3, 9),
        "since": date(2026, 3, 2),
        "days": 5,
        "placed_at": NOW,
    }
    add(connection, production_order, defaults, values)


@pytest.fixture
def case_id(db: Engine) -> int:
    with db.begin() as connection:
        return add_case(connection)


@pytest.fixture
def closed_case(db: Engine) -> int:
    with db.begin() as connection:
        return add_case(connection, **CLOSED)


def maintain(connection: Connection) -> None:
    connection.execute(text("SET LOCAL aftersales.maintenance = on"))


# cases


def test_one_origin_makes_one_case(db: Engine) -> None:
    with refused(db, "uq_service_case_origin") as connection:
        add_case(connection, origin="cli:1")
        add_case(connection, origin="cli:1")


def test_a_case_number_is_given_once(db: Engine) -> None:
    with refused(db, "uq_service_case_number") as connection:
        add_case(connection, number="PA-2026-000001")
        add_case(connection, number="PA-2026-000001")


@pytest.mark.parametrize("missing", ["ending", "closed_at"])
def test_a_closed_case_has_an_ending_and_a_time(db: Engine, missing: str) -> None:
    with refused(db, "ck_service_case_") as connection:
        add_case(connection, **CLOSED | {missing: None})


@pytest.mark.parametrize("early", ["ending", "closed_at"])
def test_an_open_case_has_neither_ending_nor_closing_time(db: Engine, early: str) -> None:
    with refused(db, "ck_service_case_") as connection:
        add_case(connection, **{early: CLOSED[early]})


def test_a_case_is_not_closed_before_it_was_opened(db: Engine) -> None:
    with refused(db, "ck_service_case_closed_after_opened") as connection:
        add_case(connection, **CLOSED, opened_at=NOW + timedelta(seconds=1))


@pytest.mark.parametrize("maintenance", [False, True])
def test_a_closed_case_never_opens_again(db: Engine, closed_case: int, maintenance: bool) -> None:
    with refused(db, "never opens again") as connection:
        if maintenance:
            maintain(connection)
        again = {"ending": None, "closed_at": None}
        connection.execute(update(service_case).where(service_case.c.id == closed_case).values(again))


@pytest.mark.parametrize(
    "other",
    [{"ending": PartsEnding.REJECTED}, {"ending_reason": "其他"}, {"closed_at": NOW + timedelta(days=1)}],
    ids=lambda other: next(iter(other)),
)
def test_the_ending_of_a_closed_case_never_changes(db: Engine, closed_case: int, other: dict[str, Any]) -> None:
    with refused(db, "its ending never changes") as connection:
        connection.execute(update(service_case).where(service_case.c.id == closed_case).values(other))


def test_a_closed_case_still_learns_which_run_shows_it(db: Engine, closed_case: int) -> None:
    with db.begin() as connection:
        changed = update(service_case).where(service_case.c.id == closed_case).values(run_id=uuid4())
        assert connection.execute(changed).rowcount == 1


def test_an_open_case_can_be_closed(db: Engine, case_id: int) -> None:
    with db.begin() as connection:
        connection.execute(update(service_case).where(service_case.c.id == case_id).values(CLOSED))


def test_a_case_with_a_history_cannot_be_deleted(db: Engine, case_id: int) -> None:
    with db.begin() as connection:
        add_entry(connection, case_id)
    with refused(db, "fk_ledger_case_id") as connection:
        connection.execute(delete(service_case).where(service_case.c.id == case_id))


# lines


def test_no_two_open_lines_have_the_same_order_part_and_reason(db: Engine) -> None:
    with refused(db, "uq_case_line_open") as connection:
        add_line(connection, add_case(connection))
        add_line(connection, add_case(connection))


def test_a_line_that_is_done_may_come_again(db: Engine) -> None:
    with db.begin() as connection:
        add_line(connection, add_case(connection), open=False)
        add_line(connection, add_case(connection))


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_line_asks_for_more_than_nothing(db: Engine, case_id: int, quantity: int) -> None:
    with refused(db, "ck_case_line_quantity") as connection:
        add_line(connection, case_id, quantity=quantity)


def test_a_line_costs_no_less_than_nothing(db: Engine, case_id: int) -> None:
    with refused(db, "ck_case_line_price") as connection:
        add_line(connection, case_id, price=Decimal("-0.01"))


def test_a_line_names_a_known_part(db: Engine, case_id: int) -> None:
    with refused(db, "fk_case_line_part") as connection:
        add_line(connection, case_id, part="P-XX-999")


# ledger


def test_a_step_happens_once_in_a_case(db: Engine, case_id: int) -> None:
    with refused(db, "pk_ledger") as connection:
        add_entry(connection, case_id)
        add_entry(connection, case_id, seq=2)


def test_two_steps_of_a_case_have_different_places_in_its_order(db: Engine, case_id: int) -> None:
    with refused(db, "uq_ledger_case_id_seq") as connection:
        add_entry(connection, case_id)
        add_entry(connection, case_id, step_key="plan")


def test_a_ledger_row_never_changes(db: Engine, case_id: int) -> None:
    with refused(db, "ledger: its rows never change") as connection:
        add_entry(connection, case_id)
        connection.execute(update(ledger).values(output={"other": 1}))


def test_a_ledger_row_never_goes(db: Engine, case_id: int) -> None:
    with refused(db, "ledger: its rows never change") as connection:
        add_entry(connection, case_id)
        connection.execute(delete(ledger))


@pytest.mark.parametrize("table", ["ledger", "decision", "document", "stock_movement"])
def test_the_record_cannot_be_emptied(db: Engine, table: str) -> None:
    with refused(db, f"{table}: its rows never change") as connection:
        connection.execute(text(f"TRUNCATE {table} CASCADE"))


def test_a_maintenance_session_removes_what_need_not_be_kept(db: Engine, case_id: int) -> None:
    with db.begin() as connection:
        add_entry(connection, case_id)
        add_decision(connection, case_id)
        add_document(connection, case_id)
        add_movement(connection, case_id)
    with db.begin() as connection:
        maintain(connection)
        for table in (ledger, decision, stock_movement, document):
            assert connection.execute(delete(table).where(table.c.case_id == case_id)).rowcount == 1


def test_maintenance_ends_with_its_transaction(db: Engine, case_id: int) -> None:
    with db.begin() as connection:
        maintain(connection)
        add_entry(connection, case_id)
    with refused(db, "ledger: its rows never change") as connection:
        connection.execute(delete(ledger))


# decisions and work items


def test_a_gate_has_one_accepted_decision(db: Engine, case_id: int) -> None:
    with refused(db, "uq_decision_accepted") as connection:
        add_decision(connection, case_id)
        add_decision(connection, case_id, actor="E1002")


def test_a_gate_may_have_many_refused_decisions(db: Engine, case_id: int) -> None:
    with db.begin() as connection:
        add_decision(connection, case_id, accepted=False, reason="没有权限")
        add_decision(connection, case_id, accepted=False, reason="没有权限")
        add_decision(connection, case_id)


def test_a_refused_decision_says_why(db: Engine, case_id: int) -> None:
    with refused(db, "ck_decision_refusal_has_reason") as connection:
        add_decision(connection, case_id, accepted=False)


@pytest.mark.parametrize("change", [{"actor": "E1002"}, {"accepted": False, "reason": "撤销"}])
def test_an_accepted_decision_never_changes(db: Engine, case_id: int, change: dict[str, Any]) -> None:
    with refused(db, "an accepted decision never changes") as connection:
        add_decision(connection, case_id)
        connection.execute(update(decision).values(change))


def test_an_accepted_decision_never_goes(db: Engine, case_id: int) -> None:
    with refused(db, "an accepted decision never changes") as connection:
        add_decision(connection, case_id)
        connection.execute(delete(decision))


def test_a_refused_decision_is_never_accepted_later(db: Engine, case_id: int) -> None:
    with refused(db, "a refused one is never accepted") as connection:
        add_decision(connection, case_id, accepted=False, reason="没有权限")
        connection.execute(update(decision).values(accepted=True))


def test_a_work_item_is_in_a_known_state(db: Engine, case_id: int) -> None:
    with refused(db, "ck_work_item_state") as connection:
        add_item(connection, case_id, state="lost", closed_at=NOW)


def test_a_work_item_is_open_or_has_a_closing_time(db: Engine, case_id: int) -> None:
    with refused(db, "ck_work_item_closed_at") as connection:
        add_item(connection, case_id, state=ItemState.DECIDED)


@pytest.mark.parametrize("state", [state for state in ItemState if state is not ItemState.OPEN])
def test_a_finished_work_item_never_opens_again(db: Engine, case_id: int, state: ItemState) -> None:
    with refused(db, "a work item that is not open keeps its state") as connection:
        add_item(connection, case_id, state=state, closed_at=NOW)
        connection.execute(update(work_item).values(state=ItemState.OPEN, closed_at=None))


def test_a_decided_work_item_is_not_dropped(db: Engine, case_id: int) -> None:
    with refused(db, "a work item that is not open keeps its state") as connection:
        add_item(connection, case_id, state=ItemState.DECIDED, closed_at=NOW)
        connection.execute(update(work_item).values(state=ItemState.DROPPED))


def test_an_open_work_item_may_count_refusals_and_close(db: Engine, case_id: int) -> None:
    with db.begin() as connection:
        add_item(connection, case_id)
        connection.execute(update(work_item).values(refusals=1, refused_because="缺数量"))
        connection.execute(update(work_item).values(state=ItemState.DECIDED, closed_at=NOW))


# documents


def test_a_document_never_changes(db: Engine, case_id: int) -> None:
    with refused(db, "document: its rows never change") as connection:
        add_document(connection, case_id)
        connection.execute(update(document).values(content={"数量": 2}))


def test_a_document_never_goes(db: Engine, case_id: int) -> None:
    with refused(db, "document: its rows never change") as connection:
        add_document(connection, case_id)
        connection.execute(delete(document))


def test_a_serial_is_given_once_a_kind_and_year(db: Engine, case_id: int) -> None:
    with refused(db, "uq_document_kind_year_serial") as connection:
        add_document(connection, case_id)
        add_document(connection, case_id, number="RK-2026-1")


def test_a_document_number_is_given_once(db: Engine, case_id: int) -> None:
    with refused(db, "uq_document_number") as connection:
        add_document(connection, case_id)
        add_document(connection, case_id, serial=2, number="RK-2026-000001")


def test_serials_begin_with_one(db: Engine, case_id: int) -> None:
    with refused(db, "ck_document_serial") as connection:
        add_document(connection, case_id, serial=0)


def test_a_document_is_reversed_once(db: Engine, case_id: int) -> None:
    with refused(db, "uq_document_reverses") as connection:
        slip = add_document(connection, case_id)
        add_document(connection, case_id, serial=2, reverses=slip)
        add_document(connection, case_id, serial=3, reverses=slip)


# stock and production


def test_a_stock_movement_never_changes(db: Engine, case_id: int) -> None:
    with refused(db, "stock_movement: its rows never change") as connection:
        add_movement(connection, case_id)
        connection.execute(update(stock_movement).values(quantity=2))


def test_a_stock_movement_never_goes(db: Engine, case_id: int) -> None:
    with refused(db, "stock_movement: its rows never change") as connection:
        add_movement(connection, case_id)
        connection.execute(delete(stock_movement))


def test_a_stock_movement_moves_something(db: Engine, case_id: int) -> None:
    with refused(db, "ck_stock_movement_quantity") as connection:
        add_movement(connection, case_id, quantity=0)


def test_a_stock_movement_is_of_a_known_kind(db: Engine, case_id: int) -> None:
    with refused(db, "ck_stock_movement_kind") as connection:
        add_movement(connection, case_id, kind="teleported")


def test_stock_is_never_below_zero(db: Engine) -> None:
    with refused(db, "ck_stock_balance_on_hand") as connection:
        connection.execute(update(stock_balance).values(on_hand=stock_balance.c.on_hand - 100_000))


def test_no_more_is_reserved_than_is_there(db: Engine) -> None:
    with refused(db, "ck_stock_balance_reserved") as connection:
        connection.execute(update(stock_balance).values(reserved=stock_balance.c.on_hand + 1))


def test_no_less_than_nothing_is_reserved(db: Engine) -> None:
    with refused(db, "ck_stock_balance_reserved") as connection:
        connection.execute(update(stock_balance).values(reserved=-1))


def test_goods_that_are_reserved_stay_there(db: Engine) -> None:
    with refused(db, "ck_stock_balance_reserved") as connection:
        connection.execute(update(stock_balance).values(reserved=stock_balance.c.on_hand))
        connection.execute(update(stock_balance).values(on_hand=stock_balance.c.on_hand - 1))


@pytest.mark.parametrize(
    ("values", "rule"), [({"quantity": 0}, "quantity"), ({"state": "lost"}, "state")], ids=lambda value: str(value)
)
def test_a_reservation_holds_something_in_a_known_state(
    db: Engine, case_id: int, values: dict[str, Any], rule: str
) -> None:
    defaults = {"case_id": case_id, "line_no": 1, "step_key": "s", "warehouse": WAREHOUSE, "part": PART, "quantity": 1}
    with refused(db, f"ck_reservation_{rule}") as connection:
        add(connection, reservation, defaults, values)


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"made": 6}, "made"),
        ({"made": -1}, "made"),
        ({"scrapped": -1}, "scrapped"),
        ({"quantity": 0}, "quantity"),
        ({"state": "lost"}, "state"),
        ({"supply": "found"}, "supply"),
    ],
    ids=lambda value: str(value),
)
def test_a_production_order_makes_what_was_ordered_and_no_more(
    db: Engine, case_id: int, values: dict[str, Any], rule: str
) -> None:
    with refused(db, f"ck_production_order_{rule}") as connection:
        add_order(connection, case_id, **values)


# what leaves the house


def test_a_message_goes_out_under_one_key_once(db: Engine, case_id: int) -> None:
    with refused(db, "uq_outbox_idempotency_key") as connection:
        add_message(connection, case_id)
        add_message(connection, case_id)


@pytest.mark.parametrize("values", [{"next_at": None}, {"state": "answered"}], ids=["no time", "answered"])
def test_a_message_has_a_next_time_while_it_is_pending_only(db: Engine, case_id: int, values: dict[str, Any]) -> None:
    with refused(db, "ck_outbox_next_at") as connection:
        add_message(connection, case_id, **values)


# reference data


@pytest.mark.parametrize(
    "held",
    [
        {"staff": "E1001", "role": "PARTS_REVIEWER"},
        {"staff": "E1007", "role": "WORKSHOP", "unit": "PANEL"},
        {"staff": "E1049", "role": "OFFICE", "office": "BJ"},
    ],
    ids=["everywhere", "in a unit", "in an office"],
)
def test_nobody_holds_a_role_twice(db: Engine, held: dict[str, str]) -> None:
    with refused(db, "uq_staff_role") as connection:
        connection.execute(insert(staff_role).values(held))


def test_a_role_is_a_known_one(db: Engine) -> None:
    with refused(db, "ck_staff_role_role") as connection:
        connection.execute(insert(staff_role).values(staff="E1001", role="KING"))


def test_a_price_is_no_less_than_nothing(db: Engine) -> None:
    with refused(db, "ck_part_price_price") as connection:
        connection.execute(update(part_price).values(price=-1))


def test_a_cycle_takes_a_day_at_least(db: Engine) -> None:
    with refused(db, "ck_cycle_standard_days") as connection:
        connection.execute(update(cycle_standard).values(days=0))


def test_two_policy_versions_never_begin_on_the_same_day(db: Engine) -> None:
    with db.connect() as connection:
        start = connection.execute(select(policy_version.c.valid_from)).scalar_one()
    with refused(db, "uq_policy_version_valid_from") as connection:
        connection.execute(insert(policy_version).values(version=2, valid_from=start, note="twice"))


def test_a_sale_came_through_a_known_channel(db: Engine) -> None:
    with refused(db, "ck_sales_record_channel") as connection:
        connection.execute(update(sales_record).values(channel="dream"))
