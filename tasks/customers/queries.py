"""The SQL of the customer file: sales records, warranty cards, waivers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, text, tuple_, union
from sqlalchemy.dialects.postgresql import insert

from schemas.spelling import Known
from schemas.tables import customer, part_category, sales_change, sales_record, warranty_card, warranty_waiver
from schemas.tables.reference import CAME_BACK
from tasks.applications.queries import repair_days
from tasks.customers.rules import Sale
from tasks.durable import clock
from tasks.lookups.queries import SEEN
from tasks.people.queries import Seen
from tasks.unit.among import among

MOST_TOLD = 2_000  # rows that tell of customers of one name
_CUSTOMERS = text(f"""
    SELECT place, told.phone, told.name, told.address, order_no, o.name AS office FROM (
        SELECT 1 AS place, c.phone, c.name, c.address, s.order_no, s.office
        FROM customer c JOIN warranty_card k ON k.customer_id = c.id JOIN sales_record s USING (order_no, line_no)
        WHERE (CAST(:store AS text) IS NULL OR s.store = :store) AND
            c.id IN (SELECT id FROM customer WHERE phone = ANY(:phones) OR name = ANY(:names)
                     UNION SELECT customer_id FROM warranty_card JOIN sales_record own USING (order_no, line_no)
                     WHERE order_no = ANY(:orders) AND (CAST(:store AS text) IS NULL OR own.store = :store)
                           AND (CAST(:offices AS text[]) IS NULL OR own.office = ANY(:offices)))
        UNION SELECT 2, customer_phone, customer_name, customer_address, order_no, office FROM sales_record
        WHERE (CAST(:store AS text) IS NULL OR store = :store) AND
            (order_no = ANY(:orders) OR customer_phone = ANY(:phones) OR customer_name = ANY(:names))
        UNION SELECT 3, customer_phone, customer_name, customer_address, order_no, office FROM service_case c
        WHERE {SEEN} AND
            (order_no = ANY(:orders) OR customer_phone = ANY(:phones) OR customer_name = ANY(:names))) told
    JOIN office o ON o.code = told.office
    WHERE told.name <> '' AND (CAST(:offices AS text[]) IS NULL OR o.code = ANY(:offices))
    ORDER BY place, order_no DESC, told.name LIMIT :most""")


NEIGHBOURS = 500  # orders on each side of an unknown number, among which a misspelt one is looked for


def add_sales(connection: Connection, records: Sequence[Mapping[str, Any]]) -> set[Sale]:
    """Keep the sales records of order lines that have none; gives which these are."""
    in_order = sorted(records, key=lambda record: (record["order_no"], record["line_no"]))  # so that no two deadlock
    added = insert(sales_record).values(in_order).on_conflict_do_nothing()
    rows = connection.execute(added.returning(sales_record.c.order_no, sales_record.c.line_no))
    return {(row.order_no, row.line_no) for row in rows}


def held_sales(connection: Connection, orders: Collection[str]) -> dict[Sale, Row[Any]]:
    """Give the sales records of orders; until the transaction ends nobody else changes them."""
    of_orders = select(sales_record).where(among(sales_record.c.order_no, orders))
    rows = connection.execute(of_orders.order_by(sales_record.c.order_no, sales_record.c.line_no).with_for_update())
    return {(row.order_no, row.line_no): row for row in rows}


def correct_sales(connection: Connection, records: Sequence[Mapping[str, Any]]) -> None:
    """Put these sales records in the place of those that are kept; what came back of them stays."""
    given = insert(sales_record).values(records)
    columns = (column.name for column in sales_record.c if not column.primary_key)
    told = {name: given.excluded[name] for name in columns if name not in CAME_BACK}
    connection.execute(given.on_conflict_do_update(index_elements=list(sales_record.primary_key), set_=told))


def note_sales(connection: Connection, changes: Sequence[Mapping[str, Any]]) -> None:
    """Write down who took sales records in or corrected them, and what changed."""
    connection.execute(insert(sales_change), [dict(change) | {"changed_at": clock.now()} for change in changes])


def sales_changed(connection: Connection, orders: Collection[str]) -> dict[Sale, datetime]:
    """Give when the lines of orders were last taken in or corrected."""
    of = sales_change.c
    last = select(of.order_no, of.line_no, func.max(of.changed_at).label("at")).where(among(of.order_no, orders))
    rows = connection.execute(last.group_by(of.order_no, of.line_no))
    return {(row.order_no, row.line_no): row.at for row in rows}


def near_orders(connection: Connection, order_no: str, phone: str) -> Known[str]:
    """Give the orders among which one may have been meant: those next to it, and those of the customer's phone."""
    numbers = select(sales_record.c.order_no)
    later, earlier = sales_record.c.order_no >= order_no, sales_record.c.order_no < order_no
    asked = union(
        numbers.where(later).order_by(sales_record.c.order_no).limit(NEIGHBOURS).subquery().select(),
        numbers.where(earlier).order_by(sales_record.c.order_no.desc()).limit(NEIGHBOURS).subquery().select(),
        numbers.where(sales_record.c.customer_phone == phone),
    )
    return Known((number, number) for number in connection.execute(asked).scalars())


