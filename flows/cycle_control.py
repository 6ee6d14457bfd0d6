"""Process 4: cycle control 配件周期管控 (DOMAIN 4). The watch tells it what happens; people decide on penalties only."""

from schemas.forms.cycles import CycleRequest
from schemas.processes.cycle_control import CycleEnding
from schemas.shapes import LinkWait
from schemas.words import LinkKind, Role
from tasks.branches.beside import beside, drop, rest, side_by_side
from tasks.control.accept import accept_cycle, begin_cycle, ends_with_source, nothing_left
from tasks.control.following import ended_question, following, left_by
from tasks.control.penalties import Penalties
from tasks.control.queries import cycle_table
from tasks.control.steps import fix_cycle, record_cycle, take_up_source
from tasks.durable.process import Case, Closing, ask
from tasks.runs.process import process


@process(
    code="CY",
    title="配件周期管控",
    chain="配件申报、返修单 → 确定周期 → 配件生产 → 记录配件入出库周期 → 制作报表 → 公示",
    returns={"记录配件入出库周期": "配件生产"},
    waits={
        "配件生产": LinkWait(LinkKind.EVENT, Role.SYSTEM, "produce.due"),
        "记录配件入出库周期": LinkWait(LinkKind.AUTO, Role.MANAGER, "approval.days"),
        "制作报表": LinkWait(LinkKind.SCHEDULED),
        "公示": LinkWait(LinkKind.SCHEDULED),
    },
    endings=CycleEnding,
    request=CycleRequest,
    parameter="周期控制单",
    accept=accept_cycle,
    begin=begin_cycle,
    end=nothing_left,
    lines=cycle_table,
    may_withdraw=ends_with_source,
    kept=True,
)
def cycle_control(case: Case) -> Closing:
    """配件周期管控 Keep the clock of a case's lines, from the plan to the day they are collected."""
    case = side_by_side(case)
    plans = take_up_source(case)  # 配件申报、返修单
    standards = fix_cycle(case)  # 确定周期
    penalties = Penalties(case)
    last = left_by(standards)
    units = [beside(case, following(case, plan, penalties, last)) for plan in plans]  # 配件生产
    ask(case, ended_question(last))
    for unit in units:
        drop(case, unit)
    ending = record_cycle(case)  # 记录配件入出库周期
    rest(case)
    return Closing(CycleEnding.PENALISED if penalties.penalised else ending)
