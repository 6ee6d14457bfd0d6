"""A report's page: whatever is in it is drawn, its text is text, nothing in it runs, loads, or breaks out."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tasks.desk.reports.charts import drawings
from tasks.desk.reports.drawing import INK
from tasks.desk.reports.page import Stamp, report_page
from tasks.reports.shapes import Chart, Kind, Look, ReportColumn, ReportSection
from tasks.rounds.rules import Period
from tests.tasks.reports.made import sample


@pytest.fixture(scope="module")
def page() -> str:
    """The page of a report, drawn once."""
    return report_page(sample(), Stamp(2, "2026-11-02 09:45", "补登三行", "ab" * 32, (("工作簿 Workbook", "2.xlsx"),)))


def test_a_page_shows_measures_drawings_tables_convention_and_range(page: str) -> None:
    for said in (
        "95.30 %",
        "≥ 95 %",
        "1,544",
        "120.50",
        "6.4",
        "第 2 版",
        "补登三行",
        "按日 by the day",
        "1,544 行 lines",
    ):
        assert said in page, said
    assert page.count("<svg") == 2 * 5  # each chart once for wide pages and once for phones
    assert "本期没有数据" in page
    assert "样表<small>Sample &lt;b&gt;</small>" in page


def test_chinese_in_a_drawing_stays_text_in_the_page_s_own_font(page: str) -> None:
    drawings = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert re.search(r"<text[^>]*>板式车间</text>", drawings)
    assert "font-family" not in drawings


def test_nothing_in_a_page_runs_or_loads(page: str) -> None:
    assert not re.search(r"<script|\son\w+=|javascript:|<link|<img|@import|src=|url\((?!#)", page)


def test_names_inside_a_drawing_are_no_other_drawing_s(page: str) -> None:
    names = re.findall(r'id="([^"]+)"', page)
    assert len(names) == len(set(names))


def test_a_report_of_nothing_says_so_and_draws_nothing() -> None:
    empty = replace(sample(), sections=tuple(replace(one, rows=[]) for one in sample().sections))
    page = report_page(empty)
    assert (page.count("<svg"), page.count("本期没有数据")) == (0, 7)


def test_a_table_longer_than_a_page_bears_names_the_workbook() -> None:
    overdue = sample().sections[5]
    many = replace(overdue, rows=[{"number": f"PA-{n}", "due": None} for n in range(100)])
    page = report_page(replace(sample(), sections=(many,)))
    assert ("PA-59<" in page, "PA-60<" in page, "共 100 行" in page) == (True, False, True)


def drawn(section: ReportSection) -> tuple[str, str]:
    """Draw a report of one section; gives its drawings, wide and for a phone."""
    return drawings(replace(sample(), sections=(section,)))[section.key]


def test_on_a_phone_names_are_their_chinese_so_that_none_is_cut() -> None:
    bars = ReportSection(
        "rules", "规范 Rules", (ReportColumn("rule", "规范 Rule", Kind.TEXT), ReportColumn("rate", "率 Rate", Kind.RATE)),
        [{"rule": "三声接听 Within three rings", "rate": 0.5}, {"rule": "按约回复 Callback kept", "rate": None}],
        Chart(Look.BARS, "rule", ("rate",)),
    )  # fmt: skip
    wide, phone = drawn(bars)
    assert ("Within three rings" in wide, ">三声接听<" in phone, "…" in phone) == (True, True, False)
    assert "按约回复" not in wide, "what has no figure has no bar"
    same = replace(bars, rows=[{"rule": f"板件 {one}", "rate": 0.5} for one in ("A", "B")])
    assert ">板件 A<" in drawn(same)[1]


@pytest.mark.parametrize("rate", [0.0, 0.04])
def test_the_figure_of_a_short_bar_stands_beside_it_where_it_is_read(rate: float) -> None:
    columns = (ReportColumn("unit", "单位 Unit", Kind.TEXT), ReportColumn("rate", "率 Rate", Kind.RATE))
    rows = [{"unit": "甲", "rate": rate}, {"unit": "乙", "rate": 0.9}]
    wide, _ = drawn(ReportSection("units", "单位 Units", columns, rows, Chart(Look.BARS, "unit", ("rate",))))
    colours = {text: fill for fill, text in re.findall(r'fill="([^"]+)"[^>]*>(\d[\d.]* %)</text>', wide)}
    assert colours == {f"{rate:.2%}".replace("%", " %"): INK, "90.00 %": "white"}


def test_what_is_owed_to_a_party_is_drawn_below_nothing() -> None:
    columns = (ReportColumn("party", "结算方 Party", Kind.TEXT), ReportColumn("total", "合计 Total", Kind.MONEY))
    rows = [{"party": "甲", "total": Decimal(-500)}, {"party": "乙", "total": Decimal(900)}]
    wide, _ = drawn(ReportSection("offices", "办事处", columns, rows, Chart(Look.BARS, "party", ("total",))))
    assert ">−400<" in wide, "the axis goes as far down"


def test_one_day_is_said_once() -> None:
    page = report_page(replace(sample(), period=Period(date(2026, 11, 24), date(2026, 11, 24))))
    assert '<p class="days">2026-11-24</p>' in page
