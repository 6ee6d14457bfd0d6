"""What must hold of a contact, its first answer, plans and visits; when answers are due; who releases (DOMAIN 3); pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from schemas.forms.complaints import ComplaintPlan, JointReview, Measures, PlanVerdict, Relief
from schemas.forms.contacts import (
    ContactKind,
    ContactRecord,
    ContactWay,
    CustomerStanding,
    FirstAnswer,
    FirstVerdict,
    RepairWay,
    Severity,
    SpecialMatter,
    VisitReport,
    VisitResult,
)
from schemas.problems import Problem
from schemas.processes.complaint import ContactEnding
from schemas.words import Role
from tasks.complaints.queries import Earlier
from tasks.cycle.hours import moment_of
from tasks.cycle.rules import shanghai_day

LEVELS = (Role.COMPLAINT_HANDLER, Role.SUPERVISOR, Role.MANAGER, Role.GENERAL_MANAGER)
TOP = LEVELS.index(Role.GENERAL_MANAGER)
RELEASED_BY = {Severity.MINOR: 1, Severity.IMPORTANT: 2, Severity.MAJOR: 2}  # the level that releases a plan
LEVEL_OF = {SpecialMatter.TERMINATION: 1, SpecialMatter.INCIDENT: 2, SpecialMatter.LEGAL: 2}
NO_SAME = {"", "否"}
MATTERS = {ContactKind.COMPLAINT, ContactKind.REPAIR}  # of which there may be a same one
PAST = "不能早于现在 must not be in the past"
REQUIRED = "必填 is required"
FILE_NEEDED = "消协、工商来件须有文号和期限 needs number and deadline"
LINE_NEEDED = "放弃保修须写明订单和行 a waiver needs order and line"
WHO_NEEDED = "没有订单又不匿名时，姓名和电话必填 name and phone are required"
LATER = "不能晚于现在 must not be after now"
MAYBE_SAME = "可能与 {} 为同一事项：是则填其单号或“是”，否则填“否” may be the same matter: its number or 是, else 否"
NO_CASE = "没有这个单号，请核对 there is no such case: check the number"
TAKEN = {
    ContactKind.COMPLAINT: {FirstVerdict.VALID, FirstVerdict.INVALID, FirstVerdict.NOT_OURS, FirstVerdict.INTERIM},
    ContactKind.REPAIR: {FirstVerdict.ANSWERED, FirstVerdict.PASS_ON, FirstVerdict.INTERIM, FirstVerdict.NOT_OURS},
    ContactKind.ENQUIRY: {FirstVerdict.ANSWERED, FirstVerdict.PASS_ON, FirstVerdict.INTERIM},
    ContactKind.SUGGESTION: {FirstVerdict.ANSWERED, FirstVerdict.PASS_ON, FirstVerdict.INTERIM},
}
WITH_ANSWER = {FirstVerdict.ANSWERED, FirstVerdict.INTERIM, FirstVerdict.INVALID, FirstVerdict.NOT_OURS}


def after_hours(received: datetime, many: int) -> datetime:
    """Give the end of so many plain clock hours: no day is skipped (S1 1.3.3.2)."""
    return received + timedelta(hours=many)


def same_matter(mine: Earlier, other: Earlier) -> bool:
    """Say whether an earlier contact may be about the same: order and line or part, without an order the customer.

    Whatever the agent says is the same may be, an enquiry too.
    """
    asked = mine.kind in MATTERS or mine.same_as not in NO_SAME
    followed = other.kind in MATTERS or other.ending == ContactEnding.APPENDED
    if not (asked and followed) or other.ending == ContactEnding.WITHDRAWN:
        return False
    if mine.order_no and other.order_no:
        pairs = ((mine.order_line, other.order_line), (mine.part, other.part))
        return mine.order_no == other.order_no and all(not (a and b) or a == b for a, b in pairs)
    return bool(mine.phone) and mine.phone == other.phone


def unmet(*rules: tuple[object, str, object, str]) -> list[Problem]:
    """Give the problems of those rules that are broken: (is it, field, value, what was expected)."""
    return [Problem(field, value, expected) for broken, field, value, expected in rules if broken]


def record_problems(form: ContactRecord, now: datetime, hotline: tuple[time, time]) -> list[Problem]:
    """Say what is wrong with a record in itself: times, an authority without its file, a waiver of no line."""
    received, promised = moment_of(form.received, hotline[0]), moment_of(form.callback, hotline[1])
    filed, waives = form.file_no and form.answer_by, form.special == SpecialMatter.WAIVER
    misfiled = form.special != SpecialMatter.NONE and form.kind != ContactKind.COMPLAINT
    known = form.order_no or (form.customer_name and form.customer_phone) or form.standing == CustomerStanding.ANONYMOUS
    late = form.answer_by and form.answer_by < shanghai_day(now)
    return unmet(
        (promised and promised < now, "约定回复时间 callback", form.callback, PAST),
        (received and received > now, "来电时间 received", form.received, LATER),
        (form.way == ContactWay.AUTHORITY and not filed, "来件文号 file", form.file_no, FILE_NEEDED),
        (late, "来件期限 deadline", form.answer_by, PAST),
        (misfiled, "来电类别 kind", form.kind.zh, f"{form.special.zh}须登记为投诉 must be a complaint"),
        (waives and not (form.order_no and form.order_line), "订单行 line", form.order_line, LINE_NEEDED),
        (not known, "客户电话 phone", "", WHO_NEEDED),
    )


def least(form: ContactRecord, said: Severity | None, contacts: int, most: int) -> Severity:
    """Give how grave a complaint is at least: what the agent says, what an authority or repeated requests make of it."""
    order, grades = list(Severity), [said or Severity.MINOR]
    if form.way == ContactWay.AUTHORITY:
        grades.append(Severity.IMPORTANT)
    if contacts >= most:
        grades.append(Severity.MAJOR)
    return max(grades, key=order.index)


def first_problems(form: FirstAnswer, record: ContactRecord, now: datetime, end: time, suppliers: Any) -> list[Problem]:
    """Say what is wrong with a first answer."""
    verdict, allowed, when = form.verdict, TAKEN[record.kind], moment_of(form.callback, end)
    handed, repair = verdict == FirstVerdict.PASS_ON, record.kind == ContactKind.REPAIR
    appointed = handed and repair and form.repair == RepairWay.OURS
    supplied = handed and repair and form.repair == RepairWay.SUPPLIER
    expected = f"{record.kind.zh}应为 must be one of {'、'.join(one.zh for one in FirstVerdict if one in allowed)}"
    return unmet(
        (verdict not in allowed, "接听结论 verdict", verdict.zh, expected),
        (verdict == FirstVerdict.VALID and form.severity is None, "严重程度 severity", "", "有效投诉" + REQUIRED),
        (verdict in WITH_ANSWER and not form.answer, "答复内容 answer", "", REQUIRED),
        (when and when < now, "约定时间 next call", form.callback, PAST),
        (not when and (verdict == FirstVerdict.INTERIM or appointed), "约定时间 next call", "", "再约时" + REQUIRED),
        (handed and repair and form.repair is None, "维修方式 who repairs", "", "报修转办时" + REQUIRED),
        (supplied and form.unit not in suppliers, "责任单位 unit", form.unit, "须为供应商 must be a supplier"),
        (handed and not repair and not form.unit, "责任单位 unit", "", "转办时" + REQUIRED),
    )


def visit_problems(form: VisitReport, now: datetime, end: time) -> list[Problem]:
    """Say what is wrong with the report of a visit."""
    again, nobody = moment_of(form.again, end), form.verdict == VisitResult.NOBODY
    return unmet(
        (nobody and not (again and again >= now), "另约时间 again", form.again, f"家中无人时{REQUIRED}，{PAST}"),
        (not nobody and not form.signed, "签收单编号 signed", "", "报告须客户签字 must be signed by the customer"),
    )


def measures_problems(form: Measures, today: date) -> list[Problem]:
    """Say what is wrong with what is to be done: no relief or date, one in the past."""
    by, corrected_by = form.by, form.corrective_by
    return unmet(
        (not form.relief, "处理办法 relief", "", REQUIRED),
        (not form.remedy, "处理措施 remedy", "", REQUIRED),
        (not by, "措施期限 by", "", REQUIRED),
        (by and by < today, "措施期限 by", by, PAST),
        (form.corrective and not corrected_by, "纠正期限 corrected by", "", "有纠正措施时" + REQUIRED),
        (corrected_by and corrected_by < today, "纠正期限 corrected by", corrected_by, PAST),
        (form.relief == Relief.PAY and not form.amount, "补偿金额 amount", form.amount, "须大于 0 must be above 0"),
    )


def plan_problems(form: ComplaintPlan, unit: str, moved: int, most: int, units: Mapping[str, Any]) -> list[Problem]:
    """Say what is wrong with handing a complaint on, or disputing it."""
    moves = form.verdict == PlanVerdict.MOVE
    other = form.unit in units and units[form.unit].code != unit
    often = f"责任最多转交 {most} 次 may be moved so often"
    return unmet(
        (not form.reason, "原因 reason", "", "转交或有异议时" + REQUIRED),
        (moves and moved >= most, "方案结论 verdict", form.verdict.zh, often),
        (moves and not other, "责任单位 unit", form.unit, "须为另一个单位 must be another unit"),
    )


def unit_problems(unit: str, units: Any, needed: bool = False) -> list[Problem]:
    """Say that there is no such unit."""
    if unit in units or not (unit or needed):
        return []
    return [Problem("责任单位 unit", unit, "没有这个单位，请填编码或名称 must be a unit" + units.meant(unit))]


def category_problems(category: str, known: Sequence[str]) -> list[Problem]:
    """Say that a cause's category is none of the policy's; it may be left out."""
    if not category or category in known:
        return []
    return [Problem("投诉原因类别 category", category, f"应为 must be one of {'、'.join(known)}")]


def releaser(severity: Severity, level: int) -> Role:
    """Give who releases a plan: by severity, at least of a level."""
    return LEVELS[min(max(RELEASED_BY[severity], level), len(LEVELS) - 1)]


def ruled(level: int, made_by: Role | None) -> bool:
    """Say whether nobody releases a plan: it is the MANAGER's ruling, or the GENERAL_MANAGER's to review."""
    return level == TOP or made_by == Role.MANAGER


def said_of(plan: Measures) -> str:
    """Say what is to be done by when."""
    paid, corrective = f"补偿 {plan.amount} CNY" if plan.amount else "", f"{plan.corrective} {plan.corrective_by or ''}"
    minutes = plan.minutes if isinstance(plan, JointReview) else ""
    told = [plan.relief.zh if plan.relief else "", plan.remedy, str(plan.by), corrective, paid, minutes]
    return " · ".join(text.strip() for text in told if text.strip())


def heads(found: Iterable[Earlier]) -> list[Earlier]:
    """Leave out what was appended to another's case."""
    return [one for one in found if one.ending != ContactEnding.APPENDED]


def matters(found: Sequence[Earlier]) -> dict[str, str]:
    """Say with which contact the matter of each began, by number; the newest is first."""
    began, latest = dict[str, str](), ""
    for one in reversed(found):
        of = {"是": latest}.get(one.same_as, one.same_as)
        if one.ending == ContactEnding.APPENDED:
            of = one.ending_reason or ""
        began[one.number] = began.get(of, one.number)
        latest = latest if one.ending == ContactEnding.APPENDED else one.number
    return began


def on_matter(form: ContactRecord, found: Sequence[Earlier]) -> list[Earlier]:
    """Give the contacts on the matter that the agent says it is, the newest first; none of a new matter."""
    if form.same_as in NO_SAME or not (known := heads(found)):
        return []
    began = matters(found)
    matter = began[known[0].number] if form.same_as == "是" else began.get(form.same_as)
    return [one for one in found if began[one.number] == matter]
