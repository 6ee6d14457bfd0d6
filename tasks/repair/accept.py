"""Accepting what opens a repair, or a list of repairs (DOMAIN 2; DOMAIN-BRANCHES 2)."""

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from schemas.forms.repairs import RepairApplication, RepairLine
from schemas.forms.return_lists import ListRow, ReturnList
from schemas.forms.sales import YesNo
from schemas.problems import Problem
from schemas.processes.repair_return import RepairEnding
from schemas.words import Channel, Role
from tasks.applications.accept import APPLICANT, NO_OFFICE, accept_application, office_problems
from tasks.applications.queries import BY_ORDER, catalogue, sales
from tasks.people.queries import offices
from tasks.people.rights import on_staff
from tasks.policies.queries import policies, setting, version_today
from tasks.repair.queries import BY_OFFICE, Piece, piece_of, repairs_of, waiting_goods
from tasks.repair.rules import same_piece
from tasks.repair.shapes import RepairGoods
from tasks.unit.unit import Unit
from tasks.unit.work import Work

NEVER_SOLD = "销售记录中没有此订单，不能报返修 was never sold: nothing of it can be repaired"
SCRAPPED = "此件已在返修中报废；如是另一件，请填旧件编号 was scrapped: if it is another one, give its old part number"
CAUSE, LISTED = "损坏原因 cause", "返修单号 repair"
NOT_WAITING = (
    "不是本办事处已审核、待返的返修单 must be a repair of this office that is approved and waits to be sent back"
)
IN_THE_PARCEL = "请填写包裹中的标准配件和数量 say which standard parts are in the parcel, and how many"
NONE_WAITS = "本办事处没有待返的返修单 nothing of this office waits to be sent back"


def accept_repair(form: RepairApplication, unit: Unit, channel: Channel) -> tuple[Mapping[str, Any], list[Problem]]:
    """Give the case's facts and every problem: as of parts, and that the goods were sold and are not scrapped."""
    facts, problems = accept_application(form, unit, channel)
    if not facts or channel == Channel.SYSTEM:  # what another case has repaired was made by us
        return facts, problems
    if unit.read_by(sales, BY_ORDER, form) is None:
        problems = [one for one in problems if one.field != "订单号 order"]
        problems.append(Problem("订单号 order", form.order_no, NEVER_SOLD))
    causes = unit.read(policies)[facts["policy_version"]]["rr.causes"]
    return facts, [*problems, *repair_line_problems(form.lines, causes, form, unit)]


def resubmitted(lines: Sequence[RepairLine], work: Work) -> list[Problem]:
    """Check lines that an office sends again."""
    return repair_line_problems(lines, setting(work, "rr.causes"), work.case, work.unit)


def repair_line_problems(lines: Sequence[RepairLine], causes: Sequence[str], order: Any, unit: Unit) -> list[Problem]:
    """Check causes, and that none of the goods was scrapped in an earlier repair of the order."""
    expected = f"应为 must be one of {'、'.join(causes)}"
    problems = [
        Problem(CAUSE, line.cause, expected, row) for row, line in enumerate(lines, start=1) if line.cause not in causes
    ]
    parts = unit.read(catalogue)
    for row, line in enumerate(lines, start=1):
        part, piece = parts.get(line.part), Piece(order.order_no, line.old_no)
        earlier = unit.read_by(repairs_of, piece_of, piece) or ()
        gone = [one for one in earlier if one.outcome == RepairEnding.SCRAPPED]
        if part and any(same_piece(one, order.order_no, part.code, line.old_no) for one in gone):
            problems.append(Problem("配件名称 part", line.old_no or line.part, SCRAPPED, row))
    return problems


def accept_list(form: ReturnList, unit: Unit, _channel: Channel) -> tuple[Mapping[str, Any], list[Problem]]:
    """Give a list's facts and every problem: it names repairs of its own office that wait, or takes all that do."""
    office = unit.read(offices).get(form.office)
    if office is None:
        return {}, [Problem("办事处 office", form.office, NO_OFFICE + unit.read(offices).meant(form.office))]
    facts = {"office": office.code, "applicant": form.applicant, "urgency": form.urgency, "remark": form.remark}
    facts |= {"policy_version": unit.read(version_today)}
    if form.unannounced == YesNo.YES:
        return facts, parcel_problems(form, unit)
    problems = office_problems(form, unit, office)
    goods = unit.read_by(waiting_goods, BY_OFFICE, SimpleNamespace(office=office.code)) or []
    return facts, problems + row_problems(form.lines, goods)


def parcel_problems(form: ReturnList, unit: Unit) -> list[Problem]:
    """Check that the warehouse says which known parts came in a parcel that nobody announced."""
    person, parts = on_staff(unit, form.applicant, APPLICANT), unit.read(catalogue)
    if isinstance(person, Problem):
        return [person]
    if not person.holds(Role.WAREHOUSE):
        return [Problem(APPLICANT, str(person), "须为仓管员 must hold WAREHOUSE")]
    problems = [] if form.lines else [Problem("明细 lines", "", IN_THE_PARCEL)]
    for row, line in enumerate(form.lines, start=1):
        if line.part not in parts or not line.quantity:
            problems.append(Problem("暂存配件 part held", line.part, IN_THE_PARCEL + parts.meant(line.part), row))
    return problems


def row_problems(rows: Sequence[ListRow], goods: Iterable[RepairGoods]) -> list[Problem]:
    """Check that a list names repairs that wait, each once, and that there is anything to send."""
    waits, listed = {one.number for one in goods}, [row.number for row in rows]
    problems = [Problem(LISTED, no, NOT_WAITING, row) for row, no in enumerate(listed, start=1) if no not in waits]
    problems += [Problem(LISTED, no, "重复 is listed twice") for no in sorted(set(listed)) if listed.count(no) > 1]
    return problems if rows or waits else [Problem("明细 lines", "", NONE_WAITS)]
