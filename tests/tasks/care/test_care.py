"""Care messages: after what, once each, at most one a week, never at night, not to whom they are unwelcome."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
import time_machine

from schemas.forms.messages import OptOut
from schemas.forms.periods import PeriodWanted
from schemas.problems import BadInput
from schemas.words import CareState, OutboxState
from tasks.care.rules import days_looked_at, fate_of
from tasks.care.steps import GREETINGS, ROUNDS, set_wish
from tasks.customers.cards import register_card
from tasks.customers.file import customer_file, find_customers
from tasks.outbox.dispatch import dispatch_due
from tasks.rounds.rules import Period
from tasks.rounds.steps import do_rounds
from tests.answering import Answering, Says, answering
from tests.flows.complaints import Hotline
from tests.flows.specials import order
from tests.play import Play
from tests.tasks.customers.test_cards import ORDER, card

ONE, OTHER = "13900000001", "13900000002"


@pytest.fixture
def play(play: Play, today: time_machine.Traveller) -> Play:
    """A house in which nobody bought, returned or asked anything lately."""
    play.run("UPDATE sales_record SET signing_date = '2026-01-05', delivery_date = NULL WHERE signing_date IS NOT NULL")
    return play


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    with answering(Says(body={"state": "sent", "reference": "G-1"})) as server:
        monkeypatch.setenv("AFTERSALES_SMS_SYSTEM_URL", server.url)
        yield server


def deliver(play: Play, phone: str = ONE, day: str = "2026-11-18") -> str:
    """Have an order of a customer's signed for on a day; gives its number."""
    (sold,) = play.rows("SELECT order_no FROM sales_record WHERE signing_date = '2026-01-05' ORDER BY 1 LIMIT 1")
    play.run(
        "UPDATE sales_record SET customer_phone = :phone, signing_date = :day, "
        "factory_date = least(factory_date, :day) WHERE order_no = :order",
        phone=phone, day=date.fromisoformat(day), order=sold.order_no,
    )  # fmt: skip
    return str(sold.order_no)


def go(play: Play) -> str:
    return "\n".join(page for _, page in do_rounds(play.db, ROUNDS, PeriodWanted()))


def messages(play: Play, phone: str = ONE) -> list[tuple[str, str]]:
    found = play.rows("SELECT occasion, state FROM care_message WHERE phone = :phone ORDER BY id", phone=phone)
    return [(row.occasion, row.state) for row in found]


def left(play: Play) -> list[Any]:
    return play.rows("SELECT * FROM outbox WHERE destination = 'sms' ORDER BY id")


# after what


def test_after_a_delivery_the_customer_gets_the_text_of_the_policy_once(play: Play) -> None:
    deliver(play)
    page = go(play)
    (sent,) = left(play)
    (policy,) = play.rows("SELECT value FROM policy WHERE key = 'care.text.delivery'")
    assert (sent.payload, sent.address) == ({"phone": ONE, "text": policy.value}, ONE)
    assert (sent.state, sent.answer["state"]) == ("answered", "kept")  # the embedded gateway says that it is none
    assert ("新增 new: 送达 1" in page, "发出 sent **1**" in page, ONE in page) == (True, True, False)
    assert go(play) == ""
    assert len(left(play)) == 1


def test_after_an_enquiry_that_was_answered(play: Play) -> None:
    hotline = Hotline(play.db)
    case = hotline.call("咨询", 客户电话=ONE)
    play.run("UPDATE service_case SET customer_phone = :phone WHERE id = :id", phone=ONE, id=case)
    go(play)
    assert messages(play) == []  # it is open
    hotline.decide(case, "first-1", 接听结论="已答复", 答复内容="已说明")
    do_rounds(play.db, ROUNDS, PeriodWanted(since=date(2026, 11, 18), until=date(2026, 11, 18)))
    assert messages(play) == [("enquiry", "sent")]


def test_after_a_deposit_and_a_signed_contract_and_a_delivered_order(play: Play, today: time_machine.Traveller) -> None:
    case = order(play)
    play.run("UPDATE service_case SET customer_phone = :phone WHERE id = :id", phone=ONE, id=case)
    play.run_to(case, "review-1")
    play.finish(case)
    go(play)
    assert {occasion for occasion, _ in messages(play)} == {"deposit", "contract", "delivery", "closed"}
    assert [state for _, state in messages(play)] == ["replaced"] * 3 + ["sent"]  # all in a week: one is heard


def test_after_a_registration(play: Play) -> None:
    register_card(play.db, card(客户电话=ONE, 寄回日期="2026-11-17"))
    go(play)
    assert messages(play) == [("registration", "sent")]


def test_after_a_case_that_ended_well_and_no_other(play: Play) -> None:
    for phone, ending in ((ONE, "delivered"), (OTHER, "rejected")):
        case = play.apply(lines=1)
        play.run(
            "UPDATE service_case SET customer_phone = :p, ending = :e, closed_at = opened_at WHERE id = :id",
            p=phone, e=ending, id=case,
        )  # fmt: skip
    go(play)
    assert (messages(play), messages(play, OTHER)) == ([("closed", "sent")], [])


