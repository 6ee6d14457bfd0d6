"""Quotes, payments and giving back, as a process uses them: a toy that is changed to sell its wish."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import Engine

from schemas.answers import Answer, Turn
from schemas.forms.quotes import QuoteVerdict
from schemas.words import Channel, PaymentKind, Role
from tasks.branches.beside import alone
from tasks.durable import clock
from tasks.durable.process import PROCESSES, Case, Closing, ask
from tasks.durable.signals import TimedOut
from tasks.durable.stage import advance, advance_chunk
from tasks.durable.step import step
from tasks.people.rights import applicant_until
from tasks.quotes.rules import FailedBy, Paid, Quote
from tasks.quotes.steps import answer_question, giving_back, paying, quote_today, settle_payments
from tasks.unit.work import Work
from tests.play import Play
from tests.toy import ToyEnding, opened, registered


@step("报价玩具", link="提出")
def offer_wish(work: Work) -> Quote:
    """Quote a wish."""
    return quote_today(work, Decimal(100))


def selling(case: Case) -> Closing:
    """Quote a wish, have it paid, and give the money back as if we had failed."""
    quote, paid = offer_wish(case), list[Paid]()
    try:
        answer = ask(case, answer_question("answer", Role.OFFICE, quote, "核对", lambda: ["木马"]))
    except TimedOut:
        return Closing(ToyEnding.DENIED, "lapsed" if quote.lapses else "expired")
    if answer.verdict == QuoteVerdict.DECLINE:
        return Closing(ToyEnding.DENIED, answer.reason)
    alone(case, paying("pay", {PaymentKind.DEPOSIT: Decimal(100), PaymentKind.BALANCE: Decimal(0)}, paid, "核对"))
    alone(case, giving_back(case, paid, FailedBy.US, "完成"))
    return Closing(ToyEnding.GRANTED)


@pytest.fixture(autouse=True)
def sold(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with registered():
        may = applicant_until(ended=[settle_payments])
        monkeypatch.setitem(PROCESSES, "TOY", replace(PROCESSES["TOY"], function=selling, may_withdraw=may))
        yield


@pytest.fixture
def play(db: Engine) -> Iterator[Play]:
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False):
        yield Play(db)


def pay(play: Play, case: int, number: int, amount: int) -> None:
    said = {"款项": "定金", "金额": amount, "付款日期": "2026-11-18", "凭证号": f"YH-{number}"}
    play.decide(case, f"pay-{number}", **said)


def accepted(play: Play) -> int:
    case = opened(play.db)
    play.decide(case, "answer", 答复="同意报价", 签字日期="2026-11-18")
    return case


def test_a_quote_is_paid_in_parts_and_given_back_once(play: Play) -> None:
    case = accepted(play)
    assert play.items(case)["pay-1"].brief == ["应收 owed: 定金 **100.00 CNY**"]
    pay(play, case, 1, 30)
    assert "尚欠 70.00" in play.refused(case, "pay-2", 款项="定金", 金额=71, 付款日期="2026-11-18", 凭证号="YH-2")
    pay(play, case, 2, 70)
    assert "应退 200.00" in play.refused(case, "give-back", 金额=100, 付款日期="2026-11-18", 凭证号="YH-3")
    assert "已撤回或关闭，只待清点或退款" in str(play.withdraw(case, "E1040").problems)
    play.decide(case, "give-back", 付款日期="2026-11-18", 凭证号="YH-3")
    assert play.case(case).ending == "granted"
    kept = play.rows("SELECT kind, amount FROM payment WHERE case_id = :case ORDER BY reference", case=case)
    assert [(row.kind, row.amount) for row in kept] == [("deposit", 30), ("deposit", 70), ("returned", -200)]


def test_payments_that_came_in_one_chunk_with_others_are_counted(play: Play) -> None:
    case, said = accepted(play), {"经办人工号": "E1047", "款项": "定金", "付款日期": "2026-11-18"}
    answers = [Answer(f"pay-{n}", said | {"金额": 50, "凭证号": f"YH-{n}"}, Channel.SHEET) for n in (1, 2)]
    (result,) = advance_chunk(play.db, [Turn(case, tuple(answers))])
    assert [reply.accepted for reply in result.replies] == [True, True]
    assert play.items(case)["give-back"].prefill == {"金额": 200.0}


def test_a_reference_that_comes_twice_in_one_chunk_counts_once(play: Play) -> None:
    case, said = accepted(play), {"经办人工号": "E1047", "款项": "定金", "付款日期": "2026-11-18", "凭证号": "YH-1"}
    answers = [Answer(f"pay-{n}", said | {"金额": 50}, Channel.SHEET) for n in (1, 2)]
    (result,) = advance_chunk(play.db, [Turn(case, tuple(answers))])
    assert [reply.accepted for reply in result.replies] == [True, False]


@pytest.mark.parametrize(
    ("offered", "ends", "reason"),
    [
        ("2026-11-18T10:00:00+08:00", "2026-12-02T17:30:00+08:00", "lapsed"),
        ("2026-09-24T10:00:00+08:00", "2026-10-10T00:00:00+08:00", "expired"),  # a week of it is National Day
    ],
)
def test_silence_lets_a_quote_lapse_after_ten_working_days_or_expire_before(
    play: Play, offered: str, ends: str, reason: str
) -> None:
    with time_machine.travel(offered, tick=False) as today:
        case = opened(play.db)
        item = play.items(case)["answer"]
        today.move_to(ends)
        assert item.expires_at == clock.now()
        assert "到期，不再受理" in play.refused(case, "answer", 答复="不同意报价", 原因="太贵")
        assert play.time_out(case, "answer").accepted
        advance(play.db, case)
        assert (play.case(case).ending, play.case(case).ending_reason) == ("denied", reason)
