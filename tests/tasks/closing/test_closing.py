"""Each working day is closed once, in order, whatever is late; its journals are signed by whom they wait for."""

from functools import partial
from typing import Any

import pytest
import time_machine
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from schemas.forms.closing import JournalSigned
from schemas.forms.periods import PeriodWanted
from schemas.problems import BadInput
from schemas.words import Role
from tasks.closing.steps import ASKING, CLOSING, sign_journals
from tasks.documents.printing import printed
from tasks.rounds.queries import told_by_rounds
from tasks.rounds.steps import do_rounds
from tests.play import Play, books_balance
from tests.tasks.books.test_books import contradicted
from tests.tasks.durable.test_race import at_once

DUE = PeriodWanted()
WAREHOUSE, OFFICE, SUPERVISOR = "E1018", "E1049", "E1040"
MOVE = (
    "WITH moved AS (INSERT INTO stock_movement (id, step_key, kind, warehouse, part, quantity, moved_at, came_on) "
    "VALUES (gen_random_uuid(), 'test', :kind, :where, 'P-HW-001', :many, :at, '2026-10-01')), "
    "lot AS (MERGE INTO stock_lot l USING warehouse w ON l.warehouse = w.code AND l.part = 'P-HW-001' "
    "WHEN MATCHED AND w.code = :where THEN UPDATE SET on_hand = on_hand + :many "
    "WHEN NOT MATCHED AND w.code = :where THEN INSERT VALUES (:where, 'P-HW-001', '2026-10-01', '9999-12-31', :many) "
    "RETURNING 1) "
    "MERGE INTO stock_balance b USING warehouse w ON b.warehouse = w.code AND b.part = 'P-HW-001' "
    "WHEN MATCHED AND w.code = :where THEN UPDATE SET on_hand = on_hand + :many "
    "WHEN NOT MATCHED AND w.code = :where THEN INSERT (warehouse, part, on_hand) VALUES (:where, 'P-HW-001', :many)"
)


def moved(many: int, at: str, kind: str = "purchase_in", where: str = "MAIN-GOOD") -> dict[str, Any]:
    return {"many": many, "at": f"2026-{at}:00+08:00", "kind": kind, "where": where}


def close(play: Play, today: time_machine.Traveller, moment: str) -> list[str]:
    """Close what is due at a moment of 2026 in Shanghai; gives the days that were closed."""
    today.move_to(f"2026-{moment}:00+08:00")
    return [f"{period.last:%m-%d}" for period, _ in do_rounds(play.db, CLOSING, DUE)]


def days(play: Play, where: str = "MAIN-GOOD") -> list[tuple[Any, ...]]:
    """Give the closed days of the hinges: day, opening less what there was at first, in, out, movements' balance."""
    found = play.rows(
        "SELECT day, opening, came, went, closing FROM stock_day WHERE (warehouse, part) = (:where, 'P-HW-001') ORDER BY day",
        where=where,
    )
    base = found[0].opening if found else 0
    return [
        (f"{row.day:%m-%d}", *(int(one) for one in (row.opening - base, row.came, row.went, row.closing - base)))
        for row in found
    ]


def told(play: Play) -> dict[str, str]:
    with play.db.connect() as connection:
        return dict(told_by_rounds(connection))


@pytest.fixture
def stocked(play: Play, today: time_machine.Traveller) -> Play:
    """Whoever plays, with a stock that was there before."""
    play.run(
        "SET LOCAL session_replication_role = replica; UPDATE stock_movement SET moved_at = '2026-10-01', came_on = '2026-10-01'"
    )
    play.run("UPDATE stock_lot SET came_on = '2026-10-01'")
    return play


