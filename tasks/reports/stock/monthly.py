"""The stock report: balances, what moved in the month by kind, what is at or below its safety stock (S0)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row

from schemas.words import MovementKind
from tasks.policies.queries import settings_on
from tasks.reports.counting import bounds, count_of, text
from tasks.reports.registry import About, report
from tasks.reports.shapes import Chart, Look, Report, ReportColumn, ReportSection, Value
from tasks.reports.stock.queries import balances, moved
from tasks.rounds.rules import Cadence
from tasks.safety.queries import lots, low_parts

CONVENTION = (
    "结存为期末数；收发为期内数，红字冲回计相反方向；安全库存按集团自有良品仓合计 "
    "Balances at the end of the period; movements in it, reversals the other way; safety stock against the group's own good stock"
)
QUANTITY = ReportColumn("quantity", "结存 Quantity")


@report("stock", "库存月报 Monthly stock", Cadence.MONTH)
def stock(connection: Connection, about: About) -> Report:
    """Report a month's stock."""
    held, kinds = balances(connection, about.period), moved(connection, about.period)
    ages = settings_on(connection, about.period.last)["stock.age_days"]
    low = low_parts(connection, bounds(about.period)["end"], about.period.last)
    return Report(
        *about,
        convention=CONVENTION,
        of=f"收发记录 movements {sum(one.movements for one in kinds):,}",
        measures=(count_of("low", "低于安全库存的配件 Parts at or below safety stock", len(low)),),
        sections=(
            ReportSection(
                "low",
                "低于安全库存 At or below safety stock",
                (
                    text("part", "配件 Part"),
                    QUANTITY,
                    ReportColumn("safety", "安全库存 Safety stock"),
                    text("uom", "单位 Unit"),
                ),
                [_low(one) for one in low],
            ),
            ReportSection(
                "movements",
                "本月收发 Movements by kind",
                (text("kind", "类别 Kind"), ReportColumn("movements", "笔数 Movements"), *CAME_AND_WENT),
                [{"kind": MovementKind(one.kind).zh, **_figures(one, "movements", "came", "went")} for one in kinds],
                Chart(Look.BARS, "kind", ("came", "went")),
            ),
            ReportSection(
                "balances",
                "各仓结存 Balances",
                (text("warehouse", "仓库 Warehouse"), ReportColumn("parts", "品种 Parts"), QUANTITY),
                [{"warehouse": one.warehouse, **_figures(one, "parts", "quantity")} for one in held],
                Chart(Look.BARS, "warehouse", ("quantity",)),
            ),
            _ages(lots(connection, bounds(about.period)["end"]), about.period.last, ages),
        ),
    )


CAME_AND_WENT = (ReportColumn("came", "收入 In"), ReportColumn("went", "发出 Out"))


def _low(one: Row[Any]) -> dict[str, Value]:
    return {"part": f"{one.name} {one.code}", **_figures(one, "quantity", "safety"), "uom": one.uom}


def _ages(rows: Sequence[Row[Any]], day: date, ages: Sequence[int]) -> ReportSection:
    """Show how old each warehouse's lots are, and how much of it is past its expiry."""
    spans = [f"≤{most}" for most in ages] + [f">{ages[-1]}"]
    found = dict[str, dict[str, Decimal]]()
    for row in rows:
        span = spans[sum((day - row.came_on).days > most for most in ages)]
        of = found.setdefault(row.warehouse, dict.fromkeys([*spans, "expired"], Decimal(0)))
        of[span] += row.quantity
        of["expired"] += row.quantity if row.expires_on < day else 0
    shown = [{"warehouse": name, **{key: _plain(many) for key, many in of.items()}} for name, of in found.items()]
    columns = (*(ReportColumn(span, f"{span} 天 Days") for span in spans), ReportColumn("expired", "过期 Expired"))
    title = "批次库龄 Age of lots"
    return ReportSection("lots", title, (text("warehouse", "仓库 Warehouse"), *columns), shown)


def _plain(number: Decimal) -> Value:
    return int(number) if number == int(number) else float(number)


def _figures(row: Row[Any], *names: str) -> dict[str, Value]:
    """Give figures without needless zeros."""
    return {name: _plain(Decimal(getattr(row, name))) for name in names}
