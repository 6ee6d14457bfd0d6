"""Reference data that is kept: read once, and again after each change of it, wherever that came from."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from schemas.tables import STAMPED
from tasks.cycle.queries import calendar_today, calendars, standards
from tasks.people.queries import offices, people, units
from tasks.policies.queries import policies, policy_versions, setting_today, settings_today
from tasks.unit.kept import kept, stamp_of
from tasks.unit.unit import Unit

KEPT: list[kept[Any]] = [calendars, standards, people, offices, units, policies, policy_versions]


@contextmanager
def statements(db: Engine) -> Iterator[list[str]]:
    """List what is sent to a database meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(db, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db, "before_cursor_execute", note)


def test_each_change_of_reference_data_is_stamped_even_one_that_finds_no_row(
    db: Engine, subtests: pytest.Subtests
) -> None:
    for table in STAMPED:
        with subtests.test(str(table)), db.connect() as connection:
            before = stamp_of(connection)
            connection.execute(text(f"DELETE FROM {table} WHERE false"))
            assert before != stamp_of(connection) is not None
            connection.rollback()
            assert stamp_of(connection) == before


def test_what_is_kept_is_of_stamped_tables_only_and_is_read_once(db: Engine, subtests: pytest.Subtests) -> None:
    for query in KEPT:
        fresh = kept(query.query)
        with subtests.test(query.query.__name__), db.connect() as connection, statements(db) as sent:
            found = fresh(connection)
            read = {table for one in sent for table in re.findall(r"(?:FROM|JOIN) (\w+)", one)} - {"reference_stamp"}
            assert read <= set(STAMPED)
            sent.clear()
            assert fresh(connection) is found
            assert [re.findall(r"FROM (\w+)", one) for one in sent] == [["reference_stamp"]]


def test_a_new_notice_is_seen_by_the_next_unit_and_one_unit_sees_one_calendar(db: Engine) -> None:
    day = date(2030, 5, 6)
    with db.connect() as reader, db.connect() as writer:
        unit = Unit(reader, [])
        before = unit.read(calendars)
        writer.execute(text("INSERT INTO holiday VALUES (:day, false, '试', '国办')"), {"day": day})
        assert day not in calendar_today(reader).exceptions
        writer.commit()
        assert day in calendar_today(reader).exceptions
        assert unit.read(calendars) is before
        assert day in Unit(reader, []).read(calendars)[1].exceptions


def test_what_a_transaction_changed_and_took_back_is_forgotten_with_it(db: Engine) -> None:
    with db.connect() as connection:
        before = setting_today(connection, "work.start")
        connection.execute(text("UPDATE policy SET value = '\"07:00\"' WHERE key = 'work.start'"))
        assert before != setting_today(connection, "work.start") == "07:00"
        connection.rollback()
        assert setting_today(connection, "work.start") == before


def test_what_changes_while_it_is_read_is_not_kept(db: Engine) -> None:
    others: list[object] = []

    def slow(connection: Connection, _case_ids: object) -> int:
        count = connection.execute(text("SELECT count(*) FROM office")).scalar_one()
        with db.begin() as other:
            others.append(other.execute(text("UPDATE office SET region = region")))
        return int(count)

    query = kept(slow)
    with db.connect() as connection:
        assert query(connection) == query(connection)
    assert len(others) == 2


@pytest.mark.usefixtures("today")
@pytest.mark.parametrize("asked", [settings_today, calendar_today])
@pytest.mark.parametrize("day", [date(2026, 11, 18), date(2026, 11, 19)], ids=["today", "tomorrow"])
def test_a_policy_version_that_comes_while_policies_are_read_hides_no_policy(
    db: Engine, subtests: pytest.Subtests, asked: Callable[[Connection], object], day: date
) -> None:
    _policies_begin_anew(db)
    with db.connect() as connection, statements(db) as sent:
        before = asked(connection)
    for turn in range(len(sent)):
        _policies_begin_anew(db)
        with subtests.test(sent[turn]), db.connect() as connection, _before_statement(db, turn, day):
            assert asked(connection) == before
            assert asked(connection) == before


def _policies_begin_anew(db: Engine) -> None:
    """Leave the first version alone, under a stamp of its own."""
    with db.begin() as connection:
        connection.execute(text("DELETE FROM policy WHERE version = 2"))
        connection.execute(text("DELETE FROM policy_version WHERE version = 2"))


@contextmanager
def _before_statement(db: Engine, turn: int, day: date) -> Iterator[None]:
    """Let somebody else load a version of the policies, valid from a day, right before a statement is sent."""
    count = 0

    def load(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == turn + 1:
            with db.begin() as other:
                other.execute(text("INSERT INTO policy_version VALUES (2, :day, '试')"), {"day": day})
                other.execute(
                    text("INSERT INTO policy SELECT 2, key, value, unit, source, meaning FROM policy WHERE version = 1")
                )

    event.listen(db, "before_cursor_execute", load)
    try:
        yield
    finally:
        event.remove(db, "before_cursor_execute", load)
