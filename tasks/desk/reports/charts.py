"""The drawing of a section as SVG, for wide pages and for phones; its text stays text, in the page's own font."""

import re
from collections.abc import Callable, Mapping
from math import floor
from typing import Any

import altair as alt
import vl_convert

from tasks.desk.reports.drawing import COLOURS, GRID, INK, NARROW, ONE, ROWS, SIGN, WIDE, WIDEST, Canvas, Drawing
from tasks.desk.rules import width
from tasks.reports.shapes import Chart, Kind, Look, Report, ReportSection


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
        halo = {"stroke": "white", "strokeWidth": 4}  # so that a line is not read through its figures
        layers += [line.mark_text(dy=-12, fontSize=11, **more).encode(text="text:N") for more in (halo, {})]
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
    layers = [bars.mark_bar()] if stacked else [bars.mark_bar(), *_figures(drawing, at)]
    step = 28 if not several or stacked else 18 * len(drawing.names) + 8
    return alt.layer(*layers, *drawing.target("x")).properties(height=step * len(drawing.along) + drawing.around)


def _figures(drawing: Drawing, at: Mapping[str, Any]) -> list[Any]:
    """Write each bar's figure behind its end; of a rate in it, where there is room."""
    rate, room = drawing.kind is Kind.RATE, 0.35 if drawing.canvas.narrow else 0.1
    text, style = drawing.base.encode(x=alt.X("value:Q", stack=None), text="text:N", **at), {"baseline": "middle"}
    inside = f"datum.value >= {room}" if rate else "false"
    behind = f"!({inside}) && datum.value >= 0 && (datum.value > 0 || {str(rate or len(drawing.names) == 1).lower()})"
    return [
        text.transform_filter(inside).mark_text(align="right", dx=-4, color="white", fontSize=11, **style),
        text.transform_filter(behind).mark_text(align="left", dx=4, color=INK, fontSize=11, **style),
        text.transform_filter("datum.value < 0").mark_text(align="right", dx=-4, color=INK, fontSize=11, **style),
    ]


def _stacked(drawing: Drawing) -> Any:
    return _bars(drawing, stacked=True)


def _pareto(drawing: Drawing) -> Any:
    base = drawing.base
    x = alt.X("along:N", sort=drawing.along, axis=_along(drawing))
    room = drawing.canvas.pixels / max(1, len(drawing.along))
    bars = base.mark_bar(color=COLOURS[0], width=min(WIDEST, int(0.6 * room))).encode(
        x=x, y=alt.Y("value:Q", axis=drawing.axis(), scale=drawing.scale())
    )
    share = alt.Y(
        "so_far:Q",
        axis=alt.Axis(title="累计占比", titleColor=COLOURS[1], format=".0%", grid=False),
        scale=alt.Scale(domain=[0, 1]),
    )
    line = base.mark_line(color=COLOURS[1], strokeWidth=2, point=alt.OverlayMarkDef(color=COLOURS[1])).encode(
        x=x, y=share
    )
    label = bars.mark_text(dy=-7, fontSize=11).encode(text="text:N", color=alt.value(INK))
    return alt.layer(alt.layer(bars, label), line).resolve_scale(y="independent").properties(height=260)


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
