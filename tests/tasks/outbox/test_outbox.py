"""Law 6 against an order system that drops, delays, fails, repeats itself and talks nonsense."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import time_machine
from sqlalchemy import Engine

from schemas.words import OutboxState
from tasks.durable import clock
from tasks.outbox import dispatch, queries
from tasks.outbox.client import send
from tasks.outbox.post import Undelivered, excerpt
from tasks.outbox.rules import DeliveryRules, is_refusal
from tests.play import Play

ATTEMPTS, TIMEOUT = 4, 0.3
LONG = timedelta(days=1)  # longer than any pause or claim
PROJECT = Path(__file__).parents[3]


class FakeOrderSystem(ThreadingHTTPServer):
    """An order system: one order a key, and its number; each request takes the next of `faults`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.orders: dict[str, str] = {}
        self.requests: list[tuple[str, str, dict[str, Any]]] = []
        self.faults: list[str] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/"

    def keys(self) -> list[str]:
        return [key for _, key, _ in self.requests]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hung up."""


class Exchange(BaseHTTPRequestHandler):
    server: FakeOrderSystem

    def do_POST(self) -> None:
        payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key, kind = self.headers["Idempotency-Key"], self.path.removeprefix("/api/")
        with self.server.lock:
            self.server.requests.append((kind, key, payload))
            fault = self.server.faults.pop(0) if self.server.faults else ""
            if fault not in {"refuse", "busy", "lost"}:
                self.server.orders.setdefault(key, f"OS-{len(self.server.orders) + 1:04d}")
        number = self.server.orders.get(key, "")
        answer = {"order_number": number} if kind == "place_order" else {"cancelled": payload["case"]}
        getattr(self, f"_{fault or 'answer'}")(answer)

    def _answer(self, answer: dict[str, Any], status: int = 200, **headers: str) -> None:
        self._send(json.dumps(answer, ensure_ascii=False).encode(), status, **headers)

    def _send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _drop(self, answer: dict[str, Any]) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)

    _lost = _drop

    def _half(self, answer: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "500")
        self.end_headers()
        self.wfile.write(b'{"order_')

    def _late(self, answer: dict[str, Any]) -> None:
        time.sleep(TIMEOUT * 2)
        self._answer(answer)

    def _trickle(self, answer: dict[str, Any]) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(40):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(TIMEOUT / 4)

    def _endless(self, answer: dict[str, Any]) -> None:
        self._send(b"x" * 1_000_000)

    def _broken(self, answer: dict[str, Any]) -> None:
        self._answer({"error": "boom"}, 500)

    def _moved(self, answer: dict[str, Any]) -> None:
        self._answer({}, 302, Location="/elsewhere")

    def _busy(self, answer: dict[str, Any]) -> None:
        self._answer({}, 429, Retry_After="120")

    def _refuse(self, answer: dict[str, Any]) -> None:
        self._answer({"error": "没有这个配件 unknown part"}, 422)

    def _twice(self, answer: dict[str, Any]) -> None:
        self._answer(answer)
        self._answer(answer)

    def _garbage(self, answer: dict[str, Any]) -> None:
        self._send("<html>\x00 维护中 \x1b[31m".encode() + b"\xff")

    def _nothing(self, answer: dict[str, Any]) -> None:
        self._send(b"")

    def _list(self, answer: dict[str, Any]) -> None:
        self._send(b"[1, 2]")

    def _unnumbered(self, answer: dict[str, Any]) -> None:
        self._answer({"status": "ok"})

    def _blank(self, answer: dict[str, Any]) -> None:
        self._answer({"order_number": "  "})

    def _control(self, answer: dict[str, Any]) -> None:
        self._answer({"order_number": "OS\x00-1"})

    def _other(self, answer: dict[str, Any]) -> None:
        self._answer({"order_number": "OS-9999"})

    def _hang_up(self, answer: dict[str, Any]) -> None:
        self._answer(answer)
        self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOrderSystem]:
    with FakeOrderSystem() as server:
        monkeypatch.setenv("AFTERSALES_ORDER_SYSTEM_URL", server.url)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as one:
        yield one


@pytest.fixture
def play(db: Engine) -> Play:
    stage = Play(db)
    for key, value in (("attempts", ATTEMPTS), ("timeout_s", TIMEOUT), ("backoff_s", 1)):
        stage.run("UPDATE policy SET value = :value WHERE key = :key", key=f"outbox.{key}", value=json.dumps(value))
    return stage


@pytest.fixture
def case(play: Play, orders: FakeOrderSystem) -> int:
    """A case that waits for its order number."""
    made = play.apply(lines=1)
    play.decide(made, "review-1", 审核结论="通过")
    assert list(play.items(made)) == ["order-number"]
    return made


def message(play: Play, case: int, kind: str = "place_order") -> Any:
    return play.rows("SELECT * FROM outbox WHERE case_id = :case AND kind = :kind", case=case, kind=kind)[0]


def dead_letters(play: Play, case: int) -> dict[str, str]:
    found = play.rows("SELECT * FROM notice WHERE case_id = :case AND kind LIKE 'dead-letter:%'", case=case)
    return {row.role: row.text for row in found}


def dispatch_due(db: Engine, moment: datetime, client: httpx.Client) -> dict[str, OutboxState]:
    """Dispatch at a moment."""
    with time_machine.travel(moment):
        return dispatch.dispatch_due(db, client)


def rounds(play: Play, client: httpx.Client, count: int = ATTEMPTS) -> list[dict[str, OutboxState]]:
    """Dispatch again and again, each time after every pause and claim is over."""
    return [dispatch_due(play.db, clock.now() + LONG * n, client) for n in range(count)]


def order_number(play: Play, case: int) -> str | None:
    found = [row.output for row in play.timeline(case) if row.step_key == "order-number"]
    return found[0]["order_number"] if found else None


def assert_ordered_once(play: Play, case: int, orders: FakeOrderSystem) -> None:
    sent = message(play, case)
    assert sent.state == "answered"
    assert (sent.next_at, sent.last_error) == (None, "")
    assert list(orders.orders) == [sent.idempotency_key]
    assert orders.orders[sent.idempotency_key] == order_number(play, case) == sent.answer["order_number"]
    assert play.keys(case).count("order-number") == 1
    decided = play.rows("SELECT accepted, actor, channel FROM decision WHERE case_id = :case", case=case)
    assert Counter(map(tuple, decided))[True, "SYSTEM", "system"] == 1
    assert play.state(case) not in {"录入系统", "closed"}


def test_an_order_is_sent_and_its_number_moves_the_case(
    play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client
) -> None:
    report = dispatch_due(play.db, clock.now(), client)
    sent = message(play, case)
    assert report == {sent.idempotency_key: OutboxState.ANSWERED}
    assert sent.idempotency_key == f"{play.case(case).number}:place-order"
    assert orders.requests == [("place_order", sent.idempotency_key, sent.payload)]
    assert_ordered_once(play, case, orders)
    assert dispatch_due(play.db, clock.now() + LONG, client) == {}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("lost", "RemoteProtocolError"),
        ("drop", "RemoteProtocolError"),
        ("half", "RemoteProtocolError"),
        ("late", "ReadTimeout"),
        ("trickle", "did not end in time"),
        ("endless", "longer than"),
        ("broken", "HTTP 500"),
        ("busy", "HTTP 429"),
        ("moved", "HTTP 302"),
        ("garbage", "维护中"),
        ("nothing", "unexpected body"),
        ("list", "unexpected body"),
        ("unnumbered", "order_number"),
        ("blank", "order_number"),
        ("control", "U+0000"),
    ],
)
def test_a_fault_is_noted_and_the_same_message_sent_again(
    play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client, fault: str, reason: str
) -> None:
    orders.faults = [fault]
    key = message(play, case).idempotency_key
    assert dispatch_due(play.db, clock.now(), client) == {key: OutboxState.PENDING}
    waiting = message(play, case)
    assert waiting.state == "pending"
    assert reason in waiting.last_error
    assert waiting.last_error.isprintable()
    assert dispatch_due(play.db, clock.now() + LONG, client) == {key: OutboxState.ANSWERED}
    assert orders.keys() == [key, key]
    assert_ordered_once(play, case, orders)
    assert message(play, case).attempts == 2
    assert dead_letters(play, case) == {}


def test_an_answer_sent_twice_counts_once(play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client) -> None:
    orders.faults = ["twice", "twice"]
    dispatch_due(play.db, clock.now(), client)
    assert_ordered_once(play, case, orders)


def test_one_sick_message_keeps_no_other_from_going(
    play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client
) -> None:
    other = play.apply(lines=1, office="SH")
    play.decide(other, "review-1", 审核结论="通过")
    orders.faults = ["garbage"]
    report = dispatch_due(play.db, clock.now(), client)
    assert sorted(report.values()) == [OutboxState.ANSWERED, OutboxState.PENDING]
    assert order_number(play, case) is None
    assert order_number(play, other)


def test_pauses_grow_and_attempts_are_bounded(
    play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client
) -> None:
    orders.faults = ["broken"] * (ATTEMPTS + 1)
    now, pauses = clock.now(), []
    for _ in range(ATTEMPTS - 1):
        dispatch_due(play.db, now, client)
        pauses.append((message(play, case).next_at - now).total_seconds())
        now = message(play, case).next_at
    assert [0.5 * 2**n <= pause <= 2**n + 0.5 for n, pause in enumerate(pauses)] == [True] * len(pauses)
    assert dispatch_due(play.db, now, client) == {message(play, case).idempotency_key: OutboxState.DEAD}
    assert len(orders.requests) == ATTEMPTS


def test_a_message_that_is_not_due_stays(play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client) -> None:
    orders.faults = ["busy"]
    now = clock.now()
    dispatch_due(play.db, now, client)
    assert dispatch_due(play.db, now + timedelta(seconds=0.1), client) == {}
    assert len(orders.requests) == 1


def test_a_dead_letter_is_seen_by_people(play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client) -> None:
    orders.faults = ["broken"] * ATTEMPTS
    reports = rounds(play, client, ATTEMPTS + 1)
    dead = message(play, case)
    assert [[*report.values()].count(OutboxState.DEAD) for report in reports] == [0] * (ATTEMPTS - 1) + [1, 0]
    assert (dead.state, dead.next_at, dead.attempts) == ("dead", None, ATTEMPTS)
    assert "HTTP 500" in dead.last_error
    letters = dead_letters(play, case)
    assert set(letters) == {"SUPERVISOR", "ENGINEER"}
    assert play.case(case).number in letters["SUPERVISOR"]
    assert "HTTP 500" in letters["SUPERVISOR"]
    assert play.state(case) == "录入系统"


def test_a_refusal_is_dead_at_once(play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client) -> None:
    orders.faults = ["refuse"]
    assert OutboxState.DEAD in dispatch_due(play.db, clock.now(), client).values()
    assert "没有这个配件" in message(play, case).last_error
    assert "没有这个配件" in dead_letters(play, case)["ENGINEER"]
    assert len(orders.requests) == 1


def test_another_number_for_the_same_order_is_a_dead_letter(
    play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dispatcher dies after the case has the number; sent again, the system contradicts itself."""
    with monkeypatch.context() as patch:
        patch.setattr(queries, "settle", interrupt)
        with pytest.raises(KeyboardInterrupt):
            dispatch_due(play.db, clock.now(), client)
    assert order_number(play, case) == "OS-0001"
    orders.faults = ["other"]
    assert OutboxState.DEAD in dispatch_due(play.db, clock.now() + LONG, client).values()
    assert "OS-0001" in message(play, case).last_error
    assert "OS-9999" in message(play, case).last_error
    assert order_number(play, case) == "OS-0001"
    assert set(dead_letters(play, case)) == {"SUPERVISOR", "ENGINEER"}


