"""催提, 投诉满月, 退款与维权, 在办申报 as plain functions: what they list, what they say, and that they say it once."""

import time_machine
from sqlalchemy import Engine

from flows.jobs.complaint_ageing import complaint_ageing
from flows.jobs.open_applications import open_applications
from flows.jobs.pickup_reminders import pickup_reminders
from flows.jobs.refund_watch import refund_watch
from schemas.forms.periods import PeriodWanted
from tasks.applications import progress
from tasks.complaints import ageing
from tasks.durable import clock
from tasks.logistics import pickups, routes
from tasks.notices.watch import watch_deadlines
from tasks.returns import watch
from tasks.rounds.steps import Rounds, do_rounds
from tests.flows.complaints import Hotline
from tests.flows.returns import no_reason
from tests.play import Play

DUE = PeriodWanted()


def page(play: Play, rounds: Rounds, today: time_machine.Traveller, moment: str) -> str:
    """Do the rounds at a moment of 2026 in Shanghai; gives what they show, nothing where none is due."""
    today.move_to(f"2026-{moment}:00+08:00")
    return "\n\n".join(result for _, result in do_rounds(play.db, rounds, DUE))


def aged(play: Play, today: time_machine.Traveller, moment: str) -> str:
    """Make complaints major at a moment, and list them."""
    today.move_to(f"2026-{moment}:00+08:00")
    return page(play, ageing.ageing(ageing.make_major(play.db)), today, moment)


def told(play: Play, case: int) -> list[str]:
    found = play.rows("SELECT kind FROM notice WHERE case_id = :case ORDER BY sent_at, kind", case=case)
    return [row.kind for row in found]


def test_goods_that_wait_are_asked_for_in_the_morning_once_and_listed(
    play: Play, today: time_machine.Traveller
) -> None:
    case = play.apply(lines=1)
    play.run_to(case, "pickup-1")
    number = play.case(case).number
    assert "已催 Reminded" in page(play, pickups.ROUNDS, today, "11-19T09:00")
    second = page(play, pickups.ROUNDS, today, "11-20T09:00")
    assert second.count(number) == 2, "it is told, and listed"
    assert f"| {number} | 北京办事处 | 催提 办事处售后 |" in second
    assert "| 11-20 办事处售后 |" in second
    watch_deadlines(play.db, clock.now())
    assert (told(play, case), page(play, pickups.ROUNDS, today, "11-20T09:30")) == (["pickup-2:OFFICE"], "")
    assert page(play, pickups.ROUNDS, today, "11-21T09:00") == "", "a Saturday"
    late = page(play, pickups.ROUNDS, today, "12-04T09:00")
    assert late.startswith("### 催提 Goods waiting · 2026-12-04"), "after an outage the list of today alone"
    assert told(play, case)[-1] == "pickup-escalated:SUPERVISOR"
    watch_deadlines(play.db, clock.now())
    play.finish(case)
    assert "没有 none" in page(play, pickups.ROUNDS, today, "12-07T09:00")


def test_a_complaint_becomes_major_on_the_day_whatever_the_hour_and_stays_listed(
    db: Engine, today: time_machine.Traveller
) -> None:
    today.move_to("2026-11-18T18:30:00+08:00")
    play = Hotline(db)
    case = play.valid()
    number = play.case(case).number
    young = aged(play, today, "12-18T18:00")
    assert young.index("未满月 younger · 1") < young.index(number)
    today.move_to("2026-12-19T08:29:00+08:00")  # a Saturday: the deadline watch rests until Monday
    watch_deadlines(play.db, clock.now())
    assert "raise-to-major" not in play.keys(case)
    old = aged(play, today, "12-19T08:30")
    assert f"{number} 满月未解决，已升为重大" in old
    assert "已满月 a month and older · 1" in old
    again = aged(play, today, "12-20T08:30")
    assert "提醒 told" not in again
    assert again.index("已满月 a month and older · 1") < again.index(number)
    assert [role for step, role in play.told(case) if step == "raise-to-major"] == ["MANAGER"]


