"""Notices by e-mail, group robots and webhooks against real servers that refuse, hang, are busy, or see us die."""

import hmac
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import time_machine
from aiosmtpd.smtp import SMTP, AuthResult
from sqlalchemy import Engine, text

from schemas.words import NoticeWay, OutboxState
from tasks.durable import clock
from tasks.outbox.dispatch import dispatch_due
from tasks.outbox.mail import send_mail
from tasks.outbox.post import Undelivered
from tasks.outbox.queries import dead_letters, delivery_rules
from tasks.outbox.rules import digest_text, opens_at
from tasks.outbox.steps import Letter, send_all
from tests.answering import Answering, Postbox, Says, answering, certificate, mail_server

DIGEST = {
    "title": "售后提醒 1 条 after-sales reminders",
    "lines": ["PA-2026-000001 审核修正 · 已逾期 is overdue"],
    "more": 0,
}
OK = Says(body={"errcode": 0, "errmsg": "ok"})
SECRET = "SEC-nobody-may-read-this"
LONG = timedelta(hours=3)
PROJECT = Path(__file__).parents[3]


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as one:
        yield one


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    """A mail server that is set up."""
    with mail_server() as (box, url):
        monkeypatch.setenv("AFTERSALES_SMTP_URL", url)
        monkeypatch.setenv("AFTERSALES_SMTP_FROM", "售后服务 <desk@house.example>")
        yield box


