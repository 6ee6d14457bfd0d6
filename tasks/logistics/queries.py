"""The SQL of logistics: reference prices by route, what freight is free."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection, select

from schemas.tables import route_price
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.logistics.rules import FreightLimits
from tasks.policies.queries import setting
from tasks.unit.work import Work


def route_prices(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[str, Decimal]:
    """Load the reference price of each office's route that is valid today, CNY a shipment."""
    today = shanghai_day(clock.now())
    rows = connection.execute(
        select(route_price.c.office, route_price.c.reference_price).where(
            route_price.c.valid_from <= today, route_price.c.valid_to.is_(None) | (route_price.c.valid_to >= today)
        )
    )
    return {row.office: row.reference_price for row in rows}


def freight_limits(work: Work) -> FreightLimits:
    """Give what freight needs no approval."""
    names = ("freight.hired_over_reference", "freight.express_free")
    return FreightLimits(*(Decimal(str(setting(work, name))) for name in names))