def test_the_days_movements_balance_and_are_printed_with_their_slips(
    stocked: Play, today: time_machine.Traveller
) -> None:
    """Daily closing: opening + in - out = closing per warehouse and part; 出入库流水账 printed (S3 §2)."""
    case = stocked.apply(2)
    assert stocked.finish(case) == "delivered"
    assert close(stocked, today, "11-18T17:29") == ["11-17"], "the first time the latest that is over"
    assert close(stocked, today, "11-18T17:30") == ["11-18"]
    assert days(stocked)[1:] == [("11-18", 0, 0, 4, -4)]
    (journal,) = stocked.rows("SELECT number, content FROM document WHERE kind = 'LS' AND content ->> 'office' IS NULL")
    slips = {doc.number for doc in stocked.documents(case, "CK")}
    slips |= {doc.number for doc in stocked.documents(case, "RK") if doc.content["warehouse"].startswith("MAIN")}
    assert slips == {line.get("document") for line in journal.content["lines"]} - {None}
    (office,) = stocked.rows("SELECT content FROM document WHERE kind = 'LS' AND content ->> 'office' IS NOT NULL")
    collected = {doc.number for doc in stocked.documents(case, "RK")} - slips
    assert collected == {line.get("document") for line in office.content["lines"]} - {None}, "the office's own journal"
    with stocked.db.connect() as connection:
        page = printed(connection, journal.number)
    assert all(word in page for word in (journal.number, "出入库流水账", "期初 Opening", "1856", *slips))
    books_balance(stocked.db)


def test_a_day_is_closed_once_and_never_edited(stocked: Play, today: time_machine.Traveller) -> None:
    stocked.run(MOVE, **moved(4, "11-18T11:00"))
    assert close(stocked, today, "11-18T17:30") == ["11-18"]
    stocked.run(MOVE, **moved(1, "11-18T12:00"))
    assert close(stocked, today, "11-18T18:00") == []
    asked = PeriodWanted.model_validate({"since": "2026-11-18", "until": "2026-11-18"})
    ((_, page),) = do_rounds(stocked.db, CLOSING, asked)
    assert "LS-2026-000001" in page
    assert days(stocked) == [("11-18", 0, 4, 0, 4)]
    for changed in (
        "UPDATE stock_day SET came = 5, closing = closing + 1",
        "DELETE FROM stock_closed",
        "UPDATE stock_closing SET movements = 0",
    ):
        with pytest.raises(IntegrityError, match="its rows never change"):
            stocked.run(changed)


def test_after_a_weeks_outage_each_working_day_is_closed_in_order_and_weekends_are_mondays(
    stocked: Play, today: time_machine.Traveller
) -> None:
    assert close(stocked, today, "11-18T17:30") == ["11-18"]
    for many, at in (
        (1, "11-18T20:00"),
        (2, "11-20T17:00"),
        (4, "11-20T17:30"),
        (8, "11-21T10:00"),
        (16, "11-24T09:00"),
    ):
        stocked.run(MOVE, **moved(many, at))
    assert close(stocked, today, "11-26T09:00") == ["11-19", "11-20", "11-23", "11-24", "11-25"]
    assert days(stocked)[1:] == [
        ("11-19", 0, 1, 0, 1),
        ("11-20", 1, 2, 0, 3),
        ("11-23", 3, 12, 0, 15),
        ("11-24", 15, 16, 0, 31),
    ]
    due = stocked.rows("SELECT DISTINCT due_on FROM stock_journal WHERE day > '2026-11-18'")
    assert [f"{row.due_on:%m-%d}" for row in due] == ["11-26"], "nobody is late for the outage"
    books_balance(stocked.db)


def test_on_a_holiday_nothing_is_closed(stocked: Play, today: time_machine.Traveller) -> None:
    assert close(stocked, today, "09-30T17:30") == ["09-30"]
    assert close(stocked, today, "10-06T18:00") == [], "the National Day holiday"
    on_holiday = PeriodWanted.model_validate({"since": "2026-10-06", "until": "2026-10-06"})
    do_rounds(stocked.db, CLOSING, on_holiday)
    assert stocked.rows("SELECT day FROM stock_closing WHERE day > '2026-09-30'") == []
    assert close(stocked, today, "10-08T17:30") == ["10-08"]


