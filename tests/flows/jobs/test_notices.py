"""提醒外发 and 外发失败处理 as plain functions, against a robot that fails."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import time_machine

from flows.jobs.notices import handle_dead_letter, pass_on_notices
from schemas.words import NoticeWay, OutboxState
from tasks.durable import clock
from tasks.outbox.dispatch import dispatch_due
from tasks.outbox.steps import Letter, send_all
from tests.answering import Answering, Says, answering
from tests.play import Play


@pytest.fixture
def robot(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    with answering(Says(404)) as server:
        monkeypatch.setenv("AFTERSALES_WEBHOOK_DESK", server.url)
        yield server


@pytest.fixture
def dead(play: Play, robot: Answering, today: time_machine.Traveller) -> int:
    """A message that a webhook refused."""
    with play.db.begin() as connection:
        letter = Letter("digest:1", NoticeWay.WEBHOOK, "DESK", "digest", {"title": "t", "lines": [], "more": 0})
        (message,) = send_all(connection, [letter], clock.now())
    assert dispatch(play) == [OutboxState.DEAD]
    return message


def dispatch(play: Play) -> list[OutboxState]:
    with httpx.Client(trust_env=False) as client:
        return list(dispatch_due(play.db, client).values())


def handle(message: int, verdict: str, staff: str, reason: str = "") -> Any:
    given = {"发送编号": message, "如何处理": verdict, "经办人工号": staff, "原因": reason}
    return handle_dead_letter.fn(处理单=given)


def supervisor(play: Play) -> str:
    return play.holders("SUPERVISOR")[0]


def test_a_message_given_up_is_sent_again_when_a_supervisor_says_so(
    play: Play, dead: int, robot: Answering, shown: list[str]
) -> None:
    robot.usual = Says(200)
    assert handle(dead, "重发", supervisor(play)).name == "已处理"
    assert dispatch(play) == [OutboxState.ANSWERED]
    assert [asked.key for asked in robot.asked] == ["digest:1"] * 2
    assert handle(dead, "重发", supervisor(play)).name == "未受理"  # it is no dead letter any more
    assert "已处理" in shown[-1]


def test_a_message_given_up_is_dropped_with_a_reason(play: Play, dead: int, shown: list[str]) -> None:
    assert handle(dead, "放弃", supervisor(play)).name == "未受理"
    assert "说明" in shown[-1] or "原因" in shown[-1]
    assert handle(dead, "放弃", supervisor(play), "群已解散").name == "已处理"
    (row,) = play.rows("SELECT state, last_error FROM outbox WHERE id = :id", id=dead)
    assert (row.state, "群已解散" in row.last_error, "HTTP 404" in row.last_error) == ("dropped", True, True)
    assert dispatch(play) == []


@pytest.mark.parametrize(("staff", "said"), [("E1049", "客服主管"), ("E0000", "没有这位在职员工")])
def test_who_does_not_see_dead_letters_settles_none(
    play: Play, dead: int, shown: list[str], staff: str, said: str
) -> None:
    assert handle(dead, "重发", staff).name == "未受理"
    assert said in shown[-1]


def test_an_order_of_a_case_that_was_withdrawn_since_is_not_sent_again(
    play: Play, shown: list[str], robot: Answering, monkeypatch: pytest.MonkeyPatch, today: time_machine.Traveller
) -> None:
    monkeypatch.setenv("AFTERSALES_ORDER_SYSTEM_URL", robot.url)
    case = play.apply(lines=1)
    play.decide(case, "review-1", 审核结论="通过")
    assert dispatch(play) == [OutboxState.DEAD]
    (order,) = play.rows("SELECT id FROM outbox WHERE case_id = :case", case=case)
    play.withdraw(case, play.case(case).applicant)
    assert handle(order.id, "重发", supervisor(play)).name == "未受理"
    assert "不能重发" in shown[-1]
    assert handle(order.id, "放弃", supervisor(play), "已撤回").name == "已处理"


def test_a_round_says_what_it_sent_and_that_it_is_quiet(
    play: Play, shown: list[str], today: time_machine.Traveller
) -> None:
    assert pass_on_notices.fn().message == "提醒 notices 0，消息 messages 0"
    today.move_to("2026-11-18T23:00:00+08:00")
    assert pass_on_notices.fn().name == "静默时段"
