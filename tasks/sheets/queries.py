"""The SQL of sheets: cases by number, what they wait for, drop-down lists."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, func, select

from schemas.forms.fields import Register
from schemas.tables import (
    carrier,
    case_line,
    office,
    part,
    part_price,
    production_unit,
    service_case,
    store,
    warehouse,
    work_item,
)
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.policies.queries import valid_on
from tasks.unit.among import among


def template_lists(connection: Connection) -> dict[Register, list[str]]:
    """Give what may be chosen today: offices, stores, parts, production units, carriers, warehouses."""
    today = shanghai_day(clock.now())
    priced = select(part_price.c.part).where(valid_on(part_price, today))
    current = part.c.made_for.is_(None) & (part.c.discontinued_on.is_(None) | (part.c.discontinued_on > today))
    wanted = {
        Register.OFFICE: select(office.c.name).order_by(office.c.code),
        Register.STORE: select(store.c.name).order_by(store.c.code),
        Register.PART: select(part.c.name).where(current, part.c.code.in_(priced)).order_by(part.c.code),
        Register.UNIT: select(production_unit.c.name).order_by(production_unit.c.code),
        Register.CARRIER: select(carrier.c.name).order_by(carrier.c.code),
        Register.WAREHOUSE: select(warehouse.c.name).order_by(warehouse.c.code),
    }
    return {register: list(connection.execute(names).scalars()) for register, names in wanted.items()}


def cases_by_number(connection: Connection, numbers: Collection[str]) -> dict[str, Row[Any]]:
    """Find cases by number: (id, number, closed_at)."""
    found = select(service_case.c.id, service_case.c.number, service_case.c.closed_at)
    rows = connection.execute(found.where(among(service_case.c.number, numbers))).all()
    return {row.number: row for row in rows}


def lines_of_cases(connection: Connection, numbers: Collection[str]) -> dict[str, int]:
    """Count the lines of cases: number → lines."""
    counted = select(service_case.c.number, func.count().label("lines"))
    found = counted.join(case_line, case_line.c.case_id == service_case.c.id).group_by(service_case.c.number)
    rows = connection.execute(found.where(among(service_case.c.number, numbers)))
    return {row.number: row.lines for row in rows}


def waiting_items(connection: Connection, form: str, case_ids: Collection[int]) -> dict[int, str]:
    """Give by case the item that waits for a form, of several the one that is due first."""
    waits = work_item.c.closed_at.is_(None) & (work_item.c.form == form)
    found = select(work_item.c.case_id, work_item.c.step_key).where(waits, among(work_item.c.case_id, case_ids))
    rows = connection.execute(found.order_by(work_item.c.due_at.desc(), work_item.c.step_key.desc()))
    return {row.case_id: row.step_key for row in rows}
