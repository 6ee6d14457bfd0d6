"""Process 2: repair return 配件返修 (DOMAIN 2)."""

from schemas.forms.repairs import Grade, Place, RepairApplication, RepairResubmission, RepairReview
from schemas.parts import Start
from schemas.processes.repair_return import RepairEnding
from schemas.shapes import LinkWait
from schemas.words import DocumentKind, LinkKind, Role
from tasks.applications.accept import begin_application
from tasks.applications.steps import ReviewForms, review_application
from tasks.branches.beside import Branch, rest, side_by_side
from tasks.durable.process import Case, Closing
from tasks.durable.signals import TimedOut, Withdrawn
from tasks.lines.anomalies import end_source
from tasks.logistics.sending import release_goods
from tasks.people.rights import applicant_until
from tasks.production.steps import book_goods_in, place_production_orders
from tasks.quotes.queries import paid_table
from tasks.repair.accept import accept_repair, resubmitted
from tasks.repair.coming import appraising, leaving, travelling
from tasks.repair.ends import delivering, finishing_here, lose, lost_or_never_sent, returning, scrapping, taking_back
from tasks.repair.mending import Mended, mending, planning_repair, quoting, receiving
from tasks.repair.rules import finding_of, first_ending, review_problems
from tasks.repair.steps import (
    collect_goods,
    finish_here,
    hold_unrepaired,
    repair_limits,
    repaired_too_often,
    take_repair_back,
)
from tasks.repair.way import ARRIVED, Way
from tasks.runs.process import process

REVIEW = ReviewForms(
    RepairReview, RepairResubmission, DocumentKind.REPAIR_APPLICATION, review_problems, resubmitted, lapses=True
)
LAPSED = "退回后逾期未重报 was sent back, and nobody sent it again in time"
REPAIRED = "已修好或正在退回，不能再撤回 is repaired or on its way back: it can only be delivered"
ON_THE_WAY = ("确认物流信息", "提货验货", "修正确认", "车间维修", "出货入库", "出库", "催提")


@process(
    code="RR",
    title="配件返修",
    chain="办事处申报 → 审核修正 → 制作返件清单 → 确认物流信息 → 提货验货 → 修正确认 → "
    "车间维修 → 出货入库 → 入库制票 → 出库 → 出库制票 → 催提",
    returns={"审核修正": "办事处申报"} | dict.fromkeys(ON_THE_WAY, "制作返件清单"),
    waits={
        "办事处申报": LinkWait(LinkKind.EVENT, Role.OFFICE, "resubmit.days"),
        "审核修正": LinkWait(LinkKind.GATE, Role.PARTS_REVIEWER, "review.hours"),
        "制作返件清单": LinkWait(LinkKind.EVENT, Role.OFFICE, "list.days"),
        "确认物流信息": LinkWait(LinkKind.EVENT, Role.OFFICE, "shipping.days"),
        "提货验货": LinkWait(LinkKind.EVENT, Role.WORKSHOP, "appraisal.days"),
        "修正确认": LinkWait(LinkKind.GATE, Role.OFFICE, "confirm.days"),
        "车间维修": LinkWait(LinkKind.EVENT, Role.WORKSHOP, "repair.due"),
        "出货入库": LinkWait(LinkKind.EVENT, Role.WAREHOUSE, "goods_in.days"),
        "出库": LinkWait(LinkKind.EVENT, Role.WAREHOUSE, "goods_out.days"),
        "催提": LinkWait(LinkKind.EVENT, Role.OFFICE, "pickup.reminder_days"),
    },
    endings=RepairEnding,
    request=RepairApplication,
    parameter="返修申报单",
    accept=accept_repair,
    begin=begin_application,
    end=end_source,
    lines=paid_table,
    may_withdraw=applicant_until(
        (place_production_orders, "维修已开始", "the repair has started"),
        ended=[take_repair_back],
        never=[book_goods_in, finish_here, hold_unrepaired, release_goods],
        why=REPAIRED,
    ),
)
def repair_return(case: Case) -> Closing:
    """配件返修 Repair the damaged goods of an office, from its application to the customer's signature."""
    case = side_by_side(case)
    try:
        review = review_application(case, forms=REVIEW)  # 审核修正
    except TimedOut:
        return Closing(RepairEnding.REJECTED, LAPSED)
    if review.refused:
        return Closing(RepairEnding.REJECTED, review.refused)
    said, limits, ways = review.decision, repair_limits(case), list[Way]()
    causes = {line.line_no: line.cause for line in said.lines} if said else {}
    place, in_house = said.place if said else Place.WORKSHOP, review.start == Start.APPRAISAL
    for line, applied in zip(review.lines, review.applied, strict=True):
        goods = collect_goods(case, line, applied, causes.get(line.line_no, ""), in_house, turn=line.line_no)
        ways.append(Way(case, line, goods, place, review.barred, limits, passed={ARRIVED} if in_house else set()))
    for way in ways:
        way.start(goods_way)
    try:
        rest(case)
    except Withdrawn:
        taking_back(case, ways)
        rest(case)
        raise
    return Closing(first_ending(way.outcome for way in ways))


def goods_way(way: Way) -> Branch[RepairEnding | None]:
    """Take the goods of a line to their end; None where another branch does."""
    if way.place == Place.SCRAP:
        return (yield from scrapping(way))
    came = None
    if not (way.here or way.passed):
        came = yield from travelling(way)  # 制作返件清单 确认物流信息 提货验货
        if ended := lost_or_never_sent(way, came):
            return ended
    appraised = yield from appraising(way, came)  # 提货验货 修正确认
    if appraised.grade == Grade.WORTHLESS or repaired_too_often(way.case, way.goods, turn=way.no):
        return (yield from scrapping(way))
    agreed = not way.charged or (yield from quoting(way, appraised.fee, finding_of(appraised)))
    if not agreed and (ended := (yield from returning(way))):
        return ended
    while True:
        plan = yield from planning_repair(way)
        mended = yield from mending(way, plan)  # 车间维修
        if mended is Mended.PASSED:
            break
        if mended is Mended.MOVED:
            if way.here and (ended := lost_or_never_sent(way, (yield from leaving(way)))):
                return ended
            continue
        leave = returning if mended is Mended.DECLINED else scrapping
        if ended := (yield from leave(way)):
            return ended
    if way.here:
        yield from finishing_here(way)
        return RepairEnding.REPAIRED
    came_in = yield from receiving(way, plan)  # 出货入库 入库制票
    if less := came_in.reported - came_in.kept:
        lose(way, less, came_in.reason, "出货入库")
    if not way.quantity:
        return RepairEnding.REPLACED
    yield from delivering(way)  # 出库 出库制票 催提
    return RepairEnding.REPAIRED
