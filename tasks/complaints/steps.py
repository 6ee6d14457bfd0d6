"""What the system does for a contact: records it, finds who handles it, tells leaders, issues its documents (DOMAIN 3)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from schemas.forms.complaints import CauseFound, ComplaintFiled, CustomerHeard
from schemas.forms.contacts import ContactRecord, Shift, SpecialMatter, VisitReport
from schemas.forms.cycles import PenaltyDecision
from schemas.parts import Goods
from schemas.shapes import money
from schemas.spelling import order_number
from schemas.tables import charge, letter
from schemas.words import DocumentKind, EntryKind, MovementKind, Role, Urgency
from tasks.applications.queries import catalogue
from tasks.applications.warranty import add_months
from tasks.branches.children import OF_PEOPLE, withdraw_child
from tasks.complaints import hearing, rules
from tasks.complaints.accept import maybe_same
from tasks.complaints.queries import documents_of, opened_by
from tasks.complaints.shapes import ComplaintLimits, Handler, Taken, UnitFault
from tasks.control.rules import confirmed
from tasks.customers.cards import end_warranty
from tasks.cycle.hours import hours, moment_of
from tasks.cycle.queries import calendar
from tasks.cycle.rules import add_working_days, at, is_working_day, shanghai_day
from tasks.documents.contents import Content, by_office, goods_row, to_customer
from tasks.documents.steps import DocumentRef, issue
from tasks.durable.step import step
from tasks.duty.queries import deputies, on_roster, roster
from tasks.lookups.rules import shown
from tasks.notices.steps import tell
from tasks.people.queries import people, units
from tasks.policies.queries import setting
from tasks.stock.booking import book
from tasks.stock.moves import warehouse_of
from tasks.unit.work import Work

BEGIN, RECORD, PARTY, PLAN = "投诉、咨询发起", "接听和记录", "协调责任方", "提出处理方案"
REPLY, FOLLOW, FILE = "回复确认", "跟踪实施", "结案归档"


@step(BEGIN)
def record_contact(work: Work, form: ContactRecord) -> Taken:
    """Issue the 来电信息记录表, say when an answer is due, and tell leaders whom it concerns at once."""
    hotline, days = hours(setting(work, "cc.hotline")), setting(work, "cc.same_matter.days")
    received, case = work.case.opened_at, work.case
    on_duty = (hours(setting(work, f"cc.duty.{day}")) for day in ("workday", "day_off"))
    heard = hearing.heard(calendar(work), received, hearing.Answering(hotline, *on_duty))
    before = rules.on_matter(form, maybe_same(form, work.unit, days, case.customer_phone, case.id))
    same, closed = next(iter(rules.heads(before)), None), heard.duty or heard.moment > received
    told = {"kind": form.kind.zh, "way": form.way.zh, "received": shown(received), "recording": form.recording}
    told |= {"matter": form.matter, "expectation": form.expectation, "callback": form.callback}
    issue(work, DocumentKind.CONTACT, to_customer(work) | by_office(work) | told | {"source": form.about, "lines": []})
    if form.special == SpecialMatter.INCIDENT or (closed and form.urgency == Urgency.URGENT):
        tell(work, Role.MANAGER, f"{form.special.zh} {form.kind.zh} 请即处理 needs you at once")
    if same:
        tell(work, Role.SUPERVISOR, f"{same.number} 同一事项再次来电 the same matter again")
    return Taken(
        due=hearing.first_due(heard, moment_of(form.callback, hotline[1]), hotline[1]),
        gone_by=rules.after_hours(received, setting(work, "cc.gone.hours")),
        duty=_on_duty(work, heard.moment) if heard.duty else "",
        contacts=1 + len(before),
        major_at=setting(work, "cc.major_contacts"),
        same=same.id if same and same.closed_at is None else None,
        same_no=same.number if same else "",
    )


def _on_duty(work: Work, heard: datetime) -> str:
    """Say from when to when somebody was on duty then, and who is today."""
    works = is_working_day(calendar(work), shanghai_day(heard))
    begins, ends = setting(work, "cc.duty.workday" if works else "cc.duty.day_off")
    named = [str(work.read(people)[row.staff]) for row in on_roster(work.read(roster)) if row.shift != Shift.LEAVE]
    return f"值班 on duty {begins}–{ends} {'、'.join(named)}"


@step("并入原投诉", link=RECORD)
def append_contact(work: Work, took: Taken) -> None:
    """Write to the case by which the matter is followed that its customer has called again."""
    body = {"number": work.case.number, "ending": "appended", "good": False, "reason": work.case.request["matter"]}
    key = f"{OF_PEOPLE}{work.case.id}"
    work.insert(letter, case_id=took.same, key=key, kind=EntryKind.DECISION, body=body, sent_at=work.now)


@step("投诉限次", link=RECORD)
def complaint_limits(work: Work) -> ComplaintLimits:
    """Look up the limits by the case's policy."""
    names = ("refused_plans", "transfers", "attempts", "missed_visits")
    received = shanghai_day(work.case.opened_at)
    major = add_months(received, setting(work, "cc.major_after_months"))
    moment, (_, ends) = at(major) + (work.case.opened_at - at(received)), hours(setting(work, "cc.hotline"))
    return ComplaintLimits(**{name: setting(work, f"cc.{name}") for name in names}, major_on=moment, day_ends=ends)


