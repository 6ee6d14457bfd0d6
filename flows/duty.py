"""值班换班: the hotline's duty roster, and swaps (DOMAIN 3; S1 1.3)."""

from schemas.forms.contacts import DutyPlan
from schemas.processes.complaint import DutyEnding
from schemas.shapes import LinkWait
from schemas.words import LinkKind, Role, Verdict
from tasks.approvals.steps import Matter, approving
from tasks.branches.beside import alone, side_by_side
from tasks.durable.process import Case, Closing, ask
from tasks.duty.queries import duty_table
from tasks.duty.steps import accept_duty, other_party, party_question, said_of, until_its_day, write_roster
from tasks.people.rights import applicant_until
from tasks.runs.process import process

LINK = "值班换班"


@process(
    code="DR",
    title="值班换班",
    chain="值班换班 → 批准生效",
    waits={
        "值班换班": LinkWait(LinkKind.GATE, Role.AGENT, "consent.days"),
        "批准生效": LinkWait(LinkKind.AUTO, Role.MANAGER, "approval.days"),
    },
    endings=DutyEnding,
    request=DutyPlan,
    parameter="值班表",
    accept=accept_duty,
    begin=lambda _form, _work: None,
    end=lambda _work: None,
    lines=duty_table,
    may_withdraw=applicant_until(never=[write_roster], why="已生效 is in force"),
)
def duty(case: Case) -> Closing:
    """值班换班 Put a duty roster into force, or a swap once the other party and the MANAGER have signed it."""
    case = side_by_side(case)
    if other := other_party(case, case.request):
        said = ask(case, party_question(case.request, other))
        if said.verdict == Verdict.REJECT:
            return Closing(DutyEnding.REJECTED, said.reason)
        barred, shown = {case.request.applicant, other}, said_of(case.request)
        matter = Matter("批准生效", barred, shown.copy)
        until = until_its_day(case.request)
        if why := alone(case, approving(case, "swap", "换班批准", Role.MANAGER, matter, "approval", expires=until)):
            return Closing(DutyEnding.REJECTED, why)
    write_roster(case, case.request, bool(other))  # 批准生效
    return Closing(DutyEnding.IN_FORCE)
