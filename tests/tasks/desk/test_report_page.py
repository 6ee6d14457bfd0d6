"""A report's page: whatever is in it is drawn, its text is text, nothing in it runs, loads, or breaks out."""

import re
from dataclasses import replace

import pytest

from tasks.desk.reports.page import Stamp, report_page
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
