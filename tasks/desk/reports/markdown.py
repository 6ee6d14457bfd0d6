"""A report as markdown: what its run shows as an artifact."""

from collections.abc import Iterable, Sequence

from tasks.desk.rules import plain
from tasks.reports.shapes import KeyFigure, Kind, Report, ReportSection
from tasks.reports.wording import shown

MOST_ROWS = 30  # of a section; its page has more


def report_markdown(report: Report, about: str) -> str:
    """Write a report for the Prefect UI; `about` says which edition it is, or that it is none."""
    head = [f"### {plain(report.title)} {report.period.first} – {report.period.last}", about]
    measures = (
        [_table(("指标 Measure", "", "目标 Target"), map(_measure, report.measures), (1,))] if report.measures else []
    )
    foot = [f"口径 Convention: {plain(report.convention, 500)}  \n数据范围 Data: {plain(report.of, 500)}"]
    return "\n\n".join([*head, *measures, *map(_section, report.sections), *foot])


def _measure(one: KeyFigure) -> tuple[str, ...]:
    reached = {True: " ✓", False: " ✕"}.get(one.reached, "") if one.reached is not None else ""
    return one.label, f"**{shown(one.value, one.kind)}**", f"{one.target}{reached}"


def _section(section: ReportSection) -> str:
    title = f"#### {plain(section.title)}"
    if not section.rows:
        return f"{title}\n\n本期没有数据 nothing to show for these days"
    figures = [at for at, column in enumerate(section.columns) if column.kind not in (Kind.TEXT, Kind.DAY)]
    rows = ([plain(shown(row.get(one.key), one.kind)) for one in section.columns] for row in section.rows[:MOST_ROWS])
    more = f"共 {len(section.rows)} 行 rows in all" if len(section.rows) > MOST_ROWS else ""
    drawn = _table([column.label for column in section.columns], rows, figures)
    return "\n\n".join(filter(None, [title, plain(section.note, 500), drawn, more]))


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], figures: Sequence[int]) -> str:
    rule = ["--:" if at in figures else "---" for at in range(len(headings))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, rule, *rows))
