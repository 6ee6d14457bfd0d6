from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from schemas.words import Role
from tasks.approvals.rules import LADDER, NO_APPROVER, SIGNS_ONLY, Approver, appointed, next_rung

REVIEWER, SUPERVISOR, MANAGER, GENERAL = LADDER
LIMITS: dict[Role, Decimal | None] = {
    REVIEWER: Decimal(2000),
    SUPERVISOR: Decimal(10_000),
    MANAGER: Decimal(50_000),
    GENERAL: None,
}
HOLDERS = {
    REVIEWER: frozenset({"rev1", "rev2"}),
    SUPERVISOR: frozenset({"sup"}),
    MANAGER: frozenset({"man"}),
    GENERAL: frozenset({"gm"}),
}
NOBODY: frozenset[str] = frozenset()


@dataclass
class Climb:
    """A case that went up the ladder as a process sends it."""

    rungs: list[Role] = field(default_factory=list)
    approvers: list[str] = field(default_factory=list)
    answer: Role | None = None


def climb(
    amount: Decimal | int | str,
    applicant: str = "office",
    limits: dict[Role, Decimal | None] = LIMITS,
    holders: dict[Role, frozenset[str]] = HOLDERS,
    choose: st.DataObject | None = None,
) -> Climb:
    """Let each rung be approved by one of its holders until the ladder answers otherwise."""
    went = Climb()
    while True:
        barred = frozenset({applicant, *went.approvers})
        went.answer = next_rung(Decimal(amount), limits, holders, barred, went.rungs)
        if went.answer is None or went.answer is NO_APPROVER:
            return went
        free = sorted(holders[went.answer] - barred)
        assert free, "the ladder asked a rung where nobody may act"
        went.rungs.append(went.answer)
        went.approvers.append(choose.draw(st.sampled_from(free)) if choose else free[0])
        assert len(went.rungs) <= len(LADDER), "the ladder does not end"


@pytest.mark.parametrize(
    ("amount", "rungs"),
    [
        ("0", [REVIEWER]),
        ("2000.00", [REVIEWER]),
        ("2000.01", [REVIEWER, SUPERVISOR]),
        ("10000.00", [REVIEWER, SUPERVISOR]),
        ("10000.01", [REVIEWER, SUPERVISOR, MANAGER]),
        ("50000.00", [REVIEWER, SUPERVISOR, MANAGER]),
        ("50000.01", [REVIEWER, SUPERVISOR, MANAGER, GENERAL]),
        ("99999999", [REVIEWER, SUPERVISOR, MANAGER, GENERAL]),
    ],
)
def test_the_rungs_climb_in_order_up_to_the_first_that_covers_the_amount(amount: str, rungs: list[Role]) -> None:
    went = climb(amount)
    assert went.rungs == rungs
    assert went.answer is None


@pytest.mark.parametrize(
    ("applicant", "amount", "rungs"),
    [
        ("sup", 8000, [REVIEWER, MANAGER]),
        ("sup", 30_000, [REVIEWER, MANAGER]),
        ("sup", 80_000, [REVIEWER, MANAGER, GENERAL]),
        ("sup", 1000, [REVIEWER]),
        ("man", 30_000, [REVIEWER, SUPERVISOR, GENERAL]),
        ("man", 8000, [REVIEWER, SUPERVISOR]),
        ("rev1", 1000, [REVIEWER]),
    ],
)
def test_a_barred_rung_is_replaced_by_the_next_which_approves_once(
    applicant: str, amount: int, rungs: list[Role]
) -> None:
    went = climb(amount, applicant=applicant)
    assert went.rungs == rungs
    assert went.answer is None


def test_when_the_only_reviewer_applied_the_supervisor_reviews_even_a_small_amount() -> None:
    holders = {**HOLDERS, REVIEWER: frozenset({"rev1"})}
    assert climb(100, applicant="rev1", holders=holders).rungs == [SUPERVISOR]
    assert climb(8000, applicant="rev1", holders=holders).rungs == [SUPERVISOR]


