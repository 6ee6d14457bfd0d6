"""The monthly repair report: what came, how it ended, by cause and fee; what it cost by office (S3 §8 3.1.3, S0)."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from tasks.cycle.rules import shanghai_day
from tasks.reports.counting import UNNAMED, count_of, range_of, rate_of, text
from tasks.reports.registry import About, report
from tasks.reports.repairs.queries import office_costs, repair_lines
from tasks.reports.repairs.rules import LineInRepair, OfficeCost, counts, counts_by
from tasks.reports.shapes import Chart, KeyFigure, Kind, Look, Report, ReportColumn, ReportSection
from tasks.rounds.rules import Cadence, Period

CONVENTION = (
    "按返修单的行计；受理、结束在期内的计入，未结以期末为准 Lines that came or ended in the period, open at its end"
)
BECAME = {
    "received": "受理 Received",
    "repaired": "修复 Repaired",
    "scrapped": "报废 Scrapped",
    "unrepaired": "未修退回 Unrepaired",
    "refused": "驳回 Refused",
    "other": "其他结束 Other",
    "open": "未结 Open",
}
COSTS = {
    "back": "返件运费 Freight back",
    "out": "发出运费 Freight out",
    "fees": "修理费 Repair fees",
    "paid": "客户已付 Paid by customers",
    "cost": "净费用 Cost",
}


@report("repairs", "返修月报 Monthly repairs", Cadence.MONTH)
def repairs(connection: Connection, about: About) -> Report:
    """Report a month's repairs by cause and fee category, and what they cost by office."""
    return repair_report(repair_lines(connection, about.period), office_costs(connection, about.period), about)


def repair_report(lines: Sequence[LineInRepair], costs: Sequence[OfficeCost], about: About) -> Report:
    """Make the report of what was counted."""
    total, period = counts(lines, about.period), about.period
    ended = sum(many for name, many in total.items() if name not in ("received", "open"))
    spent = sum(one.cost for one in costs)
    return Report(
        *about,
        convention=CONVENTION,
        of=range_of("返修行 lines", len(lines), [shanghai_day(one.received) for one in lines]),
        measures=(
            *(count_of(name, BECAME[name], many) for name, many in total.items()),
            rate_of("repaired_rate", "修复率 Share repaired", total["repaired"], ended),
            KeyFigure("cost", "净费用 Cost (CNY)", float(spent), Kind.MONEY),
        ),
        sections=(
            _by(lines, period, "cause", "按原因 By cause", "原因 Cause", lambda one: one.cause or UNNAMED, Look.PARETO),
            _by(lines, period, "fee", "按费用类别 By fee category", "费用类别 Fee", lambda one: one.pays, Look.BARS),
            _by(lines, period, "office", "按办事处 By office", "办事处 Office", lambda one: one.office, Look.BARS),
            cost_section(costs),
        ),
    )


def _by(
    lines: Sequence[LineInRepair],
    period: Period,
    key: str,
    title: str,
    label: str,
    by: Callable[[LineInRepair], str],
    look: Look,
) -> ReportSection:
    columns = (text(key, label), *(ReportColumn(name, heading) for name, heading in BECAME.items()))
    return ReportSection(key, title, columns, counts_by(lines, period, key, by), Chart(look, key, ("received",)))


def cost_section(costs: Sequence[OfficeCost]) -> ReportSection:
    """Show what returns and repairs cost by office."""
    rows: list[dict[str, Any]] = [one._asdict() | {"cost": one.cost} for one in costs]
    money = (ReportColumn(name, heading, Kind.MONEY) for name, heading in COSTS.items())
    columns = (text("office", "办事处 Office"), ReportColumn("lists", "返件清单 Lists"), *money)
    return ReportSection(
        "costs", "返件运费与维修费用 Return freight and cost", columns, rows, Chart(Look.BARS, "office", ("cost",))
    )
