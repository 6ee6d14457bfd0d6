"""A refund is paid once: two clerks, fifty at once, killed at any commit, a finance system that drops, delays, repeats."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import time_machine
from sqlalchemy import Engine, NullPool, create_engine

from deployments.database import connect
from tasks.durable import clock
from tasks.outbox import dispatch
from tests.books import books_balance
from tests.databases import Server
from tests.flows.returns import ACCOUNT, bring_back, paid
from tests.play import Play
from tests.tasks.durable.crash import Child, KillAtNew, Point, void_leases
from tests.tasks.durable.effects import Effects, differences, effects
from tests.tasks.durable.test_race import at_once, decides

LONG = timedelta(days=1)
START = datetime(2026, 11, 18, 2, tzinfo=UTC)


class FakeFinance(ThreadingHTTPServer):
    """A finance system: it pays a key once, whatever it is asked; each request takes the next of `faults`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.paid: dict[str, tuple[str, str]] = {}  # key → amount, account
        self.asked: list[str] = []
        self.faults: list[str] = []
        self.says, self.reference = "paid", ""
        self.lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hung up."""


class Exchange(BaseHTTPRequestHandler):
    server: FakeFinance

    def do_POST(self) -> None:
        payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key, system = self.headers["Idempotency-Key"], self.server
        with system.lock:
            system.asked.append(key)
            fault = system.faults.pop(0) if system.faults else ""
            refused = system.says == "refused" and payload["account"] != ACCOUNT
            if fault != "lost" and not refused:
                system.paid.setdefault(key, (payload["amount"], payload["account"]))
        state = "refused" if refused else "paid" if system.says == "refused" else system.says
        answer = {"state": state, "reference": system.reference or f"FS-{key}", "reason": "无此账户" if refused else ""}
        if fault in {"drop", "lost"}:
            return self.connection.shutdown(socket.SHUT_RDWR)
        if fault == "late":
            time.sleep(0.7)
        for _ in range(2 if fault == "twice" else 1):
            self._send(answer, 503 if fault == "broken" else 200)
        return None

    def _send(self, answer: dict[str, str], status: int) -> None:
        body = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def finance(monkeypatch: pytest.MonkeyPatch, play: Play) -> Iterator[FakeFinance]:
    for key, value in (("attempts", 6), ("timeout_s", 0.3), ("backoff_s", 1)):
        play.run("UPDATE policy SET value = :v WHERE key = :k", k=f"outbox.{key}", v=json.dumps(value))
    with FakeFinance() as server:
        monkeypatch.setenv("AFTERSALES_FINANCE_SYSTEM_URL", f"http://127.0.0.1:{server.server_port}/")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def rounds(play: Play, many: int = 6) -> None:
    """Dispatch again and again, each time after every pause and claim is over."""
    with httpx.Client(trust_env=False) as client:
        for n in range(many):
            with time_machine.travel(clock.now() + LONG * n, tick=True):
                dispatch.dispatch_due(play.db, client)


def granted(play: Play, **fields: Any) -> int:
    """Bring a return to the payment of its refund."""
    case = bring_back(play, **fields)
    play.run_to(case, "pay-1")
    return case


# the clerks


def test_two_clerks_pay_the_same_refund_and_one_does(play: Play) -> None:
    """Two clerks paying the same refund."""
    case = granted(play)
    one, other = at_once(decides(play, case, "pay-1", "E1047"), decides(play, case, "pay-1", "E1048"))
    assert one.accepted != other.accepted
    assert (
        play.rows("SELECT count(*) AS n FROM outbox WHERE case_id = :c AND destination = 'finance'", c=case)[0].n == 1
    )
    assert (play.finish(case), paid(play, case)) == ("refunded", [1650])


def test_fifty_requests_at_once_pay_once(play: Play) -> None:
    """50 requests at once."""
    case = granted(play)
    replies = at_once(*[decides(play, case, "pay-1", "E1047")] * 50)
    assert Counter(reply.accepted for reply in replies) == {True: 1, False: 49}
    replies = at_once(*[decides(play, case, "bank-1-1", "E1048")] * 50)
    assert Counter(reply.accepted for reply in replies) == {True: 1, False: 49}
    assert (play.case(case).ending, paid(play, case)) == ("refunded", [1650])


def test_who_approved_does_not_pay(play: Play) -> None:
    """Payer ≠ approver."""
    play.run("INSERT INTO staff_role (staff, role) VALUES ('E1044', 'FINANCE')")
    case = bring_back(play)
    play.run_to(case, "sign-1")
    play.decide(case, "sign-1", "E1044")
    assert "不能审批" in play.refused(case, "pay-1", "E1044")
    play.decide(case, "pay-1", "E1047")
    assert "不能审批" in play.refused(case, "bank-1-1", "E1044")


def test_one_line_of_the_banks_list_pays_once_in_whatever_instant(play: Play) -> None:
    """Two clerks confirm two refunds with one line at once, a third by a payment: one line pays once."""
    cases = [granted(play, quantity=1), granted(play, quantity=1)]
    for case in cases:
        play.decide(case, "pay-1")
    replies = at_once(*(decides(play, case, "bank-1-1", 银行流水号="YH-7") for case in cases))
    assert sorted(reply.accepted for reply in replies) == [False, True]
    (refused,) = [reply for reply in replies if not reply.accepted]
    winner = play.case(cases[[reply.accepted for reply in replies].index(True)])
    assert f"已用于 {winner.number}" in str(refused.problems[0])
    loser = next(case for case in cases if case != winner.id)
    play.decide(loser, "bank-1-1", 银行流水号="YH-8")
    assert [paid(play, case) for case in cases] == [[870], [870]]


# the bank


def test_a_reference_longer_than_any_is_not_understood_and_the_banks_list_counts(
    play: Play, finance: FakeFinance
) -> None:
    """One of 900 Chinese characters was taken, and stopped the case: no index holds as much."""
    case = granted(play)
    finance.reference = "".join(map(chr, range(0x4E00, 0x4E00 + 900)))
    play.decide(case, "pay-1")
    rounds(play, 8)
    (sent,) = play.rows("SELECT state, last_error FROM outbox WHERE case_id = :c", c=case)
    assert (sent.state, len(finance.paid)) == ("dead", 1)
    assert "reference" in sent.last_error
    assert "200" in play.refused(case, "bank-1-1", 银行流水号=finance.reference)
    play.decide(case, "bank-1-1", 银行流水号="YH-9")
    assert (play.case(case).ending, paid(play, case)) == ("refunded", [1650])
    books_balance(play.db)


def test_the_bank_refuses_and_the_same_refund_is_paid_to_the_corrected_account(play: Play) -> None:
    """The bank refuses → payment failed: account corrected, same 退款单 and key; paid = the bank's confirmation."""
    case = granted(play)
    play.decide(case, "pay-1")
    assert "退票时必填" in play.refused(case, "bank-1-1", 银行结果="退票", 原因="")
    assert "已付时必填" in play.refused(case, "bank-1-1", 银行流水号="")
    assert "应在立案日" in play.refused(case, "bank-1-1", 入账日期="2026-11-17")
    play.decide(case, "bank-1-1", 银行结果="退票", 原因="户名不符")
    (state,) = play.rows("SELECT state FROM refund WHERE case_id = :c", c=case)
    assert (state.state, play.state(case)) == ("refused", "办理退款"), "a state, no ending"
    assert "付款失败 payment failed: **户名不符**" in play.items(case)["account-1-1"].brief
    play.decide(case, "account-1-1", 更正账号=ACCOUNT)
    play.decide(case, "bank-1-2")
    assert (play.case(case).ending, paid(play, case)) == ("refunded", [1650])
    (sent,) = play.rows("SELECT idempotency_key, payload FROM outbox WHERE case_id = :c", c=case)
    assert (sent.idempotency_key.partition(":")[2], sent.payload["account"]) == ("send-refund-1", ACCOUNT)
    assert len(play.documents(case, "TK")) == 1


