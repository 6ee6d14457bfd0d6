"""The month's settlement per office, unit and carrier, with the offices' budgets (DOMAIN, "settlement"; S0)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row

from schemas.words import Verdict
from tasks.policies.queries import settings_on
from tasks.reports.counting import text
from tasks.reports.registry import About, report
from tasks.reports.shapes import Chart, KeyFigure, Kind, Look, Report, ReportColumn, ReportSection, Value
from tasks.rounds.rules import Cadence
from tasks.settlements.queries import objections, pending_penalties, settlement_of, sums

CONVENTION = (
    "正数为该方承担，负数为应付该方；货物和运费以签收为准，处罚以确认为准；期后到的随下期 "
    "Positive: the party bears it, negative: we owe it; goods and freight count once signed for, penalties once confirmed; "
    "what comes later follows with the next period"
)
LABELS = {
    "parts": "配件 Parts",
    "repair_fee": "修理费 Repair fees",
    "freight": "运费 Freight",
    "anomaly": "异常费用 Anomalies",
    "penalty": "处罚 Penalties",
    "refund": "退款 Refunds",
    "total": "合计 Total",
}
PARTIES = {
    "office": "办事处 Offices",
    "unit": "生产单位 Units",
    "carrier": "承运商 Carriers",
    "department": "部门 Department",
}
PARTY = text("party", "结算方 Party")


@report("settlement", "月结算 Settlement", Cadence.MONTH, working_day=3)
def settlement(connection: Connection, about: About) -> Report:
    """Show what was settled for a month with whom, what FINANCE said of it, and what waits for the next one."""
    last = about.period.last
    rows, found = sums(connection, last), settlement_of(connection, last)
    budget = settings_on(connection, last)["settlement.budget"]
    days = [day for row in rows for day in (row.first, row.latest)]
    total = {
        kind: sum((getattr(row, kind) or Decimal(0) for row in rows if row.party_kind == "office"), Decimal(0))
        for kind in LABELS
    }
    told = f"结算项 items {sum(row.items for row in rows):,}" + (f"：{min(days)} – {max(days)}" if days else "")
    return Report(
        *about,
        convention=CONVENTION,
        of=f"{told} · {_state(found)}",
        measures=tuple(KeyFigure(kind, label, float(total[kind]), Kind.MONEY) for kind, label in LABELS.items()),
        sections=(
            *(_parties(rows, kind, budget) for kind in PARTIES),
            _waiting(pending_penalties(connection, last)),
            _objections(objections(connection, last)),
        ),
    )


def _state(found: Row[Any] | None) -> str:
    if found is None:
        return "尚未汇总 not taken up yet"
    if found.confirmed_at:
        return f"财务已确认 confirmed by {found.confirmed_by}"
    return f"异议期至 objections until {found.objections_until}"


def _parties(rows: Sequence[Row[Any]], kind: str, budget: Mapping[str, Any]) -> ReportSection:
    """Show a kind of party; offices beside their budget."""
    shown = list[dict[str, Value]]()
    for row in rows:
        if row.party_kind == kind:
            figures: dict[str, Value] = {"party": f"{row.name} {row.party}".strip()}
            figures |= {name: getattr(row, name) or Decimal(0) for name in LABELS}
            if kind == "office" and row.party in budget:
                planned = Decimal(str(budget[row.party]))
                figures |= {"budget": planned, "left": planned - row.total}
            shown.append(figures)
    money = tuple(ReportColumn(name, label, Kind.MONEY) for name, label in LABELS.items())
    planned_columns = (ReportColumn("budget", "预算 Budget", Kind.MONEY), ReportColumn("left", "余额 Left", Kind.MONEY))
    columns = (PARTY, *money, *(planned_columns if kind == "office" else ()))
    drawn = Chart(Look.BARS, "party", ("total",)) if kind == "office" else None  # the others' are mostly negative
    return ReportSection(kind, PARTIES[kind], columns, shown, drawn)


def _waiting(rows: Sequence[Row[Any]]) -> ReportSection:
    shown: list[dict[str, Value]] = [
        {"party": f"{row.name} {row.unit}", "lines": row.lines, "amount": row.amount} for row in rows
    ]
    columns = (PARTY, ReportColumn("lines", "行 Lines"), ReportColumn("amount", "拟处罚 Proposed", Kind.MONEY))
    return ReportSection(
        "waiting", "未确认的处罚，下期结算 Penalties that nobody confirmed: next period", columns, shown
    )


def _objections(rows: Sequence[Row[Any]]) -> ReportSection:
    """List objections; whoever was found right is settled with next time."""
    shown: list[dict[str, Value]] = [
        {
            "party": row.party,
            "reason": row.reason,
            "verdict": Verdict(row.verdict).zh if row.verdict else "待裁定 waits",
        }
        for row in rows
    ]
    columns = (PARTY, text("reason", "异议 Objection"), text("verdict", "裁定 Decision"))
    return ReportSection("objections", "异议 Objections", columns, shown)
