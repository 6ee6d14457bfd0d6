"""Process 3: complaint and enquiry 客户服务 (DOMAIN 3)."""

from schemas.forms.complaints import Relief
from schemas.forms.contacts import ContactKind, ContactRecord, ContactWay, FirstVerdict
from schemas.processes.complaint import ContactEnding
from schemas.shapes import LinkWait
from schemas.words import LinkKind, Role
from tasks.branches.beside import beside, drop, rest, side_by_side
from tasks.complaints import rules
from tasks.complaints.accept import accept_contact, customer_withdraws
from tasks.complaints.answering import answering, asking_unit, explaining, repairing, replying
from tasks.complaints.following import content, file, hearing_customer, settle
from tasks.complaints.handling import coordinate, heed_specials
from tasks.complaints.queries import contact_table
from tasks.complaints.steps import append_contact, complaint_limits, record_contact, withdraw_named
from tasks.complaints.talk import ContactOver, Talk
from tasks.durable.process import Case, Closing
from tasks.durable.signals import Withdrawn
from tasks.duty.steps import deputies_may_decide
from tasks.runs.process import process

TO_PARTY = ("提出处理方案", "回复确认", "跟踪实施", "结案归档")  # whose it is may be asked again
NO_CLAIM = {FirstVerdict.INVALID: ContactEnding.INVALID, FirstVerdict.NOT_OURS: ContactEnding.NOT_OURS}


@process(
    code="CC",
    title="客户服务",
    chain="投诉、咨询发起 → 接听和记录 → 协调责任方 → 提出处理方案 → 回复确认 → 跟踪实施 → 结案归档 → 制作报表 → 统计分析",
    returns=dict.fromkeys(TO_PARTY, "协调责任方"),
    waits={
        "接听和记录": LinkWait(LinkKind.GATE, Role.AGENT, "gone.hours"),
        "协调责任方": LinkWait(LinkKind.GATE, Role.COMPLAINT_HANDLER, "coordination.days"),
        "提出处理方案": LinkWait(LinkKind.GATE, Role.RESPONSIBLE_UNIT, "plan.days"),
        "回复确认": LinkWait(LinkKind.EVENT, Role.COMPLAINT_HANDLER, "word.days"),
        "跟踪实施": LinkWait(LinkKind.EVENT, Role.QUALITY, "effect.days"),
        "结案归档": LinkWait(LinkKind.GATE, Role.COMPLAINT_HANDLER, "file.days"),
        "制作报表": LinkWait(LinkKind.SCHEDULED),
        "统计分析": LinkWait(LinkKind.SCHEDULED),
    },
    endings=ContactEnding,
    request=ContactRecord,
    parameter="来电信息记录表",
    accept=accept_contact,
    begin=lambda _form, _work: None,
    end=lambda _work: None,
    lines=contact_table,
    may_withdraw=customer_withdraws,
    may_decide=deputies_may_decide,
)
def complaint(case: Case) -> Closing:
    """客户服务 Hear what a customer has to say, answer it, and follow a complaint until the customer is satisfied."""
    case, took = side_by_side(case), record_contact(case, case.request)  # 投诉、咨询发起
    if took.same is not None:
        append_contact(case, took)
        return Closing(ContactEnding.APPENDED, took.same_no)
    level = max(bool(took.same_no), rules.LEVEL_OF.get(case.request.special, 0))
    talk = Talk(
        case, took, complaint_limits(case), level=level, contacts=took.contacts, barred={case.request.applicant}
    )
    beside(case, talk.listening())
    beside(case, hearing_customer(talk))
    try:
        return handle_complaint(talk)
    except ContactOver as over:
        drop(case, talk.clock)
        rest(case)
        return Closing(over.ending, over.reason, told=over.told)
    except Withdrawn as gone:
        withdraw_named(case, gone.reason)
        raise


def handle_complaint(talk: Talk) -> Closing:
    """接听和记录 to 结案归档."""
    said = answering(talk)  # 接听和记录
    if talk.form.way == ContactWay.AUTHORITY:
        beside(talk.case, replying(talk))
    if said.verdict == FirstVerdict.ANSWERED:
        raise ContactOver(ContactEnding.ANSWERED, said.answer)
    if said.verdict == FirstVerdict.PASS_ON:
        (repairing if talk.form.kind == ContactKind.REPAIR else asking_unit)(talk, said)
    talk.severity, talk.judged = rules.least(talk.form, said.severity, talk.contacts, talk.took.major_at), True
    if said.verdict in NO_CLAIM:
        explaining(talk, NO_CLAIM[said.verdict], said.answer)
    talk.clock = beside(talk.case, talk.ageing())
    talk.report()
    heed_specials(talk)
    coordinate(talk)  # 协调责任方
    while True:
        plan = settle(talk)  # 提出处理方案 回复确认 跟踪实施
        file(talk)  # 结案归档
        if content(talk):
            break
    rest(talk.case)
    return Closing(ContactEnding.SETTLED, told={"free": plan.relief == Relief.FREE})
