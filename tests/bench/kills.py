"""`kill -9` of PostgreSQL, Prefect's server and the worker, thrice, at random moments while staff work.

The demo's people click through its stories in an installation whose processes are killed around them. They do what
people do whose page answers nothing: look again, and press again where nothing came of it. Nothing else is mended by
hand, and at the end all must be as if nobody had been killed. `SEED=7` plays the moments and the order of 7 again.
"""

import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from sqlalchemy.exc import DBAPIError

from deployments.database import reached
from deployments.demo.clicks_door import ClicksDoor, Dialog, gate_of
from deployments.demo.end import show_end
from deployments.demo.main import fresh_installation, wrong_runs
from deployments.demo.plan import BY_CLICK
from deployments.demo.player import Player, Saying, Told
from deployments.demo.screen import Screen
from deployments.local.prefect_server import free_port
from deployments.local.up import Context, up
from deployments.settings import POSTGRES, Settings
from tests.bench.figure import Figure

VICTIMS = ("postgres", "server", "worker")
ROUNDS, LONGEST = 3, 14.0  # a round kills each once; seconds between two kills at most
LOOK_AGAIN = 0.5  # seconds
UNSURE = "无人应答 nobody answered"  # it was pressed, and the page never said what became of it
UNFINISHED = {"state": {"type": {"any_": ["RUNNING", "PENDING", "PAUSED"]}}}

T = TypeVar("T")


def run() -> list[Figure]:
    """Play the stories among kills; nothing may be otherwise than planned."""
    seed = int(os.environ.get("SEED") or random.randrange(10_000))
    begun, screen = time.monotonic(), Screen()
    with tempfile.TemporaryDirectory(prefix="aft-", ignore_cleanup_errors=True) as home:
        settings = fresh_installation(Path(home), free_port())
        with up(settings) as context, Killer(context, seed) as killer:
            problems = _play(context, killer, screen)
    for problem in problems:
        print(f"✗ {problem}", flush=True)
    wanted = ROUNDS * len(VICTIMS)
    return [
        Figure("seed", seed),
        Figure("kills", len(killer.kills), f"{wanted}", len(killer.kills) == wanted),
        Figure("not as expected", len(problems), "0", not problems),
        Figure("seconds", time.monotonic() - begun),
    ]


def _play(context: Context, killer: "Killer", screen: Screen) -> Sequence[str]:
    patient = temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0})  # who presses again looks first
    with patient, reached(context.databases.ours) as db, get_client(sync_client=True) as client:
        door = PatientDoor(PatientClient(client), context.deployments, context.stopping)  # type: ignore[arg-type]
        player = PatientPlayer(db, door, screen, BY_CLICK)
        killer.start()
        player.work()
        killer.stop()
        door.pause()
        end = patiently(partial(show_end, player))
        unfinished = FlowRunFilter.model_validate(UNFINISHED)
        left = [
            run.name for run in door.client.read_flow_runs(flow_run_filter=unfinished) if run.parent_task_run_id is None
        ]
        return [*end.problems, *wrong_runs(end.runs, door.client), *(f"{name} is not finished" for name in left)]


def patiently(ask: Callable[[], T]) -> T:
    """Ask until somebody answers; a refusal is an answer."""
    while True:
        try:
            return ask()
        except httpx.HTTPStatusError as error:
            if not error.response.is_server_error:
                raise
        except (httpx.HTTPError, DBAPIError):
            pass
        time.sleep(LOOK_AGAIN)


class PatientClient:
    """Prefect's client of people who look again where a page did not come; Resume alone is pressed once."""

    def __init__(self, client: SyncPrefectClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        return call if name == "resume_flow_run" else lambda *given, **named: patiently(partial(call, *given, **named))


class PatientDoor(ClicksDoor):
    """People who press Resume again where nobody answered and the same dialog still waits."""

    def _resume(self, dialog: Dialog, answer: dict[str, Any]) -> Told:
        while True:
            try:
                return super()._resume(dialog, answer)
            except httpx.HTTPStatusError as error:
                if not error.response.is_server_error:
                    raise
            except httpx.HTTPError:
                pass
            time.sleep(LOOK_AGAIN)
            if gate_of(self.client.read_flow_run(dialog.run.id)) != dialog.gate:
                return Told(True, UNSURE)

    def _became(self, saying: Saying, pressed: list[Told]) -> list[Told]:
        """Of two who saw the same dialog vanish one was taken."""
        told = super()._became(saying, pressed)
        taken = [one for one in told if one.accepted]
        spare = taken[1:] if len(taken) > 1 and taken[0].why == UNSURE else [one for one in taken[1:] if one.why]
        return [Told(False, UNSURE) if any(one is other for other in spare) else one for one in told]


class PatientPlayer(Player):
    """Looks again at how far all is where the database did not answer."""

    def all_closed(self) -> bool:
        """Say whether all cases are closed and their runs show it."""
        return patiently(super().all_closed)


class Killer:
    """Kills each process once a round, in a random order, at random moments."""

    def __init__(self, context: Context, seed: int) -> None:
        self.kills = list[str]()
        self._context, self._chance = context, random.Random(seed)
        self._stopping, self._thread = threading.Event(), threading.Thread(target=self._rounds, daemon=True)

    def __enter__(self) -> "Killer":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to kill."""
        self._thread.start()

    def stop(self) -> None:
        """Kill no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _rounds(self) -> None:
        for _ in range(ROUNDS):
            for name in self._chance.sample(VICTIMS, len(VICTIMS)):
                if self._stopping.wait(self._chance.uniform(0, LONGEST)):
                    return
                while not self._kill(name):
                    if self._stopping.wait(LOOK_AGAIN):
                        return

    def _kill(self, name: str) -> bool:
        """Kill a process; False where it is just dead."""
        try:
            psutil.Process(self._pid(name)).kill()
        except (psutil.NoSuchProcess, OSError):
            return False
        self.kills.append(name)
        print(f"✂ kill -9 {name}", flush=True)
        return True

    def _pid(self, name: str) -> int:
        if name == "postgres":
            return postmaster(self._context.settings)
        process = self._context.children[name].process
        if process is None or process.poll() is not None:
            raise psutil.NoSuchProcess(0)
        return process.pid


def postmaster(settings: Settings) -> int:
    """Give the pid of the embedded database's first process."""
    return int((settings.home / POSTGRES / "postmaster.pid").read_text("utf-8").split("\n", 1)[0])
