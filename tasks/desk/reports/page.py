"""A report as a page of HTML that hangs on the wall or lies in a hand: no script, nothing loaded, no contact data."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tasks.reports.shapes import Kind, Report
from tasks.reports.wording import shown, zh_and_en

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")
MOST_ROWS = 60  # of a section, shown on its page; the workbook has all


class Stamp(NamedTuple):
    """What a page says of itself: an edition's number, when it was made, why, its check sum; or that it is none."""

    edition: int = 0
    made_at: str = ""
    reason: str = ""
    sha256: str = ""
    files: tuple[tuple[str, str], ...] = ()


def report_page(report: Report, stamp: Stamp | None = None) -> str:
    """Write a report as a page."""
    from tasks.desk.reports.charts import drawings  # slow to import

    found = environment().get_template("report.html.j2")
    return found.render(report=report, charts=drawings(report), stamp=stamp or Stamp(), most=MOST_ROWS)


@cache
def environment() -> "Environment":
    """Give the templates of reports."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"shown": shown, "words": zh_and_en, "Kind": Kind}
    return made
