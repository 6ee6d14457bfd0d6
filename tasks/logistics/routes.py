"""线路参考价复核: each month the SUPERVISOR sees what hired transport cost by route (S3 §3 3.1)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row

from schemas.shapes import money
from schemas.words import Role
from tasks.cycle.rules import at, shanghai_day
from tasks.durable import clock
from tasks.logistics.queries import route_costs
from tasks.rounds.pages import Listing, page_of
from tasks.rounds.queries import tell_role
from tasks.rounds.rules import Cadence, Period
from tasks.rounds.steps import Rounds

WORK = "线路参考价复核"
HEADINGS = (
    *("办事处 Office", "参考价 Reference CNY", "生效 In force from", "依据 Basis"),
    *("专车次数 Hired", "平均 Mean CNY", "最高 Highest CNY", "平均/参考 Mean to reference"),
)
ASKS = "{} 的线路参考价请复核，要变更的用“线路参考价”表 review the routes' reference prices; change them by that sheet"


def review_routes(connection: Connection, period: Period) -> str:
    """List each route with its reference price and what hired transport cost in these days; ask the SUPERVISOR."""
    today = shanghai_day(clock.now())
    rows = route_costs(connection, today, at(period.first), at(period.last + timedelta(days=1)))
    tell_role(connection, WORK, Role.SUPERVISOR, period.last, ASKS.format(f"{period.last:%Y-%m}"), clock.now())
    title = f"{WORK} Review of routes · {period.first} – {period.last}"
    return page_of(title, today, Listing("线路 routes", HEADINGS, [_cells(row) for row in rows]))


def _cells(row: Row[Any]) -> tuple[object, ...]:
    known = (row.office, money(row.price) if row.price else "无 none", row.valid_from or "", row.source or "")
    if not row.many:
        return (*known, 0, "", "", "")
    ratio = f"{100 * row.mean / row.price:.0f} %" if row.price else ""
    return (*known, row.many, money(row.mean.quantize(Decimal("0.01"))), money(row.most), ratio)


ROUNDS = Rounds(WORK, Cadence.MONTH, review_routes, catch_up=False)