def test_what_is_entered_some_days_late_is_found_and_what_is_long_past_is_not(play: Play) -> None:
    deliver(play, ONE, "2026-11-10")
    deliver(play, OTHER, "2026-11-01")
    go(play)
    assert (messages(play), messages(play, OTHER)) == ([("delivery", "sent")], [])
    assert days_looked_at(Period(date(2026, 11, 18), date(2026, 11, 18)), 10) == (date(2026, 11, 8), date(2026, 11, 18))
    assert days_looked_at(Period(date(2026, 10, 1), date(2026, 11, 18)), 10) == (date(2026, 10, 1), date(2026, 11, 18))


def test_a_number_that_is_no_mobile_gets_none(play: Play) -> None:
    deliver(play, "010-62345678")
    assert "新增 new: 无 none" in go(play)


def test_regular_customers_are_greeted_every_half_year_once(play: Play, today: time_machine.Traveller) -> None:
    today.move_to("2027-01-05T10:00:00+08:00")
    deliver(play, ONE, "2025-02-01")  # within 24 months of the half-year's end
    deliver(play, OTHER, "2024-12-01")
    (_, page), *_ = do_rounds(play.db, GREETINGS, PeriodWanted())
    assert do_rounds(play.db, GREETINGS, PeriodWanted()) == []
    assert (messages(play), messages(play, OTHER)) == ([("regular", "waiting")], [])
    assert f"**{play.rows('SELECT count(*) AS n FROM care_message')[0].n}**" in page
    go(play)
    assert messages(play) == [("regular", "sent")]


def test_a_number_that_was_wrong_gets_none_and_the_right_one_does(play: Play, today: time_machine.Traveller) -> None:
    """What an office put right after a follow-up call counts for whatever was told under the wrong number."""
    case = play.apply(1, 客户电话=ONE)
    assert play.finish(case) == "delivered"
    play.run("INSERT INTO phone_correction VALUES (:w, :p, 'E1049', :c, now())", w=ONE, p=OTHER, c=case)
    go(play)
    today.move_to("2027-01-05T10:00:00+08:00")
    do_rounds(play.db, GREETINGS, PeriodWanted())
    assert messages(play) == []
    assert [occasion for occasion, _ in messages(play, OTHER)] == ["closed", "regular"]


# when, and to whom


def test_at_most_one_a_week_what_is_held_back_waits_and_the_latest_replaces(
    play: Play, today: time_machine.Traveller
) -> None:
    seen = []
    for day in (18, 19, 21, 24, 25, 26):
        today.move_to(f"2026-11-{day}T10:00:00+08:00")
        if day in (18, 19, 21):
            deliver(play, ONE, f"2026-11-{day}")
        go(play)
        seen.append([state for _, state in messages(play)])
    assert seen == [
        ["sent"],
        ["sent", "waiting"],
        ["sent", "replaced", "waiting"],
        ["sent", "replaced", "waiting"],  # 24th: the 18th is six days ago
        ["sent", "replaced", "sent"],
        ["sent", "replaced", "sent"],
    ]


def test_the_week_counts_from_when_the_gateway_took_it(
    play: Play, gateway: Answering, today: time_machine.Traveller
) -> None:
    gateway.usual = Says(503)
    deliver(play)
    go(play)
    assert dispatch(play) == [OutboxState.PENDING]
    today.move_to("2026-11-26T10:00:00+08:00")
    deliver(play, ONE, "2026-11-26")
    go(play)
    assert messages(play) == [("delivery", "sent"), ("delivery", "waiting")]  # the first has not left yet
    gateway.usual = Says(body={"state": "sent"})
    assert dispatch(play) == [OutboxState.ANSWERED]
    today.move_to("2026-12-03T09:59:00+08:00")
    go(play)
    assert messages(play)[-1] == ("delivery", "waiting")
    today.move_to("2026-12-04T10:00:00+08:00")
    go(play)
    assert messages(play)[-1] == ("delivery", "sent")


def dispatch(play: Play) -> list[OutboxState]:
    with httpx.Client(trust_env=False) as client:
        return list(dispatch_due(play.db, client).values())


def test_never_at_night(play: Play, gateway: Answering, today: time_machine.Traveller) -> None:
    today.move_to("2026-11-18T21:00:00+08:00")
    deliver(play)
    assert "待发 waiting **1**" in go(play)
    assert left(play) == []
    today.move_to("2026-11-19T19:59:00+08:00")
    go(play)
    today.move_to("2026-11-19T20:01:00+08:00")  # it did not get away in time
    assert dispatch(play) == [OutboxState.PENDING]
    today.move_to("2026-11-20T09:00:00+08:00")
    assert dispatch(play) == [OutboxState.ANSWERED]
    assert len(gateway.asked) == 1


