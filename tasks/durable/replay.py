"""One pass of a process function over one case (laws 2–4).

What the ledger has is returned as it was recorded; the first thing it does not have is done, or asked, now.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from schemas.answers import Answer, Reply
from schemas.forms.base import EngineerNote, Form
from schemas.problems import IllegalTransition, ProcessChanged
from schemas.tables import ledger, service_case, work_item
from schemas.words import Channel, EntryKind, ItemState, Role
from tasks.durable.judge import judge, taken_before, too_late
from tasks.durable.process import CLOSE, Case, Closing, Process, close
from tasks.durable.queries import CaseFile, Entry, Item, open_item
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut, Wait, Withdrawn
from tasks.durable.step import Call
from tasks.unit.rows import JsonText
from tasks.unit.unit import Unit
from tasks.unit.work import Work

if TYPE_CHECKING:
    from tasks.durable.stage import Chunk, Leg

T = TypeVar("T")
F = TypeVar("F", bound=Form)
NOTHING = "null"
NO_FAULT = {"fault": None, "faults": 0}
ENGINEERS_TITLE = "工程师处理"
ENGINEER_KEY = re.compile(r"engineer-\d+")  # of questions that are no part of a process
CALL_ENGINEER_AT = 3  # faults in a row
LONGEST_PAUSE = 60  # minutes between two tries; the first pause is one, each of the next twice as long


class Replay:
    """The state of one pass: what was asked for, what is done, what answer waits to be given."""

    def __init__(
        self, process: Process, file: CaseFile, stage: "Leg | Chunk", answer: Answer | None, reply: Reply | None = None
    ) -> None:
        self.process, self.file, self.stage, self.answer = process, file, stage, answer
        self.reply = reply or (taken_before(file, answer) if answer else None)
        self.asked = {key for key in file.recorded if ENGINEER_KEY.fullmatch(key)}
        self.answered: dict[str, Question[Any]] = {}  # whose answer the process has; it may ask the very same again
        self.done: list[tuple[Call[Any], Any]] = []

    def run(self) -> Reply:
        """Take the case to its end, its next question, or its undoing; gives what became of the answer."""
        if not self.file.closed:
            self._play()
            self.answered.clear()  # a question may know its case: such rings would be left to the collector
        if self.answer and self.reply is None:
            self.reply = self.stage.commit(self.file, partial(too_late, self.file, self.answer))
        return self.reply or Reply(True)

    def _play(self) -> None:
        self._hear_engineer()
        request = self.process.request.model_validate(self.file.row.request)
        case = Case(self, self.file.id, self.file.row.version, request)
        try:
            closing = self.process.function(case)
        except Wait:
            return
        except Withdrawn as signal:
            closing = Closing(self.process.endings("withdrawn"), f"{signal.reason} ({signal.by})", undo=True)
        except TimedOut as signal:
            closing = Closing(self.process.endings("timed_out"), signal.key, undo=True)
        for done, output in reversed(list(self.done)) if closing.undo else ():
            if done.step.undo:  # the last first, each as a step of its own
                self.perform(Call(done.step.undo, f"undo-{done.key}", (output,), {}, EntryKind.UNDO))
        close(case, closing.ending, closing.reason, closing.told)
        self.file.closed, self.file.ready = True, False

    # steps

    def perform(self, call: Call[T]) -> T:
        """Return the recorded output of a step, or do it now and record it in the same transaction."""
        if call.key in self.asked:
            raise ProcessChanged(f"step key {call.key!r} is used twice; make the loop turn part of it")
        self.asked.add(call.key)
        if call.key not in self.file.recorded:
            self._guard()
            act = partial(self.stage.commit, self.file, partial(self._do, call))
            self._remember(*self.stage.show(call.step.title, act))
        output: T = call.step.output.validator.validate_json(self.file.recorded[call.key].output)
        self.done.append((call, output))
        return output

    def _do(self, call: Call[Any], unit: Unit) -> list[Entry]:
        work = self.file.work(unit, call.key)
        output = call.step.output.dump_json(call.step.function(work, *call.args, **call.kwargs)).decode()
        said = [(call.key, call.kind, call.step.title, output), *work.events]
        entries = [
            Entry(key, self.file.seq + n, kind, title, call.step.link, kept, Role.SYSTEM, self.file.now())
            for n, (key, kind, title, kept) in enumerate(said, start=1)
        ]
        for entry in entries:
            self._record(work, entry)
        return entries

    def _record(self, work: Work, entry: Entry) -> None:
        output = None if entry.output == NOTHING else JsonText(entry.output)
        channel = self.answer.channel if self.answer else Channel.SYSTEM
        how = {"channel": channel, "run_id": self.stage.run_id, "started_at": work.now}
        work.insert(ledger, **entry._asdict() | {"output": output} | how)
        ready_at = None if entry.step_key == CLOSE else work.now
        work.update(service_case, {"id": self.file.id}, seq=entry.seq, ready_at=ready_at, **NO_FAULT)

    def _remember(self, *entries: Entry) -> None:
        self.file.recorded |= {entry.step_key: entry for entry in entries}
        self.file.seq, self.file.ready = entries[-1].seq, True

    def _guard(self) -> None:
        """Refuse to go on when the ledger holds a key that this pass did not ask for."""
        if skipped := [key for key in self.file.recorded if key not in self.asked]:
            raise ProcessChanged(
                f"{self.file.row.number}: recorded but not asked for by the present code: {', '.join(skipped)}; "
                "keep the old order for cases of the old version (case.version)"
            )

    # engineers

    def note(self, unit: Unit, fault: Exception) -> None:
        """Note on the case why it cannot go on: for later tries, and for an engineer where these are, or were, of no use."""
        file, changed = self.file, isinstance(fault, ProcessChanged)
        if file.closed:
            return
        again = file.ready and file.seq == file.row.seq  # nothing was done since the last fault
        why, faults = str(fault) if changed else repr(fault)[:2000], 1 + file.row.faults * again
        retry_at = None if changed else file.now() + timedelta(minutes=min(2 ** (faults - 1), LONGEST_PAUSE))
        unit.update(file.id, service_case, {"id": file.id}, ready_at=retry_at, fault=why, faults=faults)
        key = f"engineer-{1 + sum(bool(ENGINEER_KEY.fullmatch(one)) for one in [*file.recorded, *file.dropped])}"
        if (changed or faults >= CALL_ENGINEER_AT) and key not in file.items:
            open_item(file.work(unit, key), file, self._engineers(key, why))

    def _engineers(self, key: str, why: str = "") -> Question[EngineerNote]:
        """The question what to do; due before whatever else is open, for nothing of that can be answered until it is."""
        due = min([self.file.now(), *(item.due_at - timedelta(seconds=1) for item in self.file.items.values())])
        role, link = Role.ENGINEER, self.file.link
        return Question(key, ENGINEERS_TITLE, role, EngineerNote, lambda _work: due, link, brief=lambda: [why])

    def _hear_engineer(self) -> None:
        """Take what an engineer says of a process that changed; no process function asks for that."""
        answer = self.answer
        if answer and not self.reply and answer.key in self.file.items and ENGINEER_KEY.fullmatch(answer.key):
            self.asked.add(answer.key)
            self.reply = self._judge(self._engineers(answer.key), answer)

    # questions

    def ask(self, *questions: Question[F]) -> tuple[Question[F], F]:
        """Give the first recorded answer among the questions; if there is none, take the leg's or wait."""
        wanted, recorded = {question.key: question for question in questions}, self.file.recorded
        self.asked.update(wanted)
        if recorded.keys().isdisjoint(wanted):
            self._guard()
            self._rest(wanted)
            self._take_answer(questions)
            if recorded.keys().isdisjoint(wanted):
                raise Wait
        first = wanted[min(recorded.keys() & wanted, key=lambda key: recorded[key].seq)]
        if self.answered.setdefault(first.key, first) is not first:
            raise ProcessChanged(f"question key {first.key!r} is used twice; make the loop turn part of it")
        entry = recorded[first.key]
        if entry.kind == EntryKind.WITHDRAWN:
            raise Withdrawn(entry.actor, json.loads(entry.output)["reason"])
        if entry.kind == EntryKind.TIMED_OUT:
            raise TimedOut(first.key)
        return first, first.form.model_validate_json(entry.output)

    def _take_answer(self, questions: Sequence[Question[Any]]) -> None:
        """Have the answer judged that is meant for one of the questions: another case's letter, or the leg's own."""
        for written in list(self.file.letters):
            if addressed := next((question for question in questions if question.takes(written)), None):
                taken = self._judge(addressed, written).accepted
                self.file.letters.remove(written)
                if taken:
                    return
        answer = self.answer
        meant = [question for question in questions if answer and not self.reply and question.takes(answer)]
        if answer and len(meant) > 1 and not answer.key:
            meant = [question for question in meant if question.covers(answer.data)]
        if answer and (len(meant) == 1 or (meant and answer.kind == EntryKind.WITHDRAWN)):
            self.reply = self._judge(min(meant, key=lambda question: self.file.items[question.key].due_at), answer)

    def _judge(self, question: Question[Any], answer: Answer) -> Reply:
        def act(unit: Unit) -> Entry | Reply:
            work = self.file.work(unit, question.key)
            found = judge(work, self.process, self.file, question, answer)
            if isinstance(found, Entry):
                self._record(work, found)
            return found

        found = self.stage.commit(self.file, act)
        if isinstance(found, Reply):
            return found
        self._remember(found)
        del self.file.items[question.key]
        return Reply(True, key=question.key)

    def _rest(self, wanted: Mapping[str, Question[Any]]) -> None:
        """Let the case stand at these questions, as others see it, before an answer is judged or awaited."""
        if self.file.ready or wanted.keys() != self.file.items.keys():
            self.file.items, self.file.link = self.stage.commit(self.file, partial(self._settle, wanted))
            self.file.ready = False

    def _settle(self, wanted: Mapping[str, Question[Any]], unit: Unit) -> tuple[dict[str, Item], str]:
        """Open the items that are missing, drop those nobody asks for any more, and put the case to rest."""
        now, file = self.file.now(), self.file
        items = {key: item for key, item in file.items.items() if key in wanted}
        file.dropped |= file.items.keys() - wanted.keys()
        for key in file.items.keys() & file.dropped:
            gone = {"case_id": file.id, "step_key": key}
            unit.update(file.id, work_item, gone, state=ItemState.DROPPED, closed_at=now)
        if file.link not in self.process.links:
            raise ProcessChanged(f"{file.row.number}: its link {file.link} is no longer of the chain")
        for key, question in wanted.items():
            if key not in items:
                if not self.process.may_go(file.link, question.link):
                    raise IllegalTransition(f"{file.row.number}: may not go from {file.link} to {question.link}")
                items[key] = open_item(file.work(unit, key), file, question)
        due_at, first = min((item.due_at, key) for key, item in items.items())
        at, rest = wanted[first], {"due_at": due_at, "ready_at": None, **NO_FAULT}
        unit.update(file.id, service_case, {"id": file.id}, link=at.link, step=at.title, holder=at.role, **rest)
        return items, at.link
