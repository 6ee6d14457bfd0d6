"""People at the Prefect UI: twelve at once, each with a case through all six gates, and one on an idle machine.

Our worker against a stock process worker that does the same steps and writes the same rows, on the same PostgreSQL
and server, both polling as often, with compiled bytecode; the middle of three rounds of each. Everybody looks at the
page of their case every two seconds, as open pages do, which loads the same server. A leg goes from Resume (or Submit)
to the next gate or the end.

`requests_per_leg`: what the worker sent, its loops' too, but for the polling for work; `idle_cpu`: of the server,
with 200 cases that wait and nobody at the UI.
"""

import json
import os
import signal
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import PrefectHTTPStatusError
from prefect.workers.process import ProcessWorker

from deployments.local.prefect_server import WORKER_GRACE, worker_env
from deployments.local.processes import Child
from deployments.settings import PROJECT
from deployments.worker import ASK_EVERY, BUSY_FOR
from schemas.answers import Turn
from schemas.forms.applications import PartsApplication, ReviewDecision
from schemas.forms.base import Form
from schemas.forms.logistics import GoodsOut, PickupConfirmation
from schemas.forms.production import GoodsInCount, PlanDecision, ProductionReport
from schemas.words import Channel
from tasks.durable.opening import open_chunk
from tasks.durable.process import PROCESSES
from tasks.durable.stage import advance_chunk
from tasks.runs.mending import bring_runs
from tasks.runs.parking import deployment_of
from tasks.runs.queries import cases_behind
from tests.bench.bulk import play_alone
from tests.bench.figure import Figure
from tests.bench.installation import Installation, cpu_seconds, installation
from tests.bench.load import GATES, UNITS, application, form

AT_ONCE, ALONE, WARM_UP = 12, 3, 2  # cases
ROUNDS = 3  # of each side
LOOK_EVERY, LOOK_CLOSELY = 2.0, 0.05  # seconds
IDLE_CASES, IDLE_SECONDS = 200, 60
STOCK = "stock"
POLLS = ("/get_scheduled_flow_runs", "/flow_runs/count", "/heartbeat")
FORMS: Mapping[str, type[Form]] = dict(
    zip(
        GATES, (ReviewDecision, PlanDecision, ProductionReport, GoodsInCount, GoodsOut, PickupConfirmation), strict=True
    )
)


class Peer(NamedTuple):
    """One of the two that are measured: its deployment, and its worker."""

    deployment: UUID
    worker: Child

    def parameters(self, n: int) -> dict[str, Any]:
        """Give the parameters of a case's run."""
        return (
            {"n": n}
            if self.worker.name == STOCK
            else {"申报单": PartsApplication.model_validate(application(n)[1]).as_form()}
        )

    def answer(self, n: int, gate: str) -> dict[str, Any]:
        """Give what is typed at a gate."""
        said = form(n, gate)
        return {"form": said} if self.worker.name == STOCK else FORMS[gate].model_validate(said).as_form()


class Played(NamedTuple):
    """What a round took: seconds in all, and of each leg that a Resume began."""

    waits: list[float]
    seconds: float

    @property
    def legs(self) -> int:
        """Count the legs: those of the waits and the first of each case."""
        return len(self.waits) // len(GATES) * (len(GATES) + 1)

    @property
    def rate(self) -> float:
        """Give the legs a second."""
        return self.legs / self.seconds

    @property
    def wait(self) -> float:
        """Give how long the middle one of the legs took."""
        return statistics.median(self.waits)


def run() -> list[Figure]:
    """Measure both, ours first idle."""
    with installation() as here, get_client(sync_client=True) as client:
        _fill(here)
        counts = here.settings.home / "requests.json"
        with _worker(here, "worker", ["-m", "tests.bench.counted_worker", str(counts)]) as worker:
            ours = Peer(deployment_of(PROCESSES["PA"].title).id, worker)
            _play(ours, range(WARM_UP), LOOK_CLOSELY)
            idle = _idle_cpu(here)
            alone = [wait for n in range(ALONE) for wait in _play(ours, [100 + n], LOOK_CLOSELY).waits]
            requests, server, spent = _counts(worker, counts), cpu_seconds(here.server), cpu_seconds(worker)
            many = _rounds(ours, 200)
            legs = sum(played.legs for played in many)
            server, spent = cpu_seconds(here.server) - server, cpu_seconds(worker) - spent
            requests = _counts(worker, counts) - requests
        for kind, times in requests.most_common():
            print(f"{times / legs:6.2f} {kind}")
        with _worker(here, STOCK, ["-m", "prefect", "worker", "start", "--pool", STOCK]) as worker:
            stock = Peer(_deploy_stock(client), worker)
            _play(stock, range(300, 300 + WARM_UP), LOOK_EVERY)
            others = _rounds(stock, 400)
    rate, stock_rate = (statistics.median(played.rate for played in side) for side in (many, others))
    wait, stock_wait = (statistics.median(played.wait for played in side) for side in (many, others))
    per_leg = sum(times for kind, times in requests.items() if not kind.endswith(POLLS)) / legs
    p50, ratio = statistics.median(alone), rate / stock_rate
    server_cpu, worker_cpu = server / legs, spent / legs
    return [
        Figure("legs_per_s", rate),
        Figure("p50_at_once_s", wait),
        Figure("stock_legs_per_s", stock_rate),
        Figure("stock_p50_at_once_s", stock_wait),
        Figure("ratio", ratio, "≥ 5", ratio >= 5),
        Figure("p50_idle_s", p50, "≤ 0.8", p50 <= 0.8),
        Figure("requests_per_leg", per_leg, "≤ 12", per_leg <= 12),
        Figure("server_cpu_s", server_cpu, "≤ 0.40", server_cpu <= 0.40),
        Figure("worker_cpu_s", worker_cpu),
        Figure("idle_cpu", idle, "≤ 0.05", idle <= 0.05),
    ]