def test_a_complaint_whose_month_ends_after_the_days_round_is_made_major_by_hand(
    db: Engine, today: time_machine.Traveller, shown: list[str]
) -> None:
    """Nothing of the day's round is in its way, or waits for it."""
    today.move_to("2026-11-18T11:30:00+08:00")
    play = Hotline(db)
    case = play.valid()
    today.move_to("2026-12-18T08:30:00+08:00")
    assert complaint_ageing.fn(**{"期间": {}}).name == "已完成"
    today.move_to("2026-12-18T11:31:00+08:00")
    assert complaint_ageing.fn(**{"期间": {}}).name == "已升级"
    assert f"{play.case(case).number} 满月未解决" in shown[-1]
    assert complaint_ageing.fn(**{"期间": {}}).name == "无需办理"


def test_refunds_and_disputes_are_reminded_of_every_day_once_and_listed(
    play: Play, today: time_machine.Traveller
) -> None:
    disputed = no_reason(play, 平台维权="是")
    number = play.case(disputed).number
    first = page(play, watch.ROUNDS, today, "11-19T09:00")
    assert "维权 disputes · 1" in first
    assert told(play, disputed) == ["daily-2026-11-19:AGENT", "daily-2026-11-19:SUPERVISOR"]
    watch_deadlines(play.db, clock.now())
    assert len([kind for kind in told(play, disputed) if kind.startswith("daily")]) == 2, (
        "whoever comes second says nothing"
    )
    saturday = page(play, watch.ROUNDS, today, "11-21T09:00")
    assert "daily-2026-11-21:AGENT" in told(play, disputed), "the law's days are calendar days"
    assert number in saturday
    today.move_to("2026-11-23T09:00:00+08:00")
    play.run_to(disputed, "pay-1")
    paying = page(play, watch.ROUNDS, today, "11-24T09:00")
    assert "财务" in paying
    assert "已核准" in paying
    play.finish(disputed)
    assert number not in page(play, watch.ROUNDS, today, "11-25T09:00")


def test_each_week_the_open_applications_are_shown_once(play: Play, today: time_machine.Traveller) -> None:
    waits, done = play.apply(lines=1), play.apply(lines=1, office="SH")
    play.finish(done)
    assert page(play, progress.ROUNDS, today, "11-22T08:15").startswith(
        "### 在办申报 Open applications · 2026-11-09 – 2026-11-15"
    )
    shown = page(play, progress.ROUNDS, today, "11-23T08:15")
    assert shown.startswith("### 在办申报 Open applications · 2026-11-16 – 2026-11-22 · 2026-11-23")
    assert "| 配件申报 | 2 | 1 | 1 | 1 | 2026-11-18 |" in shown
    assert "| 配件申报 | 审核修正 | 1 | 1 | 2026-11-18 |" in shown
    where = "审核修正 | 审核修正 | 配件审核员 | 逾期 overdue 2026-11-19"
    assert f"| {play.case(waits).number} | 北京办事处 | 2026-11-18 | 普通 | {where} |" in shown
    assert play.case(done).number not in shown
    assert page(play, progress.ROUNDS, today, "11-24T08:15") == ""


def test_each_month_the_supervisor_reviews_the_routes_by_what_hired_transport_cost(
    play: Play, today: time_machine.Traveller
) -> None:
    """Reference prices by route are data, reviewed monthly, changed on approval (S3 §3 3.1)."""
    case = play.apply(1)
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1", 运输方式="专车", 承运商="德邦", 运费=2034, 件数=1)
    assert "2026-10-01 – 2026-10-31" in page(play, routes.ROUNDS, today, "11-30T08:20")
    shown = page(play, routes.ROUNDS, today, "12-01T08:20")
    assert "| 北京办事处 | 2,260.00 | 2026-07-01 | 2026年7月线路复核 | 1 | 2,034.00 | 2,034.00 | 90 % |" in shown
    assert [row.role for row in play.rows("SELECT role FROM round_notice WHERE work = '线路参考价复核'")] == [
        "SUPERVISOR"
    ]
    assert page(play, routes.ROUNDS, today, "12-02T08:20") == ""


def test_by_hand_each_shows_its_page_and_says_nothing_again(
    play: Play, shown: list[str], today: time_machine.Traveller
) -> None:
    for number, job in enumerate((pickup_reminders, complaint_ageing, refund_watch, open_applications), start=1):
        days = {"起始日": "2026-11-16", "截止日": "2026-11-18"}
        wanted = [days, days, days | {"截止日": "2036-01-01"}]
        states = [job.fn(**{"期间": one}) for one in wanted]
        assert [state.name for state in states] == ["已完成", "已完成", "未受理"]
        assert len(shown) == 3 * number
    assert play.rows("SELECT 1 FROM notice") == []
