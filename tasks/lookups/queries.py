"""The SQL of look-ups: cases by whatever people have of them, what goods of theirs did, parts with today's price."""

import re
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, text

from schemas.shapes import CaseNumber
from schemas.spelling import order_number, person_name, phone_number
from schemas.tables import counter, part, part_category, part_price
from schemas.words import Role, Urgency
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.durable.process import PROCESSES
from tasks.lookups.cases import FoundCase, lines_moved
from tasks.people.queries import ALL, Seen
from tasks.policies.queries import valid_on

MOST_FOUND = 50
_PART_OF_NUMBER = re.compile(r"(?:([A-Z]{2,4})-?)?(?:(\d{4})-)?(\d{1,8})")
SEEN = """(CAST(:offices AS text[]) IS NULL OR c.office = ANY(:offices)) AND (
    CAST(:store AS text) IS NULL OR c.customer_phone = :store_phone OR c.customer_name = :store_name
    OR EXISTS (SELECT FROM sales_record sold WHERE sold.order_no = c.order_no AND sold.store = :store))"""  # of a case c
_IDS = text(f"""
    SELECT id FROM service_case c
    WHERE (c.number = ANY(:numbers) OR c.order_no = ANY(:orders) OR c.customer_phone = ANY(:phones)
           OR c.customer_name = ANY(:names)) AND {SEEN}
    ORDER BY id DESC LIMIT :most""")
_BY_TRACKING = text(f"""
    SELECT DISTINCT c.id FROM document d JOIN service_case c ON c.id = d.case_id
    WHERE upper(d.content ->> 'tracking') = :tracking AND d.content ->> 'tracking' IS NOT NULL
          AND {SEEN}
    ORDER BY 1 DESC LIMIT :most""")
_CASES = text("""
    SELECT c.number, c.process, o.name AS office, c.order_no, c.urgency, c.link, c.ending, c.holder, c.due_at,
           moved.*, sent.tracking
    FROM service_case c JOIN office o ON o.code = c.office, LATERAL (
        SELECT max(promised) AS promised, count(*) AS lines, count(in_on) AS came, max(in_on) AS came_on,
               count(out_on) AS went, max(out_on) AS went_on
        FROM case_line WHERE case_id = c.id) moved, LATERAL (
        SELECT coalesce(string_agg(DISTINCT content ->> 'tracking', '、'), '') AS tracking
        FROM document WHERE case_id = c.id AND content ->> 'tracking' <> '') sent
    WHERE c.id = ANY(:ids) ORDER BY c.id DESC""")


def find_cases(connection: Connection, typed: str, seen: Seen = ALL, most: int = MOST_FOUND) -> list[FoundCase]:
    """Look cases up by number or a part of it, order, phone, name or tracking number, however typed; newest first."""
    if not (wanted := order_number(typed)):
        return []
    told = seen.parameters | {"tracking": wanted, "most": most}
    tracked = connection.execute(_BY_TRACKING, told).scalars().all()
    ids = case_ids(
        connection,
        seen,
        most,
        numbers=[wanted, *_numbers(connection, wanted)],
        orders=[wanted],
        phones=[phone_number(typed)],
        names=[person_name(typed)],
    )
    return cases_found(connection, [*ids, *tracked])


def _numbers(connection: Connection, typed: str) -> list[str]:
    """Give the numbers of which this may be a part: 123, PA123 and 2026-000123 of PA-2026-000123."""
    read = _PART_OF_NUMBER.fullmatch(typed)
    if read is None:
        return []
    code, year, serial = read.groups()
    begun = connection.execute(select(counter.c.name).where(counter.c.name.like("case:%"))).scalars()
    series = [name.split(":")[1:] for name in begun]
    fits = [(own, of) for own, of in series if code in (None, own) and year in (None, of)]
    return [f"{own}-{of}-{int(serial):06d}" for own, of in fits]


def case_ids(
    connection: Connection,
    seen: Seen,
    most: int,
    numbers: Collection[str] = (),
    orders: Collection[str] = (),
    phones: Collection[str] = (),
    names: Collection[str] = (),
) -> Sequence[int]:
    """Give the cases that have any of these numbers, orders, phones or names, newest first."""
    wanted = {"numbers": numbers, "orders": orders, "phones": phones, "names": names}
    given: dict[str, Any] = {name: list(values) for name, values in wanted.items()}
    return connection.execute(_IDS, given | seen.parameters | {"most": most}).scalars().all()


def cases_found(connection: Connection, ids: Collection[int]) -> list[FoundCase]:
    """Load cases as they are looked up, newest first."""
    return [_found(row) for row in connection.execute(_CASES, {"ids": list(ids)})] if ids else []


def _found(row: Row[Any]) -> FoundCase:
    process, own = PROCESSES[row.process], row._asdict()
    ending = process.endings(row.ending) if row.ending else None
    said = {
        "number": CaseNumber(row.number),
        "title": process.title,
        "urgency": Urgency(row.urgency),
        "ending": ending,
        "holder": Role(row.holder) if row.holder else None,
        "goods_in": lines_moved(row.came, row.lines, row.came_on),
        "goods_out": lines_moved(row.went, row.lines, row.went_on),
        "state": ending.option if ending else "办理中 open",
    }
    return FoundCase(**{name: (own | said)[name] for name in FoundCase._fields})


def parts_today(connection: Connection) -> Sequence[Row[Any]]:
    """Load the standard parts with the names of their categories and the prices that are in force today."""
    price = (part_price.c.part == part.c.code) & valid_on(part_price, shanghai_day(clock.now()))
    columns = [part.c[name] for name in ("code", "name", "specification", "colour", "uom", "discontinued_on")]
    found = select(*columns, part_category.c.name.label("category"), part_price.c.price)
    named = found.join(part_category, part_category.c.code == part.c.category).outerjoin(part_price, price)
    return connection.execute(named.where(part.c.made_for.is_(None)).order_by(part.c.code)).all()
