"""The chains of all processes are DOMAIN's arrows, word for word, and say for whom each link waits."""

import subprocess
import sys

import pytest
from sqlalchemy import Engine

import flows
from schemas.words import LinkKind
from tasks.desk.chain import waits_of
from tasks.durable.process import PROCESSES
from tasks.durable.step import STEPS
from tests.flows.anomalies import at
from tests.play import Play

DOMAIN = {
    "PA": "办事处申报 → 审核修正 → 录入系统 → 周期确认 → 计划确认 → 车间生产 → 出货入库 → 入库制票 → 出库 → 出库制票 → 催提",
    "RR": "办事处申报 → 审核修正 → 制作返件清单 → 确认物流信息 → 提货验货 → 修正确认 → "
    "车间维修 → 出货入库 → 入库制票 → 出库 → 出库制票 → 催提",
    "RL": "制作返件清单 → 确认物流信息 → 提货验货",  # RR's links of the list of many repairs
    "CC": "投诉、咨询发起 → 接听和记录 → 协调责任方 → 提出处理方案 → 回复确认 → 跟踪实施 → 结案归档 → 制作报表 → 统计分析",
    "DR": "值班换班 → 批准生效",  # CC's duty roster
    "CY": "配件申报、返修单 → 确定周期 → 配件生产 → 记录配件入出库周期 → 制作报表 → 公示",
    "RF": "退换货申请 → 审核确认 → 通知返货 → 返货验收 → 退换货清单 → 办理退款 → 回复",
    "AN": "异常情况申报 → 初步审核 → 查找责任 → 处理方案 → 领导审核 → 确认处理意见 → 重新下单生产 → 回复申报方",
    "SO": "特殊订货申报 → 初步审核 → 确认生产 → 确认价格和周期 → 审批 → 回复申报方 → 下单生产",
    "HF": "回访登记 → 电话回访 → 转办跟踪",  # calls of the scheduled work
    "HJ": "抽样登记 → 通话评分 → 坐席意见",  # and their audit
    "JC": "反馈单位 → 限期整改 → 实施整改 → 验证效果",  # what a survey found, told and corrected
    "ST": "调拨申请 → 计划审批 → 调出 → 调入",  # keepers' work of DOMAIN's "Stock"
    "SC": "发起盘点 → 清点 → 差异审批 → 盘盈盘亏",
    "GS": "物料建码 → 仓管核准 → 记账制票 → 核对单据",
}
flows.load()


def ours() -> list[str]:
    return [code for code, process in PROCESSES.items() if process.function.__module__.startswith("flows.")]


def test_processes_are_listed_in_the_order_of_the_rulebook() -> None:
    code = "import flows; flows.load(); from tasks.durable.process import PROCESSES; print(*PROCESSES)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    listed = done.stdout.split()
    assert listed == [code for code in DOMAIN if code in listed]


@pytest.mark.parametrize("code", ours())
def test_a_chain_is_the_arrows_of_the_rulebook_word_for_word(code: str) -> None:
    assert PROCESSES[code].chain == DOMAIN[code]


@pytest.mark.parametrize("code", ours())
def test_what_the_system_does_has_a_step_and_what_waits_has_a_role_and_a_term(code: str, db: Engine) -> None:
    policies = {row.key for row in Play(db).rows("SELECT key FROM policy")}
    stepped = {step.link for step in STEPS.values()}
    for link, wait in waits_of(PROCESSES[code]):
        if wait.kind is LinkKind.AUTO:
            assert link in stepped, f"{code} {link} is neither done by a step nor waited for"
        else:
            assert wait.role or wait.kind is LinkKind.SCHEDULED, f"{code} {link}"
        assert not wait.due or policies & {f"{code.lower()}.{wait.due}", f"default.{wait.due}"}, wait.due


def test_the_items_of_a_played_case_wait_for_whom_its_chain_says(play: Play) -> None:
    case = play.apply(lines=4)
    assert play.finish(case) == "delivered"
    found = play.rows("SELECT link, role FROM work_item WHERE case_id = :case AND role <> 'SYSTEM'", case=case)
    opened = {(row.link, row.role) for row in found}
    said = {(link, wait.role): wait.kind for link, wait in waits_of(PROCESSES["PA"]) if wait.role}
    assert {link for link, _ in opened} <= {link for link, _ in said}  # at one, leaders approve by amount too
    surely = {place for place, kind in said.items() if kind is not LinkKind.AUTO}
    assert surely - opened == {("办事处申报", "OFFICE")}  # it was applied, and never sent back


def test_the_items_of_a_played_anomaly_wait_for_whom_its_chain_says(play: Play) -> None:
    _, child = at(play, "confirm-1", 责任方类别="仓库", 异常费用=10, 责任依据="漏装")
    assert play.finish(child) == "settled"
    opened = {
        (row.link, row.role) for row in play.rows("SELECT link, role FROM work_item WHERE case_id = :case", case=child)
    }
    said = {(link, wait.role) for link, wait in waits_of(PROCESSES["AN"]) if wait.role}
    assert said - opened == {("确认处理意见", "RESPONSIBLE_UNIT")}
    assert opened - said == {("确认处理意见", "WAREHOUSE")}, "the responsible party itself"
