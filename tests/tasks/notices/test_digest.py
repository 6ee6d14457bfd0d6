"""Notices leave as one digest for each who hears of any, once, outside of quiet hours; without channels nothing does."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine, text

from schemas.problems import BadInput
from schemas.words import Role
from tasks.durable import clock
from tasks.notices.digest import PassedOn, pass_on, try_channels
from tasks.notices.rules import MOST_SHOWN, NoticeChannel, ToldNotice, digests
from tasks.reference.renew import load_channels
from tasks.rounds.queries import tell_role
from tests.play import Play

SUPERVISOR, BEIJING = "SUPERVISOR", NoticeChannel("OFFICE", "BJ", "email", "bj@house.example")
ALL = NoticeChannel("SUPERVISOR", None, "wecom", "DESK")


def test_a_recipient_gets_one_message_of_all_that_it_hears_of() -> None:
    told = [
        ToldNotice("OFFICE", "BJ", "a"),
        ToldNotice("OFFICE", "SH", "b"),
        ToldNotice(SUPERVISOR, "SH", "c"),
        ToldNotice(SUPERVISOR, "BJ", "d"),
    ]
    made = digests(told, [BEIJING, ALL, NoticeChannel("OFFICE", None, "wecom", "DESK")])
    assert {to.address: digest["lines"] for to, digest in made.items()} == {
        "bj@house.example": ["a"],
        "DESK": ["a", "b", "c", "d"],
    }
    assert made["wecom", "DESK"]["title"] == "售后提醒 4 条 after-sales reminders"


def test_the_same_text_stands_in_a_digest_once_and_a_long_one_counts_the_rest() -> None:
    (digest,) = digests([ToldNotice(SUPERVISOR, "BJ", "same")] * 3, [ALL]).values()
    assert (digest["lines"], digest["more"]) == (["same"], 0)
    (digest,) = digests([ToldNotice(SUPERVISOR, "BJ", f"{n}") for n in range(MOST_SHOWN + 5)], [ALL]).values()
    assert (len(digest["lines"]), digest["more"]) == (MOST_SHOWN, 5)


def test_nobody_hears_of_what_no_channel_is_for() -> None:
    assert digests([ToldNotice("FINANCE", "BJ", "a"), ToldNotice("OFFICE", "SH", "b")], [BEIJING, ALL]) == {}


@pytest.fixture
def case(play: Play, today: time_machine.Traveller) -> int:
    """A case about which the SUPERVISOR is told something."""
    made = play.apply(lines=1)
    tell(play, made, "one")
    return made


def tell(play: Play, case: int, said: str, role: str = SUPERVISOR) -> None:
    play.run(
        "INSERT INTO notice (case_id, step_key, kind, role, text, sent_at) VALUES (:c, :t, 'x', :r, :t, now())",
        c=case, t=said, r=role,
    )  # fmt: skip


def open_channel(play: Play, channel: NoticeChannel) -> None:
    play.run("INSERT INTO notice_channel VALUES (:role, :office, :way, :address)", **channel._asdict())


def sent(db: Engine) -> list[Any]:
    with db.connect() as connection:
        return list(connection.execute(text("SELECT * FROM outbox WHERE kind = 'digest' ORDER BY id")))


def test_a_round_sends_what_there_is_and_the_next_only_what_is_new(play: Play, case: int) -> None:
    open_channel(play, ALL)
    open_channel(play, NoticeChannel(SUPERVISOR, "BJ", "email", "s@house.example"))
    assert (pass_on(play.db), pass_on(play.db)) == (PassedOn(1, 2), PassedOn(0, 0))
    tell(play, case, "two")
    assert pass_on(play.db) == PassedOn(1, 2)
    assert [(row.destination, row.address, row.payload["lines"]) for row in sent(play.db)] == [
        ("email", "s@house.example", ["one"]),
        ("wecom", "DESK", ["one"]),
        ("email", "s@house.example", ["two"]),
        ("wecom", "DESK", ["two"]),
    ]
    assert {(row.state, row.case_id, tuple(row.hours)) for row in sent(play.db)} == {
        ("pending", None, ("07:30", "20:00"))
    }


def test_no_contact_data_leaves_whatever_another_system_said(play: Play, case: int) -> None:
    open_channel(play, ALL)
    known = play.case(case)
    tell(play, case, f"HTTP 422: {known.customer_phone} {known.customer_address}")
    pass_on(play.db)
    shown = str(sent(play.db)[0].payload)
    assert "HTTP 422" in shown
    assert known.customer_phone not in shown
    assert known.customer_address not in shown


def test_what_scheduled_work_tells_a_role_leaves_too_once_a_telling(play: Play, today: time_machine.Traveller) -> None:
    """The nightly data quality reaches the channels, not only the inbox: whoever hears of the role, of whatever office."""
    for channel in (ALL, NoticeChannel(SUPERVISOR, "BJ", "email", "bj@house.example")):
        open_channel(play, channel)

    def night(told: str) -> PassedOn:
        with play.db.begin() as connection:
            tell_role(connection, "data-quality", Role.SUPERVISOR, date(2026, 11, 18), told, clock.now())
        return pass_on(play.db)

    assert night("2 句不成立 **not true** · [Data Docs](http://here/d.html)") == PassedOn(1, 1)
    assert sent(play.db)[0].payload["lines"] == ["2 句不成立 not true · Data Docs http://here/d.html"]
    assert pass_on(play.db) == PassedOn(0, 0)
    assert night("3 句不成立") == PassedOn(1, 1)
    assert night("") == PassedOn(0, 0), "the books are right again"


def test_without_channels_nothing_leaves_and_nothing_piles_up(play: Play, case: int) -> None:
    assert pass_on(play.db) == PassedOn(1, 0)
    open_channel(play, ALL)
    assert pass_on(play.db) == PassedOn(0, 0)
    assert sent(play.db) == []


def test_in_quiet_hours_it_waits_and_is_one_digest_afterwards(
    play: Play, case: int, today: time_machine.Traveller
) -> None:
    open_channel(play, ALL)
    today.move_to("2026-11-18T20:00:00+08:00")
    assert pass_on(play.db) == PassedOn(0, 0, quiet=True)
    tell(play, case, "two")
    today.move_to("2026-11-19T07:29:00+08:00")
    assert pass_on(play.db).quiet
    today.move_to("2026-11-19T07:35:00+08:00")
    assert pass_on(play.db) == PassedOn(2, 1)
    assert sent(play.db)[0].payload["lines"] == ["one", "two"]


def test_rounds_at_the_same_time_send_everything_once(play: Play, case: int) -> None:
    open_channel(play, ALL)
    for n in range(20):
        tell(play, case, f"more {n:02d}")
    with ThreadPoolExecutor(4) as threads:
        rounds = list(threads.map(lambda _: pass_on(play.db), range(4)))
    assert sorted(rounds) == [PassedOn(0, 0)] * 3 + [PassedOn(21, 1)]


def test_a_trial_reaches_each_recipient_once_at_any_hour(play: Play, today: time_machine.Traveller) -> None:
    today.move_to("2026-11-18T23:00:00+08:00")
    for role in ("SUPERVISOR", "FINANCE"):
        open_channel(play, NoticeChannel(role, None, "wecom", "DESK"))
    open_channel(play, BEIJING)
    with play.db.begin() as connection:
        assert try_channels(connection) == 2
    assert [(row.address, row.hours) for row in sent(play.db)] == [("bj@house.example", None), ("DESK", None)]


def load(db: Engine, tmp_path: Path, *rows: str) -> int:
    (file := tmp_path / "channels.csv").write_text("\n".join(["role,office,way,address", *rows]), "utf-8")
    with db.begin() as connection:
        return load_channels(connection, file)


def test_channels_are_put_in_place_of_those_before(db: Engine, tmp_path: Path) -> None:
    assert load(db, tmp_path, "OFFICE,BJ,email,bj@house.example", "SUPERVISOR,,wecom,DESK") == 2
    assert load(db, tmp_path, "SUPERVISOR,,dingtalk,DESK") == 1
    with db.connect() as connection:
        assert connection.execute(text("SELECT way FROM notice_channel")).scalars().all() == ["dingtalk"]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("BOSS,,wecom,DESK", "role"),
        ("SUPERVISOR,XX,wecom,DESK", "office"),
        ("SUPERVISOR,,pigeon,DESK", "way"),
        ("SUPERVISOR,,email,nobody", "address"),
        ("SUPERVISOR,,wecom,https://qyapi.example/send?key=secret", "address"),  # secrets stand in the environment
        ("SUPERVISOR,,wecom,", "address"),
    ],
)
def test_a_wrong_channel_is_named_and_those_before_stay(db: Engine, tmp_path: Path, row: str, field: str) -> None:
    load(db, tmp_path, "SUPERVISOR,,wecom,DESK")
    with pytest.raises(BadInput) as wrong:
        load(db, tmp_path, "OFFICE,BJ,email,bj@house.example", row)
    assert [(problem.row, field in problem.field) for problem in wrong.value.problems] == [(3, True)]
    with db.connect() as connection:
        assert connection.execute(text("SELECT address FROM notice_channel")).scalars().all() == ["DESK"]
