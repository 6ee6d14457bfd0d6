"""Reports open by a click, and nothing else is served."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from deployments.local.prefect_server import free_port
from deployments.local.report_server import report_child
from deployments.settings import REPORTS, Settings, prepare_home
from tasks.desk.reports.publishing import index_page
from tests.waiting import wait_until


@pytest.fixture
def place(make_home: Callable[[], Path]) -> Settings:
    settings = Settings(home=make_home(), port=1, reports_port=free_port())
    prepare_home(settings)
    return settings


@pytest.fixture
def served(place: Settings) -> Iterator[str]:
    child = report_child(place)
    child.start()
    wait_until(lambda: _answers(place.places.reports_url) or not child.alive)
    assert child.alive, child.log_file.read_text()
    yield place.places.reports_url
    child.stop()
    assert child.log_file.read_text() == ""


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 404
    except httpx.ConnectError:
        return False


def test_a_report_opens_by_click_and_nothing_else_is_served(served: str, place: Settings) -> None:
    folder = place.home / REPORTS / "abc"
    folder.mkdir()
    (folder / "goods-in.html").write_text("<h1>检查</h1>", "utf-8")
    (folder / "入库.rejected.xlsx").write_bytes(b"PK")
    (place.home / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(place.home / "secret.txt")
    page = httpx.get(f"{served}/abc/goods-in.html")
    assert (page.status_code, page.text) == (200, "<h1>检查</h1>")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert httpx.get(f"{served}/abc/入库.rejected.xlsx").content == b"PK"
    (place.home / REPORTS / "published").mkdir()
    (place.home / REPORTS / "published" / "index.html").write_text(index_page([]), "utf-8")
    index = httpx.get(f"{served}/published/index.html")
    assert (index.status_code, "尚未公示任何报表" in index.text, "<script" in index.text) == (200, True, False)
    for hidden in (
        "/published",
        "/published/",
        "/",
        "/abc",
        "/abc/",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/abc/none.html",
        "/abc/link.txt",
    ):
        refused = httpx.get(served + hidden)
        assert (refused.status_code, "secret" in refused.text) == (404, False), hidden
        assert "default-src 'none'" in refused.headers["content-security-policy"]
    for name, value in (
        ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-cache"),
    ):
        assert page.headers[name] == value
