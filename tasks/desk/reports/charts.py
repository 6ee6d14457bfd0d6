"""The drawing of a section as SVG, for wide pages and for phones; its text stays text, in the page's own font."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import floor
from typing import Any

import altair as alt
import vl_convert

from tasks.desk.rules import width
from tasks.reports.shapes import Chart, Kind, Look, Report, ReportColumn, ReportSection
from tasks.reports.wording import shown

MOST_BARS = 24  # the rows below are in the table
COLOURS = ["#1f5fa8", "#e08214", "#4d9078", "#8e6bb0", "#b4464b", "#7f7f7f"]
INK, GRID, TARGET = "#374151", "#e5e7eb", "#b91c1c"
WIDE, NARROW = 1040, 350  # pixels
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
        return [column.label for column in self.measured]

    @property
    def along(self) -> list[str]:
        """The names along the axis, in the order of the table."""
        return list(dict.fromkeys(str(row["along"]) for row in self.values))

    @cached_property
    def values(self) -> list[dict[str, Any]]:
        """Give the rows, one a measured column; of a Pareto chart the largest first, with the share so far."""
        along = self._column(self.chart.along)
        values = [
            {
                "along": shown(row.get(along.key), along.kind),
                "what": column.label,
                "value": None if row.get(column.key) is None else float(row[column.key]),  # type: ignore[arg-type]
                "text": "" if row.get(column.key) is None else shown(row[column.key], column.kind),
                "rank": rank,
            }
            for rank, row in enumerate(self.section.rows[:MOST_BARS])
            for column in self.measured
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
        return alt.Axis(title=None, format=FORMATS.get(self.kind, ",~f"), grid=True, tickCount=5, **more)

    def scale(self, since: float = 0) -> Any:
        """Give the scale of values: rates end at 100 %, all begin with 0 where nothing else is said."""
        return alt.Scale(domain=[since, 1]) if self.kind is Kind.RATE else alt.Scale(domainMin=since, nice=True)

    def target(self, channel: str) -> list[Any]:
        """Give the line to be reached, if there is one."""
        if self.chart.target is None:
            return []
        line = alt.Chart(alt.NamedData(ONE)).mark_rule(strokeDash=[5, 4], color=TARGET)
        return [line.encode(**{channel: alt.datum(self.chart.target)})]

    def _column(self, key: str) -> ReportColumn:
        return next(column for column in self.section.columns if column.key == key)


def drawings(report: Report) -> dict[str, tuple[str, str]]:
    """Draw the charts of a report: section → SVG for a wide page, SVG for a phone. What has no figures has none."""
    return {
        section.key: (_svg(section, section.chart, WIDE), _svg(section, section.chart, NARROW))
        for section in report.sections
        if section.chart and _has_figures(section, section.chart)
    }


def _has_figures(section: ReportSection, chart: Chart) -> bool:
    return any(row.get(key) for row in section.rows for key in chart.measured)


def _svg(section: ReportSection, chart: Chart, pixels: int) -> str:
    drawing = Drawing(section, chart, Canvas(pixels))
    drawn = LOOKS[chart.look](drawing)
    spec = drawn.properties(width=pixels, autosize=alt.AutoSizeParams(type="fit", contains="padding"))
    spec = spec.configure(font="sans-serif", background="white", aria=False, padding=4)
    spec = spec.configure_view(stroke=None).configure_axis(
        labelFontSize=12, labelColor=INK, gridColor=GRID, domainColor="#9ca3af", tickColor="#9ca3af"
    )
    spec = spec.configure_legend(labelFontSize=12, labelColor=INK, symbolType="square")
    data = {ROWS: drawing.values, ONE: [{}]}  # given last: altair copies whatever it holds, again and again
    svg = vl_convert.vegalite_to_svg(spec.to_dict(validate=False) | {"datasets": data})
    svg = re.sub(r'(id="|url\(#)(?=clip)', rf"\1{section.key}-{pixels}-", svg)  # a page holds many drawings
    return re.sub(r' font-family="[^"]*"', "", svg)


def _trend(drawing: Drawing) -> Any:
    seen = [row["value"] for row in drawing.values if row["value"] is not None]
    since = max(0.0, floor(min(seen) * 5 - 0.5) / 5) if drawing.kind is Kind.RATE else 0.0
    line = drawing.base.encode(
        x=alt.X("along:O", sort=drawing.along, axis=_along(drawing)),
        y=alt.Y("value:Q", axis=drawing.axis(), scale=drawing.scale(since)),
        color=drawing.colour,
    )
    layers = [line.mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=45, filled=True))]
    if len(drawing.names) == 1 and not drawing.canvas.narrow:
        layers.append(line.mark_text(dy=-12, fontSize=11).encode(text="text:N"))
    return alt.layer(*layers, *drawing.target("y")).properties(height=230)


def _along(drawing: Drawing) -> Any:
    """Give the axis of names below a chart: they stand upright where there is no room."""
    room = drawing.canvas.pixels / max(1, len(drawing.along))
    fits = max((width(name) for name in drawing.along), default=1) * SIGN < room - 8
    return alt.Axis(title=None, labelAngle=0 if fits else -45, labelLimit=140, grid=False)


def _bars(drawing: Drawing, stacked: bool = False) -> Any:
    several = len(drawing.names) > 1
    extent = min(drawing.canvas.label, int(max(width(name) for name in drawing.along) * SIGN) + 8)
    axis = alt.Axis(title=None, labelLimit=drawing.canvas.label, minExtent=extent, ticks=False, grid=False)
    at: dict[str, Any] = {"y": alt.Y("along:N", sort=drawing.along, axis=axis)}
    if several and not stacked:
        at["yOffset"] = alt.YOffset("what:N", sort=drawing.names)
    scale = drawing.scale() if not stacked else alt.Scale(domainMin=0, nice=True)
    bars = drawing.base.encode(
        x=alt.X("value:Q", axis=drawing.axis(), scale=scale, stack="zero" if stacked else None),
        color=drawing.colour,
        order=alt.Order("rank:Q"),
        **at,
    )
    layers = [bars.mark_bar()]
    if not stacked:
        right = drawing.kind is Kind.RATE
        style: dict[str, Any] = {"align": "right", "dx": -4, "color": "white"} if right else {"align": "left", "dx": 4}
        layers.append(
            drawing.base.mark_text(baseline="middle", fontSize=11, **style).encode(
                x=alt.X("value:Q", stack=None), text="text:N", **at
            )
        )
    step = 28 if not several or stacked else 18 * len(drawing.names) + 8
    return alt.layer(*layers, *drawing.target("x")).properties(height=step * len(drawing.along) + drawing.around)


def _stacked(drawing: Drawing) -> Any:
    return _bars(drawing, stacked=True)


def _pareto(drawing: Drawing) -> Any:
    base = drawing.base
    x = alt.X("along:N", sort=drawing.along, axis=_along(drawing))
    bars = base.mark_bar(color=COLOURS[0]).encode(x=x, y=alt.Y("value:Q", axis=drawing.axis(), scale=drawing.scale()))
    share = alt.Y("so_far:Q", axis=alt.Axis(title=None, format=".0%", grid=False), scale=alt.Scale(domain=[0, 1]))
    line = base.mark_line(color=COLOURS[1], strokeWidth=2, point=alt.OverlayMarkDef(color=COLOURS[1])).encode(
        x=x, y=share
    )
    label = bars.mark_text(dy=-7, fontSize=11).encode(text="text:N", color=alt.value(INK))
    return alt.layer(alt.layer(bars, label), line).resolve_scale(y="independent").properties(height=260)


def _added_up(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = sorted((row for row in values if row["value"]), key=lambda row: -row["value"])
    sums = list(accumulate(row["value"] for row in rows))
    return [row | {"so_far": so_far / sums[-1]} for row, so_far in zip(rows, sums, strict=True)]


def _distribution(drawing: Drawing) -> Any:
    bars = drawing.base.encode(
        x=alt.X("along:O", sort=drawing.along, axis=_along(drawing)),
        y=alt.Y("value:Q", axis=drawing.axis(), scale=drawing.scale(), stack="zero"),
        color=drawing.colour,
    )
    layers = [bars.mark_bar(width=alt.RelativeBandSize(0.9))]
    if len(drawing.names) == 1:
        layers.append(bars.mark_text(dy=-7, fontSize=11).encode(text="text:N", color=alt.value(INK)))
    return alt.layer(*layers).properties(height=220)


LOOKS: dict[Look, Callable[[Drawing], Any]] = {
    Look.TREND: _trend,
    Look.BARS: _bars,
    Look.STACKED: _stacked,
    Look.PARETO: _pareto,
    Look.DISTRIBUTION: _distribution,
}