def test_a_dispatcher_that_died_is_replaced_when_its_claim_runs_out(
    play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(dispatch, "send", interrupt)
        with pytest.raises(KeyboardInterrupt):
            dispatch_due(play.db, clock.now(), client)
    assert dispatch_due(play.db, clock.now(), client) == {}
    assert OutboxState.ANSWERED in dispatch_due(play.db, clock.now() + timedelta(minutes=1), client).values()
    assert_ordered_once(play, case, orders)


def test_a_message_that_kills_every_dispatcher_is_given_up(
    play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(dispatch, "send", interrupt)
        for n in range(ATTEMPTS):
            with pytest.raises(KeyboardInterrupt):
                dispatch_due(play.db, clock.now() + LONG * n, client)
    assert OutboxState.DEAD in dispatch_due(play.db, clock.now() + LONG * ATTEMPTS, client).values()
    assert orders.requests == []
    assert dead_letters(play, case)


def test_two_dispatchers_send_each_message_once(
    play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client
) -> None:
    cases = [case]
    for office in ("SH", "GZ", "WH", "CD", "XA"):
        cases.append(play.apply(lines=1, office=office))
        play.decide(cases[-1], "review-1", 审核结论="通过")
    start = threading.Barrier(4)

    def work(_: int) -> dict[str, OutboxState]:
        start.wait()
        return dispatch.dispatch_due(play.db, client)

    with ThreadPoolExecutor(4) as threads:
        assert len(list(threads.map(work, range(4)))) == 4
    assert sorted(orders.keys()) == sorted(message(play, one).idempotency_key for one in cases)
    numbers = [order_number(play, one) for one in cases]
    assert sorted(map(str, numbers)) == sorted(orders.orders.values())


def lay_hands_on(play: Play, case: int) -> None:
    """Hold a case's lease as a leg at work would, or one that died a moment ago."""
    play.run("INSERT INTO lease VALUES (:case, 'another', now() + interval '1 hour')", case=case)


def let_go(play: Play) -> None:
    play.run("DELETE FROM lease")


def test_a_case_that_a_leg_has_in_hand_keeps_no_other_waiting(
    play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client
) -> None:
    other = play.apply(lines=1, office="SH")
    play.decide(other, "review-1", 审核结论="通过")
    keys = [message(play, one).idempotency_key for one in (case, other)]
    lay_hands_on(play, case)
    assert dispatch_due(play.db, clock.now(), client) == dict.fromkeys(keys[1:], OutboxState.ANSWERED)
    assert (orders.keys(), message(play, case).attempts) == (keys[1:], 0)
    let_go(play)
    assert dispatch_due(play.db, clock.now(), client) == dict.fromkeys(keys[:1], OutboxState.ANSWERED)


def test_an_answer_that_meets_a_leg_at_work_is_fetched_again_and_no_attempt_is_lost(
    play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, key = dispatch.send, message(play, case).idempotency_key

    def send_meanwhile(*given: Any) -> Any:
        lay_hands_on(play, case)
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(dispatch, "send", send_meanwhile)
        assert dispatch_due(play.db, clock.now(), client) == {key: OutboxState.PENDING}
    assert (message(play, case).attempts, message(play, case).last_error) == (0, "")
    let_go(play)
    assert dispatch_due(play.db, clock.now(), client) == {key: OutboxState.ANSWERED}
    assert_ordered_once(play, case, orders)


def test_a_late_dispatcher_does_not_undo_what_the_other_did(
    play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client
) -> None:
    """Its claim ran out while it waited; when it wakes up and gives up, the message is long answered."""
    now = clock.now()
    with play.db.begin() as connection:
        stale = queries.claim_next(connection, now, now + timedelta(seconds=1))
    dispatch_due(play.db, now + LONG, client)
    with play.db.begin() as connection:
        queries.postpone(connection, stale, now + LONG, "late")
        queries.bury(connection, stale, "late", now)
    assert_ordered_once(play, case, orders)
    assert dead_letters(play, case) == {}


def test_a_cancellation_goes_after_its_order(
    play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client
) -> None:
    orders.faults = ["drop"]
    dispatch_due(play.db, clock.now(), client)
    assert play.withdraw(case, play.case(case).applicant).accepted
    assert play.case(case).ending == "withdrawn"
    rounds(play, client, 2)
    assert [kind for kind, _, _ in orders.requests] == ["place_order", "place_order", "cancel_order"]
    assert {message(play, case, kind).state for kind in ("place_order", "cancel_order")} == {"answered"}
    assert message(play, case, "cancel_order").answer == {"cancelled": play.case(case).number}
    assert play.case(case).ending == "withdrawn"


def test_a_dead_order_of_a_withdrawn_case_stays_dead(
    play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client
) -> None:
    orders.faults = ["refuse"]
    dispatch_due(play.db, clock.now(), client)
    play.withdraw(case, play.case(case).applicant)
    key = message(play, case, "cancel_order").idempotency_key
    assert dispatch_due(play.db, clock.now(), client) == {key: OutboxState.ANSWERED}
    assert message(play, case).state == "dead"


def test_a_case_that_fails_after_it_took_the_number_is_not_the_outbox_matter(
    play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = dispatch.advance

    def fails_later(*args: Any, **more: Any) -> Any:
        real(*args, **more)
        raise RuntimeError("the next step is broken")

    monkeypatch.setattr(dispatch, "advance", fails_later)
    assert OutboxState.ANSWERED in dispatch_due(play.db, clock.now(), client).values()
    assert_ordered_once(play, case, orders)


def test_an_answer_that_the_case_cannot_take_now_is_fetched_again(
    play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(dispatch, "advance", interrupt_softly)
        assert OutboxState.PENDING in dispatch_due(play.db, clock.now(), client).values()
    assert "the database went away" in message(play, case).last_error
    assert OutboxState.ANSWERED in dispatch_due(play.db, clock.now() + LONG, client).values()
    assert_ordered_once(play, case, orders)


def test_an_address_that_was_taken_away_is_said(
    play: Play, case: int, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AFTERSALES_ORDER_SYSTEM_URL")
    assert OutboxState.PENDING in dispatch_due(play.db, clock.now(), client).values()
    assert "AFTERSALES_ORDER_SYSTEM_URL" in message(play, case).last_error


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "not a url", "ftp://x/", "http://[::1"])
def test_an_unusable_address_is_a_fault_like_any_other(
    play: Play, case: int, client: httpx.Client, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("AFTERSALES_ORDER_SYSTEM_URL", url)
    assert OutboxState.PENDING in dispatch_due(play.db, clock.now(), client).values()
    assert "no answer from" in message(play, case).last_error


DYING = """
import os, signal, sys
import httpx
import flows.parts_application
from deployments.database import connect
from tasks.outbox import dispatch, queries

def die(*_args, **_more):
    os.kill(os.getpid(), signal.SIGKILL)

url, moment = sys.argv[1:]
if moment == "before mark":
    queries.settle = die
elif moment == "while marking":
    settle = queries.settle
    queries.settle = lambda *args: (settle(*args), die())
elif moment == "before telling":
    dispatch.advance = die
else:
    dispatch.send = die
with httpx.Client(trust_env=False) as client:
    dispatch.dispatch_due(connect(url), client)
"""


@pytest.mark.parametrize("moment", ["before sending", "before telling", "before mark", "while marking"])
def test_killed_at_any_point_there_is_one_order_and_one_number(
    play: Play, case: int, orders: FakeOrderSystem, client: httpx.Client, moment: str
) -> None:
    url = play.db.url.render_as_string(hide_password=False)
    child = subprocess.run(
        [sys.executable, "-c", DYING, url, moment],
        cwd=PROJECT,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert message(play, case).state == "pending"
    assert (order_number(play, case) is not None) == (moment in {"before mark", "while marking"})
    assert OutboxState.ANSWERED in dispatch_due(play.db, clock.now() + LONG, client).values()
    assert set(orders.keys()) == {message(play, case).idempotency_key}
    assert_ordered_once(play, case, orders)


def test_without_an_address_the_embedded_counterpart_answers(
    play: Play, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AFTERSALES_ORDER_SYSTEM_URL", raising=False)
    case = play.apply(lines=1)
    play.decide(case, "review-1", 审核结论="通过")
    assert message(play, case).state == "answered"
    assert order_number(play, case) == message(play, case).answer["order_number"]
    assert dispatch_due(play.db, clock.now() + LONG, client) == {}


def test_the_pause_doubles_within_its_jitter_and_heeds_the_other_system() -> None:
    rules = DeliveryRules(attempts=4, timeout=timedelta(seconds=1), backoff=timedelta(seconds=10))
    seconds = [[rules.pause(n, chance).total_seconds() for n in (1, 2, 3)] for chance in (0.0, 0.5, 0.999)]
    assert seconds[0] == [5, 10, 20]
    assert seconds[1] == [7.5, 15, 30]
    assert seconds[2] == pytest.approx([10, 20, 40], rel=0.01)
    assert rules.pause(1, 0, timedelta(seconds=60)) == timedelta(seconds=60)
    assert rules.pause(1, 0, timedelta(days=60)) == timedelta(seconds=80)


def test_only_refusals_are_final() -> None:
    for status in (400, 401, 404, 410, 422):
        assert is_refusal(status)
    for status in (302, 408, 409, 425, 429, 500, 503):
        assert not is_refusal(status)


def test_the_client_names_what_it_does_not_know(client: httpx.Client) -> None:
    message = SimpleNamespace(destination="order", kind="praise", payload={}, idempotency_key="k")
    with pytest.raises(Undelivered, match="place_order, cancel_order") as final:
        send(client, message, timedelta(seconds=1))
    assert final.value.wait is None
    message.destination = "unheard-of"
    with pytest.raises(Undelivered, match="the unheard-of system takes nothing"):
        send(client, message, timedelta(seconds=1))


def test_an_excerpt_is_one_printable_line() -> None:
    assert excerpt("<p>\x00维护中\r\n\t请稍候".encode() + b"\xff" + b"x" * 500).startswith("<p> 维护中 请稍候")
    assert len(excerpt(b"x" * 5000)) == 200


def interrupt(*_args: Any) -> None:
    raise KeyboardInterrupt


def interrupt_softly(*_args: Any, **_more: Any) -> None:
    raise ConnectionError("the database went away")