@contextmanager
def _worker(here: Installation, name: str, words: Sequence[str]) -> Iterator[Child]:
    variables = worker_env(here.settings, here.databases)
    if name == STOCK:  # it asks at each turn; ours only for a while after it had work
        variables |= {"PREFECT_WORKER_QUERY_SECONDS": str(ASK_EVERY)}
    worker = Child(name, words, variables, here.settings, WORKER_GRACE)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


def _fill(here: Installation) -> None:
    """Let cases wait for their review, and play the genuine ones that the peer's are like."""
    for n in range(len(UNITS)):
        play_alone(here.db, n)
    opened = open_chunk(here.db, "PA", Channel.SHEET, [application(1000 + n) for n in range(IDLE_CASES)])
    advance_chunk(here.db, [Turn(one.case_id) for one in opened if not isinstance(one, Exception)])
    with here.db.connect() as connection:
        behind = cases_behind(connection, IDLE_CASES + len(UNITS))
    bring_runs(here.db, behind)


def _deploy_stock(client: SyncPrefectClient) -> UUID:
    """Make the peer's pool and deployment; a leg imports Prefect once, not twice."""
    from tests.bench.stock_peer import stock_parts_application as peer

    template = ProcessWorker.get_default_base_job_template()
    client.create_work_pool(WorkPoolCreate(name=STOCK, type=ProcessWorker.type, base_job_template=template))
    return client.create_deployment(
        flow_id=client.create_flow_from_name(peer.name),
        name=STOCK,
        work_pool_name=STOCK,
        path=str(PROJECT),
        entrypoint="tests.bench.stock_peer.stock_parts_application",
        job_variables={"command": f"{sys.executable} -m prefect.engine"},
        enforce_parameter_schema=False,
        pull_steps=[],
    )


def _play(peer: Peer, cases: Sequence[int], look_every: float) -> Played:
    """Let cases go through all gates, each with a person of its own, who knows nothing of the others."""
    begun = time.monotonic()
    with ThreadPoolExecutor(len(cases)) as people:
        waits = people.map(lambda n: _play_case(peer, n, look_every), cases)
        return Played([wait for each in waits for wait in each], time.monotonic() - begun)


def _rounds(peer: Peer, first: int) -> list[Played]:
    """Play all cases at once, and again."""
    return [_play(peer, range(n, n + AT_ONCE), LOOK_EVERY) for n in range(first, first + ROUNDS * AT_ONCE, AT_ONCE)]


def _play_case(peer: Peer, n: int, look_every: float) -> list[float]:
    """Look at a case's page every so often and answer what is open; gives how long each answer's leg took."""
    pressed, waits, gates = None, list[float](), list(GATES)
    with get_client(sync_client=True) as client:
        before = client.create_flow_run_from_deployment(peer.deployment, parameters=peer.parameters(n))
        while True:
            time.sleep(look_every)
            run = client.read_flow_run(before.id)
            if run.state_id == before.state_id or not _rests(run, before):
                continue
            if pressed:
                waits.append(time.monotonic() - pressed)
            if not gates:
                assert run.state_name in ("已交付", "Completed"), run.state
                return waits
            before, gate = run, gates.pop(0)
            pressed = _resume(client, run, peer.answer(n, gate))


def _rests(run: FlowRun, before: FlowRun) -> bool:
    """Say whether a run waits at another gate than before, or has ended."""
    state = run.state
    assert state is not None
    assert state.name not in ("Failed", "Crashed"), state
    asked = state.state_details.pause_key
    return state.is_final() or (
        state.name == "Suspended" and asked != (before.state.state_details.pause_key if before.state else None)
    )


def _resume(client: SyncPrefectClient, run: FlowRun, answer: Mapping[str, Any]) -> float:
    """Press Resume, again while the form is not stored yet; gives the moment."""
    while True:
        pressed = time.monotonic()
        try:
            told = client.resume_flow_run(run.id, run_input=dict(answer))
        except PrefectHTTPStatusError:
            time.sleep(LOOK_CLOSELY)
            continue
        if told.status == SetStateStatus.ACCEPT:
            return pressed
        time.sleep(LOOK_CLOSELY)


def _idle_cpu(here: Installation) -> float:
    """Give what share of a core the server takes while nothing happens, and nothing has happened for a while."""
    time.sleep(2 * BUSY_FOR)
    before = cpu_seconds(here.server)
    time.sleep(IDLE_SECONDS)
    return (cpu_seconds(here.server) - before) / IDLE_SECONDS


def _counts(worker: Child, path: Path) -> Counter[str]:
    """Have the worker write what it has sent so far."""
    assert worker.process is not None
    path.unlink(missing_ok=True)
    os.kill(worker.process.pid, signal.SIGUSR1)
    while not path.exists():
        time.sleep(LOOK_CLOSELY)
    return Counter(json.loads(path.read_text("utf-8")))
