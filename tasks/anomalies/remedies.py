"""From the plan to the reply: a leader approves what is done, goods are ordered again, the reporter is told (DOMAIN 6)."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count

from schemas.forms.anomalies import AnomalyPlan, Remedy, Whereabouts
from schemas.forms.applications import ApplicationLine, Leaving, PartsApplication
from schemas.forms.base import Form
from schemas.forms.repairs import Owner, RepairApplication, RepairLine
from schemas.forms.returns import Ground, ReturnLine, ReturnRequest, Wish
from schemas.parts import COMES_AGAIN, Goods, Start
from schemas.problems import Problem
from schemas.words import MovementKind, Role, Urgency
from tasks.anomalies.queries import on_the_road, source_of, sources, stands_at
from tasks.anomalies.rules import PLAN, amount_of, least_leader, remedy_problems
from tasks.anomalies.shapes import Anomaly, Blame, said_of, told_of
from tasks.anomalies.steps import by_people, issue_report
from tasks.applications.accept import CUSTOMER
from tasks.applications.queries import BY_ORDER, catalogue
from tasks.applications.rules import part_problem
from tasks.approvals.queries import limits
from tasks.approvals.steps import Matter, climbing, find_leader, may_not
from tasks.branches.beside import Branch, alone, beside
from tasks.branches.children import withdraw_child
from tasks.cycle.terms import gate
from tasks.documents.steps import DocumentRef
from tasks.durable.opening import open_child
from tasks.durable.process import Case, ask
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.lines.rules import GONE, only_these
from tasks.logistics.collected import leave_here, own_warehouse
from tasks.notices.steps import tell
from tasks.people.queries import people
from tasks.production.questions import count_question
from tasks.returns.queries import sold_orders
from tasks.stock.booking import book
from tasks.stock.moves import warehouse_of
from tasks.unit.work import Work

LEADER = "领导审核"
NO_ORDER = "不是订单的货，不能重新下单，可另开调拨 is of no order: nothing is ordered again, ask for another transfer"
COMES_IN = {Whereabouts.GOOD, Whereabouts.DAMAGED, Whereabouts.SCRAPPED}


def agree_on_plan(
    case: Case, found: Anomaly, blame: Blame, barred: set[str], first: int = 1, gone: str = ""
) -> tuple[AnomalyPlan, int]:
    """处理方案 + 领导审核: a plan that is refused is followed by another, after so many the MANAGER says what is done.

    Gives the plan and its turn. `gone`: why one that was agreed on cannot be done any more; the turns go on from `first`.
    """
    refused = [gone] if gone else list[str]()
    for turn in count(first):
        if len(refused) == found.refusals:
            again = f"plan-{first}" if gone else "plan"
            leader = find_leader(case, Role.MANAGER, frozenset(barred), turn=again)
            nobody = may_not(barred, leader.last)
            return ask(case, plan_question(turn, leader.role, LEADER, found, blame, refused, nobody)), turn
        plan = ask(case, plan_question(turn, Role.PLANNER, "处理方案", found, blame, refused, set()))
        barred.add(plan.staff)  # it is their own
        why = alone(case, leading(case, found, blame, plan, barred, turn))
        if not why:
            return plan, turn
        refused.append(why)
    raise AssertionError("a plan is agreed on, or the MANAGER says it")


def leading(case: Case, found: Anomaly, blame: Blame, plan: AnomalyPlan, barred: set[str], turn: int) -> Branch[str]:
    """领导审核: the ladder by amount from a leader on, a rung higher for a re-order; gives the reason of a refusal."""
    amount = amount_of(plan, found, blame.cost)
    shown = [*found.brief(), f"责任 responsible: {blame.said}", f"方案 plan: **{said_of(plan)}**"]
    least = find_least(case, amount, found.before, turn=turn)
    matter = Matter(LEADER, barred, shown.copy, title=LEADER, least=least)
    return (yield from climbing(case, amount, Role.PARTS_REVIEWER, matter, str(turn)))


@step("确定审核人", link=LEADER)
def find_least(work: Work, amount: Decimal, before: int, turn: int) -> Role:
    """Find the lowest rung that must approve a plan."""
    return least_leader(amount, limits(work), before)


def plan_question(
    turn: int, role: Role, link: str, found: Anomaly, blame: Blame, refused: Sequence[str], barred: set[str]
) -> Question[AnomalyPlan]:
    """Ask what is done about an anomaly: the PLANNER, in the end the MANAGER."""

    def check(form: AnomalyPlan, work: Work) -> list[Problem]:
        return plan_problems(work, found, form)

    def brief() -> list[str]:
        told = [f"上次方案未批 The last plan was refused: **{why}**" for why in refused[-1:]]
        return [*told, *found.brief(), f"责任 responsible: {blame.said}"]

    return gate(f"plan-{turn}", "处理方案", role, AnomalyPlan, "plan", link, brief, check=check, barred=barred)


def _not_again(work: Work, found: Anomaly) -> Problem | None:
    """Say why a part cannot be ordered again: nobody ordered it, or the catalogue has it no more."""
    if not work.case.order_no:
        return Problem(PLAN, found.source, NO_ORDER)
    return part_problem(work.read(catalogue), found.part, work.today, 0)


def lines_to_refund(work: Work) -> list[int]:
    """Give the lines of the case's order, by its sales record, of which a piece is left to refund."""
    sold = work.unit.read_by(sold_orders, BY_ORDER, work.case)
    return [no for no, free in sorted(sold.free.items()) if free >= 1] if sold else []


