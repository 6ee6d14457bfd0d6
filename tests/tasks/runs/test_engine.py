"""A leg costs the server no more than what somebody looks at; an excess is a request too many for each click."""

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import TaskRunFilter
from prefect.client.schemas.objects import TaskRun
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from tasks.runs.engine import KeptClients
from tests.tasks.runs.people import Desk
from tests.waiting import wait_until

CHANGING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/input/).+")


@pytest.fixture
def clients() -> Iterator[KeptClients]:
    with KeptClients() as clients:
        yield clients


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """What this thread sends to the server, by kind."""
    counts, here, send = Counter[str](), threading.get_ident(), httpx.HTTPTransport.handle_request

    def count_and_send(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        if threading.get_ident() == here:
            counts[f"{request.method} {CHANGING.sub('*', request.url.path).removeprefix('/api/')}"] += 1
        return send(self, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", count_and_send)
    return counts


def test_a_leg_from_gate_to_gate_sends_eight_requests(desk: Desk, clients: KeptClients, sent: Counter[str]) -> None:
    run_id = clients.run(desk.apply)  # the client has its token
    assert desk.resume(run_id, desk.answer(run_id, 审核结论="通过")) == ""
    sent.clear()
    assert clients.run(desk.leg, run_id) == "plan-1-0"
    asked_by_us = {"GET flow_runs/*": 2}  # before the leg and behind it
    assert sent - Counter(asked_by_us) == {
        "POST flow_runs/*/set_state": 2,  # Running, Suspended
        "GET flow_runs/*": 1,
        "POST flow_runs/*/input/*": 1,  # the answer
        "POST flow_runs/*/input": 2,  # the next form, and what stands above it
        "PATCH flow_runs/*": 1,  # name and tags
        "PATCH artifacts/*": 1,  # the case sheet
    }


def test_a_step_is_recorded_when_it_has_ended_with_both_its_times(desk: Desk) -> None:
    run_id = desk.apply()

    def recorded() -> list[TaskRun]:
        return desk.client.read_task_runs(
            task_run_filter=TaskRunFilter.model_validate({"flow_run_id": {"any_": [run_id]}})
        )

    wait_until(lambda: bool(recorded()))
    for task in recorded():
        states = desk.client.request("GET", "/task_run_states/", params={"task_run_id": str(task.id)}).json()
        assert [state["name"] for state in states] == ["Completed"]
        assert task.start_time is not None
        assert task.end_time is not None
        assert task.end_time >= task.start_time


def test_a_client_is_kept_and_two_at_once_have_one_each(desk: Desk, clients: KeptClients) -> None:
    together = threading.Barrier(2)

    def client(wait: Callable[[], object] = bool) -> SyncPrefectClient:
        wait()
        return get_client(sync_client=True)

    first = clients.run(client)
    assert clients.run(client) is first
    with ThreadPoolExecutor(2) as both:
        mine, other = both.map(lambda _: clients.run(client, lambda: together.wait(60)), range(2))
    assert mine is not other
    assert first in (mine, other)


def test_whoever_is_first_all_work_has_the_settings_that_hold_where_the_clients_are_kept(desk: Desk) -> None:
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: 77}), KeptClients() as clients:
        seen = list[int | None]()
        other = threading.Thread(target=lambda: seen.append(clients.run(PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value)))
        other.start()
        other.join()
        assert seen == [77]


def test_what_a_piece_of_work_raises_is_raised_and_its_client_is_kept(desk: Desk, clients: KeptClients) -> None:

    def fail() -> None:
        raise RuntimeError("on purpose")

    first = clients.run(lambda: get_client(sync_client=True))
    with pytest.raises(RuntimeError, match="on purpose"):
        clients.run(fail)
    assert clients.run(lambda: get_client(sync_client=True)) is first
