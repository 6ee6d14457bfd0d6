"""From the report to the responsible party: review, responsibility, its confirmation or objection (DOMAIN 6)."""

from collections.abc import Sequence
from decimal import Decimal

from schemas.forms.anomalies import (
    AnomalyKind,
    AnomalyReport,
    AnomalyReviewDecision,
    PartyAnswer,
    PartyKind,
    PartyVerdict,
    ResponsibilityFound,
)
from schemas.forms.applications import Leaving
from schemas.problems import Problem
from schemas.tables import charge
from schemas.words import DocumentKind, Reason, Role, Verdict
from tasks.anomalies.queries import anomalies_before, charges, parties, penalised_units, source_of, sources
from tasks.anomalies.rules import blame_of, party_problems
from tasks.anomalies.shapes import Anomaly, Blame
from tasks.applications.queries import catalogue
from tasks.approvals.queries import stand_in
from tasks.approvals.rules import reason_needed
from tasks.branches.beside import Branch, alone
from tasks.cycle.terms import More, gate, overdue, working_days
from tasks.documents.contents import by_office, goods_row
from tasks.documents.steps import issue
from tasks.durable.process import Case, ask
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.durable.step import step
from tasks.people.queries import people
from tasks.people.rights import SIGNER
from tasks.policies.queries import setting
from tasks.unit.work import Work

SEARCH, CONFIRM = "查找责任", "确认处理意见"
SEARCH_ON = "续查责任"
QUESTIONS = {
    "responsibility": (SEARCH, "responsibility"),
    "search": (SEARCH_ON, "search"),
    "search-late": (SEARCH_ON, "ruling"),
}  # key → title, term


@step("异常情况申报")
def register_anomaly(work: Work, report: AnomalyReport) -> Anomaly:
    """Look up the line in question, who may not approve, and who reviews; issue the 异常申报单."""
    source = work.unit.read_by(sources, source_of, report)
    assert source is not None, f"{report.source} was accepted"
    line, barred = source.lines[report.line_no], frozenset({report.applicant, source.case.applicant})
    by_office = work.read(people)[report.applicant].holds(Role.OFFICE, work.case.office)
    source.claimed[report.line_no] -= report.quantity  # by this very report
    left = source.left(report.line_no, report.quantity, by_office)
    source.claimed[report.line_no] += report.quantity  # others of the same chunk see it
    source.gone[report.line_no] -= left
    about = {name: getattr(line, name) for name in ("part", "specification", "colour", "price")}
    known = {name: getattr(report, name) for name in ("source", "line_no", "quantity", "kind", "found", "photos")}
    found = Anomaly(
        **about, **known, name=line.part_name, uom=work.read(catalogue)[line.part].uom, reason=Reason(line.reason),
        reporter=report.applicant, applicant=source.case.applicant,
        reviewer=stand_in(work, Role.PARTS_REVIEWER, barred).role,
        together=source.case.request.get("leaving", Leaving.TOGETHER) == Leaving.TOGETHER
        and not (left or by_people(work)),
        left=left,
        before=work.read(anomalies_before).get(work.case.id, 0), refusals=setting(work, "an.max_refusals"),
    )  # fmt: skip
    issue_report(work, found, edition=1)
    return found


def by_people(work: Work) -> bool:
    """Say whether people reported it, not the source itself, which then does not wait for it."""
    return not str(work.case.origin).startswith("case:")


def issue_report(work: Work, found: Anomaly, edition: int, **became: str) -> None:
    """Issue an edition of the 异常申报单: what is wrong, and what became of it."""
    about = {**by_office(work), "edition": edition, "source": found.source, "order": work.case.order_no}
    told = {"anomaly": f"{found.kind.zh} {found.found}", "photos": found.photos, **became}
    issue(work, DocumentKind.ANOMALY_REPORT, about | told | {"lines": [goods_row(found, reason=found.reason.zh)]})


def review_anomaly(case: Case, found: Anomaly, barred: set[str]) -> tuple[Anomaly, str]:
    """初步审核: gives the anomaly as the reviewer calls it, and why it is none."""

    def check(form: AnomalyReviewDecision, _work: Work) -> list[Problem]:
        refused = form.verdict == Verdict.REJECT
        return reason_needed(form.reason, refused, "不同意时必填 is required to refuse")

    said = ask(
        case,
        gate(
            "review", "初步审核", found.reviewer, AnomalyReviewDecision, "review", "", found.brief,
            lambda: {"异常类别": found.kind.option}, check, barred=set(barred),
        ),
    )  # fmt: skip
    barred.add(said.staff)
    refused = said.reason if said.verdict == Verdict.REJECT else ""
    return found.model_copy(update={"kind": AnomalyKind(said.kind or found.kind)}), refused


def find_responsible(case: Case, found: Anomaly) -> Blame:
    """查找责任: QUALITY says whose it is; that it is unknown blocks nothing."""
    said = ask(case, responsibility_question("responsibility", SEARCH, Role.QUALITY, found))
    return name_party(case, said, turn="responsibility")