def test_several_barred_rungs_in_a_row_are_replaced_by_the_first_above_them() -> None:
    holders = {**HOLDERS, SUPERVISOR: frozenset({"boss"}), MANAGER: frozenset({"boss"})}
    went = climb(8000, applicant="boss", holders=holders)
    assert went.rungs == [REVIEWER, GENERAL]
    assert went.answer is None


def test_a_rung_that_nobody_holds_is_replaced_too() -> None:
    vacant = {**HOLDERS, SUPERVISOR: NOBODY}
    unlisted = {role: staff for role, staff in HOLDERS.items() if role is not SUPERVISOR}
    assert climb(8000, holders=vacant).rungs == climb(8000, holders=unlisted).rungs == [REVIEWER, MANAGER]


def test_who_holds_two_rungs_approves_only_once() -> None:
    holders = {**HOLDERS, REVIEWER: frozenset({"both"}), SUPERVISOR: frozenset({"both"})}
    went = climb(8000, holders=holders)
    assert went.rungs == [REVIEWER, MANAGER]
    assert went.approvers == ["both", "man"]


def test_a_second_holder_of_a_rung_acts_when_the_first_is_barred() -> None:
    holders = {**HOLDERS, SUPERVISOR: frozenset({"sup", "sup2"})}
    went = climb(8000, applicant="sup", holders=holders)
    assert went.approvers == ["rev1", "sup2"]


def test_there_is_no_approver_when_the_top_person_applied_for_what_only_the_top_may_approve() -> None:
    went = climb(80_000, applicant="gm")
    assert went.rungs == [REVIEWER, SUPERVISOR, MANAGER]
    assert went.answer is NO_APPROVER


def test_the_top_person_applying_for_less_changes_nothing() -> None:
    went = climb(8000, applicant="gm")
    assert went.rungs == [REVIEWER, SUPERVISOR]
    assert went.answer is None


def test_there_is_no_approver_when_nobody_holds_any_rung() -> None:
    assert next_rung(Decimal(1), LIMITS, {}, NOBODY, []) is NO_APPROVER


def test_an_amount_beyond_every_limit_is_never_taken_for_approved() -> None:
    capped = {**LIMITS, GENERAL: Decimal(100_000)}
    assert climb(100_000, limits=capped).answer is None
    went = climb("100000.01", limits=capped)
    assert went.rungs == list(LADDER)
    assert went.answer is NO_APPROVER


def test_a_stand_in_without_authority_over_the_amount_does_not_end_the_climb() -> None:
    odd = {**LIMITS, MANAGER: Decimal(5000)}
    went = climb(8000, applicant="sup", limits=odd)
    assert went.rungs == [REVIEWER, MANAGER, GENERAL]


def test_the_climb_never_goes_down_again() -> None:
    answer = next_rung(Decimal(80_000), LIMITS, HOLDERS, frozenset({"man"}), [MANAGER])
    assert answer is GENERAL


def test_the_order_in_which_rungs_were_recorded_does_not_matter() -> None:
    barred = frozenset({"rev1", "sup"})
    for climbed in ([REVIEWER, SUPERVISOR], [SUPERVISOR, REVIEWER]):
        assert next_rung(Decimal(30_000), LIMITS, HOLDERS, barred, climbed) is MANAGER


def test_roles_outside_the_ladder_climb_nothing() -> None:
    assert next_rung(Decimal(1), LIMITS, HOLDERS, NOBODY, [Role.AGENT, Role.PLANNER]) is REVIEWER


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "Infinity"])
def test_an_amount_that_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="expected CNY of 0 or more"):
        next_rung(Decimal(amount), LIMITS, HOLDERS, NOBODY, [])


def test_a_ladder_with_a_missing_limit_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no limit for SUPERVISOR, GENERAL_MANAGER"):
        next_rung(Decimal(1), {REVIEWER: Decimal(1), MANAGER: None}, HOLDERS, NOBODY, [])


