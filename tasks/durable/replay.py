"""One pass of a process function over one case (laws 2–4).

What the ledger has is returned as it was recorded; the first thing it does not have is done, or asked, now.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, NamedTuple, Protocol, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from schemas.forms.base import EngineerNote, Form, form_path
from schemas.forms.fields import Remark
from schemas.problems import Problem, ProcessChanged, problems_of
from schemas.tables import decision, ledger, service_case, sheet_row, work_item
from schemas.words import CaseState, Channel, ItemState, Role
from tasks.durable import clock
from tasks.durable.queries import CaseFile, Entry, Item, Person
from tasks.durable.question import Answer, Question, Reply
from tasks.durable.signals import TimedOut, Wait, Withdrawn
from tasks.durable.step import SHANGHAI, StepDefinition, Work
from tasks.unit.unit import JsonText, Unit

T = TypeVar("T")
F = TypeVar("F", bound=Form)
NOTHING = "null"
ENGINEER_KEY = re.compile(r"engineer-\d+")
REASON: TypeAdapter[str] = TypeAdapter(Annotated[Remark, Field(min_length=1)])
RunStep = Callable[[str, Callable[[], Sequence[Entry]]], Sequence[Entry]]


class Transact(Protocol):
    """Runs an act in a unit that holds the case's lock, and commits it (a leg) or leaves that to the chunk."""

    def __call__(self, act: Callable[[Unit], T]) -> T: ...  # noqa: D102


class Done(NamedTuple):
    """A step that this pass has behind it."""

    definition: StepDefinition[Any]
    key: str
    output: Any