def confirming(case: Case, found: Anomaly, blame: Blame, plan: str, turn: str) -> Branch[Blame]:
    """确认处理意见: the party confirms or objects once, silence is consent; of an objection the MANAGER decides."""
    try:
        said = yield party_question(f"confirm-{turn}", found, blame, plan)
    except TimedOut:
        return blame
    if said.verdict == PartyVerdict.CONFIRM:
        return blame
    told = [f"{blame.name} 有异议 objects: **{said.reason}**", f"原判 was found: {blame.said}"]
    ruling = yield responsibility_question(f"ruling-{turn}", CONFIRM, Role.MANAGER, found, told)
    return name_party(case, ruling, turn=f"ruling-{turn}")


def confirm_opinion(case: Case, found: Anomaly, blame: Blame, plan: str) -> None:
    """确认处理意见, then the charge; where nobody knows whose it is there is nobody to confirm."""
    if blame.kind != PartyKind.UNKNOWN:
        charge_party(case, found, [alone(case, confirming(case, found, blame, plan, "1"))], [], turn="1")


def searching(case: Case, found: Anomaly, unknown: Blame) -> Branch[None]:
    """查找责任, 续: the department pays, QUALITY has more days, then the MANAGER says it; who is found may object."""
    charge_party(case, found, [unknown], [], turn="1")
    try:
        said = yield responsibility_question("search", SEARCH, Role.QUALITY, found, expires=True)
    except TimedOut:
        said = None
    if said is None or said.party_kind == PartyKind.UNKNOWN:
        said = yield responsibility_question("search-late", SEARCH, Role.MANAGER, found)
    blame = name_party(case, said, turn="search")
    if blame.kind != PartyKind.UNKNOWN:
        blame = yield from confirming(case, found, blame, "", "late")
    charge_party(case, found, [blame], [unknown], turn="late")


@step("责任方", link=SEARCH)
def name_party(work: Work, form: ResponsibilityFound, turn: str) -> Blame:
    """Name the responsible party by its code."""
    return blame_of(form, work.read(parties))


@step("费用冲回", link=CONFIRM)
def take_back_charge(work: Work, _charged: list[Blame]) -> None:
    """Take back what a step charged for an anomaly that is withdrawn."""
    for row in work.read(charges)[work.case.id]:
        if work.key == f"undo-{row.step_key}":
            about = {name: getattr(row, name) for name in ("party_kind", "party", "source", "line_no", "kind")}
            work.insert(charge, **about, amount=-row.amount, charged_at=work.now)


@step("费用记账", link=CONFIRM, undo=take_back_charge)
def charge_party(work: Work, found: Anomaly, now: list[Blame], before: list[Blame], turn: str) -> list[Blame]:
    """Charge the cost to the party, for the monthly settlement; of whom it was charged to before it is taken back.

    Of a delay a unit pays the larger one, this or its penalty: what is confirmed of that is not charged again.
    """
    about = {"source": found.source, "line_no": found.line_no, "kind": found.kind}
    if found.kind == AnomalyKind.DELAYED:
        penalties = work.read(penalised_units)[work.case.id]
        now = [one.beyond(penalties.get(one.unit or "", Decimal(0))) for one in now]
    signed = [*((one, -one.cost) for one in before), *((one, one.cost) for one in now)]
    for blame, amount in signed if now != before else ():
        if amount:
            party = {"party_kind": blame.kind, "party": blame.party}
            work.insert(charge, **party, amount=amount, **about, charged_at=work.now)
    return now


def responsibility_question(
    key: str, link: str, role: Role, found: Anomaly, told: Sequence[str] = (), expires: bool = False
) -> Question[ResponsibilityFound]:
    """Ask who is responsible, with cost and evidence."""

    def check(form: ResponsibilityFound, work: Work) -> list[Problem]:
        return party_problems(form, work.read(parties), work.case.office)

    title, within = QUESTIONS.get(key, ("责任裁定", "ruling"))
    due = working_days(within)
    more: More = {"expires": due, "remind": overdue(role)} if expires else {}
    return gate(key, title, role, ResponsibilityFound, due, link, lambda: [*told, *found.brief()], check=check, **more)


def party_question(key: str, found: Anomaly, blame: Blame, plan: str) -> Question[PartyAnswer]:
    """Ask the responsible party, until the term is over."""

    def check(form: PartyAnswer, _work: Work) -> list[Problem]:
        if blame.kind == PartyKind.REVIEWER and form.staff != blame.party:
            return [Problem(SIGNER, form.staff, f"须由{blame.name}本人答复 must be {blame.party} in person")]
        objects = form.verdict == PartyVerdict.OBJECT
        return reason_needed(form.reason, objects, "有异议时必填 is required to object")

    def brief() -> list[str]:
        return [*found.brief(), f"责任 responsible: {blame.said}", *([f"处理 plan: {plan}"] if plan else [])]

    due = working_days("confirm")
    more: More = {"expires": due, "remind": overdue(blame.answers)}
    if blame.unit:
        more["unit"] = blame.unit
    return gate(key, CONFIRM, blame.answers, PartyAnswer, due, CONFIRM, brief, check=check, **more)
