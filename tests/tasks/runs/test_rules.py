from uuid import UUID, uuid4

from schemas.spelling import numbers_in
from schemas.words import ItemState, Role
from tasks.runs.rules import ItemRun, faults_page, items_beside, own_item, tags_when_over


def waits(key: str, role: Role = Role.WORKSHOP, run_id: UUID | None = None) -> ItemRun:
    return ItemRun(key, role, ItemState.OPEN, 0, False, run_id)


A, B = waits("a"), waits("b")
SHOWN = waits("shown", run_id=uuid4())
SYSTEM = waits("system", Role.SYSTEM)
ENGINEER = waits("engineer-1", Role.ENGINEER)


def test_the_own_run_takes_the_first_item_and_keeps_it() -> None:
    assert own_item(None, [A, B]) is A
    assert own_item("b", [A, B]) is B


def test_when_its_item_is_over_the_own_run_takes_what_no_run_shows_else_what_is_due_first() -> None:
    assert own_item("gone", [SHOWN, B]) is B
    assert own_item("gone", [SHOWN]) is SHOWN
    assert own_item("gone", []) is None


def test_what_no_person_answers_comes_last_and_has_no_run_beside() -> None:
    assert own_item("system", [SYSTEM, A]) is A
    assert own_item(None, [SYSTEM]) is SYSTEM
    assert items_beside(A, [SYSTEM, A, B]) == [B]


def test_the_engineers_item_goes_before_all_and_nothing_new_is_shown_beside_it() -> None:
    items = [A, SHOWN, ENGINEER]
    assert own_item("a", items) is ENGINEER
    assert items_beside(ENGINEER, items) == [SHOWN]
    assert items_beside(A, [A, B, SHOWN]) == [B, SHOWN]


def test_nobody_is_waited_for_in_the_tags_of_what_is_over() -> None:
    assert tags_when_over(["配件申报", "待办:计划员", "待办:计划员@北京办事处"], "已办") == ["配件申报", "已办"]
    assert tags_when_over(["配件申报", "已办"], "已办") == ["配件申报", "已办"]


def test_numbers_are_read_as_people_type_them() -> None:
    assert numbers_in(" pa－2026-000001，PA-2026-000002\npa-2026-000001；") == ["PA-2026-000001", "PA-2026-000002"]


def test_a_page_of_faults_names_the_first_of_them() -> None:
    assert faults_page("推进 1", []) == "### 推进 1"
    page = faults_page("推进", [(f"PA-{n}", "a|b") for n in range(60)])
    assert "| PA-0 | a\\|b |" in page
    assert "… 共 60 项 in all" in page
