"""`@job`: work on many cases at once, as a Prefect flow; when it runs by itself, prefect.yaml says.

A job's function gets a `Job` and the form that was filled in, if it has one, and gives how its run ends. A wrong
form, and whatever else is raised as BadInput or NotFound, ends the run as 未受理 with a page that says why, another
fault as 故障. While it works it holds a lock: a job that is started twice is done once, and one that died with its
worker, or was taken down by a lost database or server, runs again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import httpx
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.exceptions import Abort
from prefect.flows import Flow
from prefect.logging import get_logger
from prefect.states import Completed, Failed
from pydantic import ValidationError
from sqlalchemy import Engine

from schemas.forms.base import Form, contact_fields
from schemas.forms.fields import Register
from schemas.problems import BadInput, NotFound, problems_of
from tasks.desk.rules import brief_line, plain
from tasks.durable import database
from tasks.privacy.rules import blanked, without_secrets
from tasks.runs.flow import CHUNK_RETRIES, as_task, form_flow, this_run
from tasks.runs.locks import at_work
from tasks.runs.parking import prefect_client
from tasks.unit.refusals import is_lost

REFUSED, FAULT = "未受理", "故障"
MOST_RESTARTS = 3  # of a job whose process died: what ends it may be the job itself
C = TypeVar("C")


@dataclass(frozen=True)
class Ended:
    """How a job's run ends: its name and message, what its page says (nothing: no page) and what that is about."""

    name: str
    message: str
    page: str = ""
    about: str = ""
    failed: bool = False


@dataclass
class job:  # noqa: N801  a decorator
    """Makes a function a job, known by its title, and the Prefect flow that staff see.

    form, parameter   what is filled in, and its label in the UI
    page, heading     key and title of the artifact that shows what became of a run
    verb              what a run's name begins with: 推进 200/1,000
    """

    title: str
    form: type[Form] | None = None
    parameter: str = ""
    page: str = ""
    heading: str = ""
    verb: str = ""

    def __call__(self, function: Callable[..., Ended]) -> Flow[..., Any]:
        """Make the flow of a job's function."""
        self.function, JOBS[self.title] = function, self
        return form_flow(function, self.title, partial(_run, self), self.parameter, self.form)

    @property
    def case_field(self) -> str:
        """The field of its form that wants one case's number; empty where it is about no single case."""
        fields = self.form.model_fields.values() if self.form else []
        return next((field.alias for field in fields if field.alias and Register.CASE in field.metadata), "")


log = get_logger("aftersales.jobs")
JOBS: dict[str, job] = {}  # by title


class Job:
    """What a job's function is given: the database, the run, and what staff see of it meanwhile."""

    def __init__(self, definition: job, db: Engine, run_id: UUID, still_ours: Callable[[], bool]) -> None:
        self.definition, self.db, self.run_id, self._still_ours = definition, db, run_id, still_ours

    def _go_on(self) -> None:
        """End here where the job's lock was lost; nothing is told, for whoever has the job now tells that."""
        if not self._still_ours():
            raise Abort("the lock of this job was lost")

    def tell(self, what: str) -> None:
        """Name the run, so that a list of runs tells how far it is."""
        self._go_on()
        with prefect_client() as client:
            client.update_flow_run(self.run_id, name=f"{self.definition.verb} {what}")

    def chunk(self, name: str, work: Callable[[], None]) -> None:
        """Show a part of the work as a task run; it is tried again, and does nothing twice."""
        self._go_on()
        as_task(name, work, "一批 chunk", CHUNK_RETRIES)

    def in_chunks(self, many: Sequence[C], size: int, work: Callable[[Sequence[C]], None]) -> None:
        """Do the work for all, each chunk a task run; the run's name tells how far it is."""
        for start in range(0, len(many), size):
            part = many[start : start + size]
            self.chunk(f"{start + 1:,}–{start + len(part):,}", partial(work, part))
            self.tell(f"{start + len(part):,}/{len(many):,}")

    def forget_secrets(self, parameters: Mapping[str, Any]) -> None:
        """Keep of a form what may be shown, no contact data; the job has ended and needs it no more."""
        if parameters and (bare := blanked(without_secrets(parameters), contact_fields())) != parameters:
            with prefect_client() as client:
                client.update_flow_run(self.run_id, parameters=bare)

    def show(self, page: str, about: str = "") -> None:
        """Publish the job's page."""
        title = f"{self.definition.heading}: {plain(about)}" if about else self.definition.heading
        create_markdown_artifact(page, key=self.definition.page, description=title)


def told(name: str, message: str) -> Ended:
    """Give an end whose page says the message under the name, and no more."""
    return Ended(name, message, "  \n".join([f"### {name}", *map(brief_line, message.splitlines())]))


def _run(definition: job, given: object) -> State[Any]:
    """Do a job in the run that we are in, unless another process has it in hand."""
    db, run = database.current(), this_run()
    if run.run_count > 1 + MOST_RESTARTS:
        said = f"已重启 {MOST_RESTARTS} 次仍中断，不再重启 was ended and restarted so many times: start it anew"
        return Failed(name=FAULT, message=said)
    with at_work(db, run.id) as still_ours:
        if still_ours is None:
            return Completed(name="已在办理", message="另一个进程正在办理 another process is at it")
        work = Job(definition, db, run.id, still_ours)
        try:
            ended = definition.function(work, *_read(definition, given))
        except (BadInput, NotFound) as wrong:
            ended = told(REFUSED, str(wrong))
        except Exception as fault:
            if is_lost(fault) or isinstance(fault, httpx.TransportError):
                raise  # the watch starts it again
            log.exception("a fault of %s", definition.title)
            ended = Ended(FAULT, repr(fault), failed=True)
        if ended.page and definition.page:
            work.show(ended.page, ended.about)
        work.forget_secrets(run.parameters)
    return (Failed if ended.failed else Completed)(name=ended.name, message=ended.message)


def _read(definition: job, given: object) -> list[Form]:
    """Read the form, if the job has one; BadInput names every field that is wrong."""
    if definition.form is None:
        return []
    try:
        return [definition.form.model_validate(dict(given) if isinstance(given, Mapping) else given or {})]
    except ValidationError as error:
        raise BadInput(problems_of(error)) from None