def cards(connection: Connection, sales: Collection[Sale], numbers: Collection[str] = ()) -> list[Row[Any]]:
    """Give the cards that are registered for lines of orders, or under these numbers."""
    fits = tuple_(warranty_card.c.order_no, warranty_card.c.line_no).in_(sales) | warranty_card.c.card_no.in_(numbers)
    return list(connection.execute(select(warranty_card).where(fits)))


def keep_customer(connection: Connection, name: str, phone: str, address: str) -> int:
    """Open the file of a customer, or bring the address in it up to date; gives its id."""
    opened = insert(customer).values(name=name, phone=phone, address=address)
    kept = opened.on_conflict_do_update(index_elements=[customer.c.phone, customer.c.name], set_={"address": address})
    return int(connection.execute(kept.returning(customer.c.id)).scalar_one())


def add_card(connection: Connection, card: Mapping[str, Any]) -> None:
    """Register a card."""
    connection.execute(insert(warranty_card).values(card))


def add_waiver(connection: Connection, waiver: Mapping[str, Any]) -> bool:
    """Write down that a line's warranty was given up; says whether it is new."""
    added = insert(warranty_waiver).values(waiver).on_conflict_do_nothing().returning(warranty_waiver.c.line_no)
    return connection.execute(added).first() is not None


def registered(connection: Connection, orders: Collection[str], seen: Seen) -> Sequence[Row[Any]]:
    """Give those lines of orders for which a card is registered: as they were sold, what was waived, by which policies."""
    columns = (sales_record, warranty_waiver.c.waived_on, repair_days(), warranty_card.c.policy_version)
    found = select(*columns).join(warranty_card, _same(warranty_card))
    return connection.execute(_of_orders(found.outerjoin(warranty_waiver, _same(warranty_waiver)), orders, seen)).all()


def _same(other: Any) -> Any:
    return (other.c.order_no == sales_record.c.order_no) & (other.c.line_no == sales_record.c.line_no)


def categories(connection: Connection) -> dict[str, str]:
    """Give the part categories: code → name."""
    known = select(part_category.c.code, part_category.c.name).order_by(part_category.c.code)
    return {row.code: row.name for row in connection.execute(known)}


def sale_of(one: Any) -> Sale:
    """Give the line of an order that a record is about; of a case, none."""
    return one.order_no, getattr(one, "order_line", 0)


def waivers(connection: Connection, sales: Sequence[Sale]) -> dict[Sale, Row[Any]]:
    """Give the waivers of lines of orders."""
    fits = tuple_(warranty_waiver.c.order_no, warranty_waiver.c.line_no).in_(sales)
    return {(row.order_no, row.line_no): row for row in connection.execute(select(warranty_waiver).where(fits))}


def customers(
    connection: Connection,
    seen: Seen,
    orders: Collection[str] = (),
    phones: Collection[str] = (),
    names: Collection[str] = (),
) -> Sequence[Row[Any]]:
    """Find what is told of customers with any of these orders, phones or names: by cards, by sales records, by cases."""
    wanted: dict[str, Any] = {"orders": list(orders), "phones": list(phones), "names": list(names)}
    return connection.execute(_CUSTOMERS, wanted | seen.parameters | {"most": MOST_TOLD}).all()


def sales_of(connection: Connection, orders: Collection[str], seen: Seen) -> Sequence[Row[Any]]:
    """Give the sales records of orders."""
    told = [column for column in sales_record.c if not column.name.startswith("customer_")]
    return connection.execute(_of_orders(select(*told), orders, seen)).all()


def cards_of(connection: Connection, orders: Collection[str], seen: Seen) -> Sequence[Row[Any]]:
    """Give the cards of orders."""
    names = ("order_no", "line_no", "card_no", "returned_on", "staff", "registered_at")
    found = select(*(warranty_card.c[name] for name in names)).join(sales_record, _same(warranty_card))
    return connection.execute(_of_orders(found, orders, seen)).all()


def _of_orders(found: Select[Any], orders: Collection[str], seen: Seen) -> Select[Any]:
    listed = found.where(among(sales_record.c.order_no, sorted(orders)))
    if seen.offices is not None:
        listed = listed.where(sales_record.c.office.in_(seen.offices))
    if seen.store:
        listed = listed.where(sales_record.c.store == seen.store.code)
    return listed.order_by(sales_record.c.order_no.desc(), sales_record.c.line_no)
