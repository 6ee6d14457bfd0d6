"""Warranty cards 保修卡: they register the customer, open the customer file, and fix by which policies 三包 lasts (S0).

What a card tells and the sales record does not yet (signed, installed on) is written into the sales record, with who
wrote it: so applications and the customer file compute warranty of the same dates, by the same function, when asked.
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row

from schemas.forms.sales import WarrantyCard, WarrantyWaiver
from schemas.problems import BadInput, Problem
from schemas.tables import warranty_waiver
from schemas.words import Role
from tasks.customers import queries
from tasks.customers.rules import FOREIGN, TOLD_BY_CARD, Sale, date_problems, heading, other_card_problem, unknown_sale
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.people.queries import Person
from tasks.people.rights import signer_at_work
from tasks.policies.queries import version_today
from tasks.unit.work import Work

NOT_SUPERVISOR = "需要客服主管的权限 must hold SUPERVISOR"


class Registered(NamedTuple):
    """What became of a card: whether it is new, and in words."""

    new: bool
    said: str


def register_card(db: Engine, card: WarrantyCard) -> Registered:
    """Register a card in a transaction of its own; BadInput says what is wrong, the same card again changes nothing."""
    sale = card.order_no, card.line_no
    with db.begin() as connection:
        person = signer_at_work(connection, card.staff)
        sold = _sold(connection, sale, card.customer_phone, person)
        held = queries.cards(connection, [sale], [card.card_no])
        by_sale = {(row.order_no, row.line_no): row.card_no for row in held}
        by_number = {row.card_no: (row.order_no, row.line_no) for row in held}
        if other := other_card_problem(card, by_sale, by_number):
            raise BadInput([other])
        if held:
            day, who = shanghai_day(held[0].registered_at), held[0].staff
            return Registered(False, f"{card.card_no} 已于 {day} 由 {who} 登记，未作改动 was registered already")
        if problems := date_problems(card, sold, shanghai_day(clock.now())):
            raise BadInput(problems)
        _register(connection, card, sold)
    return Registered(True, f"{card.card_no} 已登记 is registered: {card.order_no} 第 {card.line_no} 行")


def _register(connection: Connection, card: WarrantyCard, sold: Row[Any]) -> None:
    sale = {"order_no": card.order_no, "line_no": card.line_no}
    learned = {name: given for name in TOLD_BY_CARD if (given := getattr(card, name)) and getattr(sold, name) is None}
    if learned:
        queries.correct_sales(connection, [{**sold._mapping, **learned}])
        changes = {name: ("", str(day)) for name, day in learned.items()}
        queries.note_sales(connection, [sale | {"staff": card.staff, "changes": changes}])
    customer = queries.keep_customer(connection, card.customer_name, card.customer_phone, card.customer_address)
    told = {name: getattr(card, name) for name in ("card_no", "returned_on", "staff")}
    ours = {"customer_id": customer, "policy_version": version_today(connection), "registered_at": clock.now()}
    queries.add_card(connection, sale | told | ours)


def waive_warranty(db: Engine, waiver: WarrantyWaiver) -> str:
    """Note that a customer gives up the warranty of a line: from today on there is none (S1 1.1.6); says so."""
    sale, today = (waiver.order_no, waiver.line_no), shanghai_day(clock.now())
    with db.begin() as connection:
        person = signer_at_work(connection, waiver.staff)
        if not person.holds(Role.SUPERVISOR):
            raise BadInput([Problem(heading("staff"), str(person), NOT_SUPERVISOR)])
        _sold(connection, sale, "", person)
        told = {"order_no": sale[0], "line_no": sale[1], "staff": person.code, "reason": waiver.reason}
        new = queries.add_waiver(connection, told | {"waived_on": today})
    done = f"已放弃保修，{today} 起不再三包 the warranty ends" if new else "此前已放弃保修，未作改动 was waived before"
    return f"{sale[0]} 第 {sale[1]} 行 {done}"


def end_warranty(work: Work, sold: Any, staff: str, reason: str) -> None:
    """Note in a case's step that a customer gives up the warranty of a line: from today on there is none."""
    order_no, line_no = queries.sale_of(sold)
    said = {"waived_on": work.today, "staff": staff, "reason": reason}
    work.insert(warranty_waiver, order_no=order_no, line_no=line_no, **said)


def _sold(connection: Connection, sale: Sale, phone: str, person: Person) -> Row[Any]:
    """Give the sales record of a line, which nobody else changes meanwhile; BadInput names what is nearest to it."""
    order_no, line_no = sale
    lines = queries.held_sales(connection, [order_no])
    if sale not in lines:
        meant = "" if lines else queries.near_orders(connection, order_no, phone).meant(order_no)
        raise BadInput([unknown_sale(order_no, line_no, sorted(line for _, line in lines), meant)])
    if person.offices is not None and lines[sale].office not in person.offices:
        raise BadInput([Problem(heading("order_no"), order_no, FOREIGN)])
    return lines[sale]
