"""The SQL of sheets: what the drop-down lists of a template offer."""

from sqlalchemy import Connection, select

from schemas.tables import office, part, part_price
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock


def template_lists(connection: Connection) -> dict[str, list[str]]:
    """Give the offices and the parts that may be ordered today, by heading."""
    today = shanghai_day(clock.now())
    priced = select(part_price.c.part).where(
        part_price.c.valid_from <= today, part_price.c.valid_to.is_(None) | (part_price.c.valid_to >= today)
    )
    current = part.c.discontinued_on.is_(None) | (part.c.discontinued_on > today)
    parts = select(part.c.name).where(current, part.c.code.in_(priced)).order_by(part.c.code)
    return {
        "办事处": list(connection.execute(select(office.c.name).order_by(office.c.code)).scalars()),
        "配件名称": list(connection.execute(parts).scalars()),
    }
