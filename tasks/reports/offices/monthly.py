"""配件申报评估表: how well offices and their people apply (DOMAIN, "office evaluation"; S0)."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from tasks.policies.queries import settings_on
from tasks.reports.counting import count_of, rate_of, text
from tasks.reports.offices.queries import cards_back, evaluated
from tasks.reports.offices.rules import Cards, Evaluated, ranked, together
from tasks.reports.registry import About, report
from tasks.reports.shapes import Chart, Kind, Look, Report, ReportColumn, ReportSection, Value
from tasks.rounds.rules import Cadence

CONVENTION = (
    "合格率＝首次审核未修正的行 ÷ 首次审核的行；退回、驳回的行不合格；满 {least} 行的参加排名；保修卡按前 {days} 天签收的计 "
    "Rate = lines unchanged at first review ÷ lines reviewed; lines sent back or rejected are not unchanged; ranked from "
    "{least} lines; warranty cards of what was signed for in the last {days} days"
)
COUNTS = {
    "applications": "申报 Applications",
    "lines": "审核行 Lines reviewed",
    "corrected": "修正行 Corrected",
    "sent_back": "退回 Sent back",
    "rejected": "驳回 Rejected",
    "duplicates": "重复行 Duplicates",
    "anomalies": "责任异常 Anomalies",
}
RATE, RANK = ReportColumn("rate", "合格率 Rate", Kind.RATE), ReportColumn("rank", "排名 Rank")
CARDS = ReportColumn("cards", "保修卡返回率 Warranty cards", Kind.RATE)
COLUMNS = tuple(ReportColumn(name, label) for name, label in COUNTS.items())


@report("offices", "配件申报评估表 Office evaluation", Cadence.MONTH)
def offices(connection: Connection, about: About) -> Report:
    """Evaluate the applications of a month by office and by applicant."""
    policy = settings_on(connection, about.period.last)
    least, days = policy["office.rank_lines"], policy["office.card_days"]
    rows, back = evaluated(connection, about.period), cards_back(connection, about.period, days)
    return evaluation(rows, back, least, CONVENTION.format(least=least, days=days), about)


def evaluation(
    rows: Sequence[Evaluated], back: Mapping[str, Cards], least: int, convention: str, about: About
) -> Report:
    """Make the report of what was counted."""
    (whole,) = together(rows, lambda _row: ("", "", "")) or [Evaluated("", "", "")]
    offices = together(rows, lambda row: (row.office, "", ""))
    offices += [Evaluated(name, "", "") for name in sorted(set(back) - {row.office for row in offices})]
    of_offices = [
        {"office": row.office, **_figures(row, rank), "cards": back[row.office].rate if row.office in back else None}
        for row, rank in ranked(offices, least)
    ]
    of_people = [
        {"office": row.office, "applicant": f"{row.applicant} {row.staff}", **_figures(row, rank)}
        for row, rank in ranked(rows, least)
    ]
    office, chart = text("office", "办事处 Office"), Chart(Look.BARS, "office", ("rate",))
    person = text("applicant", "申报人 Applicant")
    sold, returned = (sum(figures) for figures in zip(*back.values(), strict=True)) if back else (0, 0)
    return Report(
        *about,
        convention=convention,
        of=f"申报 applications {whole.applications:,} · 审核行 lines {whole.lines:,}",
        measures=(
            rate_of("rate", "合格率 Lines unchanged", whole.unchanged, whole.lines),
            rate_of("cards", "保修卡返回率 Warranty cards", returned, sold),
            *(count_of(name, label, getattr(whole, name)) for name, label in COUNTS.items()),
        ),
        sections=(
            ReportSection("offices", "按办事处 By office", (RANK, office, RATE, *COLUMNS, CARDS), of_offices, chart),
            ReportSection("people", "按申报人 By applicant", (RANK, office, person, RATE, *COLUMNS), of_people),
        ),
    )


def _figures(row: Evaluated, rank: int | None) -> dict[str, Value]:
    return {"rank": rank, "rate": row.rate} | {name: getattr(row, name) for name in COUNTS}
