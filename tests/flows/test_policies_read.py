"""Roles and shares of the rulebook are policy data: what a later version says is done, not what the code once said."""

import json

import pytest

from schemas.words import Role
from tests.play import Play, cells, line

HINGES = line("P-HW-001", 4)


def decided(play: Play, key: str, value: object) -> None:
    """Let a policy have another value."""
    play.run("UPDATE policy SET value = :value WHERE key = :key", key=key, value=json.dumps(value))


def test_who_releases_urgent_goods_early_is_the_policy_s_role(play: Play) -> None:
    decided(play, "default.release.role", "MANAGER")
    case = play.apply([HINGES], urgency="加急")
    assert play.items(case)["release-early"].role == "MANAGER"


def test_who_hears_that_the_pickup_reminders_are_used_up_is_the_policy_s_role(play: Play) -> None:
    decided(play, "default.pickup.escalation_role", "MANAGER")
    case = play.apply([HINGES])
    play.run_to(case, "pickup-1")
    assert play.items(case)["pickup-1"].schedule[-1]["role"] == "MANAGER"


@pytest.mark.parametrize(
    ("method", "how"),
    [
        ("hired", {"运输方式": "专车", "承运商": "德邦", "运费": 99999}),
        ("express", {"运输方式": "快递", "承运商": "圆通", "运费": 999}),
        ("air", {"运输方式": "空运", "承运商": "国航货运", "运费": 1}),
    ],
)
def test_who_approves_freight_is_the_policy_s_role(play: Play, method: str, how: dict[str, object]) -> None:
    decided(play, f"freight.{method}.approval_role", "GENERAL_MANAGER")
    case = play.apply([HINGES])
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1", **how, 件数=1)
    assert play.items(case)["freight-1-1"].role == "GENERAL_MANAGER"


def test_who_withdraws_what_is_being_made_is_the_policy_s_role(play: Play) -> None:
    decided(play, "withdraw.later_role", "MANAGER")
    case = play.apply([line("P-PB-001", 3)])
    play.run_to(case, "produce-1-panel-1")
    assert "MANAGER" in str(play.withdraw(case, "E1040").problems[0])
    (manager, *_) = play.holders(Role.MANAGER)
    assert play.withdraw(case, manager).accepted


def test_what_is_urgent_and_has_no_standard_of_its_own_has_its_share_of_the_normal_days(play: Play) -> None:
    play.run("DELETE FROM cycle_standard WHERE process = 'PA' AND category = 'PANEL' AND urgency = 'urgent'")
    case = play.apply([line("P-PB-001", 3)], urgency="加急")
    play.run_to(case, "cycle-1")
    assert play.items(case)["cycle-1"].prefill["明细"] == cells("周期天数", {1: 5})
    decided(play, "urgent.share", "1/2")
    case = play.apply([line("P-PB-001", 3)], urgency="加急")
    play.run_to(case, "cycle-1")
    assert play.items(case)["cycle-1"].prefill["明细"] == cells("周期天数", {1: 4})