@step("撤回补单", link="重新下单生产")
def withdraw_order(work: Work, ordered: int) -> None:
    """Take back the case by which goods were ordered again."""
    withdraw_child(work, ordered, "异常单已撤回 the anomaly was withdrawn")


@step("重新下单生产", undo=withdraw_order)
def order_again(work: Work, found: Anomaly, remedy: Remedy) -> int:
    """Have what is missing made, sent (补发) or repaired (返修) by an urgent case of its own, without a review.

    A refund (退款) is a return's: money for a line of the order, no goods move.
    """
    case = work.case
    if remedy == Remedy.REFUND:
        back = ReturnLine(
            line_no=lines_to_refund(work)[0], quantity=Decimal(1), found=f"{found.name} {found.kind.zh} {found.found}"
        )
        own = {
            "office": case.office,
            "applicant": found.applicant,
            "order_no": case.order_no,
            "urgency": Urgency.URGENT,
        }
        asked = {"wish": Wish.REDUCTION, "ground": Ground.DEFECT, "photos": found.photos or found.source}
        return open_child(
            work, "RF", ReturnRequest(**own, **asked, lines=[back], remark=f"异常单 {case.number}"), "refund"
        )
    line = {"part": found.part, "quantity": found.quantity, "reason": found.reason}
    line |= {"specification": found.specification, "colour": found.colour}
    about = {name: getattr(case, name) for name in ("office", "order_no", *CUSTOMER)}
    about |= {"applicant": found.applicant, "urgency": Urgency.URGENT}
    about["remark"] = f"{found.source} 第{found.line_no}行 异常补单 {case.number}"
    if remedy == Remedy.REPAIR:
        damaged = RepairLine(**line, cause=found.kind.zh)
        form: Form = RepairApplication(**about, lines=[damaged], owner=Owner.OFFICE)
        if found.left:
            leave_office(work, Goods(**found.as_goods(found.left)))
        return open_child(work, "RR", form, Start.SEND_BACK if found.left else Start.APPRAISAL)
    leaving = Leaving.TOGETHER if found.together else Leaving.AS_READY
    form = PartsApplication(**about, lines=[ApplicationLine(**line)], leaving=leaving)
    return open_child(work, "PA", form, Start.STOCK if remedy == Remedy.RESEND else Start.ORDER)


def do_again(case: Case, found: Anomaly, blame: Blame, barred: set[str], plan: AnomalyPlan, turn: int) -> AnomalyPlan:
    """重新下单生产, where the plan is to make, send or repair, or to refund; gives the plan that is done.

    Where the part was discontinued meanwhile, or nothing is left to refund, another plan is agreed on.
    """
    while plan.remedy in COMES_AGAIN or plan.remedy == Remedy.REFUND:
        if not (gone := find_gone(case, found, plan, turn=turn)):
            order_again(case, found, plan.remedy)
            break
        plan, turn = agree_on_plan(case, found, blame, barred, turn + 1, gone)
    return plan