def test_what_a_leg_is_just_moving_when_the_day_is_closed_is_the_next_days(
    stocked: Play, today: time_machine.Traveller
) -> None:
    with stocked.db.connect() as leg:
        leg.execute(text(MOVE), moved(5, "11-18T17:29"))
        assert close(stocked, today, "11-18T17:30") == ["11-18"]
        leg.commit()
    assert [day for day, _, came, went, _ in days(stocked) if came or went] == []
    assert close(stocked, today, "11-19T17:30") == ["11-19"]
    assert days(stocked)[-1] == ("11-19", 0, 5, 0, 5)
    books_balance(stocked.db)


def test_what_is_taken_back_after_the_closing_is_the_next_days(stocked: Play, today: time_machine.Traveller) -> None:
    case = stocked.apply(1)
    stocked.run_to(case, "pickup-1")
    assert close(stocked, today, "11-18T17:30") == ["11-18"]
    before = stocked.rows("SELECT * FROM stock_day")
    assert stocked.withdraw(case, SUPERVISOR).accepted
    assert close(stocked, today, "11-19T17:30") == ["11-19"]
    assert stocked.rows("SELECT * FROM stock_day WHERE day = '2026-11-18'") == before
    assert days(stocked) == [("11-18", 0, 0, 4, -4), ("11-19", -4, 0, -4, 0)], "red: less went"


def test_where_the_books_do_not_balance_the_supervisor_is_told(stocked: Play, today: time_machine.Traveller) -> None:
    stocked.run("UPDATE stock_balance SET on_hand = on_hand + 1 WHERE part = 'P-HW-001'")
    assert close(stocked, today, "11-18T17:30") == ["11-18"]
    assert "日结不平 2026-11-18：1 项" in told(stocked)[Role.SUPERVISOR]


@pytest.mark.parametrize(
    ("spoilt", "sentence"),
    [
        ("UPDATE stock_day SET opening = opening + 1, closing = closing + 1", "日结的结存"),
        ("DELETE FROM stock_closed WHERE day = '2026-11-19'", "日结的结存"),
        ("UPDATE stock_day SET opening = opening + 1, came = came - 1 WHERE day = '2026-11-19'", "期初"),
        ("DELETE FROM stock_journal", "有收发的仓库每日一本流水账"),
    ],
)
def test_what_contradicts_a_closed_day_is_found(
    stocked: Play, today: time_machine.Traveller, spoilt: str, sentence: str
) -> None:
    for many, day in ((4, "11-18"), (2, "11-19")):
        stocked.run(MOVE, **moved(many, f"{day}T11:00"))
        close(stocked, today, f"{day}T17:30")
    assert sentence in [one.split(" = ")[0].split()[0] for one in contradicted(stocked, spoilt)]


# journals


def sign(play: Play, numbers: str, staff: str, **more: str) -> str:
    form = JournalSigned.model_validate({"numbers": numbers, "staff": staff} | more)
    return sign_journals(play.db, form)


@pytest.fixture
def closed(stocked: Play, today: time_machine.Traveller) -> Play:
    """A closed day on which the group's warehouse (LS-…2) and Beijing's (LS-…1) moved stock."""
    stocked.run(MOVE, **moved(4, "11-18T11:00"))
    stocked.run(MOVE, **moved(2, "11-18T11:30", where="BJ-GOOD"))
    close(stocked, today, "11-18T17:30")
    return stocked


MAIN, BEIJING = "LS-2026-000002", "LS-2026-000001"


def test_the_warehouse_signs_and_each_office_sends_its_own_journal(closed: Play) -> None:
    """The closing is signed; each office sends its 流水账 every evening (S3 §2 7)."""
    waits = told(closed)
    assert (MAIN in waits[Role.WAREHOUSE], BEIJING in waits[Role.OFFICE]) == (True, True)
    assert "北京办事处良品仓" in sign(closed, BEIJING.lower(), OFFICE, remark="少一只")
    assert "总部良品仓" in sign(closed, MAIN, WAREHOUSE)
    assert Role.WAREHOUSE not in told(closed)
    found = closed.rows("SELECT signed_by, remark, reason FROM stock_journal ORDER BY warehouse")
    assert [tuple(row) for row in found] == [(OFFICE, "少一只", ""), (WAREHOUSE, "", "")]
    with pytest.raises(IntegrityError, match="never changes"):
        closed.run("UPDATE stock_journal SET signed_by = 'E1040'")