def test_an_account_whose_check_digit_is_wrong_is_refused_by_the_embedded_counterpart(play: Play) -> None:
    """A refund to an account that is none."""
    case = granted(play, 退款账号="6222020200112231")
    play.decide(case, "pay-1")
    assert "账号校验不符" in play.items(case)["account-1-1"].brief[0]
    assert "应为 12 至 19 位" in play.refused(case, "account-1-1", 更正账号="六二二二")
    play.decide(case, "account-1-1", 更正账号="6222 0202 0011 2230")
    assert (play.finish(case), paid(play, case)) == ("refunded", [1650])


def test_the_refund_note_has_every_row_with_its_rule(play: Play) -> None:
    """Amount = goods paid − deductions ± freight, each with its rule."""
    case = granted(play, 退款账号=ACCOUNT)
    (note,) = play.documents(case, "TK")
    assert [(row["item"], row["sum"]) for row in note.content["lines"]] == [
        ("第1行 按实付 price paid ×2", "1,500.00"),
        ("我方责任退送货费 delivery, ours", "60.00"),
        ("我方责任退垫付运费 freight advanced, ours", "90.00"),
        ("合计 Total", "1,650.00"),
    ]
    assert (note.content["refund"], note.content["account"]) == ("1650.00", ACCOUNT)


# the finance system


