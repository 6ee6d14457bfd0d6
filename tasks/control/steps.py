"""确定周期 and 记录配件入出库周期: the standards of each line, and what became of it (DOMAIN 4)."""

from typing import Any

from schemas.parts import Goods
from schemas.processes.cycle_control import CycleEnding
from schemas.tables import line_cycle
from schemas.words import DocumentKind
from tasks.control.queries import lines_of, units_of
from tasks.control.rules import Stages, UnitPlan, times_of
from tasks.cycle.queries import calendar
from tasks.documents.contents import goods_row
from tasks.documents.steps import issue
from tasks.durable.step import step
from tasks.policies.queries import term
from tasks.unit.work import Work

DATES = ("promised", "planned", "made_on", "in_on", "out_on", "picked_on")
WORST = [CycleEnding.LATE, CycleEnding.ON_TIME, CycleEnding.WITHDRAWN]  # of all lines counts what stands first here


@step("配件申报、返修单")
def take_up_source(work: Work) -> list[UnitPlan]:
    """Take up what the units are to make of a case."""
    return work.read(units_of)[work.case.id]


@step("确定周期")
def fix_cycle(work: Work) -> list[Stages]:
    """Fix the standards of each line in three stages: it keeps those of its plan confirmation (DOMAIN-BRANCHES 4)."""
    fixed = []
    for line in work.read(lines_of)[work.case.id]:
        own = {name: getattr(line, name) for name in ("line_no", "turn", "unit", "since", "days", "promised")}
        own |= {f"{name}_days": term(work, f"goods_{name}.days", line.process) for name in ("in", "out")}
        fixed.append(Stages(**own))
        work.insert(line_cycle, **own, planned=line.planned)
    return fixed


@step("记录配件入出库周期")
def record_cycle(work: Work) -> CycleEnding:
    """Record each line when its case has ended, in the 配件周期控制表; one that never left was withdrawn."""
    seen, known = work.read(units_of)[work.case.id][0].progress, calendar(work)
    rows, endings = [], set[CycleEnding]()
    for line in work.read(lines_of)[work.case.id]:
        dates = {name: getattr(line, name) for name in DATES}
        withdrawn = line.made_on is None or not line.went
        times = {} if withdrawn else times_of(known, seen.pauses_of(line.line_no), line)._asdict()
        in_time = CycleEnding.ON_TIME if times.get("made_in_time") else CycleEnding.LATE
        endings.add(CycleEnding.WITHDRAWN if withdrawn else in_time)
        key = {"case_id": work.case.id, "line_no": line.line_no, "turn": line.turn}
        work.update(line_cycle, key, withdrawn=withdrawn, **dates, **times)
        shown = {name: _shown(value) for name, value in (dates | times).items() if value is not None}
        rows.append(goods_row(goods_of(line), production_unit=f"{line.unit_name} {line.unit}", **shown))
    about = {"case": work.case.number, "source": work.case.request["source"]}
    issue(work, DocumentKind.CYCLE_SHEET, {**about, "lines": rows})
    return min(endings, key=WORST.index)


def goods_of(line: Any) -> Goods:
    """Give the goods of a controlled line, as documents name them."""
    return Goods(**{name: getattr(line, name) for name in Goods.model_fields})


def _shown(value: object) -> str:
    return {True: "是 yes", False: "否 no"}[value] if isinstance(value, bool) else str(value)