@pytest.mark.parametrize(
    ("numbers", "staff", "expected"),
    [
        (MAIN, OFFICE, "must hold WAREHOUSE"),
        (BEIJING, WAREHOUSE, "must hold OFFICE BJ"),
        (BEIJING, "E1051", "must hold OFFICE BJ"),
        (f"{MAIN} LS-2026-000009", WAREHOUSE, "there is no such journal"),
    ],
)
def test_a_journal_is_signed_by_nobody_else(closed: Play, numbers: str, staff: str, expected: str) -> None:
    with pytest.raises(BadInput, match=expected):
        sign(closed, numbers, staff)
    assert closed.rows("SELECT 1 FROM stock_journal WHERE signed_by IS NOT NULL") == []


def test_a_journal_is_signed_once(closed: Play) -> None:
    sign(closed, MAIN, WAREHOUSE)
    with pytest.raises(BadInput, match=f"已由 {WAREHOUSE} 签收"):
        sign(closed, MAIN, WAREHOUSE)


def test_a_late_journal_is_asked_for_and_explained_and_the_supervisor_has_the_list(
    closed: Play, today: time_machine.Traveller
) -> None:
    today.move_to("2026-11-19T09:00:00+08:00")
    ((_, page),) = do_rounds(closed.db, ASKING, DUE)
    assert (MAIN in page, BEIJING in page) == (True, True)
    waits = told(closed)
    assert all("逾期 late since 2026-11-18" in waits[role] for role in (Role.OFFICE, Role.WAREHOUSE, Role.SUPERVISOR))
    with pytest.raises(BadInput, match="请写明迟交原因"):
        sign(closed, f"{BEIJING}", OFFICE)
    sign(closed, BEIJING, OFFICE, reason="停电")
    assert BEIJING not in told(closed)[Role.SUPERVISOR]
    close(closed, today, "11-19T17:30")
    today.move_to("2026-11-27T09:00:00+08:00")  # after a week's outage: asked once, for what waits now
    ((_, page),) = do_rounds(closed.db, ASKING, DUE)
    assert (MAIN in page, BEIJING in page) == (True, True), "the late one with its reason"
    assert "停电" in page
    assert do_rounds(closed.db, ASKING, DUE) == []


def test_who_closes_by_hand_after_an_outage_closes_the_days_before_it_too(
    stocked: Play, today: time_machine.Traveller
) -> None:
    """Each day keeps its own movements and journal, whoever closes first, however often at once."""
    close(stocked, today, "11-17T17:30")
    for day in ("18", "19", "20"):
        stocked.run(MOVE, **moved(int(day), f"11-{day}T11:00"))
    today.move_to("2026-11-20T18:00:00+08:00")
    friday = PeriodWanted.model_validate({"since": "2026-11-20", "until": "2026-11-20"})
    at_once(*(partial(do_rounds, stocked.db, CLOSING, wanted) for wanted in (friday, friday)))
    assert days(stocked)[1:] == [("11-18", 0, 18, 0, 18), ("11-19", 18, 19, 0, 37), ("11-20", 37, 20, 0, 57)]
    assert len(do_rounds(stocked.db, CLOSING, DUE)) == 3
    assert len(stocked.rows("SELECT 1 FROM document WHERE kind = 'LS'")) == 3


def test_a_weeks_journals_of_several_warehouses_are_signed_at_once() -> None:
    numbers = " ".join(f"LS-2026-{no:06d}" for no in range(1, 15))
    assert JournalSigned(staff=WAREHOUSE, numbers=numbers).numbers == numbers
