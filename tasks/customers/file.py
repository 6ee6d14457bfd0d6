"""The customer file 客户档案: everything about a customer in one view, found by phone, name or order (DOMAIN).

What it shows are sections: a trade that keeps something of customers (calls, surveys, messages) adds its own with
`@section(key, title)` above a function that gives it as a table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from schemas.forms.sales import SalesChannel
from schemas.parts import Warranty
from schemas.shapes import LineTable, money
from schemas.spelling import order_number, person_name, phone_number
from tasks.applications.warranty import cover_of
from tasks.customers import queries
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.lookups.cases import case_table
from tasks.lookups.queries import case_ids, cases_found
from tasks.lookups.rules import Columns, table_of
from tasks.people.queries import ALL, Seen
from tasks.policies.queries import policies

MOST_CASES = 200
SALE = "订单 · 行 Order, line"
VALID, OVER = "在保 valid", "已过 over"


def _sale(row: Mapping[str, Any]) -> str:
    return f"{row['order_no']} · {row['line_no']}"


def _signed(row: Mapping[str, Any]) -> str:
    """Say when goods were made, and signed for and installed if that is known."""
    told = {"出厂": "factory_date", "签收": "signing_date", "安装": "installation_date"}
    return " ".join(f"{word} {row[name]}" for word, name in told.items() if row[name])


def _custom(row: Mapping[str, Any]) -> str:
    if not row["custom_made"]:
        return ""
    return "定制，购买时已确认 confirmed" if row["custom_confirmed"] else "定制 custom-made"


SALES: Columns = {
    SALE: _sale,
    "品名 Goods": lambda row: f"{row['model']} {row['model_name']}",
    "数量 Quantity": "quantity",
    "实付 Paid (CNY)": lambda row: money(row["price_paid"]),
    "日期 Dates": _signed,
    "渠道 Channel": "channel",
    "定制 Custom-made": _custom,
}
CARDS: Columns = {
    SALE: _sale,
    "保修卡号 Card": "card_no",
    "寄回 Returned": "returned_on",
    "登记人 By": "staff",
    "登记 Registered": "registered_at",
}
PERIODS: Columns = {
    SALE: _sale,
    "配件类别 Category": "category",
    "起 From": "starts_on",
    "止 To": "ends_on",
    "依据 Rule": "rule",
    "状态 State": "state",
}


@dataclass(frozen=True)
class Customer:
    """Who a customer is: the phone, without one the name; all names, orders and offices that go with it."""

    phone: str = field(repr=False)
    names: Sequence[str]
    address: str = field(repr=False)
    orders: Sequence[str]
    offices: Sequence[str]

    @property
    def name(self) -> str:
        """The name that was told last; a card's counts before a record's."""
        return self.names[0]


class Section(NamedTuple):
    """A part of the file: the key by which machines read it, its title, what gives its table, and if it is our own affair."""

    key: str
    title: str
    load: Callable[[Connection, Customer, Seen], LineTable]
    internal: bool


class CustomerFile(NamedTuple):
    """A customer with all sections, in order."""

    customer: Customer
    sections: Mapping[Section, LineTable]


SECTIONS: dict[str, Section] = {}
Load = Callable[[Connection, Customer, Seen], LineTable]


def section(key: str, title: str, internal: bool = False) -> Callable[[Load], Load]:
    """Make a function a section of every customer's file; what is `internal` is shown to no store."""

    def add(load: Load) -> Load:
        SECTIONS[key] = Section(key, title, load, internal)
        return load

    return add


def find_customers(connection: Connection, typed: str, seen: Seen = ALL) -> list[Customer]:
    """Find customers by phone, name or order, however they are typed; an office or a store finds those of its own."""
    if not (order := order_number(typed)):
        return []
    asked = {"orders": [order], "phones": [phone_number(typed)], "names": [person_name(typed)]}
    return [_whole(connection, one, seen) for one in _customers(connection, seen, **asked)]


def _whole(connection: Connection, found: Customer, seen: Seen) -> Customer:
    """Give a customer with all orders, by whichever of them it was found; as found, where too many have the name."""
    by = {"phones": [found.phone]} if found.phone else {"names": [found.name]}
    return next((one for one in _customers(connection, seen, **by) if one.phone == found.phone), found)


def _customers(connection: Connection, seen: Seen, **by: Sequence[str]) -> list[Customer]:
    known: dict[str, list[Row[Any]]] = {}
    for row in queries.customers(connection, seen, **by):
        known.setdefault(row.phone or row.name, []).append(row)
    return [
        Customer(
            told[0].phone,
            list(dict.fromkeys(row.name for row in told)),
            next((row.address for row in told if row.address), ""),
            sorted({row.order_no for row in told if row.order_no}),
            sorted({row.office for row in told}),
        )
        for told in known.values()
    ]


def customer_file(connection: Connection, customer: Customer, seen: Seen = ALL) -> CustomerFile:
    """Load everything about a customer; an office or a store sees what is its own."""
    shown = [one for one in SECTIONS.values() if not (seen.store and one.internal)]
    return CustomerFile(customer, {one: one.load(connection, customer, seen) for one in shown})


@section("sales", "销售记录 Sales")
def sales_section(connection: Connection, customer: Customer, seen: Seen) -> LineTable:
    """List what was sold to a customer."""
    rows = queries.sales_of(connection, customer.orders, seen)
    return table_of(SALES, [row._asdict() | {"channel": SalesChannel(row.channel)} for row in rows])


@section("cards", "保修卡 Warranty cards")
def cards_section(connection: Connection, customer: Customer, seen: Seen) -> LineTable:
    """List the cards that came back."""
    return table_of(CARDS, [row._asdict() for row in queries.cards_of(connection, customer.orders, seen)])


@section("warranty", "三包 Warranty")
def warranty_section(connection: Connection, customer: Customer, seen: Seen) -> LineTable:
    """Say until when what was sold is under warranty by now, by part category; equal ones in one row."""
    known, names, today = policies(connection), queries.categories(connection), shanghai_day(clock.now())
    rows = list[dict[str, Any]]()
    for line in queries.registered(connection, customer.orders, seen):
        cover, periods = cover_of(known[line.policy_version].__getitem__, today, line), dict[Warranty, list[str]]()
        for code, name in names.items():
            if warranty := cover.of(code):
                periods.setdefault(warranty, []).append(name)
        rows += [
            {"order_no": line.order_no, "line_no": line.line_no, "category": "、".join(categories)}
            | {"starts_on": warranty.start, "ends_on": warranty.end, "rule": warranty.rule}
            | {"state": VALID if today <= warranty.end else OVER}
            for warranty, categories in periods.items()
        ]
    return table_of(PERIODS, rows)


@section("cases", "单据 Cases")
def cases_section(connection: Connection, customer: Customer, seen: Seen) -> LineTable:
    """List the cases of a customer, of whatever process, the newest first."""
    return case_table(cases_found(connection, cases_of(connection, customer, seen)))


def cases_of(connection: Connection, customer: Customer, seen: Seen = ALL) -> Sequence[int]:
    """Give the cases of a customer."""
    by = {"phones": [customer.phone]} if customer.phone else {"names": list(customer.names)}
    return case_ids(connection, seen, MOST_CASES, orders=customer.orders, **by)
