"""One product and one browser for all tests of this folder; each test gets a window of its own."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.system.product import Product, running_product
from tests.system.staff import PATIENCE, Staff, chromium, log_in, sit_down


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    with running_product() as product:
        yield product
        product.books_balance()


@pytest.fixture(scope="session")
def desk(product: Product) -> Iterator[BrowserContext]:
    expect.set_options(timeout=PATIENCE)
    with chromium("--disable-3d-apis") as browser:  # the drawing of a run's tasks takes most of the time
        desk = sit_down(browser)
        log_in(desk, product)
        yield desk


@pytest.fixture
def staff(desk: BrowserContext, product: Product) -> Iterator[Staff]:
    page = desk.new_page()
    yield Staff(page, product.start_page)
    page.close()
