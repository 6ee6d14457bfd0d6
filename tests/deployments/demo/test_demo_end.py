"""What the demo checks at its end sees what it must."""

import pytest
from sqlalchemy import Engine

from deployments.demo.end import AT_THE_END
from tasks.books.queries import untrue
from tests.flows.specials import contract
from tests.play import Play

MONEY = next(sentence for sentence in AT_THE_END if "special order" in sentence)


def money_untrue(db: Engine) -> bool:
    with db.connect() as connection:
        return MONEY in untrue(connection, {MONEY: AT_THE_END[MONEY]})


@pytest.mark.parametrize("withdrawn", [False, True])
def test_money_of_a_special_order_that_is_neither_for_goods_nor_given_back_is_found(
    db: Engine, withdrawn: bool
) -> None:
    play = Play(db)
    case = contract(play)
    if withdrawn:
        play.run_to(case, "plan-1")
        assert play.withdraw(case, play.case(case).applicant).accepted
    play.finish(case)
    assert not money_untrue(db)
    play.run(
        "INSERT INTO payment (case_id, step_key, kind, amount, paid_on, reference, staff, recorded_at) "
        "SELECT case_id, 'more', 'prepayment', 1, paid_on, reference || '-2', staff, recorded_at FROM payment LIMIT 1"
    )
    assert money_untrue(db)
