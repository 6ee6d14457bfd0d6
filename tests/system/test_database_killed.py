"""`kill -9` of PostgreSQL, in which both databases lie: `up` starts it again, and every case goes on by itself."""

import pytest

from tests.system.product import Product, until

pytestmark = pytest.mark.system
LINE = {"配件名称": "柜门板(左)", "数量": 1, "原因": "缺件"}
APPROVED = {"审核结论": "通过 approve", "经办人工号": "E1001"}


def test_after_a_kill_of_the_database_what_was_sent_and_decided_goes_on_by_itself(product: Product) -> None:
    waiting, decided = (product.apply([LINE]) for _ in range(2))
    sent = [product.send([LINE]) for _ in range(4)]
    product.decide(decided, "review-1", **APPROVED)
    product.kill_postgres()  # in the middle of their legs

    for run_id in sent:
        product.wait_at(product.number_of(run_id, 120), "review-1", 120)
    product.wait_at(decided, "plan-1", 120)
    product.wait_at(waiting, "review-1", 120)
    product.decide(waiting, "review-1", **APPROVED)
    product.wait_at(waiting, "plan-1")
    due = product.scheduled("watch-dropbox")
    until(lambda: product.scheduled("watch-dropbox") != due, 120, "schedules stand still")
    product.books_balance()