@step("确定经办人", link="")
def find_handler(work: Work, turn: str) -> Handler:
    """Find who handles a complaint: of the handlers one, on leave the roster's deputy, without one the SUPERVISOR."""
    staff = work.read(people)
    known = sorted(code for code, one in staff.items() if one.active and one.holds(Role.COMPLAINT_HANDLER))
    own = known[work.case.id % len(known)] if known else ""
    acting = deputies(work.read(roster)).get(own, own)
    if acting and not staff[acting].active:
        acting = ""
    role = Role.COMPLAINT_HANDLER if acting else Role.SUPERVISOR
    return Handler(role=role, staff=str(staff[acting]) if acting else "")


@step("责任单位", link="")
def name_unit(work: Work, typed: str, turn: str) -> str:
    """Give the code of the unit that is named."""
    return str(work.read(units)[typed].code)


@step("升为重大", link="")
def raise_to_major(work: Work, why: str) -> str:
    """Tell the MANAGER that a complaint is major now."""
    tell(work, Role.MANAGER, f"投诉升为重大 the complaint is major: {why}")
    return why


@step("再次来电", link="")
def note_contact(work: Work, number: str, contacts: int, turn: int) -> str:
    """Tell the SUPERVISOR that the customer has called again about the same matter."""
    tell(work, Role.SUPERVISOR, f"客户第 {contacts} 次来电 called again: {number}")
    return f"{number} 第 {contacts} 次"


@step("评价不满意", link="")
def note_word(work: Work, heard: CustomerHeard, turn: int) -> str:
    """Tell the SUPERVISOR that a call or a survey found the customer unsatisfied."""
    tell(work, Role.SUPERVISOR, f"{heard.number} 客户不满意 is not satisfied: {heard.reason}")
    return f"{heard.number} {heard.reason}"


@step("顾客投诉处理单", link="")
def issue_complaint(work: Work, told: Mapping[str, Any], turn: str) -> DocumentRef:
    """Issue an edition of the 顾客投诉处理单."""
    edition = 1 + sum(key.startswith("issue-complaint-") for key in work.keys)
    return issue(work, DocumentKind.COMPLAINT, _paper(work, told) | {"edition": edition})


@step("客户文件", link="")
def issue_paper(work: Work, kind: DocumentKind, told: Mapping[str, Any], turn: str) -> DocumentRef:
    """Issue a paper of a complaint: confirmation, notice, minutes, agreement, report."""
    return issue(work, kind, _paper(work, told))


def _paper(work: Work, told: Mapping[str, Any]) -> Content:
    known = work.read(units)
    codes = {name: told[name] for name in ("production_unit", "supplier") if told.get(name)}
    named = {name: f"{known[code].name} {code}" for name, code in codes.items()}
    return to_customer(work) | {**told, **named, "lines": []}


@step("书面告知", link="")
def give_notice(work: Work, matter: str, turn: str) -> DocumentRef:
    """Write to a customer who cannot be reached by when to answer, and what happens else: the 客户问题告知书."""
    by = shanghai_day(add_working_days(calendar(work), work.now, setting(work, "cc.notice.days")))
    reply = f"多次联系未果，请于 {by} 前答复；逾期即归档，{setting(work, 'cc.reopen.days')} 天内来电可继续办理"
    return issue(work, DocumentKind.CUSTOMER_NOTICE, _paper(work, {"matter": matter, "reply": reply}))


