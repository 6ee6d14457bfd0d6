"""Look-ups as the desk answers them: one question, and what the house knows of it: customers, cases, parts (S0)."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from schemas.problems import BadInput, Problem
from schemas.shapes import LineTable
from schemas.words import Role
from tasks.customers.file import Customer, CustomerFile, cases_of, customer_file, find_customers
from tasks.desk.dialog import CONTACT_ROLES
from tasks.desk.queries import open_to
from tasks.lookups.cases import case_table
from tasks.lookups.parts import find_parts
from tasks.lookups.queries import find_cases
from tasks.lookups.rules import table_of
from tasks.people.queries import Person, Seen
from tasks.privacy.rules import mask_phone

MOST_ORDERS = 3  # of a customer, shown where one of several is to be chosen
CHOICES = {"客户 Customer": "name", "电话 Phone": "phone", "办事处 Office": "offices", "订单 Orders": "orders"}
NOT_HOLDER = (
    "经办此客户未结单据、须联系客户的人才能看全 only who holds an open case of this customer and must reach them "
    "may see contact data in full"
)


class LookUp(NamedTuple):
    """What was found: one customer's file or several customers to choose from; else cases; and parts."""

    file: CustomerFile | None = None
    customers: Sequence[Customer] = ()
    cases: LineTable = LineTable((), ())
    parts: LineTable = LineTable((), ())


def look_up(connection: Connection, typed: str, seen: Seen) -> LookUp:
    """Look for whatever was typed; an office, a store or a dealer sees what is its own."""
    found = find_customers(connection, typed, seen)
    if len(found) == 1:
        return LookUp(customer_file(connection, found[0], seen))
    cases = find_cases(connection, typed, seen)
    if found or cases:
        return LookUp(None, found, case_table(cases))
    return LookUp(parts=find_parts(connection, typed))


def choices(customers: Sequence[Customer]) -> LineTable:
    """List customers of one name with what tells them apart: an order's number finds just one; phones are masked."""
    listed = [
        {
            "name": "、".join(one.names),
            "phone": mask_phone(one.phone),
            "offices": "、".join(one.offices),
            "orders": "、".join(one.orders[:MOST_ORDERS]) + ("…" if len(one.orders) > MOST_ORDERS else ""),
        }
        for one in customers
    ]
    return table_of(CHOICES, listed)


def check_may_reach(connection: Connection, person: Person, customer: Customer) -> None:
    """Refuse contact data in full to whoever holds no form that shows it (DOMAIN, "Privacy")."""
    for item in open_to(connection, cases_of(connection, customer)):
        for role in map(Role, filter(None, (item.role, item.also))):
            own = item.office if role is Role.OFFICE else None
            if role in CONTACT_ROLES and person.holds(role, own, item.unit):
                return
    raise BadInput([Problem("工号 staff", str(person), NOT_HOLDER)])
