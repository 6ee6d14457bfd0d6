"""Reference data is loaded once and whole, or every wrong cell is named."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine, func, select, text

from schemas.problems import BadInput
from schemas.tables import (
    cycle_standard,
    part,
    policy,
    policy_version,
    sales_record,
    staff,
    staff_role,
    stock_balance,
    stock_movement,
    warehouse,
)
from schemas.words import MovementKind
from tasks.reference.load import FILES, load_once

SHIPPED = Path(__file__).parents[3] / "schemas" / "reference"
Change = Callable[[str, str, str], None]


@pytest.fixture
def unloaded(db: Engine) -> Engine:
    """A database with the schema only."""
    names = ", ".join(table.name for table in [*FILES.values(), policy_version, stock_balance])
    with db.begin() as connection:
        connection.execute(text("SET LOCAL aftersales.maintenance = on"))
        connection.execute(text(f"TRUNCATE {names} CASCADE"))
    return db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped files."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "reference"))


@pytest.fixture
def change(folder: Path) -> Change:
    """Replace a text in a file of the copy, once."""

    def replace(name: str, old: str, new: str) -> None:
        path = folder / f"{name}.csv"
        content = path.read_text("utf-8")
        assert old in content
        path.write_text(content.replace(old, new, 1), "utf-8")

    return replace


def problems(db: Engine, folder: Path) -> list[str]:
    """Load a folder that is wrong; nothing may be left behind."""
    with pytest.raises(BadInput) as refused, db.begin() as connection:
        load_once(connection, folder)
    with db.connect() as connection:
        for table in [*FILES.values(), policy_version, stock_balance]:
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0
    return [str(problem) for problem in refused.value.problems]


def lines(name: str) -> int:
    return len((SHIPPED / f"{name}.csv").read_text("utf-8").splitlines()) - 1


@pytest.mark.parametrize("name", FILES)
def test_every_row_of_every_file_is_loaded(db: Engine, name: str) -> None:
    with db.connect() as connection:
        assert connection.execute(select(func.count()).select_from(FILES[name])).scalar() == lines(name)


def test_it_is_loaded_once(unloaded: Engine) -> None:
    with unloaded.begin() as connection:
        assert load_once(connection)
    with unloaded.begin() as connection:
        assert not load_once(connection)
        assert connection.execute(select(func.count()).select_from(staff)).scalar() == lines("staff")


def test_policies_are_version_one_and_keep_their_json(db: Engine) -> None:
    with db.connect() as connection:
        version = connection.execute(select(policy_version)).one()
        values: dict[str, Any] = dict(
            connection.execute(select(policy.c.key, policy.c.value).where(policy.c.version == 1)).all()
        )
    assert (version.version, version.valid_from) == (1, date(2025, 1, 1))
    assert values["default.review.hours"] == 24
    assert Decimal(str(values["freight.hired_over_reference"])) == Decimal("0.1")
    assert values["default.pickup.reminder_days"] == [2, 5, 10]
    assert list(values["ladder.limits"]) == ["PARTS_REVIEWER", "SUPERVISOR", "MANAGER", "GENERAL_MANAGER"]


def test_empty_cells_are_null_or_the_empty_word(db: Engine) -> None:
    with db.connect() as connection:
        assert connection.execute(
            select(staff_role.c.office, staff_role.c.unit).where(staff_role.c.staff == "E1001")
        ).one() == (None, None)
        assert connection.execute(select(warehouse.c.office).where(warehouse.c.code == "MAIN-GOOD")).one() == (None,)
        assert "" in connection.execute(select(cycle_standard.c.unit)).scalars().all()
        assert None in connection.execute(select(sales_record.c.signing_date)).scalars().all()


def test_opening_stock_is_what_came_in_less_what_went_out(db: Engine) -> None:
    moved = select(stock_movement.c.warehouse, stock_movement.c.part, func.sum(stock_movement.c.quantity)).group_by(
        stock_movement.c.warehouse, stock_movement.c.part
    )
    there = select(stock_balance.c.warehouse, stock_balance.c.part, stock_balance.c.on_hand)
    with db.connect() as connection:
        assert sorted(connection.execute(moved).all()) == sorted(connection.execute(there).all())
        how = select(stock_movement.c.kind, stock_movement.c.step_key, stock_movement.c.case_id).distinct()
        assert connection.execute(how).all() == [(MovementKind.COUNT_GAIN, "opening", None)]
        assert connection.execute(select(func.sum(stock_balance.c.reserved))).scalar() == 0


def test_opening_stock_moves_when_it_is_loaded(unloaded: Engine) -> None:
    moment = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    with time_machine.travel(moment, tick=False), unloaded.begin() as connection:
        load_once(connection)
        assert connection.execute(select(stock_movement.c.moved_at).distinct()).scalars().all() == [moment]


def test_files_may_come_from_excel_with_a_mark_and_crlf_and_blank_rows(unloaded: Engine, folder: Path) -> None:
    path = folder / "carriers.csv"
    written = path.read_text("utf-8").rstrip("\n").replace("\n", "\r\n") + "\r\n,,,\r\n\r\n"
    path.write_bytes(b"\xef\xbb\xbf" + written.encode())
    with unloaded.begin() as connection:
        assert load_once(connection, folder)


def test_columns_may_stand_in_another_order(unloaded: Engine, folder: Path) -> None:
    rows = [line.split(",") for line in (folder / "carriers.csv").read_text("utf-8").splitlines()]
    (folder / "carriers.csv").write_text("".join(",".join(reversed(row)) + "\n" for row in rows), "utf-8")
    with unloaded.begin() as connection:
        assert load_once(connection, folder)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("parts", ",300\n", ",many\n", "第2行 row 2, parts.csv safety_stock: “many” — 应为数字"),
        ("parts", ",300\n", ",0.125\n", "row 2, parts.csv safety_stock: “0.125” — 应为数字，最多 2 位小数"),
        ("parts", ",300\n", ",NaN\n", "row 2, parts.csv safety_stock: “NaN” — 应为数字"),
        ("parts", ",300\n", ",1e30\n", "row 2, parts.csv safety_stock: “1e30” — 应为数字"),
        ("parts", ",300\n", "\n", "row 2, parts.csv: “9 列 cells” — 应有 10 列"),
        ("parts", "铰链(全盖110°)", " ", "row 2, parts.csv name: “ ” — 必填"),
        ("staff", "E1001,", "E1001234567890,", "row 2, staff.csv code: “E1001234567890” — 最多 12 个字符"),
        ("staff", "007,1\n", "007,yes\n", "row 2, staff.csv active: “yes” — 应为 0 或 1"),
        ("holidays", "2004-01-01", "1/1/2004", "row 2, holidays.csv day: “1/1/2004” — 应为日期"),
        ("cycle_standards", ",3,", ",three,", "row 2, cycle_standards.csv days: “three” — 应为整数"),
        ("policies", "default.review.hours,24", "default.review.hours,NaN", "row 4, policies.csv value: “NaN” — 应为"),
        ("policies", "default.review.hours,24", "default.review.hours,a b", "row 4, policies.csv value: “a b” — 应为"),
        ("carriers", "code,name,kind", "code,name", "row 1, carriers.csv: “code,name,aliases” — 表头应为"),
    ],
)
def test_a_wrong_cell_is_named_with_file_row_and_field(
    unloaded: Engine, folder: Path, change: Change, name: str, old: str, new: str, said: str
) -> None:
    change(name, old, new)
    found = problems(unloaded, folder)
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("staff_roles", "E1049,OFFICE,BJ", "E1049,OFFICE,XX", "row 51, staff_roles.csv office: “XX” — 没有"),
        ("staff_roles", "E1002,PARTS", "E1001,PARTS", "row 3, staff_roles.csv staff, role, office, unit: “"),
        ("staff_roles", "PARTS_REVIEWER", "KING", "row 2, staff_roles.csv role: “KING” — 超出允许范围"),
        ("offices", "TJ,", "BJ,", "row 3, offices.csv code: “BJ” — 重复"),
        ("cycle_standards", ",3,", ",0,", "row 2, cycle_standards.csv days: “0” — 超出允许范围"),
        ("stock", "P-HW-002", "P-HW-001", "row 3, stock.csv warehouse, part: “MAIN-GOOD, P-HW-001” — 重复"),
        ("stock", ",1860\n", ",0\n", "row 2, stock.csv quantity: “0” — 超出允许范围"),
        ("stock", ",1860\n", ",-3\n", "row 2, stock.csv on_hand: “-3” — 超出允许范围"),
    ],
)
def test_a_row_that_does_not_fit_the_others_is_named_with_file_row_and_field(
    unloaded: Engine, folder: Path, change: Change, name: str, old: str, new: str, said: str
) -> None:
    change(name, old, new)
    assert said in problems(unloaded, folder)[0]


def test_a_policy_is_never_null(unloaded: Engine, folder: Path, change: Change) -> None:
    change("policies", "default.review.hours,24", "default.review.hours,null")
    assert problems(unloaded, folder) == ["第4行 row 4, policies.csv value: “” — 必填 is required"]


def test_all_problems_are_told_at_once(unloaded: Engine, folder: Path, change: Change) -> None:
    change("holidays", "2004-01-01", "new year")
    change("holidays", "2004-01-18", "spring")
    (folder / "carriers.csv").unlink()
    (folder / "offices.csv").write_bytes("code,name,region,address,phone\nBJ,北京,华北,北京,010\n".encode("gbk"))
    assert [line.split(" — ")[0] for line in problems(unloaded, folder)] == [
        "offices.csv: “'utf-8' codec can't decode byte 0xb1 in position 34: inva…”",
        "第2行 row 2, holidays.csv day: “new year”",
        "第4行 row 4, holidays.csv day: “spring”",
        "carriers.csv: “”",
    ]


def test_parts_have_units_that_exist(db: Engine) -> None:
    with db.connect() as connection:
        assert connection.execute(select(part.c.unit).where(part.c.code == "P-HW-001")).scalar() == "HW"
