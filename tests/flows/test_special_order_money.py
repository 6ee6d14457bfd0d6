"""What is paid for a special order, when, and what is given back (DOMAIN-BRANCHES 5, 7)."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from tasks.durable.stage import advance
from tests.flows.specials import DOOR, contract, offered, order
from tests.play import Play, cells


def owed(play: Play, case: int, key: str) -> list[str]:
    return [line.removeprefix("应收 owed: ") for line in play.items(case)[key].brief]


def paid(play: Play, case: int) -> list[tuple[str, Decimal]]:
    recorded = "SELECT p.kind, amount FROM payment p JOIN ledger USING (case_id, step_key) WHERE case_id = :case"
    return [(row.kind, row.amount) for row in play.rows(f"{recorded} ORDER BY seq", case=case)]


def test_a_deposit_is_at_most_the_laws_share_of_the_price(play: Play) -> None:
    case = order(play)
    play.run_to(case, "proposal-1")
    lines = {1: {"单价": 2500}}
    told = play.refused(case, "proposal-1", 明细=lines, 定金="1000.01")
    assert "定金 deposit: “1000.01” — 定金不得超过总价的 20%，即 1,000.00" in told
    assert "不得超过总价 5,000.00" in play.refused(case, "proposal-1", 明细=lines, 定金=1000, 预付款="4000.01")
    play.decide(case, "proposal-1", 明细=lines, 定金=1000, 预付款=4000)


def test_the_deposit_comes_before_production_and_the_balance_before_dispatch(play: Play) -> None:
    case = contract(play)
    assert (owed(play, case, "deposit-1-1"), play.state(case)) == (
        ["定金 **1,000.00 CNY**", "预付款 **2,000.00 CNY**"],
        "回复申报方",
    )
    assert play.items(case)["deposit-1-1"].role == "FINANCE"
    assert play.orders(case) == []
    play.decide(case, "deposit-1-1")
    play.decide(case, "deposit-1-2")
    play.run_to(case, "balance-1")
    assert list(play.items(case)) == ["balance-1"]
    assert owed(play, case, "balance-1") == ["尾款 **2,000.00 CNY**"]
    play.decide(case, "balance-1", 金额=500)
    assert owed(play, case, "balance-2") == ["尾款 **1,500.00 CNY**"]
    assert play.finish(case) == "delivered"
    assert paid(play, case) == [("deposit", 1000), ("prepayment", 2000), ("balance", 500), ("balance", 1500)]
    from tasks.quotes.queries import paid_table

    with play.db.connect() as connection:
        facts = dict(paid_table(connection, case).facts)
    assert facts["已付 Paid"] == "尾款 2,000.00；定金 1,000.00；预付款 2,000.00"


@pytest.mark.parametrize(("came", "whole"), [(2, 5000), (1.5, 3750), (1, 2500)])
def test_nobody_pays_for_goods_that_were_accepted_as_missing(play: Play, came: float, whole: int) -> None:
    case = contract(play)  # two doors at 2,500, of which 3,000 are paid before they are made
    play.run_to(case, "goods-in-1-1")
    play.decide(case, "goods-in-1-1", 明细=cells("实收数量", {1: came}, 差异原因="" if came == 2 else "破损"))
    assert play.finish(case) == "delivered"
    assert sum(amount for _, amount in paid(play, case)) == whole, "what was paid beyond that is given back"
    (sold,) = play.rows("SELECT price_paid FROM sales_record WHERE order_no = :no", no=play.case(case).number)
    assert sold.price_paid == whole


@pytest.mark.parametrize(("credit", "role"), [("B级", "SUPERVISOR"), ("C级", "MANAGER")])
def test_the_contract_is_reviewed_by_credit_grade(play: Play, credit: str, role: str) -> None:
    case = contract(play, credit)
    play.run_to(case, "contract")
    assert (play.items(case)["contract"].role, play.orders(case)) == (role, [])
    assert play.finish(case) == "delivered"


def test_a_customer_of_the_best_grade_needs_no_contract_review(play: Play) -> None:
    case = contract(play)
    assert play.finish(case) == "delivered"
    assert "contract" not in play.keys(case)


def test_a_contract_that_we_do_not_accept_gives_back_all_that_was_paid(play: Play) -> None:
    case = contract(play, "C级")
    play.run_to(case, "contract")
    play.decide(case, "contract", 审批结论="不同意", 原因="历史欠款")
    assert "应退 3,000.00" in play.refused(case, "give-back", 金额=2000)
    play.decide(case, "give-back")
    assert (play.case(case).ending, paid(play, case)[-1]) == ("rejected", ("returned", -3000))


def test_a_customer_who_withdraws_loses_the_deposit_and_gets_the_prepayment(play: Play) -> None:
    case = contract(play)
    play.run_to(case, "produce-1-custom-1")
    assert play.withdraw(case, "E1040").accepted
    assert {one.state for one in play.orders(case)} == {"cancelled"}
    assert "已撤回或关闭" in str(play.withdraw(case, "E1041").problems[0])
    assert play.items(case)["give-back"].brief == [
        "客户撤销",
        "其他款项 others 2,000.00",
        "定金不退 deposit kept 1,000.00",
    ]
    play.decide(case, "give-back")
    assert (play.case(case).ending, paid(play, case)[-1]) == ("withdrawn", ("returned", -2000))


def test_where_we_fail_the_deposit_is_doubled_and_the_prepayment_bears_interest(
    play: Play, today: time_machine.Traveller
) -> None:
    case = contract(play)
    play.run_to(case, "produce-1-custom-1")
    today.shift(timedelta(days=73))  # a fifth of a year: 3 % of 2,000 a year
    play.decide(case, "produce-1-custom-1", 明细=[{"行号": 1, "完成数量": 0, "异常说明": "设备报废"}])
    play.settle(case, "anomaly-1-1-1", "让步接收", 申报方同意="客户同意不做")
    play.decide(case, "give-back")
    assert (play.case(case).ending, paid(play, case)[-1]) == ("cannot_be_made", ("returned", Decimal("-4012.00")))


def test_a_payment_and_what_is_given_back_are_dated_within_the_case(play: Play) -> None:
    case = contract(play)
    play.decide(case, "deposit-1-1")
    before = "不能早于立案日 2026-11-18"
    assert before in play.refused(case, "deposit-1-2", 付款日期="1926-11-18")  # a century of interest where we fail
    play.decide(case, "deposit-1-2", 付款日期="2026-11-18")
    assert play.withdraw(case, play.case(case).applicant).accepted
    assert before in play.refused(case, "give-back", 付款日期="2026-11-17")
    play.decide(case, "give-back")


@pytest.fixture
def before_holidays(today: time_machine.Traveller) -> time_machine.Traveller:
    """Let it be a Thursday before National Day: fifteen days are over before ten working days are."""
    today.move_to("2026-09-24T10:00:00+08:00")
    return today


def let_expire(play: Play, today: time_machine.Traveller, case: int, key: str) -> None:
    today.move_to(play.items(case)[key].expires_at)
    assert play.time_out(case, key).accepted
    advance(play.db, case)


def test_the_15_days_of_an_offer_run_from_the_reply_and_consent_after_them_is_refused(
    play: Play, before_holidays: time_machine.Traveller
) -> None:
    case = offered(play, order(play))
    item = play.items(case)["offer-1"]
    assert play.documents(case, "TD")[-1].content["valid_until"] == "2026-10-09"
    assert f"{item.expires_at:%m-%d %H:%M}" == "10-09 16:00"  # midnight in Shanghai
    before_holidays.move_to("2026-10-10T09:00:00+08:00")
    assert "到期，不再受理" in play.refused(case, "offer-1", 答复="同意报价", 签字日期="2026-10-10")


@pytest.mark.parametrize(
    ("price", "asked"), [(900, []), (800, []), (900.01, ["approve-offer-2-0"])], ids=["same", "cheaper", "dearer"]
)
def test_an_expired_offer_is_quoted_once_more_and_approved_again_only_if_dearer(
    play: Play, before_holidays: time_machine.Traveller, price: float, asked: Sequence[str]
) -> None:
    case = offered(play, order(play), 900)
    let_expire(play, before_holidays, case, "offer-1")
    assert play.items(case)["proposal-2"].brief[0].startswith("重新报价 A new offer: **报价已于 2026-10-09 失效")
    offered(play, case, price, turn=2)
    assert [key for key in play.keys(case) if key.startswith("approve-offer-2")] == asked
    assert play.finish(case) == "delivered"


def test_an_offer_that_expires_twice_lapses(play: Play, today: time_machine.Traveller) -> None:
    case = contract(play)
    play.decide(case, "deposit-1-1", 金额=400)  # part of it in time
    let_expire(play, today, case, "deposit-1-2")
    offered(play, case, 2500, turn=2, 定金=1000, 预付款=0)
    play.decide(case, "offer-2")
    assert owed(play, case, "deposit-2-1") == ["定金 **600.00 CNY**"]
    let_expire(play, today, case, "deposit-2-1")
    play.decide(case, "give-back")
    assert (play.case(case).ending, paid(play, case)[-1]) == ("lapsed", ("returned", -400))


def test_of_a_deposit_what_a_cheaper_offer_does_not_ask_for_counts_as_prepayment(
    play: Play, today: time_machine.Traveller
) -> None:
    case = contract(play)
    play.decide(case, "deposit-1-1")  # a fifth of 5,000
    let_expire(play, today, case, "deposit-1-2")
    offered(play, case, 1250, turn=2, 定金=500, 预付款=2000)
    play.decide(case, "offer-2")
    assert owed(play, case, "deposit-2-1") == ["预付款 **1,500.00 CNY**"]  # 1,000 of 2,500 is paid
    play.decide(case, "deposit-2-1")
    play.run_to(case, "goods-out-1-1")
    assert sum(amount for _, amount in paid(play, case)) == 2500
    assert play.withdraw(case, "E1040").accepted
    assert "定金不退 deposit kept 500.00" in play.items(case)["give-back"].brief  # a fifth of 2,500
    play.decide(case, "give-back")


def test_a_new_offer_asks_for_no_more_than_its_price_beside_what_was_paid(
    play: Play, today: time_machine.Traveller
) -> None:
    case = contract(play)
    play.decide(case, "deposit-1-1", 款项="预付款", 金额=2000)
    let_expire(play, today, case, "deposit-1-2")
    play.run_to(case, "proposal-2")
    lines = {1: {"单价": 1100}}
    assert "不得超过总价 2,200.00" in play.refused(case, "proposal-2", 明细=lines, 定金="200.01", 预付款=0)
    play.decide(case, "proposal-2", 明细=lines, 定金=200, 预付款=0)


def test_a_price_is_of_whole_cents_so_that_all_of_it_can_be_paid(play: Play) -> None:
    case = order(play, DOOR | {"数量": "1.25"})
    offered(play, case, 99.99)  # 124.9875 in all
    assert play.documents(case, "TD")[-1].content["amount"] == "124.99"
    play.run_to(case, "balance-1")
    assert owed(play, case, "balance-1") == ["尾款 **124.99 CNY**"]
    play.decide(case, "balance-1", 金额="124.98")
    play.decide(case, "balance-2", 金额="0.01")
    assert play.finish(case) == "delivered"


def test_a_customer_who_withdraws_while_there_is_no_offer_any_more_loses_nothing(
    play: Play, today: time_machine.Traveller
) -> None:
    """An agreement whose term is over binds nobody: a deposit is lost by who breaks one (Civil Code 587)."""
    case = contract(play)
    play.decide(case, "deposit-1-1")
    let_expire(play, today, case, "deposit-1-2")
    play.run_to(case, "proposal-2")
    assert play.withdraw(case, play.case(case).applicant).accepted
    play.decide(case, "give-back")
    assert (play.case(case).ending, paid(play, case)[-1]) == ("withdrawn", ("returned", -1000))


def test_a_customer_who_withdraws_after_the_second_acceptance_loses_the_deposit(
    play: Play, today: time_machine.Traveller
) -> None:
    case = contract(play)
    play.decide(case, "deposit-1-1")
    let_expire(play, today, case, "deposit-1-2")
    offered(play, case, 2500, turn=2, 定金=1000, 预付款=2000)
    play.decide(case, "offer-2")
    assert play.withdraw(case, play.case(case).applicant).accepted
    assert play.case(case).ending == "withdrawn", "there is nothing to give back"


def test_a_reference_of_the_bank_is_of_one_payment_only(play: Play) -> None:
    case = contract(play)
    play.decide(case, "deposit-1-1", 凭证号="YH20261118-07")
    told = play.refused(case, "deposit-1-2", 凭证号="ＹＨ20261118-07")
    assert f"已登记在 {play.case(case).number}" in told
    assert "加序号" in told
    other = contract(play)
    assert "已登记在" in play.refused(other, "deposit-1-1", 凭证号="yh20261118-07")
    play.decide(other, "deposit-1-1", 凭证号="YH20261118-08")
    assert play.withdraw(other, play.case(other).applicant).accepted


def test_a_payment_of_another_kind_or_beyond_what_is_owed_is_refused(play: Play) -> None:
    case = contract(play)
    assert "现在应收" in play.refused(case, "deposit-1-1", 款项="尾款")
    assert "尚欠 1,000.00" in play.refused(case, "deposit-1-1", 金额="1000.01")
    assert "不能晚于今天" in play.refused(case, "deposit-1-1", 付款日期="2026-11-19")
    assert "必填" in play.refused(case, "deposit-1-1", 凭证号="")