@step("核对方案", link="重新下单生产")
def find_gone(work: Work, found: Anomaly, plan: AnomalyPlan, turn: int) -> str:
    """Say why a plan that was agreed on cannot be done any more, "" where it can."""
    return "；".join(map(str, plan_problems(work, found, plan)))


def plan_problems(work: Work, found: Anomaly, plan: AnomalyPlan) -> list[Problem]:
    """Say what is wrong with a plan today: the part is known and made, there is something to refund."""
    return remedy_problems(plan, found, work.today, _not_again(work, found), lines_to_refund(work))


def take_in(case: Case, found: Anomaly, plan: AnomalyPlan) -> bool:
    """货物去向: have goods at hand counted when they come to a warehouse, and booked; says whether any do.

    What an office has collected of them and has no more, or gives elsewhere, leaves its warehouse at once.
    """
    comes = plan.goods in COMES_IN
    if comes:
        beside(case, taking_in(case, found, plan.goods))
    elif found.left and told_of(plan, found).given_up and (kind := GONE[plan.goods]):
        book_gone(case, Goods(**found.as_goods(found.left)), kind)
    return comes


def taking_in(case: Case, found: Anomaly, where: Whereabouts) -> Branch[None]:
    """实物入库: the WAREHOUSE counts before anything is booked."""
    no = found.line_no
    question = count_question("goods-at-hand", {no: found.quantity}, {no: found}, only_these([no]), "实物入库")
    form = yield replace(question, link="重新下单生产")
    book_at_hand(case, Goods(**found.as_goods(form.lines[0].counted)), where, bool(found.left))


@step("实物入库", link="重新下单生产")
def book_at_hand(work: Work, goods: Goods, where: Whereabouts, left: bool) -> list[DocumentRef]:
    """Book goods at hand as they were counted: good stock, a red slip where they had left (退库), or damaged, then scrap.

    What the office had collected of it leaves its warehouse.
    """
    if left:
        leave_office(work, goods)
    kinds = [MovementKind.RETURN_TO_STOCK if left else MovementKind.PRODUCTION_IN]
    if where != Whereabouts.GOOD:
        kinds = [MovementKind.DAMAGED_IN, *([MovementKind.SCRAP_OUT] if where == Whereabouts.SCRAPPED else [])]
    return [book(work, kind, [goods], warehouse_of(work, kind)) for kind in kinds if goods.quantity]


@step("实物离库", link="重新下单生产")
def book_gone(work: Work, goods: Goods, kind: MovementKind) -> DocumentRef | None:
    """Book what an office has collected and has no more out of its warehouse."""
    return leave_office(work, goods, kind)


def leave_office(work: Work, goods: Goods, kind: MovementKind = MovementKind.TRANSFER_OUT) -> DocumentRef | None:
    """Book goods out of the warehouse of the office that had collected them; what it never had does not leave it.

    What an office found wrong when it checked never stood there; what it reports itself is not on the road.
    """
    source, here = work.unit.read_by(sources, source_of, work.case), own_warehouse(work)
    if not (source and here and by_people(work)):
        return None
    db, case = work.unit.connection, source.case.id
    by_office = work.read(people)[work.case.applicant].holds(Role.OFFICE, work.case.office)
    travels = on_the_road(db, case, goods) if by_office else Decimal(0)
    most = stands_at(db, case, goods, here) - max(source.gone[goods.line_no] - travels, Decimal(0))
    source.gone[goods.line_no] += max(min(goods.quantity, most), Decimal(0))  # others of the same chunk see it
    return leave_here(work, [goods], {goods.line_no: most}, kind)


@step("回复申报方")
def reply_to_reporter(work: Work, found: Anomaly, became: str) -> str:
    """Tell who reported it what became of it: a notice, and the 异常申报单 once more with the answer."""
    issue_report(work, found, edition=2, became=became)
    held = sorted(role for role, *_ in work.read(people)[found.reporter].roles)
    for role in held[:1]:
        tell(work, role, f"异常处理结果 · {found.source} 第{found.line_no}行：{became}")
    return became
