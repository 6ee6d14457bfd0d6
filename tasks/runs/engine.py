"""Run a leg on Prefect's own engine, but send the server only what somebody looks at.

Read in Prefect 3.8.8, as `parking` was: there is what we know of gates, here what we know of engine and tasks. Left out:

- the flow's version and retries, which `FlowRunEngine` sends again as it starts: the run is given as if just made;
- the thread and the websocket that look for a suspension from outside, begun for runs of a deployment: the engine
  hears of none; a leg is over in a second, and what is pressed meanwhile the watch sees;
- the question for a default result storage: nothing of ours is stored as a result;
- a step's task run as Pending and as Running: it is recorded once, when it has ended, with both its times.

And one client is kept, with its connection and its CSRF token, where each leg and each round would make a new one.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import Context, ContextVar, copy_context
from typing import Any, Self, TypeVar

from prefect import Flow, results, task_engine
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.context import SyncClientContext
from prefect.events import Event
from prefect.flow_engine import FlowRunEngine, _flow_parameters
from prefect.utilities.engine import emit_task_run_state_change_event

T = TypeVar("T")
_IN_LEG = ContextVar("in_leg", default=False)
_ONCE = ContextVar("recorded_once", default=False)
_record = emit_task_run_state_change_event
_ask_for_storage = results._read_server_default_result_storage_block_id


class _LegEngine(FlowRunEngine[Any, Any]):
    """Goes on with a run that is known to the server as it is."""

    known: FlowRun

    def create_flow_run(self, _client: SyncPrefectClient) -> FlowRun:
        """Give the run that is there already."""
        return self.known


def run_by_engine(flow: Flow[..., Any], run: FlowRun) -> None:
    """Run a flow until it ends or suspends (raises Pause); a fault of it fails the run and is not raised."""
    engine = _LegEngine(flow=flow, parameters=_flow_parameters(flow, run, None))
    engine.known = run.model_copy(update={"deployment_id": None})
    with _set(_IN_LEG), engine.start():
        while engine.is_running():
            with engine.run_context():
                engine.call_flow_fn()


@contextmanager
def recorded_once() -> Iterator[None]:
    """Record the task runs of the block when they have ended, and not before."""
    with _set(_ONCE):
        yield


@contextmanager
def _set(flag: ContextVar[bool]) -> Iterator[None]:
    token = flag.set(True)
    try:
        yield
    finally:
        flag.reset(token)


class KeptClients:
    """Runs work in contexts that keep their Prefect client until the block ends; as many as work at the same time.

    All have the settings that hold where it is made, whoever's thread is the first to use one.
    """

    def __init__(self) -> None:
        self._like = copy_context()
        self._free: list[Context] = []
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def run(self, work: Callable[..., T], *args: object) -> T:
        """Run some work where `get_client` and `prefect_client` give a client that is kept."""
        try:
            context = self._free.pop()  # the one that rested last: its connection may still be open
        except IndexError:
            context = self._like.copy()
            client = context.run(lambda: SyncClientContext().__enter__())
            self._open.callback(context.run, client.__exit__)
        try:
            return context.run(work, *args)
        finally:
            self._free.append(context)


def _record_if_wanted(
    task_run: TaskRun, initial_state: State[Any] | None, validated_state: State[Any], follows: Event | None = None
) -> Event | None:
    wanted = validated_state.is_final() or not _ONCE.get()
    return _record(task_run, initial_state, validated_state, follows) if wanted else None


task_engine.emit_task_run_state_change_event = _record_if_wanted  # type: ignore[attr-defined]
results._read_server_default_result_storage_block_id = lambda: None if _IN_LEG.get() else _ask_for_storage()
