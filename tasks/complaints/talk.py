"""A complaint as it is talked about: how grave, who handles it, which unit answers for it, and what has been tried."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from schemas.forms.base import Form
from schemas.forms.complaints import ComplaintPlan, CustomerHeard, CustomerWord, JointReview, Measures, Satisfaction
from schemas.forms.contacts import ContactRecord, CustomerStanding, Severity
from schemas.forms.cycles import MonthEnded
from schemas.problems import Problem
from schemas.processes.complaint import ContactEnding
from schemas.words import Role
from tasks.approvals.rules import reason_needed
from tasks.branches.beside import Branch, next_answer
from tasks.branches.children import ending_heard
from tasks.complaints import rules
from tasks.complaints.shapes import ComplaintLimits, Taken
from tasks.complaints.steps import (
    FILE,
    PARTY,
    find_handler,
    give_notice,
    issue_complaint,
    name_unit,
    note_contact,
    raise_to_major,
)
from tasks.cycle.terms import Due, gate, working_days
from tasks.durable.process import Case
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.unit.work import Work

F = TypeVar("F", bound=Form)
TOO_LONG = "满月未解决 unsolved for a month"
TOO_OFTEN = "多次来电未兑现 promised and asked for repeatedly"


@dataclass(eq=False)
class ContactOver(Exception):
    """A contact ends."""

    ending: ContactEnding
    reason: str = ""
    told: dict[str, Any] = field(default_factory=dict)


@dataclass
class Talk:
    """How far a contact is.

    level      who handles it, of `rules.LEVELS`; unit: who answers for it, "" the department itself
    cause      trace, tested: what QUALITY found
    refused    plans that the customer did not accept; failed: that came to nothing; moved: how often it changed hands
    binding    what a joint review has decided; made_by, released_by: who made and who released the plan; clock: of the month
    barred     who may approve nothing more ; owes_reply: to the authority that wrote
    heard      what a call or a survey told of the customer since it was last waited for
    """

    case: Case
    took: Taken
    limits: ComplaintLimits
    severity: Severity = Severity.MINOR
    judged: bool = False
    level: int = 0
    unit: str = ""
    quality: bool = False
    cause: str = ""
    trace: str = ""
    tested: str = ""
    contacts: int = 1
    refused: int = 0
    failed: int = 0
    moved: int = 0
    made_by: Role | None = None
    released_by: str = ""
    barred: set[str] = field(default_factory=set)
    clock: Branch[None] | None = None
    binding: JointReview | None = None
    owes_reply: bool = False
    heard: CustomerHeard | None = None
    turns: Counter[str] = field(default_factory=Counter)

    @property
    def form(self) -> ContactRecord:
        """The record as it was taken."""
        return ContactRecord.model_validate(self.case.request)

    @property
    def anonymous(self) -> bool:
        """Whether nobody can be answered."""
        return self.form.standing == CustomerStanding.ANONYMOUS

    @property
    def holder(self) -> Role:
        """Who handles it, by its level."""
        return rules.LEVELS[self.level]

    def handled_by(self, key: str) -> tuple[Role, list[str]]:
        """Find who handles it now; gives the role and who that is."""
        if self.level:
            return self.holder, []
        handler = find_handler(self.case, turn=key)
        return handler.role, [f"经办 handled by {handler.said}"]

    def falls_to(self, unit: str) -> None:
        """Let a unit answer for it from now on, by its code or name; where none is named whoever does goes on."""
        if unit:
            self.unit = name_unit(self.case, unit, turn=self.turn("named"))

    def turn(self, name: str) -> str:
        """Count what is done of a name: reply-1, reply-2, …"""
        self.turns[name] += 1
        return f"{name}-{self.turns[name]}"

    def brief(self) -> list[str]:
        """What deciders must see."""
        told = [f"{self.form.kind.zh} · {self.form.way.zh} · **{self.form.matter}**", self.form.expectation]
        grave = f"严重程度 severity: **{self.severity.zh}** · " if self.judged else ""
        called = f"{grave}第 {self.contacts} 次来电 contact {self.contacts}"
        return [*filter(None, told), called, *([f"原因 cause: {self.cause}"] if self.cause else [])]

    def put(
        self,
        name: str,
        title: str,
        role: Role | None,
        form: type[F],
        within: str | Due,
        link: str,
        *more: str,
        **rest: Any,
    ) -> F:
        """Ask about the contact until it is answered, whatever else happens meanwhile; without a role who handles it."""
        key, told = self.turn(name), list(more)
        if role is None:
            role, said = self.handled_by(key)
            told = [*said, *more]
        while True:
            question = self.gate(key, title, role, form, within, link, *told, **rest)
            if answered := next_answer(self.case, question):
                answer: F = answered[1]
                return answer

    def called_again(self, name: str, title: str, role: Role, form: type[F], within: Due, **rest: Any) -> F | None:
        """Await a word of the customer, until the term is over (TimedOut); None where it is heard otherwise."""
        key, contacts, self.heard = self.turn(name), self.contacts, None
        while self.contacts == contacts and self.heard is None:
            question = self.gate(key, title, role, form, within, FILE, remind=None, **rest)
            if answered := next_answer(self.case, question):
                answer: F = answered[1]
                return answer
        return None

    def gate(
        self, key: str, title: str, role: Role, form: type[F], within: str | Due, link: str, *more: str, **rest: Any
    ) -> Question[F]:
        """Make a question about the contact; who answers for a unit is of that unit."""
        if role == Role.RESPONSIBLE_UNIT:
            rest["unit"] = self.unit
        return gate(key, title, role, form, within, link, lambda: [*more, *self.brief()], **rest)

    @property
    def by_unit(self) -> Role | None:
        """Who does what a unit has to do: who handles it where no unit is named."""
        return Role.RESPONSIBLE_UNIT if self.unit else None

    @property
    def planner(self) -> Role | None:
        """Who plans: the unit; after so many plans that the customer refused the SUPERVISOR, then the MANAGER rules."""
        beyond = self.refused - self.limits.refused_plans
        return self.by_unit if beyond < 0 else Role.MANAGER if beyond else Role.SUPERVISOR

    @property
    def needs_review(self) -> str:
        """Why the departments review a plan that is released, before the GENERAL_MANAGER; "" where they need not."""
        if self.level == rules.TOP and self.made_by:
            return "总经理会审 the GENERAL_MANAGER's"
        return "重大质量投诉 a major quality complaint" if self.severity == Severity.MAJOR and self.quality else ""

    # what goes on beside

    def listening(self) -> Branch[None]:
        """Hear of the customer's further calls about the matter; the third makes it major."""
        for turn in range(1, 1000):
            ended = yield ending_heard(f"heard-{turn}", "客户再次来电", working_days("word"), PARTY)
            self.contacts += 1
            note_contact(self.case, ended.number, self.contacts, turn=turn)
            if self.contacts >= self.took.major_at:
                self.raise_to_major(TOO_OFTEN)

    def ageing(self) -> Branch[None]:
        """Make a complaint major that is not solved a calendar month after receipt; no clock pauses (S0 4.1.3)."""
        on = self.limits.major_on

        def due(_work: Work) -> datetime:
            return on

        with suppress(TimedOut):
            yield Question(self.turn("month"), "投诉满月", Role.SYSTEM, MonthEnded, due, PARTY, expires=due)
        self.raise_to_major(TOO_LONG)

    def raise_to_major(self, why: str) -> None:
        """Make it major, and tell the MANAGER."""
        if self.severity != Severity.MAJOR:
            self.severity, self.judged = Severity.MAJOR, True
            raise_to_major(self.case, why)

    # the customer

    def word(self, name: str, title: str, role: Role | None, link: str, within: str, *more: str) -> CustomerWord:
        """Hear what the customer says, until the term is over (TimedOut)."""
        due = working_days(within)
        return self.put(name, title, role, CustomerWord, due, link, *more, check=word_problems, expires=due)

    def reach(self, name: str, title: str, role: Role | None, link: str, *more: str) -> CustomerWord | None:
        """Hear the customer: 5 wd, then three attempts, a written notice and 10 wd; None for who cannot be reached."""
        tries = ["word", *["attempt"] * self.limits.attempts, "notice"]
        for within in tries:
            if within == "notice":
                give_notice(self.case, self.form.matter, turn=self.turn("notice"))
            with suppress(TimedOut):
                said = self.word(name, title, role, link, within, *more)
                if said.verdict != Satisfaction.NOT_REACHED:
                    return said
        return None

    def report(self, plan: Measures | None = None, **told: str) -> None:
        """Issue an edition of the 顾客投诉处理单 as things stand."""
        known = {"severity": self.severity.zh, "matter": self.form.matter, "cause": self.cause}
        known |= {"trace": self.trace, "tested": self.tested}
        known |= {"production_unit": self.unit, "released_by": self.released_by}
        if isinstance(plan, ComplaintPlan):
            known["unit_cause"] = plan.cause
        if plan:
            known |= {"remedy": rules.said_of(plan), "corrective": f"{plan.corrective} {plan.corrective_by or ''}"}
        issue_complaint(self.case, known | told, turn=self.turn("sheet"))


def word_problems(form: CustomerWord, _work: Work) -> list[Problem]:
    """Check that an unsatisfied customer's reason is written down."""
    refused = form.verdict == Satisfaction.UNSATISFIED
    return reason_needed(form.reason, refused, "不满意时必填 is required of an unsatisfied customer")
