"""Put a case's Prefect run at a gate, or end it, through the API: no leg runs.

Here stands all that we know of the inside of Prefect 3.8.8: how a suspended run looks, under which keys forms and
answers lie, what makes it ask again. A test compares that with the Prefect that is installed.

A parked run looks like one that suspended itself: state Suspended with the gate's key, the form beside it.
Resumed by a person, it runs its leg, and `suspend_flow_run(wait_for_input=form, key=gate_key)` there returns
the answer. All functions raise what Prefect's client raises, e.g. ObjectNotFound for a run that was deleted.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, FlowRunPolicy, State
from prefect.client.schemas.responses import DeploymentResponse
from prefect.context import SyncClientContext
from prefect.exceptions import PrefectHTTPStatusError
from prefect.input import RunInput
from prefect.input.run_input import Keyset, keyset_from_paused_state
from prefect.states import Completed, Suspended, to_state_create

GATE_KEY = re.compile(r"[a-z0-9-]+")
MOST_INPUTS = 200  # of a run
NO_RETRY = -1  # Prefect counts 0 runs of a parked one: with 0 it would retry a failed leg and forget its gates


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
    state, keyset = _waiting_state(gate_key)
    wanted = {
        "flow_id": str(deployment.flow_id),
        "deployment_id": str(deployment.id),
        "work_pool_name": deployment.work_pool_name,
        "work_queue_name": deployment.work_queue_name,
        "state": to_state_create(state).model_dump(mode="json", exclude_unset=True),
        "name": name,
        "parameters": dict(parameters),
        "idempotency_key": idempotency_key,
        "labels": dict(labels),
        "tags": [*deployment.tags, *tags],
        "empirical_policy": _policy(gate_key).model_dump(mode="json", exclude_unset=True),
    }
    with SyncClientContext.get_or_create() as context:
        # not /deployments/…/create_flow_run: it judges the parameters again and takes half as long again
        run = FlowRun.model_validate(context.client.request("POST", "/flow_runs/", json=wanted).json())
        if _waits_at(run, gate_key):
            _save_form(context.client, run.id, keyset, form)
        return run.id


def park_again(flow_run_id: UUID, gate_key: str, form: type[RunInput], name: str, tags: Iterable[str]) -> None:
    """Move a run, whatever its state, to a gate under a new name and with these tags only.

    The form is stored before the state, so nobody can meet the gate without it. A key used before is asked
    anew: its old answer is forgotten.
    """
    state, keyset = _waiting_state(gate_key)
    with SyncClientContext.get_or_create() as context:
        client = context.client
        _save_form(client, flow_run_id, keyset, form)
        client.update_flow_run(flow_run_id, name=name, tags=list(tags), empirical_policy=_policy(gate_key))
        client.set_flow_run_state(flow_run_id, state, force=True)


def store_form(flow_run_id: UUID, gate_key: str, form: type[RunInput]) -> None:
    """Store the form of a gate at which a run is about to suspend itself; an older one and its answer give way."""
    _, keyset = _waiting_state(gate_key)
    with SyncClientContext.get_or_create() as context:
        _save_form(context.client, flow_run_id, keyset, form)


def ask_again(flow_run_id: UUID, gate_key: str, form: type[RunInput]) -> None:
    """Let a run that has its answer to a gate suspend there once more; the answer is forgotten."""
    store_form(flow_run_id, gate_key, form)
    with SyncClientContext.get_or_create() as context:
        context.client.update_flow_run(flow_run_id, empirical_policy=FlowRunPolicy(pause_keys=set(), retries=NO_RETRY))


def last_gate(client: SyncPrefectClient, flow_run_id: UUID) -> str:
    """Give the key of the gate where a run was suspended last."""
    states = [state for state in client.read_flow_run_states(flow_run_id) if state.is_paused()]
    return str(max(states, key=lambda state: state.timestamp).state_details.pause_key) if states else ""


def held_answer(client: SyncPrefectClient, flow_run_id: UUID, gate_key: str) -> dict[str, Any] | None:
    """Find the answer to a gate that Prefect accepted; None where there is none."""
    key = f"suspended-{gate_key}-response"
    found = client.filter_flow_run_input(flow_run_id, key, limit=1, exclude_keys=set())
    return found[0].decoded_value if found else None


def forget_texts(client: SyncPrefectClient, flow_run_id: UUID) -> None:
    """Delete what gates said, and drafts as a whole."""
    for kept in client.filter_flow_run_input(flow_run_id, "suspended-", limit=MOST_INPUTS, exclude_keys=set()):
        if kept.key.startswith("suspended-draft-") or kept.key.endswith("-description"):
            client.delete_flow_run_input(flow_run_id, kept.key)


def finish(flow_run_id: UUID, state_name: str) -> None:
    """End a run as Completed under the name of the case's ending, e.g. 已交付."""
    with SyncClientContext.get_or_create() as context:
        context.client.set_flow_run_state(flow_run_id, Completed(name=state_name), force=True)


def _policy(gate_key: str) -> FlowRunPolicy:
    return FlowRunPolicy(pause_keys={gate_key}, retries=NO_RETRY)


def _waiting_state(gate_key: str) -> tuple[State[Any], Keyset]:
    """Return the Suspended state of a gate and the keys of its form."""
    if not GATE_KEY.fullmatch(gate_key):
        raise ValueError(f"a gate's key is made of a-z, 0-9 and -, not {gate_key!r}")
    state: State[Any] = Suspended(pause_key=gate_key)
    keyset = keyset_from_paused_state(state)
    state.state_details.run_input_keyset = keyset  # type: ignore[assignment]
    return state, keyset


def _waits_at(run: FlowRun, gate_key: str) -> bool:
    state = run.state
    return state is not None and state.is_paused() and state.state_details.pause_key == gate_key


def _save_form(client: SyncPrefectClient, flow_run_id: UUID, keyset: Keyset, form: type[RunInput]) -> None:
    """Store the form; if the key was used before, its form and answer give way."""
    try:
        form.save(keyset, flow_run_id)
    except PrefectHTTPStatusError as error:
        if error.response.status_code != 409:
            raise
        for key in keyset.values():
            _forget(client, flow_run_id, key)
        form.save(keyset, flow_run_id)


def _forget(client: SyncPrefectClient, flow_run_id: UUID, key: str) -> None:
    try:
        client.delete_flow_run_input(flow_run_id, key)
    except PrefectHTTPStatusError as error:
        if error.response.status_code != 404:
            raise
