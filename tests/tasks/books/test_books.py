"""The books name what contradicts a sentence."""

import pytest
from sqlalchemy import text

from tasks.books.queries import ALWAYS, AT_REST, untrue
from tests.play import Play, line

SELF_APPROVED = "UPDATE service_case SET applicant = (SELECT actor FROM ledger WHERE step_key = 'review-1')"


def contradicted(play: Play, statement: str) -> dict[str, list[tuple[object, ...]]]:
    """Spoil the books and look at them; nothing of it is kept."""
    with play.db.connect() as connection:
        connection.execute(text("SET LOCAL aftersales.maintenance = on"))
        connection.execute(text(statement))
        return untrue(connection)


def test_after_a_whole_case_every_sentence_is_true(play: Play) -> None:
    play.finish(play.apply())
    with play.db.connect() as connection:
        assert untrue(connection, ALWAYS | AT_REST) == {}


def test_a_sentence_that_is_not_true_comes_with_the_keys_that_offend_it(play: Play) -> None:
    wrong = contradicted(play, "UPDATE stock_balance SET on_hand = on_hand + 1 WHERE part = 'P-HW-001'")
    assert [key.split()[-1] for key in wrong] == ["stock"]
    ((_warehouse, part, on_hand, moved),) = next(iter(wrong.values()))
    assert (part, on_hand) == ("P-HW-001", moved + 1)


def test_who_applied_and_approved_is_found(play: Play) -> None:
    case = play.apply()
    play.finish(case)
    wrong = contradicted(play, SELF_APPROVED)
    assert {row[0] for rows in wrong.values() for row in rows} == {play.case(case).number}


def test_no_more_rows_are_given_than_were_asked_for(play: Play) -> None:
    with play.db.connect() as connection:
        connection.execute(text("UPDATE stock_balance SET on_hand = on_hand + 1"))
        assert [len(rows) for rows in untrue(connection, most=2).values()] == [2]


@pytest.mark.parametrize(
    ("spoilt", "sentence"),
    [
        ("UPDATE counter SET value = value + 1 WHERE name LIKE 'document:RK:%'", "编号连续"),
        ("UPDATE counter SET value = value + 1 WHERE name LIKE 'case:%'", "编号连续"),
        ("INSERT INTO counter (name, value) VALUES ('document:XX:2026', 1)", "编号连续"),
        ("DELETE FROM document WHERE kind = 'RK'", "每次入库、出库、发货有且只有应有的单据"),
        ("DELETE FROM document WHERE kind = 'ZX'", "每次入库、出库、发货有且只有应有的单据"),
    ],
)
def test_a_number_or_a_slip_that_is_missing_is_found(play: Play, spoilt: str, sentence: str) -> None:
    play.finish(play.apply())
    assert sentence in [one.split("，")[0].split()[0] for one in contradicted(play, spoilt)]


@pytest.mark.parametrize(
    "spoilt",
    [
        "UPDATE service_case SET holder = 'MANAGER'",
        "UPDATE service_case SET due_at = due_at + interval '1 day'",
        "UPDATE service_case SET fault = 'broken'",
        "UPDATE work_item SET state = 'dropped', closed_at = due_at WHERE state = 'open'",
    ],
)
def test_an_open_case_that_does_not_wait_as_it_should_is_found(play: Play, spoilt: str) -> None:
    play.apply()
    with play.db.connect() as connection:
        assert untrue(connection, AT_REST) == {}
        connection.execute(text(spoilt))
        assert len(untrue(connection, AT_REST)) == 1


@pytest.mark.parametrize(
    "spoilt",
    [
        "UPDATE document SET reverses = NULL WHERE reverses IS NOT NULL",
        """UPDATE document SET content = replace(content::text, '"-4"', '"-5"')::json WHERE reverses IS NOT NULL""",
    ],
    ids=["of no slip", "of more than left"],
)
def test_a_red_slip_of_goods_that_came_back_is_held_against_the_slip_they_left_with(play: Play, spoilt: str) -> None:
    case = play.apply([line("P-HW-001", 4)], urgency="加急")
    play.decide(case, "release-early")
    play.decide(case, "review-1", 审核结论="驳回", 原因="不属于售后范围")
    assert play.finish(case) == "rejected"
    assert any(one.startswith("每次冲销有一张红字单") for one in contradicted(play, spoilt))
