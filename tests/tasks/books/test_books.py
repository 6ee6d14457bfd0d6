"""The books name what contradicts a sentence."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from tasks.books.queries import ALWAYS, AT_REST, untrue
from tasks.books.trades import TRADES
from tests.books import untrue_at_once
from tests.databases import Server
from tests.play import Play, line

SELF_APPROVED = "UPDATE service_case SET applicant = (SELECT actor FROM ledger WHERE step_key = 'review-1')"


def contradicted(play: Play, statement: str) -> dict[str, list[tuple[object, ...]]]:
    """Spoil the books and look at them; nothing of it is kept."""
    with play.db.connect() as connection:
        connection.execute(text("SET LOCAL aftersales.maintenance = on"))
        connection.execute(text(statement))
        found = untrue(connection)
        assert untrue_at_once(connection, ALWAYS) == found
        return found


def test_after_a_whole_case_every_sentence_is_true(play: Play) -> None:
    play.finish(play.apply())
    with play.db.connect() as connection:
        assert untrue(connection, ALWAYS | AT_REST) == {}


def test_a_sentence_that_is_not_true_comes_with_the_keys_that_offend_it(play: Play) -> None:
    wrong = contradicted(play, "UPDATE stock_balance SET on_hand = on_hand + 1 WHERE part = 'P-HW-001'")
    in_and_out, lots = wrong
    assert (in_and_out.split()[-1], lots.split()[0]) == ("stock", "库存")
    for ((_warehouse, part, on_hand, moved),) in wrong.values():
        assert (part, on_hand) == ("P-HW-001", moved + 1)


def test_who_applied_and_approved_is_found(play: Play) -> None:
    case = play.apply()
    play.finish(case)
    wrong = contradicted(play, SELF_APPROVED)
    assert {row[0] for rows in wrong.values() for row in rows} == {play.case(case).number}


def test_no_more_rows_are_given_than_were_asked_for(play: Play) -> None:
    with play.db.connect() as connection:
        connection.execute(text("UPDATE stock_balance SET on_hand = on_hand + 1"))
        assert [len(rows) for rows in untrue(connection, most=2).values()] == [2, 2], "movements, and lots"


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
        assert untrue(connection, ALWAYS | AT_REST) == {}
        connection.execute(text(spoilt))
        assert len(untrue(connection, ALWAYS | AT_REST)) == 1


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


# what single processes keep

OPEN, DONE = (f"(SELECT id FROM service_case WHERE closed_at IS {word})" for word in ("NULL", "NOT NULL"))
MOVED = (
    "INSERT INTO stock_movement (id, case_id, step_key, line_no, kind, warehouse, part, quantity, moved_at, came_on) "
    "SELECT gen_random_uuid(), case_id, 'spoilt', line_no, {}, warehouse, part, {}, moved_at, came_on FROM stock_movement "
    "WHERE kind = 'delivery_out'"
)
CLOSED = "UPDATE service_case SET process = '{}', ending = '{}', closed_at = opened_at{} WHERE closed_at IS NULL"
PAID = (
    "INSERT INTO payment (case_id, step_key, kind, amount, paid_on, reference, staff, recorded_at) "
    f"SELECT {OPEN}, 'spoilt', 'returned', -1, '2026-11-20', 'R1', min(code), '2026-11-20' FROM staff"
)
ON_DUTY = f"INSERT INTO duty (day, shift, staff, deputy, case_id) SELECT '2026-11-20', {{}}, {OPEN} FROM staff LIMIT 2"
SPOILT = {
    "退回逐件不多于送出": MOVED.format("kind", "-2 * quantity"),
    "在制和预留的都是本单的行": "UPDATE reservation SET line_no = 99, state = 'held'",
    "修好的不多于送修的": "INSERT INTO repair (case_id, line_no, part, order_no, quantity, outcome, done_at) "
    "SELECT case_id, line_no, part, order_no, quantity + 1, 'repaired', '2026-11-20' FROM case_line",
    "返件清单上的都是本办事处的返修单": "INSERT INTO document "
    "(id, case_id, step_key, kind, year, serial, number, content, issued_at) SELECT gen_random_uuid(), id, 'spoilt', "
    "'FJ', 2026, 1, 'FJ-2026-000001', json_build_object('lines', json_build_array(json_build_object('repair', number))), "
    "opened_at FROM service_case WHERE closed_at IS NULL",
    "每个来电有一张来电信息记录表": "WITH own AS (UPDATE service_case SET process = 'CC' WHERE closed_at IS NULL) "
    "INSERT INTO ledger (case_id, step_key, seq, kind, title, actor, link, channel, started_at, finished_at) "
    f"VALUES ({OPEN}, 'record-contact', 99, 'step', '', '', '', 'cli', '2026-11-20', '2026-11-20')",
    "已解决的投诉已归档": CLOSED.format("CC", "settled", """, request = '{"kind": "complaint"}'"""),
    "每班一人值班": ON_DUTY.format("'evening', code, NULL"),
    "代理另有其人": ON_DUTY.format("'leave', code, code"),
    "处罚只对受控后逾期完成的行": "INSERT INTO penalty (case_id, line_no, turn, made_on, unit, quantity, over, amount) "
    f"VALUES ({DONE}, 1, 1, '2026-11-20', 'PANEL', 1, 1, 1)",
    "管控生产的是周期管控单": "UPDATE production_order SET cycle_id = case_id",
    "收回的异常费用是记过的": "INSERT INTO charge "
    "(case_id, step_key, party_kind, party, amount, source, line_no, kind, charged_at) "
    f"VALUES ({OPEN}, 'spoilt', 'unit', 'PANEL', -5, '', 1, 'damaged', '2026-11-20')",
    "退款不超已付": PAID,
    "调入不多于调出": "WITH own AS (UPDATE service_case SET process = 'ST' WHERE closed_at IS NOT NULL) "
    + MOVED.format("'transfer_in'", "1"),
    "盘点只在批准后改账": "UPDATE service_case SET process = 'SC' WHERE closed_at IS NOT NULL",
    "退货入库不多于申请": MOVED.format("'customer_return_in'", "100"),
    "无未结退货的订单": "UPDATE sales_record SET returned = 1",
}


@pytest.fixture(scope="module")
def spoilable(server: Server, template: str) -> Iterator[Play]:
    """A case that is closed and one that waits; who spoils their books keeps nothing of it."""
    with server.copied(template) as db:
        play = Play(db)
        play.finish(play.apply())
        play.apply()
        yield play


@pytest.mark.parametrize("sentence", SPOILT)
def test_what_contradicts_a_sentence_about_a_process_is_found(spoilable: Play, sentence: str) -> None:
    with spoilable.db.connect() as connection:
        assert untrue(connection, ALWAYS | AT_REST) == {}
    found = contradicted(spoilable, SPOILT[sentence])
    assert any(sentence in one for one in found), list(found)


def test_every_sentence_about_a_process_was_spoilt() -> None:
    assert [one for one in TRADES if not any(sentence in one for sentence in SPOILT)] == []


# what the whole house keeps

ENTRY = (
    "INSERT INTO ledger (case_id, step_key, seq, kind, title, actor, link, channel, started_at, finished_at) "
    "SELECT case_id, step_key, 99, '{}', '', '', '', 'cli', opened_at, opened_at FROM work_item WHERE state = 'open'"
)
APPROVED = (
    "WITH asked AS (UPDATE work_item SET form = 'ApprovalDecision') "
    "UPDATE ledger SET actor = 'TWICE', output = json_build_object('verdict', {}) WHERE kind = 'decision'"
)
BACK = (
    "INSERT INTO payment (case_id, step_key, kind, amount, paid_on, reference, staff, recorded_at) "
    f"SELECT {DONE}, kind, kind, amount, '2026-11-20', kind, (SELECT min(code) FROM staff), '2026-11-20' "
    "FROM (VALUES ('deposit', 10), ('returned', -15)) AS p (kind, amount)"
)
WITHDRAWN = "WITH own AS (UPDATE ledger SET kind = 'withdrawn' WHERE step_key = 'review-1') "
REFUNDED = (
    "INSERT INTO refund (case_id, turn, amount, goods, delivery, account, state, granted_at) "
    f"SELECT id, 1, 1, {{}}, '', 'granted', opened_at FROM service_case WHERE id = {DONE}"
)
CLOSED_DAYS = (
    "WITH days AS (INSERT INTO stock_closing SELECT day, day, day, 1 FROM (VALUES (date '2026-11-18'), ('2026-11-19')) "
    "AS d (day)), closed AS (INSERT INTO stock_closed SELECT id, '2026-11-18' FROM stock_movement) "
    "INSERT INTO stock_day SELECT warehouse, part, day, 0, moved + more, 0, moved + more FROM "
    "(SELECT warehouse, part, sum(quantity) AS moved FROM stock_movement GROUP BY 1, 2) m, "
    "(VALUES (date '2026-11-18', {}), ('2026-11-19', {})) AS d (day, more)"
)
FOUND = [  # the sentence, how its books are spoilt, and how many rows of it are found then, of which five are given
    ("编号连续", "INSERT INTO counter VALUES ('document:XX:2026', 1), ('case:XX:2026', 0)", 2),
    (
        "入出库单与",
        "UPDATE document SET content = regexp_replace(content::text, '(quantity.{3})', '\\1' || '1')::json "
        "WHERE kind = 'CK'",
        1,
    ),
    ("入出库单与", "DELETE FROM document WHERE kind = 'CK'", 2),
    ("入出库单与", "UPDATE document SET case_id = NULL WHERE kind = 'CK'", 4),
    ("每次冲销", "UPDATE document SET content = replace(content::text, 'false', 'true')::json WHERE kind = 'CK'", 1),
    (
        "每次冲销",
        "UPDATE ledger SET kind = 'undo', step_key = 'undo-' || step_key WHERE step_key LIKE 'release-goods-%'",
        1,
    ),
    ("已结案的单无", f"UPDATE work_item SET case_id = {DONE}, step_key = 'spoilt' WHERE state = 'open'", 1),
    ("每单的记录从", f"DELETE FROM ledger WHERE case_id = {DONE} AND seq = 2", 1),
    ("每单的记录从", f"DELETE FROM ledger WHERE case_id = {OPEN}", 1),
    ("每单的记录从", "UPDATE service_case SET seq = seq + 1", 2),
    ("每单的记录从", "UPDATE ledger SET seq = -1 WHERE seq = 1", 2),
    ("每个决定记一次", "UPDATE ledger SET actor = 'NOBODY' WHERE step_key = 'review-1'", 1),
    ("每个决定记一次", "DELETE FROM decision WHERE step_key = 'review-1'", 1),
    ("每个决定记一次", "DELETE FROM ledger WHERE step_key = 'review-1'", 1),
    ("已办的待办", "DELETE FROM ledger WHERE step_key = 'review-1'", 1),
    ("已办的待办", "UPDATE ledger SET kind = 'step' WHERE step_key = 'review-1'", 1),
    ("已办的待办", "UPDATE ledger SET kind = 'timed_out' WHERE step_key = 'review-1'", 1),
    ("已办的待办", ENTRY.format("decision"), 1),
    ("已办的待办", ENTRY.format("step"), 1),
    ("结案是", "UPDATE ledger SET seq = 99 WHERE step_key = 'close'", 1),
    ("结案是", "DELETE FROM ledger WHERE step_key = 'close'", 1),
    (
        "结案是",
        f"UPDATE ledger SET step_key = 'close' WHERE case_id = {OPEN} AND seq = (SELECT max(seq) FROM ledger "
        f"WHERE case_id = {OPEN})",
        1,
    ),
    ("没有人审批", APPROVED.format("'approve'"), 1),
    ("没有人审批", "UPDATE service_case SET applicant = (SELECT actor FROM ledger WHERE step_key = 'review-1')", 1),
    ("没有人审批", APPROVED.format("CASE step_key WHEN 'review-1' THEN 'approve' END"), 0),
    ("退款分项", REFUNDED.format("1, 0"), 1),
    ("退款分项", REFUNDED.format("0, 1"), 1),
    ("退款分项", REFUNDED.format("0, 0"), 0),
    ("退款不超已付", BACK, 0),
    ("退款不超已付", WITHDRAWN + BACK, 1),
    ("退款不超已付", BACK.replace("-15", "-21"), 1),
    ("日结的结存", CLOSED_DAYS.format(1, 0), 0),
    ("日结的结存", CLOSED_DAYS.format(0, 1), 5),
]


@pytest.mark.parametrize(("sentence", "spoilt", "rows"), FOUND)
def test_of_what_contradicts_a_sentence_about_the_house_all_is_found_and_nothing_else(
    spoilable: Play, sentence: str, spoilt: str, rows: int
) -> None:
    found = contradicted(spoilable, spoilt)
    assert sum(len(these) for one, these in found.items() if one.startswith(sentence)) == rows