@pytest.mark.parametrize("faults", ["", "drop", "lost", "late", "twice", "broken", "drop,late,lost,twice"])
def test_a_finance_system_that_drops_delays_or_answers_twice_pays_once(
    play: Play, finance: FakeFinance, faults: str
) -> None:
    """The finance system dropping, delaying, answering twice."""
    case = granted(play)
    play.decide(case, "pay-1")
    assert set(play.items(case)) == {"finance-1-1", "bank-1-1"}
    finance.faults = faults.split(",")
    rounds(play)
    assert list(finance.paid.values()) == [("1650.00", "")]
    assert len(set(finance.asked)) == 1
    assert (play.case(case).ending, paid(play, case)) == ("refunded", [1650])
    assert play.rows("SELECT reference FROM refund")[0].reference == f"FS-{finance.asked[0]}"


def test_what_the_system_only_took_the_banks_list_confirms(play: Play, finance: FakeFinance) -> None:
    """FINANCE's payments confirmed from a bank list."""
    finance.says = "accepted"
    case = granted(play)
    play.decide(case, "pay-1")
    rounds(play)
    assert set(play.items(case)) == {"bank-1-1"}
    play.decide(case, "bank-1-1", 银行流水号="YH-9")
    assert (play.case(case).ending, paid(play, case)) == ("refunded", [1650])


def test_the_banks_list_may_come_before_the_systems_answer(play: Play, finance: FakeFinance) -> None:
    finance.faults = ["drop"]
    case = granted(play)
    play.decide(case, "pay-1")
    rounds(play, 1)
    play.decide(case, "bank-1-1", 银行流水号="YH-9")
    rounds(play)
    assert (play.case(case).ending, len(finance.asked)) == ("refunded", 1), "nothing is sent any more"
    assert paid(play, case) == [1650]


def test_the_system_refuses_and_pays_under_the_same_key_what_is_corrected(play: Play, finance: FakeFinance) -> None:
    finance.says = "refused"
    case = granted(play)
    play.decide(case, "pay-1")
    rounds(play)
    play.decide(case, "account-1-1", 更正账号=ACCOUNT)
    rounds(play)
    assert len(set(finance.asked)) == 1
    assert list(finance.paid.values()) == [("1650.00", ACCOUNT)]
    assert (play.case(case).ending, paid(play, case)) == ("refunded", [1650])


def test_many_dispatchers_pay_once(play: Play, finance: FakeFinance) -> None:
    cases = [granted(play, quantity=1), granted(play, quantity=1)]
    for case in cases:
        play.decide(case, "pay-1")

    def go(_turn: int) -> None:
        with httpx.Client(trust_env=False) as client:
            dispatch.dispatch_due(play.db, client)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(go, range(8)))
    rounds(play)
    assert Counter(finance.paid.values()) == {("870.00", ""): 2}
    assert [paid(play, case) for case in cases] == [[870], [870]]


# killed


def live(db: Engine, _say: Callable[..., None], lives: int) -> None:
    """Go on from wherever the last process died to the end of the return."""
    play = Play(db)
    moment = START + timedelta(minutes=lives)
    with time_machine.travel(moment, tick=False):
        (case,) = (row.id for row in play.rows("SELECT id FROM service_case"))
        from tasks.durable.stage import advance

        advance(db, case)
        while waiting := play.items(case):
            if bank := next((key for key in waiting if key.startswith("bank")), None):
                play.decide(case, bank, 银行流水号="YH-0001")  # the same in each life
            else:
                play.go_on(case, waiting)
        assert play.case(case).ending == "refunded"


def what_happened(url: str) -> Effects:
    db = create_engine(url, poolclass=NullPool)
    books_balance(db)
    return effects(db)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_every_commit_a_refund_is_paid_once(server: Server, template: str, after: bool) -> None:
    """Workers killed at random: at every commit, before the database hears of it or after its answer."""
    begun = server.create(template)
    db = connect(begun)
    with time_machine.travel(START, tick=False):
        bring_back(Play(db))
    db.dispose()
    urls = [server.create(begun), server.create(begun)]
    undisturbed = Child(urls[0], START, None, live, 0).end()
    seen, lives = set[Point](), 0
    while True:
        life = Child(urls[1], START, KillAtNew(seen, after), live, lives).end()
        void_leases(urls[1])
        seen.update(life.points)
        lives += 1
        if not life.killed:
            break
    found = differences(what_happened(urls[0]), what_happened(urls[1]))
    assert not found, "\n".join(found)
    assert lives > len(set(undisturbed.points)) // 2
    db = create_engine(urls[1], poolclass=NullPool)
    assert paid(Play(db), Play(db).rows("SELECT id FROM service_case")[0].id) == [1560 + 90]
    for url in (begun, *urls):
        server.drop(url)
