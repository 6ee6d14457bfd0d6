"""What a section's chart is drawn of: its canvas, its rows in long form, its names, colours, axes."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import altair as alt

from tasks.reports.shapes import Chart, Kind, Look, ReportColumn, ReportSection
from tasks.reports.wording import shown, zh_and_en

MOST_BARS = 24  # the rows below are in the table
COLOURS = ["#1f5fa8", "#e08214", "#4d9078", "#8e6bb0", "#b4464b", "#7f7f7f"]
INK, GRID, TARGET = "#374151", "#e5e7eb", "#b91c1c"
WIDE, NARROW, WIDEST = 1040, 350, 140  # pixels, of a page, and of a bar that stands
FORMATS = {Kind.RATE: ".0%", Kind.DAYS: ",.1~f", Kind.MONEY: ",.0f"}
ROWS, ONE = "rows", "one"  # what a chart's data are called: its own, and a single row for what is drawn once
SIGN, AXIS, LINE = 6.6, 34, 22  # pixels: a half-width character, an axis below a chart, a line of its legend


@dataclass(frozen=True)
class Canvas:
    """What a chart is drawn on; a narrow one has its legend below, one name a line."""

    pixels: int

    @property
    def narrow(self) -> bool:
        """Whether it is for a phone."""
        return self.pixels < WIDE

    @property
    def label(self) -> int:
        """Pixels that a name along the axis may take."""
        return self.pixels // 3

    @property
    def legend(self) -> Any:
        """Give the legend of the measured columns."""
        return alt.Legend(title=None, orient="top", columns=1 if self.narrow else 0, labelLimit=self.pixels - 40)


@dataclass(frozen=True)
class Drawing:
    """A section's chart with its rows in long form: along, what is measured, its value, and the value as text."""

    section: ReportSection
    chart: Chart
    canvas: Canvas

    @cached_property
    def measured(self) -> list[ReportColumn]:
        """Give the columns that are drawn: those with any figure."""
        seen = {key for row in self.section.rows for key in self.chart.measured if row.get(key) is not None}
        return [self._column(key) for key in self.chart.measured if key in seen]

    @property
    def kind(self) -> Kind:
        """What is measured."""
        return self.measured[0].kind

    @property
    def names(self) -> list[str]:
        """What the measured columns are called."""
        return self._short([column.label for column in self.measured])

    @property
    def along(self) -> list[str]:
        """The names along the axis, in the order of the table."""
        return list(dict.fromkeys(str(row["along"]) for row in self.values))

    @cached_property
    def values(self) -> list[dict[str, Any]]:
        """Give the rows, one a measured column; of a Pareto chart the largest first, with the share so far.

        Bars that have no figure are left out.
        """
        along, bars = self._column(self.chart.along), self.chart.look in (Look.BARS, Look.STACKED)
        drawn = [row for row in self.section.rows if not bars or self._has_figure(row)][:MOST_BARS]
        names = self._short([shown(row.get(along.key), along.kind) for row in drawn])
        values = [
            {
                "along": names[rank],
                "what": what,
                "value": None if row.get(column.key) is None else float(row[column.key]),  # type: ignore[arg-type]
                "text": "" if row.get(column.key) is None else shown(row[column.key], column.kind),
                "rank": rank,
            }
            for rank, row in enumerate(drawn)
            for what, column in zip(self.names, self.measured, strict=True)
        ]
        return _added_up(values) if self.chart.look is Look.PARETO else values

    @property
    def around(self) -> int:
        """Pixels that axis and legend take of the height."""
        many = len(self.names)
        return AXIS + LINE * (0 if many == 1 else many if self.canvas.narrow else 1)

    @property
    def base(self) -> Any:
        """Give what all layers draw."""
        return alt.Chart(alt.NamedData(ROWS))

    @property
    def colour(self) -> Any:
        """Colour by what is measured; one colour needs no legend."""
        scale = alt.Scale(domain=self.names, range=COLOURS[: len(self.names)])
        return alt.Color("what:N", scale=scale, legend=self.canvas.legend if len(self.names) > 1 else None)

    def axis(self, **more: Any) -> Any:
        """Give the axis of values."""
        ticks = 3 if self.canvas.narrow else 5
        return alt.Axis(title=None, format=FORMATS.get(self.kind, ",~f"), grid=True, tickCount=ticks, **more)

    def scale(self, since: float = 0) -> Any:
        """Give the scale of values: rates end at 100 %, all begin with 0 where nothing else is said or falls below."""
        if self.kind is Kind.RATE:
            return alt.Scale(domain=[since, 1])
        return alt.Scale(domainMin=min(since, *(row["value"] or 0 for row in self.values)), nice=True)

    def target(self, channel: str) -> list[Any]:
        """Give the line to be reached, if there is one."""
        if self.chart.target is None:
            return []
        line = alt.Chart(alt.NamedData(ONE)).mark_rule(strokeDash=[5, 4], color=TARGET)
        return [line.encode(**{channel: alt.datum(self.chart.target)})]

    def _short(self, names: list[str]) -> list[str]:
        """Give names as there is room for: on a phone their Chinese, where that tells them apart."""
        chinese = [zh_and_en(name)[0] for name in names]
        return chinese if self.canvas.narrow and len(set(chinese)) == len(set(names)) else names

    def _has_figure(self, row: Mapping[str, Any]) -> bool:
        return any(row.get(column.key) is not None for column in self.measured)

    def _column(self, key: str) -> ReportColumn:
        return next(column for column in self.section.columns if column.key == key)


def _added_up(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = sorted((row for row in values if row["value"]), key=lambda row: -row["value"])
    sums = list(accumulate(row["value"] for row in rows))
    return [row | {"so_far": so_far / sums[-1]} for row, so_far in zip(rows, sums, strict=True)]