def test_rounds_at_odd_times_send_everything_once(play: Play, today: time_machine.Traveller) -> None:
    """After a week's outage all that happened is found once, and the customer hears once."""
    go(play)
    for day in range(19, 26):
        deliver(play, ONE, f"2026-11-{day}")
        deliver(play, OTHER, f"2026-11-{day}")
    today.move_to("2026-11-26T15:00:00+08:00")
    go(play)
    do_rounds(play.db, ROUNDS, PeriodWanted(since=date(2026, 11, 1), until=date(2026, 11, 26)))
    states = [state for _, state in messages(play)]
    assert (states, len(left(play))) == (["replaced"] * 6 + ["sent"], 2)


def test_rounds_at_the_same_time_send_one(play: Play) -> None:
    deliver(play)
    wanted = PeriodWanted(since=date(2026, 11, 18), until=date(2026, 11, 18))
    with ThreadPoolExecutor(4) as threads:
        assert len(list(threads.map(lambda _: do_rounds(play.db, ROUNDS, wanted), range(4)))) == 4
    assert (messages(play), len(left(play))) == ([("delivery", "sent")], 1)


def wish(play: Play, phone: str, said: str, staff: str = "E1025") -> str:
    form = {"客户电话": phone, "客户意愿": said, "经办人工号": staff, "原因": "来电要求"}
    return set_wish(play.db, OptOut.model_validate(form))


def test_who_wants_none_gets_none_until_it_is_wanted_again(
    play: Play, gateway: Answering, today: time_machine.Traveller
) -> None:
    deliver(play)
    go(play)
    said = wish(play, "139 0000-0001", "退订")  # it is on its way already, but has not left
    assert (said.startswith("139****0001"), ONE in said) == (True, False)
    assert (dispatch(play), gateway.asked, left(play)[0].state) == ([], [], "dropped")
    today.move_to("2026-11-19T10:00:00+08:00")
    deliver(play, ONE, "2026-11-19")
    assert "已退订 opted out **1**" in go(play)
    assert wish(play, ONE, "恢复").startswith("139****0001 恢复")
    today.move_to("2026-11-28T10:00:00+08:00")
    deliver(play, ONE, "2026-11-28")
    go(play)
    assert [state for _, state in messages(play)] == ["sent", "opted_out", "sent"]


@pytest.mark.parametrize(
    ("phone", "staff", "expected"), [("12345", "E1025", "应为手机号码"), (ONE, "E0000", "没有这位在职员工")]
)
def test_a_wish_of_nobody_or_signed_by_nobody_is_refused(play: Play, phone: str, staff: str, expected: str) -> None:
    with pytest.raises(BadInput, match=expected):
        wish(play, phone, "退订", staff)
    assert play.rows("SELECT 1 FROM message_opt_out") == []


# what became of it


def test_the_gateway_gets_the_key_and_its_refusal_is_kept_and_shown_masked(
    play: Play, gateway: Answering, today: time_machine.Traveller
) -> None:
    gateway.next_answers = [Says(503), Says(body={"state": "refused", "reason": "空号 13900000001 |\n"})]
    deliver(play)
    go(play)
    assert dispatch(play) == [OutboxState.PENDING]
    today.shift(timedelta(hours=1))
    assert dispatch(play) == [OutboxState.ANSWERED]
    assert [asked.key for asked in gateway.asked] == [f"care:{play.rows('SELECT id FROM care_message')[0].id}"] * 2
    assert gateway.asked[0].path == "/send_text"
    today.move_to("2026-11-19T10:00:00+08:00")
    page = go(play)
    assert re.search(r"\| 139\*{4}0001 \| 送达 \| SO\S+ \| 空号 139\*{4}0001 / \|", page)
    assert ONE not in page


def test_the_customer_file_shows_messages_their_fate_and_the_wish(play: Play) -> None:
    register_card(play.db, card(寄回日期="2026-11-17"))
    go(play)
    wish(play, "13800001048", "退订")
    with play.db.connect() as connection:
        [who] = find_customers(connection, ORDER)
        table = next(t for one, t in customer_file(connection, who).sections.items() if one.key == "messages")
    assert [(row["occasion"], row["state"]) for row in table.as_records()] == [
        ("退订", "不再发送"),
        ("registration", "未接短信网关，未外发"),
    ]
    assert [cells[1] for cells in table.rows] == ["退订", "保修卡登记"]
    assert table.rows[0][2] == "来电要求"


@pytest.mark.parametrize(
    ("state", "outbox", "answer", "said"),
    [
        (CareState.WAITING, None, None, "待发"),
        (CareState.REPLACED, None, None, "被后一条取代"),
        (CareState.SENT, OutboxState.PENDING, None, "待发送"),
        (CareState.SENT, OutboxState.DEAD, None, "发送失败"),
        (CareState.SENT, OutboxState.ANSWERED, {"state": "refused", "reason": "空号"}, "网关拒收，空号"),
        (CareState.SENT, OutboxState.ANSWERED, {"state": "sent", "reason": ""}, "已送达网关"),
    ],
)
def test_what_became_of_a_message_is_said_as_far_as_anybody_knows(
    state: CareState, outbox: OutboxState | None, answer: dict[str, str] | None, said: str
) -> None:
    assert fate_of(state, outbox, answer) == said
