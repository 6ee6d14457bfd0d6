"""One product and one browser for all tests of this folder; each test gets a window of its own."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.system.product import Product, running_product
from tests.system.staff import Staff, chromium, open_page


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    with running_product() as product:
        yield product
        product.books_balance()


@pytest.fixture(scope="session")
def browser(product: Product) -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def staff(browser: Browser, product: Product) -> Iterator[Staff]:
    page = open_page(browser)
    yield Staff(page, product.start_page)
    page.close()
