"""The variant that docs/adding-a-process.md shows is run as it stands there."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import pytest

from schemas.words import Channel
from tasks.durable.opening import open_case
from tasks.durable.process import PROCESSES
from tasks.durable.stage import advance
from tests.play import Play, line

GUIDE = Path(__file__).parents[2] / "docs" / "adding-a-process.md"


@pytest.fixture
def code() -> str:
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 1
    return blocks[0]


@pytest.fixture
def variant(code: str) -> Iterator[str]:
    """Register the guide's process; gives its code."""
    module = ModuleType("flows_parts_with_inspection")
    sys.modules[module.__name__] = module
    exec(compile(code, str(GUIDE), "exec"), module.__dict__)
    yield "PI"
    del PROCESSES["PI"], sys.modules[module.__name__]


def test_the_guides_variant_is_under_45_lines_of_code(code: str) -> None:
    assert len([line for line in code.splitlines() if line.strip()]) < 45


def test_goods_that_fail_the_second_inspection_are_reworked_and_inspected_by_somebody_else(
    play: Play, variant: str
) -> None:
    case = open_case(play.db, variant, play.form(lines=1), f"cli:{uuid4()}", Channel.CLI).case_id
    advance(play.db, case)
    play.decide(case, "review-1", 审核结论="通过")
    play.decide(case, "inspect-1", "E1022", 审批结论="不同意", 原因="表面划痕")
    play.decide(case, "rework-1", 返工说明="已重新抛光")
    assert "may not approve" in play.refused(case, "inspect-2", "E1022", 审批结论="同意")
    play.decide(case, "inspect-2", "E1023", 审批结论="同意")
    assert play.finish(case) == "delivered"


def test_the_variant_has_the_standard_days_of_the_process_it_varies(play: Play, variant: str) -> None:
    form = play.form([line("P-PB-001", 3)])
    case = open_case(play.db, variant, form, f"cli:{uuid4()}", Channel.CLI).case_id
    advance(play.db, case)
    play.decide(case, "review-1", 审核结论="通过")
    assert list(play.items(case)) == ["plan-1"], "the planner need not say how long it takes"


def test_the_variant_is_withdrawn_like_the_process_it_varies(play: Play, variant: str) -> None:
    case = open_case(play.db, variant, play.form(lines=1), f"cli:{uuid4()}", Channel.CLI).case_id
    advance(play.db, case)
    play.decide(case, "review-1", 审核结论="通过")
    assert play.withdraw(case, "E1040").accepted
    assert [row.ending for row in play.rows("SELECT ending FROM service_case WHERE id = :case", case=case)] == [
        "withdrawn"
    ]