class Replay:
    """The state of one pass: what was asked for, what is done, what answer waits to be given."""

    def __init__(
        self,
        file: CaseFile,
        transact: Transact,
        run_step: RunStep,
        answer: Answer | None,
        may_withdraw: Callable[[CaseFile, Person], str | None],
        run_id: object = None,
        reply: Reply | None = None,
    ) -> None:
        self.file, self.transact, self.run_step, self.run_id = file, transact, run_step, run_id
        self.answer, self.reply = answer, reply if answer else Reply(True)
        self.may_withdraw = may_withdraw
        self.channel = answer.channel if answer else Channel.SYSTEM
        self.asked = {key for key in file.recorded if ENGINEER_KEY.fullmatch(key)}  # no part of the process
        self.done: list[Done] = []

    # steps

    def perform(
        self,
        definition: StepDefinition[T],
        key: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        kind: str = "step",
    ) -> T:
        """Return the recorded output of a step, or do it now and record it in the same transaction."""
        if key in self.asked:
            raise ProcessChanged(f"step key {key!r} is used twice; make the loop turn part of it")
        self.asked.add(key)
        entry = self.file.recorded.get(key)
        if entry is None:
            self.guard()
            entries = self.run_step(
                definition.title,
                lambda: self.transact(lambda unit: self._do(unit, definition, key, args, kwargs, kind)),
            )
            self._remember(*entries)
            entry = entries[0]
        output = definition.load(entry.output)
        self.done.append(Done(definition, key, output))
        return output

    def _do(
        self,
        unit: Unit,
        definition: StepDefinition[Any],
        key: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        kind: str,
    ) -> list[Entry]:
        work = Work(unit, self.file, key, clock.now())
        output = definition.dump(definition.function(work, *args, **kwargs))
        own = Entry(key, self.file.seq + 1, kind, definition.title, output, Role.SYSTEM, clock.now())
        events = [
            Entry(event, own.seq + n, "decision", title, to_json(answer), Role.SYSTEM, own.finished_at)
            for n, (event, title, answer) in enumerate(work.events, start=1)
        ]
        for entry in [own, *events]:
            self._record(work, entry)
        return [own, *events]

    def _record(self, work: Work, entry: Entry) -> Entry:
        work.insert(
            ledger,
            step_key=entry.key,
            seq=entry.seq,
            kind=entry.kind,
            title=entry.title,
            output=None if entry.output == NOTHING else JsonText(entry.output),
            actor=entry.actor,
            channel=self.channel,
            run_id=self.run_id,
            started_at=work.now,
            finished_at=entry.finished_at,
        )
        rests = self.file.closed
        ready_at = None if rests else work.now
        work.update(service_case, {"id": self.file.id}, seq=entry.seq, ready_at=ready_at, fault=None)
        return entry

    def _remember(self, *entries: Entry) -> None:
        self.file.recorded |= {entry.key: entry for entry in entries}
        self.file.seq, self.file.ready = entries[-1].seq, True

    def guard(self) -> None:
        """Refuse to go on when the ledger holds a key that this pass did not ask for."""
        skipped = [key for key in self.file.recorded if key not in self.asked]
        if skipped:
            raise ProcessChanged(
                f"{self.file.row.number}: recorded but not asked for by the present code: {', '.join(skipped)}; "
                "keep the old order for cases of the old version (case.version)"
            )

    # questions

    def ask(self, *questions: Question[F]) -> tuple[Question[F], F]:
        """Give the first recorded answer among the questions; if there is none, take the leg's or wait."""
        self.asked.update(question.key for question in questions)
        recorded = self.file.recorded
        answered = [question for question in questions if question.key in recorded]
        if not answered:
            self.guard()
            self._rest(questions)
            self._take_answer(questions)
            answered = [question for question in questions if question.key in recorded]
        if not answered:
            raise Wait(questions)
        first = min(answered, key=lambda question: recorded[question.key].seq)
        entry = recorded[first.key]
        if entry.kind == "withdrawn":
            raise Withdrawn(entry.actor, json.loads(entry.output)["reason"])
        if entry.kind == "timed_out":
            raise TimedOut(first.key)
        return first, first.form.model_validate_json(entry.output)

    def hear_engineer(self) -> None:
        """Take what an engineer says of a process that changed; no process function asks for that."""
        answer = self.answer
        if (
            answer
            and answer.kind == "decision"
            and answer.key in self.file.items
            and ENGINEER_KEY.fullmatch(answer.key)
        ):
            self.asked.add(answer.key)
            title, state = self.file.items[answer.key].title, CaseState(self.file.state)
            self._take_answer([Question(answer.key, title, Role.ENGINEER, EngineerNote, state, lambda work: work.now)])

    def _take_answer(self, questions: Sequence[Question[Any]]) -> None:
        answer = self.answer
        if answer is None or self.reply is not None:
            return
        meant = [question for question in questions if question.takes(answer)]
        if not meant:
            return
        first = min(meant, key=lambda q: (len(meant) > 1 and not q.covers(answer), self.file.items[q.key].due_at))
        entry, problems = self.transact(lambda unit: self._judge(unit, first, answer))
        self.reply = Reply(not problems, problems, key=first.key)
        if entry is not None:
            self._remember(entry)
            del self.file.items[first.key]

    def _judge(self, unit: Unit, question: Question[Any], answer: Answer) -> tuple[Entry | None, Sequence[Problem]]:
        """Accept an answer (decision, item, ledger row and ready_at commit together) or record its refusal."""
        work = Work(unit, self.file, question.key, clock.now())
        output, problems = self._examine(work, question, answer)
        if problems:
            key = "" if answer.kind == "withdrawn" else question.key  # that is for the gate's own answers
            refuse(Work(unit, self.file, key, work.now), answer, problems)
            return None, problems
        if question.record and answer.kind == "decision":
            question.record(question.form.model_validate_json(output), work)
        work.insert(decision, accepted=True, reason="", **_given(work, answer))
        for mark in answer.marks:
            work.insert(sheet_row, id=mark)
        closed = {"decision": ItemState.DECIDED}.get(answer.kind) or ItemState(answer.kind)
        work.update(work_item, {"case_id": self.file.id, "step_key": question.key}, state=closed, closed_at=work.now)
        entry = Entry(question.key, self.file.seq + 1, answer.kind, question.title, output, answer.by, work.now)
        return self._record(work, entry), []

    def too_late(self, unit: Unit) -> Reply:
        """Tell an answer that nothing waits for it, and record that."""
        answer = self.answer
        assert answer is not None
        earlier = self.file.recorded.get(answer.key)
        if earlier and earlier.kind != "step":
            at = earlier.finished_at.astimezone(SHANGHAI)
            expected = f"已由 {earlier.actor} 于 {at:%Y-%m-%d %H:%M} 办理 was already decided by {earlier.actor}"
        elif self.file.closed:
            expected = "本单已结案 the case is closed"
        else:
            waits = "、".join(item.title for item in self.file.items.values())
            expected = f"这一步现在不需要办理，本单在等：{waits} is not waited for now"
        wanted = answer.key or answer.form.rpartition(":")[2] or answer.kind
        problems = [Problem("待办 work item", wanted, expected)]
        refuse(Work(unit, self.file, answer.key, clock.now()), answer, problems)
        return Reply(False, problems, key=answer.key)

    def _examine(self, work: Work, question: Question[Any], answer: Answer) -> tuple[str, Sequence[Problem]]:
        if answer.kind == "timed_out":
            expires_at = self.file.items[question.key].expires_at
            late = expires_at is not None and expires_at <= work.now
            return "{}", [] if late else [Problem("时限 term", question.key, "尚未到期 has not expired")]
        if answer.kind == "withdrawn":
            return self._examine_withdrawal(work, answer)
        try:
            form = question.form.model_validate(dict(answer.data))
        except ValidationError as error:
            return "", problems_of(error)
        refusal = self._may_decide(work, question, answer)
        problems = [refusal] if refusal else list(question.check(form, work) if question.check else [])
        return form.model_dump_json(by_alias=False), problems

    def _may_decide(self, work: Work, question: Question[Any], answer: Answer) -> Problem | None:
        field = "经办人工号 staff"
        if answer.actor == Role.SYSTEM and question.role == Role.SYSTEM:
            return None
        person = work.people.get(answer.by)
        if person is None or not person.active:
            return Problem(field, answer.by, "没有这位在职员工，请核对工号 no active staff member has this number")
        office = self.file.row.office if question.role == Role.OFFICE else None
        if not any(person.holds(role, office, question.unit) for role in (question.role, question.also) if role):
            where = f"（{office or question.unit}）" if office or question.unit else ""
            expected = f"需要{question.role.zh}{where}的权限"
            return Problem(field, f"{person.code} {person.name}", f"{expected} must hold {question.role.value}")
        if person.code in question.barred:
            expected = "申请人或已审批过本单的人不能审批 the applicant and earlier approvers may not approve this case"
            return Problem(field, f"{person.code} {person.name}", expected)
        return None

    def _examine_withdrawal(self, work: Work, answer: Answer) -> tuple[str, Sequence[Problem]]:
        person = work.people.get(answer.by)
        if person is None or not person.active:
            return "", [
                Problem("经办人工号 staff", answer.by, "没有这位在职员工 no active staff member has this number")
            ]
        try:
            reason = REASON.validate_python(answer.data.get("reason", ""))
        except ValidationError as error:
            return "", [replace(problem, field="撤回原因 reason") for problem in problems_of(error)]
        refusal = self.may_withdraw(self.file, person)
        problems = [Problem("经办人工号 staff", f"{person.code} {person.name}", refusal)] if refusal else []
        return to_json({"reason": reason, "by": person.code}), problems

    def _open(self, work: Work, question: Question[Any]) -> Item:
        due = question.due(work)
        expires_at = question.expires(work) if question.expires else None
        reminders = question.remind(work, due) if question.remind else []
        work.insert(
            work_item,
            step_key=question.key,
            title=question.title,
            role=question.role,
            also=question.also,
            office=self.file.row.office if question.role == Role.OFFICE else None,
            unit=question.unit,
            form=form_path(question.form),
            brief=list(question.brief()),
            prefill=dict(question.prefill()),
            schedule=[{"at": r.at.isoformat(), "kind": r.kind, "role": r.role} for r in reminders],
            opened_at=work.now,
            due_at=due,
            expires_at=expires_at,
        )
        return Item(question.key, question.title, question.role, due, expires_at, refusals=0, refused_because="")

    def _rest(self, questions: Sequence[Question[Any]]) -> None:
        """Let the case stand at these questions, as others see it, before an answer is judged or awaited."""
        wanted = {question.key: question for question in questions}
        if self.file.ready or wanted.keys() != self.file.items.keys():
            self.file.items = self.transact(lambda unit: self._settle(unit, wanted))
            self.file.ready = False

    def _settle(self, unit: Unit, wanted: Mapping[str, Question[Any]]) -> dict[str, Item]:
        """Open the items that are missing, drop those nobody asks for any more, and put the case to rest."""
        now = clock.now()
        items = {key: item for key, item in self.file.items.items() if key in wanted}
        self.drop(unit, [key for key in self.file.items if key not in wanted], now)
        for key in [key for key in wanted if key not in items]:
            items[key] = self._open(Work(unit, self.file, key, now), wanted[key])
        due_at, key = min((item.due_at, key) for key, item in items.items())
        first = wanted[key]
        work = Work(unit, self.file, key, now)
        work.change_state(
            CaseState(first.state), step=first.title, holder=first.role, due_at=due_at, ready_at=None, fault=None
        )
        return items

    def drop(self, unit: Unit, keys: Sequence[str], now: datetime) -> None:
        """Close open items without a decision."""
        for key in keys:
            unit.update(
                self.file.id,
                work_item,
                {"case_id": self.file.id, "step_key": key},
                state=ItemState.DROPPED,
                closed_at=now,
            )


def refuse(work: Work, answer: Answer, problems: Sequence[Problem]) -> None:
    """Record a decision that was refused; an open item counts it and shows the reason."""
    reason = "\n".join(map(str, problems))
    work.insert(decision, accepted=False, reason=reason, **_given(work, answer))
    item = {"case_id": work.case.id, "step_key": work.key, "state": ItemState.OPEN.value}
    work.shift(work_item, item, refusals=Decimal(1))
    work.update(work_item, item, refused_because=reason)


def to_json(value: Any) -> str:
    """Write JSON as the ledger keeps it."""
    return json.dumps(value, ensure_ascii=False)


def _given(work: Work, answer: Answer) -> dict[str, Any]:
    return {"actor": answer.by, "channel": answer.channel, "form": dict(answer.data), "given_at": work.now}