@pytest.mark.parametrize(
    ("applicant", "role"), [("office", MANAGER), ("gm", MANAGER), ("man", GENERAL)], ids=["office", "gm", "manager"]
)
def test_where_nobody_is_left_the_manager_is_appointed_unless_the_case_is_a_manager_s(
    applicant: str, role: Role
) -> None:
    assert appointed(NO_APPROVER, HOLDERS, applicant) == Approver(role=role, last=True)
    assert appointed(NO_APPROVER, {}, applicant).role is MANAGER
    assert appointed(SUPERVISOR, HOLDERS, applicant) == Approver(role=SUPERVISOR)


@pytest.mark.parametrize("amount", ["0", "2000", "50000"])
def test_a_rung_that_only_signs_covers_no_amount(amount: str) -> None:
    signed = {**LIMITS, REVIEWER: SIGNS_ONLY, SUPERVISOR: SIGNS_ONLY}
    assert next_rung(Decimal(amount), signed, HOLDERS, NOBODY, [SUPERVISOR]) is MANAGER
    assert next_rung(Decimal(amount), signed, HOLDERS, NOBODY, [SUPERVISOR, MANAGER]) is None


@pytest.mark.parametrize("answer", [Approver(role=REVIEWER), None, Approver(role=MANAGER, last=True)])
def test_each_answer_survives_the_ledger(answer: Approver | None) -> None:
    adapter: TypeAdapter[Approver | None] = TypeAdapter(Approver | None)
    assert adapter.validate_json(adapter.dump_json(answer)) == answer


staff = st.sampled_from(["a", "b", "c", "d", "e", "f"])
any_holders = st.fixed_dictionaries({rung: st.frozensets(staff, max_size=4) for rung in LADDER})
amounts = st.decimals(0, 200_000, places=2) | st.sampled_from([Decimal(n) for n in (2000, 10_000, 50_000)])


@st.composite
def any_limits(draw: st.DrawFn) -> dict[Role, Decimal | None]:
    """Rising limits; the top is unlimited or not."""
    steps = sorted(draw(st.lists(st.integers(0, 200_000), min_size=4, max_size=4)))
    limits: dict[Role, Decimal | None] = {rung: Decimal(step) for rung, step in zip(LADDER, steps, strict=True)}
    return limits if draw(st.booleans()) else {**limits, GENERAL: None}


@settings(deadline=None, max_examples=300)
@given(amounts, staff, any_limits(), any_holders, st.data())
def test_whoever_holds_and_applies_the_ladder_keeps_its_promises(
    amount: Decimal,
    applicant: str,
    limits: dict[Role, Decimal | None],
    holders: dict[Role, frozenset[str]],
    data: st.DataObject,
) -> None:
    went = climb(amount, applicant, limits, holders, data)
    event(f"{len(went.rungs)} rungs, {'approved' if went.answer is None else 'nobody left'}")

    assert applicant not in went.approvers
    assert len(set(went.approvers)) == len(went.approvers)
    assert went.rungs == sorted(set(went.rungs), key=LADDER.index)
    assert all(who in holders[rung] for who, rung in zip(went.approvers, went.rungs, strict=True))
    covers = [limits[rung] is None or amount <= (limits[rung] or 0) for rung in LADDER]
    last = LADDER.index(went.rungs[-1]) if went.rungs else -1
    if went.answer is None:
        assert covers[last]
        assert not any(covers[LADDER.index(rung)] for rung in went.rungs[:-1])
    else:
        used = {applicant, *went.approvers}
        assert all(holders[rung] <= used for rung in LADDER[last + 1 :])
        assert last < 0 or not covers[last]


@settings(deadline=None, max_examples=200)
@given(amounts, staff, any_limits(), any_holders, st.data())
def test_a_rung_is_left_out_only_when_nobody_on_it_could_act_or_it_was_not_needed(
    amount: Decimal,
    applicant: str,
    limits: dict[Role, Decimal | None],
    holders: dict[Role, frozenset[str]],
    data: st.DataObject,
) -> None:
    went = climb(amount, applicant, limits, holders, data)
    for place, rung in enumerate(went.rungs):
        barred = {applicant, *went.approvers[:place]}
        below = LADDER.index(went.rungs[place - 1]) + 1 if place else 0
        skipped = LADDER[below : LADDER.index(rung)]
        assert all(holders[left_out] <= barred for left_out in skipped)
