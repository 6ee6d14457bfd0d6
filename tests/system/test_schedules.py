"""What runs by the clock is on Prefect's schedule."""

import pytest

from deployments.settings import LOGS
from tests.system.product import Product, until

pytestmark = pytest.mark.system


def test_the_deadline_watch_is_scheduled(product: Product) -> None:
    server_log = product.settings.home / LOGS / "server.log"
    until(lambda: product.scheduled("deadline-watch"), 30, lambda: server_log.read_text("utf-8")[-3000:])
