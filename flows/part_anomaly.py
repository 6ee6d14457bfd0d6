"""Process 6: part anomaly 配件异常处理 (DOMAIN 6)."""

from schemas.forms.anomalies import AnomalyReport, PartyKind
from schemas.processes.part_anomaly import AnomalyEnding
from schemas.shapes import LinkWait
from schemas.words import LinkKind, Role
from tasks.anomalies.accept import accept_report, report_table
from tasks.anomalies.remedies import agree_on_plan, do_again, order_again, reply_to_reporter, take_in
from tasks.anomalies.shapes import said_of, told_of
from tasks.anomalies.steps import confirm_opinion, find_responsible, register_anomaly, review_anomaly, searching
from tasks.branches.beside import beside, rest, side_by_side
from tasks.branches.children import tell_parent
from tasks.durable.process import Case, Closing
from tasks.people.rights import applicant_until
from tasks.runs.process import process

TO_SEARCH = (
    "处理方案",
    "领导审核",
    "确认处理意见",
    "重新下单生产",
    "回复申报方",
)  # who is responsible may still be unknown


@process(
    code="AN",
    title="配件异常处理",
    chain="异常情况申报 → 初步审核 → 查找责任 → 处理方案 → 领导审核 → 确认处理意见 → 重新下单生产 → 回复申报方",
    returns=dict.fromkeys(TO_SEARCH, "查找责任"),
    waits={
        "初步审核": LinkWait(LinkKind.GATE, Role.PARTS_REVIEWER, "review.days"),
        "查找责任": LinkWait(LinkKind.GATE, Role.QUALITY, "responsibility.days"),
        "处理方案": LinkWait(LinkKind.GATE, Role.PLANNER, "plan.days"),
        "领导审核": LinkWait(LinkKind.GATE, Role.SUPERVISOR, "approval.days"),
        "确认处理意见": LinkWait(LinkKind.EVENT, Role.RESPONSIBLE_UNIT, "confirm.days"),
    },
    endings=AnomalyEnding,
    request=AnomalyReport,
    parameter="异常申报单",
    accept=accept_report,
    begin=lambda _form, _work: None,
    end=lambda _work: None,
    lines=report_table,
    may_withdraw=applicant_until((order_again, "已重新下单", "goods were ordered again"), ended=[tell_parent]),
)
def part_anomaly(case: Case) -> Closing:
    """配件异常处理 Find what to do about a wrong part, who pays for it, and let its line go on."""
    case, found = side_by_side(case), register_anomaly(case, case.request)  # 异常情况申报
    barred = found.barred
    found, refused = review_anomaly(case, found, barred)  # 初步审核
    if refused:
        reply_to_reporter(case, found, f"不属异常 no anomaly: {refused}")
        return Closing(AnomalyEnding.REJECTED, refused)
    blame = find_responsible(case, found)  # 查找责任
    if unknown := blame.kind == PartyKind.UNKNOWN:
        beside(case, searching(case, found, blame))
    plan, turn = agree_on_plan(case, found, blame, barred)  # 处理方案 领导审核
    confirm_opinion(case, found, blame, said_of(plan))  # 确认处理意见
    plan = do_again(case, found, blame, barred, plan, turn)  # 重新下单生产
    comes_in = take_in(case, found, plan)
    became = reply_to_reporter(case, found, said_of(plan))  # 回复申报方
    told = told_of(plan, found).model_dump(mode="json")
    if unknown or comes_in:  # the line does not wait for that
        tell_parent(case, AnomalyEnding.SETTLED, became, told)
        rest(case)
    return Closing(AnomalyEnding.SETTLED, became, told=told)
