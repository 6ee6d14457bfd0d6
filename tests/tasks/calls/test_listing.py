"""The day's call list: what is due, once, however late, twice or at once it is made (DOMAIN, "Scheduled work"; S2)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import time_machine

from flows.jobs.call_list import call_list
from schemas.forms.calls import CallWhy
from tasks.calls.due import regulars_due
from tasks.calls.listing import list_calls, page_of
from tasks.policies.queries import policies, version_today
from tests.flows.calls import Callers

PEOPLE = Callers


def whys(play: Callers) -> list[tuple[str, int]]:
    """Give why customers are called, and for the how-manieth time, in the order of the calls."""
    return [(row.why, row.turn) for row in play.rows("SELECT why, turn FROM call_reason ORDER BY case_id, line_no")]


def test_a_delivery_is_called_about_once_however_often_the_list_is_made(play: Callers) -> None:
    case = play.delivered()
    assert len(play.listed()) == 1
    assert play.listed() == []
    assert play.finish(play.call_about(case)) == "satisfied"
    assert play.listed() == []
    assert whys(play) == [(CallWhy.DONE, 1)]


def test_two_lists_at_once_make_one_call(play: Callers) -> None:
    case = play.delivered()
    with ThreadPoolExecutor(2) as lists:
        both = list(lists.map(lambda _: list_calls(play.db, {CallWhy.DONE}), range(2)))
    assert {one.number for listed in both for one in listed if not one.wrong} == {
        play.case(play.call_about(case)).number
    }
    assert whys(play) == [(CallWhy.DONE, 1)]


def test_after_a_weeks_outage_what_was_due_is_called_about_once_and_what_is_long_over_not_at_all(
    play: Callers, today: time_machine.Traveller
) -> None:
    """Safe late; what ended more than 30 days ago is not called about any more (D)."""
    play.delivered()
    today.move_to("2026-11-25T09:00:00+08:00")
    assert len(play.listed()) == 1
    assert play.listed() == []
    assert [why for why, _ in whys(play)].count(CallWhy.DONE) == 1
    play.delivered()
    today.move_to("2026-12-26T09:00:00+08:00")
    assert play.listed() == []


def test_open_service_of_more_than_fifteen_days_is_called_about_once(
    play: Callers, today: time_machine.Traveller
) -> None:
    """Also during open service: case open > 15 days (D)."""
    play.apply(1)
    today.move_to("2026-12-03T09:59:00+08:00")
    assert play.listed() == []
    today.move_to("2026-12-03T10:01:00+08:00")
    assert len(play.listed()) == 1
    assert play.listed() == []
    assert whys(play) == [(CallWhy.DURING, 1)]


def test_a_complaint_that_is_followed_for_long_is_called_about_but_not_a_filed_one(
    play: Callers, today: time_machine.Traveller
) -> None:
    case = play.planned()
    play.to(case, "callback")
    other = play.planned(订单号="SO20251023-0164", 订单行=1)
    today.move_to("2026-12-04T09:00:00+08:00")
    play.listed()
    assert sorted(whys(play)) == [(CallWhy.FILED, 1), (CallWhy.DURING, 1)]
    assert play.case(play.call_about(other)).parent_id == other


@pytest.mark.parametrize(
    ("day", "quarter"),
    [("2027-02-17", 0), ("2027-02-18", 1), ("2027-05-18", 2), ("2027-11-18", 4), ("2027-11-30", 4), ("2028-02-18", 0)],
)
def test_customers_with_a_closed_complaint_are_called_every_three_months_for_a_year(
    play: Callers, today: time_machine.Traveller, day: str, quarter: int
) -> None:
    """Every three months (S2) for a year (D)."""
    play.finish(play.planned())
    today.move_to(f"{day}T09:00:00+08:00")
    play.listed()
    play.listed()
    assert whys(play)[1:] == ([(CallWhy.QUARTER, quarter)] if quarter else [])


def test_regular_customers_are_called_every_three_months_so_many_a_day(
    play: Callers, today: time_machine.Traveller
) -> None:
    """Case or order in 24 months (D), every three months (D); who waited longest first, at most 20 a day (D)."""
    known = play.rows(
        "SELECT customer_phone, max(coalesce(signing_date, delivery_date, factory_date)) AS last FROM sales_record "
        "GROUP BY 1 HAVING max(coalesce(signing_date, delivery_date, factory_date)) BETWEEN '2024-11-18' AND '2026-08-18'"
        " ORDER BY 2, 1"
    )
    assert len(play.listed(regulars=True)) == 20
    assert play.listed(regulars=True) == [], "a second list of the day has no more of them"
    called = play.rows("SELECT customer_phone, id FROM service_case WHERE process = 'HF'")
    assert {row.customer_phone for row in called} == {row.customer_phone for row in known[:20]}
    today.move_to("2026-11-19T09:00:00+08:00")
    play.listed(regulars=True)
    again = play.rows("SELECT customer_phone FROM service_case WHERE process = 'HF'")
    assert len({row.customer_phone for row in again}) == len(again) == min(len(known), 40)
    for row in called:
        play.withdraw(row.id, "E1040")
    today.move_to("2026-11-20T09:00:00+08:00")
    play.run("UPDATE policy SET value = '1000' WHERE key = 'hf.regular.most_a_day'")
    play.listed(regulars=True)
    assert len(play.rows("SELECT id FROM service_case WHERE process = 'HF'")) == len(known)
    today.move_to("2027-02-19T09:00:00+08:00")
    rang = {row.customer_phone for row in called}
    play.listed(regulars=True)
    twice = play.rows("SELECT customer_phone FROM service_case WHERE process = 'HF' GROUP BY 1 HAVING count(*) > 1")
    assert {row.customer_phone for row in twice} <= rang


def test_regular_customers_are_called_at_their_right_number_as_their_latest_order_has_them(play: Callers) -> None:
    """A corrected number is one customer with its wrong one; who refused or is being called is not due."""
    dated = "coalesce(signing_date, delivery_date, factory_date)"
    of_phone = (
        f"SELECT customer_phone AS phone, max(order_no) AS order_no, max({dated}) AS last FROM sales_record GROUP BY 1"
    )
    known = play.rows(
        f"SELECT * FROM ({of_phone}) p WHERE last BETWEEN '2025-01-01' AND '2026-07-31' ORDER BY last, phone"
    )
    corrected, refused, rung, bought, recent, silent = (row.phone for row in known[:6])
    case = play.asked(客户电话=rung)
    correct = "INSERT INTO phone_correction VALUES (:wrong, :phone, 'E1026', :case, '2026-11-18T09:00:00+08:00')"
    play.run(correct, wrong=corrected, phone="13700000001", case=case)
    play.run(correct, wrong=recent, phone="13700000002", case=case)
    play.run("INSERT INTO no_calls VALUES (:phone, :case, '2026-11-18T09:00:00+08:00')", phone=refused, case=case)
    sold = "UPDATE sales_record SET customer_phone = :phone, customer_name = :name, signing_date = :day WHERE order_no = :no"
    latest, newest = known[6].order_no, known[7].order_no
    play.run(sold, phone=bought, name="新名", day=date(2026, 8, 1), no=latest)
    play.run(sold, phone="13700000002", name="新名", day=date(2026, 8, 19), no=newest)
    play.run("UPDATE policy SET value = '1000' WHERE key = 'hf.regular.most_a_day'")
    with play.db.connect() as connection:
        found = regulars_due(connection, policies(connection)[version_today(connection)])
    due = {one.phone: one for one in found}
    assert len(due) == len(found)
    assert not {corrected, refused, rung, recent, "13700000002"} & due.keys()
    assert due["13700000001"].order_no == known[0].order_no
    assert (due[bought].name, due[bought].order_no) == ("新名", latest)
    assert due[silent].order_no == known[5].order_no


def test_the_list_shows_each_agents_calls_and_no_contact_data(play: Callers, shown: list[str]) -> None:
    case = play.delivered()
    state = call_list.fn(名单={"含老客户": "否"})
    assert state.message == "1 位客户 customers"
    assert (state.is_completed(), state.name) == (True, "已列出")
    assert play.case(play.call_about(case)).number in shown[-1]
    assert play.case(case).customer_phone not in shown[-1]
    play.run("UPDATE policy SET value = '0' WHERE key = 'hf.regular.most_a_day'")
    assert call_list.fn().name == "无需回访"
    assert shown[-1] == page_of([])


def test_agents_have_calls_in_turn_and_none_of_what_they_handled(play: Callers) -> None:
    """Another person than the handler (S2 回访专员)."""
    case = play.planned()
    play.to(case, "callback")
    agents, handled = play.agents(), play.rows("SELECT DISTINCT actor FROM ledger WHERE case_id = :c", c=case)
    (listed,) = play.listed()
    assert listed.agent in agents
    assert listed.agent not in {row.actor for row in handled}
