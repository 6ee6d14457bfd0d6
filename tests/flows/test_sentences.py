"""Sentences of the rulebook that are about all cases: what is approved, what a case keeps, how goods move."""

import pytest

from schemas.words import Role
from tests.flows.repairs import Repairs
from tests.play import Play, cells, line

PEOPLE = Repairs


def dear(play: Play, staff: str | None = None, **form: object) -> int:
    """Apply for parts of 3,000 and have them reviewed: the SUPERVISOR must approve."""
    case = play.apply([line("P-PB-001", 1)], **form)
    play.decide(case, "review-1", staff, 明细=cells("单价", {1: 3000}, 配件名称="P-PB-001", 数量=1))
    return case


def test_a_leader_s_refusal_needs_a_reason(play: Repairs) -> None:
    case = dear(play)
    assert "不同意时必填" in play.refused(case, "approve-1-1", 审批结论="不同意", 原因="")
    play.decide(case, "approve-1-1", 审批结论="不同意", 原因="太贵")
    assert (play.case(case).ending, play.case(case).ending_reason) == ("rejected", "太贵")


def test_scrap_is_approved_by_nobody_who_applied_or_approved(play: Repairs) -> None:
    case = play.arrived(货主="办事处")
    play.decide(case, "appraise-1", 鉴定类别="一类(不值得修)")
    reviewer = next(row.actor for row in play.timeline(case) if row.step_key == "review-1")
    for barred in (play.case(case).applicant, reviewer):
        play.grant(barred, Role.SUPERVISOR)
        assert "不能审批" in play.refused(case, "scrap-1", barred)
    play.decide(case, "scrap-1", "E1040")
    assert play.case(case).ending == "scrapped"


def test_a_case_keeps_the_policies_with_which_it_was_opened(play: Repairs) -> None:
    """A case keeps the policy version by which it was decided (DOMAIN, head)."""
    old = play.apply([line("P-PB-001", 1)])
    play.run("INSERT INTO policy_version (version, valid_from, note) VALUES (2, '2026-11-18', 'stricter')")
    play.run("INSERT INTO policy SELECT 2, key, value, unit, source, meaning FROM policy")
    stricter = '{"PARTS_REVIEWER": "1", "SUPERVISOR": "10000", "MANAGER": "50000", "GENERAL_MANAGER": null}'
    play.run(f"UPDATE policy SET value = '{stricter}' WHERE version = 2 AND key = 'ladder.limits'".replace(":", r"\:"))
    new = play.apply([line("P-PB-001", 1)])
    for case in (old, new):
        play.decide(case, "review-1")
    assert [play.case(case).policy_version for case in (old, new)] == [1, 2]
    assert list(play.items(old)) == ["plan-1"], "within the reviewer's limit of its day"
    assert list(play.items(new)) == ["approve-1-1"]


def test_a_list_s_goods_move_by_one_transfer_note_that_pairs_out_and_in(play: Repairs) -> None:
    """A transfer is one 调拨单 that pairs out and in (DOMAIN, Stock; S3 §2 4.1)."""
    case = play.reviewed()
    listed = play.ship(case)
    play.decide(listed, "receive-1")
    (note,) = play.documents(listed, "DB")
    moves = play.rows(
        "SELECT kind, warehouse, sum(quantity) AS n FROM stock_movement WHERE case_id = :c GROUP BY 1, 2", c=listed
    )
    moved = {(row.kind, row.warehouse): row.n for row in moves}
    assert moved == {("transfer_out", "BJ-DAMAGED"): -2, ("transfer_in", "MAIN-DAMAGED"): 2}
    assert all(name in str(note.content) for name in ("北京办事处", "残次"))


@pytest.mark.parametrize("end", ["repaired", "scrapped"])
def test_what_is_repaired_or_scrapped_leaves_a_damaged_warehouse(play: Repairs, end: str) -> None:
    """Repair out and scrap out only from damaged (DOMAIN, Stock)."""
    case = play.arrived(货主="办事处")
    if end == "scrapped":
        play.decide(case, "appraise-1", 鉴定类别="一类(不值得修)")
    assert play.finish(case) == end
    left = play.rows(
        "SELECT DISTINCT w.kind FROM stock_movement m JOIN warehouse w ON w.code = m.warehouse "
        "WHERE case_id = :c AND m.kind IN ('repair_out', 'scrap_out')",
        c=case,
    )
    assert [row.kind for row in left] == ["damaged"]
