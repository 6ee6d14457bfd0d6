"""The SQL of logistics: reference prices by route, what freight is free."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection, select

from schemas.forms.logistics import FreightMethod
from schemas.tables import carrier, route_price
from schemas.words import Role
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.logistics.rules import FreightLimits
from tasks.policies.queries import setting, valid_on
from tasks.unit.work import Work


def route_prices(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[str, Decimal]:
    """Load the reference price of each office's route that is valid today, CNY a shipment."""
    valid = select(route_price).where(valid_on(route_price, shanghai_day(clock.now())))
    return {row.office: row.reference_price for row in connection.execute(valid)}


def carriers(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[str, FreightMethod]:
    """Give how known carriers go, by name, by code and by what people write for them."""
    known = connection.execute(select(carrier).order_by(carrier.c.code)).all()
    return {word: FreightMethod(row.kind) for row in known for word in (row.name, row.code, *row.aliases.split())}


def freight_limits(work: Work) -> FreightLimits:
    """Give what freight needs no approval, and who approves the rest."""
    names = ("freight.hired_over_reference", "freight.express_free")
    approved = (FreightMethod.HIRED, FreightMethod.EXPRESS, FreightMethod.AIR)
    approvers = {method: Role(setting(work, f"freight.{method}.approval_role")) for method in approved}
    hired_over, express_free = (Decimal(str(setting(work, name))) for name in names)
    return FreightLimits(hired_over, express_free, approvers)
