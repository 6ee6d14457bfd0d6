"""Put a case's Prefect run at a gate, or end it, through the API: no leg runs.

Here stands all that we know of the inside of Prefect 3.8.8: how a suspended run looks, under which keys forms and
answers lie, what makes it ask again. A test compares that with the Prefect that is installed.

A parked run looks like one that suspended itself: state Suspended with the gate's key, the form beside it.
Resumed by a person, it runs its leg, and `suspend_flow_run(wait_for_input=form, key=gate_key)` there returns
the answer. All functions raise what Prefect's client raises, e.g. ObjectNotFound for a run that was deleted.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowFilter
from prefect.client.schemas.objects import FlowRun, FlowRunInput, FlowRunPolicy, State
from prefect.client.schemas.responses import DeploymentResponse
from prefect.context import SyncClientContext
from prefect.exceptions import PrefectHTTPStatusError
from prefect.input import RunInput
from prefect.input.run_input import keyset_from_paused_state
from prefect.states import Cancelled, Completed, Scheduled, Suspended, to_state_create

from schemas.problems import Unavailable
from tasks.durable import clock

GATE_KEY = re.compile(r"[a-z0-9-]+")
MOST_INPUTS = 200  # of a run
FORGOTTEN = "已取消"  # the state of what was cancelled, once what was typed is forgotten
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=1)  # before a leg that failed is started again
NO_RETRY = -1  # Prefect counts 0 runs of a parked one: with 0 it would retry a failed leg and forget its gates


@contextmanager
def prefect_client() -> Iterator[SyncPrefectClient]:
    """Take the client of the flow run or the round that we are in, or a new one."""
    with SyncClientContext.get_or_create() as context:
        yield context.client


def deployment_of(title: str) -> DeploymentResponse:
    """Find the deployment of a flow by its title; Unavailable where there is none."""
    named = FlowFilter.model_validate({"name": {"any_": [title]}})
    with prefect_client() as client:
        for found in client.read_deployments(flow_filter=named, limit=1):
            return found
    raise Unavailable(f"Prefect 中没有“{title}”的部署 has no deployment of {title}: start `aftersales up` once")


def park_new(
    deployment: DeploymentResponse,
    name: str,
    parameters: Mapping[str, Any],
    idempotency_key: str,
    labels: Mapping[str, str],
    tags: Iterable[str],
    gate_key: str,
    form: type[RunInput],
) -> UUID:
    """Make a run that waits at a gate, and return its id.

    A second call with the same idempotency key makes no second run: it repairs a form that a crash left
    unsaved while the run still waits at this gate, and changes nothing else.
    """
    wanted = {
        "flow_id": str(deployment.flow_id),
        "deployment_id": str(deployment.id),
        "work_pool_name": deployment.work_pool_name,
        "work_queue_name": deployment.work_queue_name,
        "state": to_state_create(_waiting_state(gate_key)).model_dump(mode="json", exclude_unset=True),
        "name": name,
        "parameters": dict(parameters),
        "idempotency_key": idempotency_key,
        "labels": dict(labels),
        "tags": [*deployment.tags, *tags],
        "empirical_policy": _policy(gate_key).model_dump(mode="json", exclude_unset=True),
    }
    with prefect_client() as client:
        # not /deployments/…/create_flow_run: it judges the parameters again and takes half as long again
        run = FlowRun.model_validate(client.request("POST", "/flow_runs/", json=wanted).json())
        if waits_at(run, gate_key):
            store_form(run.id, gate_key, form)
        return run.id


def park_again(flow_run_id: UUID, gate_key: str, form: type[RunInput], name: str, tags: Iterable[str]) -> bool:
    """Move a run, whatever its state, to a gate under a new name and with these tags only.

    The form is stored before the state, so nobody can meet the gate without it. Gives False, and moves nothing,
    where an answer to that gate is held: it must be heard first.
    """
    with prefect_client() as client:
        if not store_form(flow_run_id, gate_key, form):
            return False
        client.update_flow_run(flow_run_id, name=name, tags=list(tags), empirical_policy=_policy(gate_key))
        client.set_flow_run_state(flow_run_id, _waiting_state(gate_key), force=True)
    return True


def store_form(flow_run_id: UUID, gate_key: str, form: type[RunInput]) -> bool:
    """Store the form of a gate in the place of the one of then, if the key was used before; False where it was answered."""
    keyset = keyset_from_paused_state(Suspended(pause_key=gate_key))
    try:
        form.save(keyset, flow_run_id)
    except PrefectHTTPStatusError as error:
        if error.response.status_code != 409:
            raise
        with prefect_client() as client:
            if held_answer(client, flow_run_id, gate_key) is not None:
                return False
            _forget(client, flow_run_id, f"suspended-{gate_key}-", lambda kept: kept.key in keyset.values())
        form.save(keyset, flow_run_id)
    return True


def ask_again(flow_run_id: UUID, gate_key: str, form: type[RunInput]) -> None:
    """Let a run suspend once more at a gate whose answer was judged or lost; it is forgotten."""
    with prefect_client() as client:
        _forget(
            client, flow_run_id, f"suspended-{gate_key}-", lambda kept: kept.key == f"suspended-{gate_key}-response"
        )
        client.update_flow_run(flow_run_id, empirical_policy=FlowRunPolicy(pause_keys=set(), retries=NO_RETRY))
    store_form(flow_run_id, gate_key, form)


def start_again(flow_run_id: UUID) -> None:
    """Let the worker run another leg of a run: at once, later and later where legs have failed one after the other."""
    with prefect_client() as client:
        failed = 0
        for state in sorted(client.read_flow_run_states(flow_run_id), key=lambda state: state.timestamp):
            failed = 0 if state.is_paused() else failed + (state.is_failed() or state.is_crashed())
        pause = min(FIRST_PAUSE * 2 ** (failed - 2), LONGEST_PAUSE) if failed > 1 else timedelta(0)
        client.set_flow_run_state(flow_run_id, Scheduled(scheduled_time=clock.of_machine() + pause), force=True)


def rename(run: FlowRun, name: str, tags: Sequence[str]) -> bool:
    """Give a run a name and these tags only; says whether they are new."""
    if (run.name, set(run.tags)) == (name, set(tags)):
        return False
    with prefect_client() as client:
        client.update_flow_run(run.id, name=name, tags=list(tags))
    run.name, run.tags = name, list(tags)
    return True


def waits_at(run: FlowRun, gate_key: str) -> bool:
    """Say whether a run is suspended at a gate."""
    state = run.state
    return state is not None and state.name == "Suspended" and state.state_details.pause_key == gate_key


def last_gate(client: SyncPrefectClient, flow_run_id: UUID) -> str:
    """Give the key of the gate where a run was suspended last."""
    states = [state for state in client.read_flow_run_states(flow_run_id) if state.is_paused()]
    return str(max(states, key=lambda state: state.timestamp).state_details.pause_key) if states else ""


def held_answer(client: SyncPrefectClient, flow_run_id: UUID, gate_key: str) -> dict[str, Any] | None:
    """Find the answer to a gate that Prefect accepted; None where there is none."""
    key = f"suspended-{gate_key}-response"
    found = client.filter_flow_run_input(flow_run_id, key, limit=1, exclude_keys=set())
    return found[0].decoded_value if found else None


def forget_texts(client: SyncPrefectClient, flow_run_id: UUID, is_private: Callable[[str], bool]) -> None:
    """Delete what gates said, drafts as a whole, and what else, as JSON, is private."""

    def is_text(kept: FlowRunInput) -> bool:
        return kept.key.startswith("suspended-draft-") or kept.key.endswith("-description") or is_private(kept.value)

    _forget(client, flow_run_id, "suspended-", is_text)


def forget_typed(client: SyncPrefectClient, flow_run_id: UUID, kept: Mapping[str, Any]) -> None:
    """Forget what was typed in a run that was cancelled, but for these parameters; then its state says so."""
    client.update_flow_run(flow_run_id, parameters=dict(kept))
    _forget(client, flow_run_id, "suspended-", lambda kept: True)
    client.set_flow_run_state(flow_run_id, Cancelled(name=FORGOTTEN), force=True)


def finish(flow_run_id: UUID, state_name: str) -> None:
    """End a run as Completed under the name of the case's ending, e.g. 已交付."""
    with prefect_client() as client:
        client.set_flow_run_state(flow_run_id, Completed(name=state_name), force=True)


def _policy(gate_key: str) -> FlowRunPolicy:
    return FlowRunPolicy(pause_keys={gate_key}, retries=NO_RETRY)


def _waiting_state(gate_key: str) -> State[Any]:
    """Return the Suspended state of a gate, with the keys of its form."""
    if not GATE_KEY.fullmatch(gate_key):
        raise ValueError(f"a gate's key is made of a-z, 0-9 and -, not {gate_key!r}")
    state: State[Any] = Suspended(pause_key=gate_key)
    state.state_details.run_input_keyset = keyset_from_paused_state(state)  # type: ignore[assignment]
    return state


def _forget(
    client: SyncPrefectClient, flow_run_id: UUID, beginning: str, wanted: Callable[[FlowRunInput], bool]
) -> None:
    """Delete those inputs of a run whose key begins so and that are wanted."""
    for kept in client.filter_flow_run_input(flow_run_id, beginning, limit=MOST_INPUTS, exclude_keys=set()):
        if wanted(kept):
            client.delete_flow_run_input(flow_run_id, kept.key)