@pytest.fixture
def robots(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    """A host of robots and webhooks, set up with secrets."""
    with answering(OK) as server:
        monkeypatch.setenv("AFTERSALES_WECOM_DESK", f"{server.url}/cgi-bin/webhook/send?key={SECRET}")
        monkeypatch.setenv("AFTERSALES_DINGTALK_DESK", f"{server.url}/robot/send?access_token={SECRET}")
        monkeypatch.setenv("AFTERSALES_DINGTALK_DESK_SECRET", SECRET)
        monkeypatch.setenv("AFTERSALES_WEBHOOK_DESK", f"{server.url}/{SECRET}/hook")
        yield server


def write(db: Engine, way: NoticeWay, address: str = "DESK", key: str = "digest:1", **more: Any) -> int:
    with db.begin() as connection:
        return send_all(connection, [Letter(key, way, address, "digest", DIGEST, **more)], clock.now())[0]


def row(db: Engine, message: int) -> Any:
    with db.connect() as connection:
        return connection.execute(text("SELECT * FROM outbox WHERE id = :id"), {"id": message}).one()


def dispatch(db: Engine, client: httpx.Client, later: timedelta = timedelta()) -> list[OutboxState]:
    with time_machine.travel(clock.now() + later):
        return list(dispatch_due(db, client).values())


def be_quick(db: Engine, timeout: float = 0.3) -> None:
    with db.begin() as connection:
        connection.execute(text(f"UPDATE policy SET value = '{timeout}' WHERE key = 'outbox.timeout_s'"))


def test_a_notice_reaches_an_address_by_e_mail(db: Engine, client: httpx.Client, post: Postbox) -> None:
    sent = write(db, NoticeWay.EMAIL, "office-bj@house.example")
    assert dispatch(db, client) == [OutboxState.ANSWERED]
    (mail,) = post.mails
    assert (mail["To"], mail["Subject"]) == ("office-bj@house.example", DIGEST["title"])
    assert mail["From"].addresses[0].addr_spec == "desk@house.example"
    assert mail.get_content().splitlines() == digest_text(sent, DIGEST, 10_000).splitlines()
    assert (row(db, sent).state, row(db, sent).answer["reply"][:5]) == ("answered", "taken")
    assert dispatch(db, client, LONG) == []


def test_an_address_that_does_not_exist_is_given_up_at_once_and_lies_in_the_inbox(
    db: Engine, client: httpx.Client, post: Postbox
) -> None:
    post.refuses = {"gone@house.example": "550 5.1.1 no such user"}
    gone, there = (
        write(db, NoticeWay.EMAIL, "gone@house.example"),
        write(db, NoticeWay.EMAIL, "here@house.example", "digest:2"),
    )
    assert dispatch(db, client) == [OutboxState.DEAD, OutboxState.ANSWERED]
    assert [mail["To"] for mail in post.mails] == ["here@house.example"]
    with db.connect() as connection:
        (dead,) = dead_letters(connection, 10)
        assert connection.execute(text("SELECT count(*) FROM notice")).scalar() == 0  # it would tell of itself
    assert (dead.id, "no such user" in dead.last_error, row(db, there).state) == (gone, True, "answered")


def test_a_full_mailbox_is_tried_again(db: Engine, client: httpx.Client, post: Postbox) -> None:
    post.refuses = {"full@house.example": "452 4.2.2 mailbox full"}
    sent = write(db, NoticeWay.EMAIL, "full@house.example")
    assert dispatch(db, client) == [OutboxState.PENDING]
    assert "SMTP 452" in row(db, sent).last_error
    post.refuses = {}
    assert dispatch(db, client, LONG) == [OutboxState.ANSWERED]
    assert len(post.mails) == 1


@pytest.mark.parametrize("greeting", [b"", b"220 "])
def test_a_mail_server_that_hangs_or_trickles_keeps_nobody_for_long(
    db: Engine, client: httpx.Client, robots: Answering, monkeypatch: pytest.MonkeyPatch, greeting: bytes
) -> None:
    over = threading.Event()

    def trickle(listening: socket.socket) -> None:
        held, _ = listening.accept()
        with held:
            held.sendall(greeting)
            while not over.wait(0.1):
                if greeting:
                    held.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setenv("AFTERSALES_SMTP_URL", f"smtp://127.0.0.1:{listening.getsockname()[1]}")
        monkeypatch.setenv("AFTERSALES_SMTP_FROM", "desk@house.example")
        thread = threading.Thread(target=trickle, args=(listening,))
        thread.start()
        be_quick(db)
        write(db, NoticeWay.EMAIL, "a@house.example")
        write(db, NoticeWay.EMAIL, "a@house.example", "digest:2")  # waits for the one before it, is not tried meanwhile
        write(db, NoticeWay.WECOM, key="digest:3")
        begun = time.monotonic()
        assert dispatch(db, client) == [OutboxState.PENDING, OutboxState.ANSWERED]
        assert time.monotonic() - begun < 3
        over.set()
        thread.join()
    assert len(robots.asked) == 1


def test_who_does_not_answer_is_asked_once_a_round(
    db: Engine, client: httpx.Client, robots: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTERSALES_SMTP_URL", "smtp://127.0.0.1:1")
    monkeypatch.setenv("AFTERSALES_SMTP_FROM", "desk@house.example")
    for n in range(3):
        write(db, NoticeWay.EMAIL, f"{n}@house.example", f"digest:{n}")
    write(db, NoticeWay.WECOM, key="digest:3")
    assert dispatch(db, client) == [OutboxState.PENDING, OutboxState.ANSWERED]
    assert dispatch(db, client) == [OutboxState.PENDING]  # the next address has its turn


def test_a_password_never_goes_in_the_clear(db: Engine, client: httpx.Client, post: Postbox, monkeypatch: Any) -> None:
    url = os.environ["AFTERSALES_SMTP_URL"].replace("//", f"//desk:{SECRET}@")
    monkeypatch.setenv("AFTERSALES_SMTP_URL", url)
    sent = write(db, NoticeWay.EMAIL, "a@house.example")
    assert dispatch(db, client) == [OutboxState.PENDING]
    assert (post.mails, SECRET in row(db, sent).last_error) == ([], False)


def logs_in(server: SMTP, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
    return AuthResult(success=(given.login, given.password) == (b"desk", SECRET.encode()))


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("trusted", [True, False])
def test_over_tls_the_password_is_given_to_whom_the_house_trusts(
    db: Engine, client: httpx.Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scheme: str, trusted: bool
) -> None:
    public, context = certificate(tmp_path)
    starts = {"tls_context": context, "auth_required": True}
    secure = starts if scheme == "smtp" else {"ssl_context": context, "auth_require_tls": False}
    with mail_server(scheme, authenticator=logs_in, **secure) as (box, url):
        monkeypatch.setenv("AFTERSALES_SMTP_URL", url.replace("//", f"//desk:{SECRET}@"))
        monkeypatch.setenv("AFTERSALES_SMTP_FROM", "desk@house.example")
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(public))
        sent = write(db, NoticeWay.EMAIL, "a@house.example")
        assert dispatch(db, client) == [OutboxState.ANSWERED if trusted else OutboxState.PENDING]
        assert len(box.mails) == trusted
    assert SECRET not in row(db, sent).last_error


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AFTERSALES_SMTP_URL", ""),
        ("AFTERSALES_SMTP_URL", f"http://desk:{SECRET}@x"),
        ("AFTERSALES_SMTP_URL", f"smtp://desk:{SECRET}@x:port"),
        ("AFTERSALES_SMTP_FROM", ""),
        ("AFTERSALES_SMTP_FROM", "nobody"),
    ],
)
def test_a_mail_server_that_is_not_set_up_is_said_without_its_password(
    db: Engine, post: Postbox, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    sent = row(db, write(db, NoticeWay.EMAIL, "a@house.example"))
    with pytest.raises(Undelivered, match=name) as why:
        send_mail(sent, timedelta(seconds=1))
    assert SECRET not in str(why.value)


@pytest.mark.parametrize("address", ["a,b@house.example", "a@", "<@house.example", "a\x00@b"])
def test_an_address_that_is_none_is_said(db: Engine, post: Postbox, address: str) -> None:
    sent = row(db, write(db, NoticeWay.EMAIL, "a@house.example"))
    with pytest.raises(Undelivered):
        send_mail(SimpleNamespace(**{**sent._mapping, "address": address}), timedelta(seconds=1))
    assert post.mails == []


@pytest.mark.parametrize("way", [NoticeWay.WECOM, NoticeWay.DINGTALK])
def test_a_robot_shows_a_digest_to_its_group(
    db: Engine, client: httpx.Client, robots: Answering, way: NoticeWay
) -> None:
    sent = write(db, way)
    assert dispatch(db, client) == [OutboxState.ANSWERED]
    (asked,) = robots.asked
    assert asked.body == {"msgtype": "text", "text": {"content": digest_text(sent, DIGEST, 2_000)}}
    assert row(db, sent).answer == {"errcode": 0, "errmsg": "ok"}


def test_dingtalk_is_signed_with_the_robots_secret(db: Engine, client: httpx.Client, robots: Answering) -> None:
    write(db, NoticeWay.DINGTALK)
    dispatch(db, client)
    asked = robots.asked[0].query
    signed = hmac.digest(SECRET.encode(), f"{asked['timestamp']}\n{SECRET}".encode(), "sha256")
    assert (asked["sign"], asked["access_token"]) == (b64encode(signed).decode(), SECRET)
    assert abs(int(asked["timestamp"]) / 1000 - time.time()) < 60


def test_a_webhook_gets_the_lines_and_the_key_by_which_it_knows_them_again(
    db: Engine, client: httpx.Client, robots: Answering
) -> None:
    robots.next_answers = [Says(500)]
    sent = write(db, NoticeWay.WEBHOOK)
    assert dispatch(db, client) + dispatch(db, client, LONG) == [OutboxState.PENDING, OutboxState.ANSWERED]
    first, again = robots.asked
    assert first == again
    assert first.body == {"id": first.key, "sent_at": row(db, sent).created_at.isoformat(), **DIGEST}
    assert first.key == "digest:1"


BUSY = [
    Says(429, headers={"Retry-After": "60"}),
    Says(body={"errcode": 45009, "errmsg": "api freq out of limit"}),  # so WeCom says it
    Says(body={"errcode": 130101, "errmsg": "send too fast"}),  # so DingTalk does
]


@pytest.mark.parametrize("busy", BUSY, ids=["http", "wecom", "dingtalk"])
def test_an_hour_of_too_many_requests_loses_nothing_and_sends_nothing_twice(
    db: Engine, client: httpx.Client, robots: Answering, busy: Says
) -> None:
    begun = clock.now()
    robots.usual = busy
    messages = [write(db, NoticeWay.WECOM, key=f"digest:{n}") for n in range(4)]
    now = begun
    while now < begun + timedelta(hours=1):
        with time_machine.travel(now):
            assert OutboxState.DEAD not in dispatch_due(db, client).values()
        now += timedelta(minutes=1)
    refused = len(robots.asked)
    assert refused <= 10  # the pauses grow, and Retry-After is kept to
    robots.usual = OK
    for n in range(8):
        with time_machine.travel(now + n * LONG):
            dispatch_due(db, client)
    assert [row(db, one).state for one in messages] == ["answered"] * 4
    taken = [asked.key for asked in robots.asked[refused:]]
    assert taken == ["digest:0", "digest:1", "digest:2", "digest:3"]


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_by_the_policies_as_supplied_an_hour_of_429_is_survived_whatever_the_chance(db: Engine, chance: float) -> None:
    with db.connect() as connection:
        rules = delivery_rules(connection)
    pauses = [rules.pause(attempt, chance, timedelta(seconds=60)) for attempt in range(1, rules.attempts)]
    assert sum(pauses, timedelta()) > timedelta(hours=1)


def test_retry_after_is_kept_to(db: Engine, client: httpx.Client, robots: Answering) -> None:
    robots.next_answers = [Says(429, headers={"Retry-After": "600"})]
    write(db, NoticeWay.WECOM)
    dispatch(db, client)
    assert dispatch(db, client, timedelta(seconds=590)) == []
    assert dispatch(db, client, timedelta(seconds=660)) == [OutboxState.ANSWERED]


def test_a_robot_that_hangs_is_left_after_its_time(db: Engine, client: httpx.Client, robots: Answering) -> None:
    robots.next_answers = [Says(after=2)]
    be_quick(db)
    write(db, NoticeWay.WECOM)
    begun = time.monotonic()
    assert dispatch(db, client) == [OutboxState.PENDING]
    assert time.monotonic() - begun < 1.5


@pytest.mark.parametrize("answer", [Says(body={}), Says(body={"errcode": "no"}), Says(302), Says(404), Says(500)])
@pytest.mark.parametrize("way", [NoticeWay.WECOM, NoticeWay.DINGTALK, NoticeWay.WEBHOOK])
def test_secrets_stand_in_no_log_no_row_and_no_reason(
    db: Engine, client: httpx.Client, robots: Answering, caplog: pytest.LogCaptureFixture, way: NoticeWay, answer: Says
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, logger="httpcore")  # whoever debugs connections sees them
    robots.next_answers = [answer]
    sent = write(db, way)
    dispatch(db, client)
    assert robots.asked
    assert SECRET not in caplog.text
    assert SECRET not in str(row(db, sent))


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:1/SECRET?key=SECRET", "not a url SECRET", "ftp://x/SECRET"])
def test_a_robot_that_cannot_be_reached_is_named_by_its_variable(
    db: Engine, client: httpx.Client, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("AFTERSALES_WECOM_DESK", url)
    sent = write(db, NoticeWay.WECOM)
    assert dispatch(db, client) == [OutboxState.PENDING]
    assert "AFTERSALES_WECOM_DESK" in row(db, sent).last_error
    assert "SECRET" not in row(db, sent).last_error


DYING = """
import os, signal, sys
import httpx
from deployments.database import connect
from tasks.outbox import dispatch, queries

def die(*_args, **_more):
    os.kill(os.getpid(), signal.SIGKILL)

queries.settle = die
with httpx.Client(trust_env=False) as client:
    dispatch.dispatch_due(connect(sys.argv[1]), client)
"""


def test_killed_between_sending_and_noting_the_same_mail_and_the_same_key_come_again(
    db: Engine, client: httpx.Client, post: Postbox, robots: Answering
) -> None:
    """At least once: mail systems know the Message-ID, webhooks the key; a robot's group sees the number twice."""
    url = db.url.render_as_string(hide_password=False)
    for way, address in ((NoticeWay.EMAIL, "a@house.example"), (NoticeWay.WEBHOOK, "DESK")):
        write(db, way, address, f"digest:{way}")
    for _ in range(2):
        child = subprocess.run(
            [sys.executable, "-c", DYING, url], cwd=PROJECT, env=os.environ, capture_output=True, text=True, timeout=240
        )
        assert child.returncode == -signal.SIGKILL, child.stderr
    assert dispatch(db, client) == []  # still claimed by the dead
    assert dispatch(db, client, LONG) == [OutboxState.ANSWERED] * 2
    assert dispatch(db, client, 2 * LONG) == []
    assert len(post.mails) == len(robots.asked) == 2
    assert len({mail["Message-ID"] for mail in post.mails}) == len({asked.key for asked in robots.asked}) == 1


SHOPS = ["09:00", "20:00"]


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-18T09:00:00+08:00", None),
        ("2026-11-18T19:59:59+08:00", None),
        ("2026-11-18T20:00:00+08:00", "2026-11-19T09:00:00+08:00"),
        ("2026-11-18T00:00:00+08:00", "2026-11-18T09:00:00+08:00"),
        ("2026-11-17T16:30:00+00:00", "2026-11-18T09:00:00+08:00"),  # already the 18th in Shanghai
    ],
)
def test_hours_open_and_close_by_shanghais_clock(now: str, opens: str | None) -> None:
    expected = datetime.fromisoformat(opens) if opens else None
    assert opens_at(SHOPS, datetime.fromisoformat(now)) == expected
    assert opens_at(None, datetime.fromisoformat(now)) is None


