"""`advance`: take a case as far as it goes. `Case`: what a process sees of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, OperationalError

from schemas.forms.base import Form
from schemas.problems import NotFound, Problem, ProcessChanged, Unavailable
from schemas.tables import case_line, work_item
from schemas.words import CaseState, Channel, Ending, ItemState, Role
from tasks.durable import clock, queries
from tasks.durable.lease import held
from tasks.durable.queries import CaseFile, Entry, Person
from tasks.durable.question import Answer, Question, Reply
from tasks.durable.replay import Replay, RunStep, Transact
from tasks.durable.signals import Moved, TimedOut, Wait, Withdrawn
from tasks.durable.step import Work, step
from tasks.unit.unit import Unit

F = TypeVar("F", bound=Form)
T = TypeVar("T")
ATTEMPTS = 5
# serialisation failure, deadlock, a twin that committed meanwhile, goods that another one took meanwhile
TRY_AGAIN = {"40001", "40P01", "23505", "23514"}
MOVES = 100  # each is a step of another leg, and a leg soon ends
RETRY_FAULT_AFTER = timedelta(minutes=1)


class Case:
    """What a process function sees of a case: immutable, the same in every replay."""

    def __init__(self, replay: Replay, request: Any) -> None:
        self.replay = replay
        self.id: int = replay.file.id
        self.version: int = replay.file.row.version
        self.request = request


@dataclass(frozen=True)
class Closing:
    """How a process ends."""

    ending: Ending
    reason: str = ""


@dataclass(frozen=True)
class ProcessDefinition:
    """A process: its chain as a plain function, its form, and what must hold before a case is made.

    accept        (form, unit, channel) → what we know of the case, and what is wrong with the application
    begin         rows that a new case starts with
    parameter     the form's label in the UI
    applicant_may_withdraw_in   states in which the applicant may take the case back; later a SUPERVISOR only
    """

    code: str
    title: str
    function: Callable[[Case], Closing]
    request: type[Form]
    version: int
    accept: Callable[[Any, Unit, Channel], tuple[Mapping[str, Any], Sequence[Problem]]]
    begin: Callable[[Any, Work], None]
    applicant_may_withdraw_in: frozenset[CaseState]
    parameter: str

    def may_withdraw(self, file: CaseFile, person: Person) -> str | None:
        """Say why somebody may not withdraw a case, or None (DOMAIN, "What every case has")."""
        early = CaseState(file.state) in self.applicant_may_withdraw_in
        if person.holds(Role.SUPERVISOR) or (early and person.code == file.row.applicant):
            return None
        if early:
            return "只有申报人或客服主管可以撤回 only the applicant or a SUPERVISOR may withdraw"
        return "生产已开始，只有客服主管可以撤回 production has started: only a SUPERVISOR may withdraw"


PROCESSES: dict[str, ProcessDefinition] = {}


def ask(case: Case, question: Question[F]) -> F:
    """Ask one question; gives the accepted answer. Raises Withdrawn or TimedOut where that was the answer."""
    return case.replay.ask(question)[1]


def answered_at(case: Case, key: str) -> datetime:
    """Give the moment at which a question was answered, the same in every replay."""
    return case.replay.file.recorded[key].finished_at


def ask_first(case: Case, *questions: Question[Any]) -> tuple[Question[Any], Any]:
    """Keep several questions open at once; gives the one that was answered first with its answer."""
    return case.replay.ask(*questions)


@dataclass(frozen=True)
class Outcome:
    """Where an advanced case stands; `reply` says what became of the answer that was given."""

    case_id: int
    number: str
    closed: bool
    reply: Reply


def directly(_title: str, act: Callable[[], Sequence[Entry]]) -> Sequence[Entry]:
    """Run a step without a Prefect task run."""
    return act()


def advance(
    db: Engine, case_id: int, answer: Answer | None = None, run_step: RunStep = directly, run_id: object = None
) -> Outcome:
    """Take a case as far as it goes, each step in its own transaction; give it `answer` on the way.

    Raises NotFound, ProcessChanged, Unavailable where others keep moving the case, and whatever a faulty step
    raises; the case is then as its last step left it.
    """
    reply: Reply | None = None
    with held(db, case_id):
        for _ in range(MOVES):
            replay = _load(db, case_id, answer, reply, run_step, run_id)
            try:
                closed = _leg(db, replay)
            except Moved:
                reply = replay.reply  # what became of the answer is settled, however often the rest is replayed
            else:
                reply = replay.reply or _too_late(db, replay)
                return Outcome(case_id, replay.file.row.number, closed, reply)
    raise Unavailable(
        f"本单正由他人办理，请稍后再试 case {case_id} was moved by others {MOVES} times in a row: try again"
    )


def _load(
    db: Engine, case_id: int, answer: Answer | None, reply: Reply | None, run_step: RunStep, run_id: object
) -> Replay:
    with db.connect() as connection:
        file = queries.load_files(connection, [case_id]).get(case_id)
        known = queries.known_rows(connection, answer.marks) if answer else {}
    if file is None:
        raise NotFound(f"没有编号为 {case_id} 的单据 no case with id {case_id}")

    def transact(act: Callable[[Unit], T]) -> T:
        return in_unit(db, file, act)

    return replay_of(file, transact, run_step, answer, run_id, reply or repeated(answer, known))


def replay_of(
    file: CaseFile,
    transact: Transact,
    run_step: RunStep,
    answer: Answer | None,
    run_id: object = None,
    reply: Reply | None = None,
) -> Replay:
    """Make one pass over a case ready."""
    may_withdraw = PROCESSES[file.row.process].may_withdraw
    return Replay(file, transact, run_step, answer, may_withdraw, run_id, reply)


def repeated(answer: Answer | None, known: Mapping[UUID, str]) -> Reply | None:
    """Tell an answer whose sheet rows were taken before; None where they are new."""
    step_key = next((known[mark] for mark in answer.marks if mark in known), None) if answer else None
    if step_key is None:
        return None
    problem = Problem("表格行 sheet row", step_key, "此前已登记，不再重复 was taken before, nothing is done twice")
    return Reply(False, [problem], repeated=True, key=step_key)


def _leg(db: Engine, replay: Replay) -> bool:
    file = replay.file
    try:
        return run_leg(replay)
    except Moved:
        raise
    except ProcessChanged as changed:
        _call_engineer(db, file, str(changed))
        raise
    except Exception as fault:  # whatever a step raises is noted on the case, then raised again
        with db.begin() as connection:
            queries.set_fault(connection, file.id, repr(fault)[:2000], clock.now() + RETRY_FAULT_AFTER)
        raise


def run_leg(replay: Replay) -> bool:
    """Take a case to its end or its next question; True when it is closed."""
    if replay.file.closed:
        return True
    replay.hear_engineer()
    return run_process(PROCESSES[replay.file.row.process], replay)


def run_process(process: ProcessDefinition, replay: Replay) -> bool:
    """Replay a process function to its end, its next question, or its undoing; True when the case is closed."""
    case = Case(replay, process.request.model_validate(replay.file.row.request))
    try:
        closing = process.function(case)
    except Wait:
        return False
    except Withdrawn as signal:
        closing = Closing(Ending.WITHDRAWN, f"{signal.reason} ({signal.by})")
        _undo(case)
    except TimedOut as signal:
        closing = Closing(Ending.TIMED_OUT, signal.key)
        _undo(case)
    close(case, closing.ending, closing.reason)
    return True


def _undo(case: Case) -> None:
    """Undo what was done, the last first, each as a step of its own."""
    for done in reversed(list(case.replay.done)):
        if done.definition.undo:
            case.replay.perform(done.definition.undo, f"undo-{done.key}", [done.output], {}, kind="undo")


def undo_open_work(case: Case) -> None:
    """Undo what a case still holds when it ends early without being withdrawn."""
    _undo(case)


@step("结案")
def close(work: Work, ending: Ending, reason: str) -> Ending:
    """Close the case: it ends, its lines are no longer open, nothing of it waits any more."""
    now = {"closed_at": work.now}
    work.change_state(
        CaseState.CLOSED,
        ending=ending,
        ending_reason=reason,
        step=ending.zh,
        holder=None,
        due_at=None,
        ready_at=None,
        **now,
    )
    work.update(case_line, {"case_id": work.case.id}, open=False)
    work.update(work_item, {"case_id": work.case.id, "state": ItemState.OPEN.value}, state=ItemState.DROPPED, **now)
    return ending


def in_unit(db: Engine, file: CaseFile, act: Callable[[Unit], T]) -> T:
    """Run an act in one transaction under the case's lock; with a fresh unit again after a deadlock or a twin row.

    Raises Moved when another leg has moved the case since `file` was loaded.
    """
    for attempt in range(ATTEMPTS):
        state = file.state
        try:
            with db.begin() as connection:
                if queries.lock_case(connection, file.id) != (file.seq, file.state, file.ready):
                    raise Moved
                unit = Unit(connection, [file.id])
                result = act(unit)
                unit.flush()
            return result
        except (OperationalError, IntegrityError) as error:
            file.state = state
            if attempt == ATTEMPTS - 1 or getattr(error.orig, "sqlstate", None) not in TRY_AGAIN:
                raise
        except BaseException:
            file.state = state
            raise
    raise AssertionError("unreachable")


def _too_late(db: Engine, replay: Replay) -> Reply:
    with db.begin() as connection:
        unit = Unit(connection, [replay.file.id])
        reply = replay.too_late(unit)
        unit.flush()
    return reply


def _call_engineer(db: Engine, file: CaseFile, why: str) -> None:
    """Open an engineer's work item once; nothing else is written."""
    with db.begin() as connection:
        queries.lock_case(connection, file.id)
        queries.set_fault(connection, file.id, why, None)
        queries.open_engineer_item(connection, file.id, why, clock.now())


def halves(many: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """Cut a sequence in two; of a single one the second half is empty."""
    return many[: (len(many) + 1) // 2], many[(len(many) + 1) // 2 :]