@step("重检", link=PARTY)
def reinspect(work: Work, found: CauseFound, turn: str) -> DocumentRef:
    """Issue the 检验报告 of the re-inspection of all goods; what failed is kept apart as damaged (S3 §8 5.3.3)."""
    part = work.read(catalogue)[found.part]
    named = {"part": part.code, "name": part.name, "specification": part.specification}
    goods = Goods(line_no=1, quantity=found.failed, colour=part.colour, uom=part.uom, **named)
    if found.failed:
        book(work, MovementKind.DAMAGED_IN, [goods], warehouse_of(work, MovementKind.DAMAGED_IN))
    row = goods_row(goods, reason=f"重检 {found.tested} 不合格 {found.failed} · {found.cause}")
    return issue(work, DocumentKind.INSPECTION, {"case": work.case.number, "lines": [row]})


@step("撤回相关单据", link="")
def withdraw_named(work: Work, reason: str) -> list[str]:
    """Take back those of the opened cases that the customer's withdrawal names; the others stay."""
    named = {row.id: row.number for row in work.read(opened_by)[work.case.id] if row.number in order_number(reason)}
    for child in named:
        withdraw_child(work, child, reason)
    return [*named.values()]


@step("放弃保修", link=PARTY)
def waive_warranty_of(work: Work, form: ContactRecord, staff: str) -> None:
    """Let 三包 of a line end today, as the customer wishes and the SUPERVISOR approved (S1 1.1.6)."""
    end_warranty(work, form, staff, form.matter)


@step("上门报告", link=RECORD)
def report_visit(work: Work, said: VisitReport, turn: int) -> DocumentRef:
    """Issue the 维修服务报告 that the customer signed: fault, work, parts, fee, result."""
    told = {"cause": said.fault, "remedy": said.work, "remark": f"{said.verdict.zh} {said.signed}"}
    return issue(work, DocumentKind.SERVICE_REPORT, to_customer(work) | told | {"amount": money(said.fee), "lines": []})


@step("投诉档案目录", link=FILE)
def archive_complaint(work: Work, summary: str, turn: str) -> DocumentRef:
    """File the complaint: the 投诉档案目录 lists its documents."""
    rows = [
        {"document": row.number, "title": DocumentKind(row.kind).zh, "issued_on": str(shanghai_day(row.issued_at))}
        for row in work.read(documents_of)[work.case.id]
    ]
    return issue(work, DocumentKind.COMPLAINT_FILE, to_customer(work) | {"remark": summary, "lines": rows})


@step("重启投诉", link="")
def reopen_complaint(work: Work, why: str, turn: str) -> str:
    """Let a complaint that was filed go on, and tell the SUPERVISOR."""
    tell(work, Role.SUPERVISOR, f"投诉重启 goes on: {why}")
    return why


@step("投诉处罚意见", link=FILE)
def propose_fault(work: Work, unit: str, filed: ComplaintFiled, turn: str) -> UnitFault:
    """Propose a penalty for the unit's fault, in a 处罚意见书."""
    known, by = work.read(units)[unit], Role(setting(work, "penalty.confirm_role"))
    fault = UnitFault(unit=known.code, unit_name=known.name, why=filed.fault, amount=filed.penalty, by=by)
    _penalty(work, DocumentKind.PENALTY_OPINION, fault, filed.penalty)
    return fault


@step("投诉处罚通知", link=FILE)
def settle_fault(work: Work, fault: UnitFault, decision: PenaltyDecision, turn: str) -> Decimal:
    """Charge the unit what was confirmed, and notify it by a 处罚通知单 unless it was dropped; gives the sum."""
    total = confirmed(fault, decision)
    if total:
        about = {"party_kind": "unit", "party": fault.unit, "source": work.case.number, "line_no": 0}
        work.insert(charge, **about, kind="complaint", amount=total, charged_at=work.now)
        _penalty(work, DocumentKind.PENALTY_NOTICE, fault, total)
    return total


def _penalty(work: Work, kind: DocumentKind, fault: UnitFault, amount: Decimal) -> None:
    told = {"production_unit": f"{fault.unit_name} {fault.unit}", "penalty": money(amount), "cause": fault.why}
    issue(work, kind, {"case": work.case.number, **told, "lines": []})