def test_hours_that_end_before_they_begin_are_a_fault_of_the_policy() -> None:
    with pytest.raises(ValueError, match="correct the policy"):
        opens_at(["20:00", "08:00"], clock.now())


def test_what_must_not_leave_at_night_waits_and_no_attempt_is_lost(
    db: Engine, client: httpx.Client, robots: Answering
) -> None:
    with time_machine.travel("2026-11-18T19:59:00+08:00", tick=False) as moment:
        sent = write(db, NoticeWay.WECOM, hours=SHOPS)
        robots.next_answers = [Says(500)]
        assert list(dispatch_due(db, client).values()) == [OutboxState.PENDING]
        for night in ("2026-11-18T20:01:00+08:00", "2026-11-19T03:00:00+08:00", "2026-11-19T08:59:59+08:00"):
            moment.move_to(night)
            dispatch_due(db, client)
        assert (len(robots.asked), row(db, sent).attempts) == (1, 1)
        moment.move_to("2026-11-19T09:00:00+08:00")
        assert list(dispatch_due(db, client).values()) == [OutboxState.ANSWERED]


def test_a_digest_is_cut_to_what_a_robot_takes_and_says_how_many_more() -> None:
    digest = {"title": "售后提醒", "lines": [f"PA-2026-{n:06d} 已逾期" for n in range(50)], "more": 7}
    shown = digest_text(12, digest, 500)
    assert len(shown.encode()) <= 500
    listed = shown.count("\n· ")
    assert shown.startswith("售后提醒 · 编号 no. 12\n· PA-2026-000000")
    assert shown.endswith(f"… 另 {57 - listed} 条，请看收件箱 more in the inbox")
    assert digest_text(12, digest, 10_000).count("\n· ") == 50
