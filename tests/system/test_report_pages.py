"""Published pages in a browser: under the headers that they are served with nothing is refused, and a phone shows them whole."""

import pytest
from playwright.sync_api import BrowserContext, Route

from deployments.local.report_server import SAFE
from tasks.desk.reports.page import report_page
from tests.tasks.reports.made import sample

pytestmark = pytest.mark.system
ADDRESS = "http://reports.test/page.html"


@pytest.mark.parametrize(("width", "drawing"), [(1280, ".wide"), (390, ".phone")])
def test_a_report_fits_desk_and_phone_and_its_drawings_are_chinese_text(
    desk: BrowserContext, width: int, drawing: str
) -> None:
    body, headers = report_page(sample()), dict(header.split(":", 1) for header in SAFE)
    complaints: list[str] = []

    def serve(route: Route) -> None:
        route.fulfill(body=body, headers={"Content-Type": "text/html; charset=utf-8", **headers})

    assert desk.browser
    page = desk.browser.new_page(viewport={"width": width, "height": 900})
    page.on("console", lambda said: complaints.append(said.text))
    page.route(ADDRESS, serve)
    page.goto(ADDRESS)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    name = page.locator(f"{drawing} svg text", has_text="板式车间")
    assert name.is_visible()
    font = name.evaluate("text => getComputedStyle(text).fontFamily")
    page.close()
    assert "Noto Sans CJK SC" in font
    assert complaints == []
