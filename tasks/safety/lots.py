"""Stock by lot: how old it is, when it expires, in the order in which it is taken (DOMAIN, "Stock")."""

from datetime import date
from typing import Any

from sqlalchemy import Engine, Row

from schemas.forms.closing import LotsWanted
from schemas.problems import BadInput, Problem
from schemas.shapes import NEVER, figure
from schemas.spelling import Known
from tasks.applications.queries import catalogue
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.rounds.pages import Listing, page_of
from tasks.safety import queries
from tasks.stock.places import places
from tasks.unit.reading import reading

HEADINGS = (
    "仓库 Warehouse", "配件 Part", "入库日期 Came in", "天数 Days", "有效期 Expires", "数量 Quantity", "单位 Unit",
)  # fmt: skip


def show_lots(db: Engine, wanted: LotsWanted) -> str:
    """List the lots of a warehouse and part, or of all; BadInput names what there is not."""
    today = shanghai_day(clock.now())
    with reading(db) as connection:
        known: dict[str, Known[Any]] = {"warehouse": places(connection), "part": catalogue(connection)}
        problems = [
            Problem(
                f"{LotsWanted.model_fields[name].alias} {name}", typed, "没有，请核对 there is none" + ones.meant(typed)
            )
            for name, ones in known.items()
            if (typed := getattr(wanted, name)) and typed not in ones
        ]
        if problems:
            raise BadInput(problems)
        chosen = {name: ones[typed].code for name, ones in known.items() if (typed := getattr(wanted, name))}
        rows = [_row(row, today) for row in queries.lots(connection, clock.now(), **chosen)]
    return page_of(
        "批次库存 Stock by lot", today, Listing("按出库先后 In the order in which they are taken", HEADINGS, rows)
    )


def _row(row: Row[Any], today: date) -> tuple[object, ...]:
    expires = "" if row.expires_on == NEVER else row.expires_on
    age = (today - row.came_on).days
    return (row.warehouse, f"{row.name} {row.part}", row.came_on, age, expires, figure(row.quantity), row.uom)
