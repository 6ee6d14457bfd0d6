"""The real product as a child process: `aftersales up` in a home of its own on a free port."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
from sqlalchemy import Row, text

from deployments.cli.session import operations_database
from deployments.local.locks import auth_string
from deployments.local.prefect_server import free_port
from deployments.local.processes import child_environment, living, pid_file
from deployments.settings import POSTGRES, PROJECT, Settings
from schemas.forms.applications import PartsApplication
from tests.books import books_balance

START_WAIT = 90.0  # seconds
STOP_WAIT = 40.0
PHONE = "13800009999"  # of the customer in applications that are sent by program


class Product:
    """A running installation, seen from outside: its pages, Prefect's API, its database."""

    def __init__(self, home: Path, port: int) -> None:
        own = {"database_url": None, "prefect_database_url": None}  # whatever the environment says
        self.settings = Settings.model_validate({"home": home, "port": port, "fsync": False, **own})
        self.start_page = ""
        self.log = home / "up.log"
        self.api = httpx.Client(base_url=self.settings.api_url, trust_env=False, timeout=20)

    # its life

    def start(self) -> None:
        """Type `aftersales up` and wait until it says where to click."""
        ours = {
            "AFTERSALES_HOME": str(self.settings.home),
            "AFTERSALES_PORT": str(self.settings.port),
            "AFTERSALES_FSYNC": "false",
            "COLUMNS": "200",
        }
        theirs = child_environment({})
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deployments.cli.app", "up"],
                cwd=PROJECT,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={name: value for name, value in theirs.items() if not name.startswith("AFTERSALES_")} | ours,
                start_new_session=True,
            )
        until(lambda: self.said("Ctrl-C") or self.process.poll() is not None, START_WAIT, self.log)
        found = re.search(r"http://\S+/artifacts/artifact/[0-9a-f-]+", self.log.read_text("utf-8"))
        assert found, self.log.read_text("utf-8")
        self.start_page = found[0]
        self._unlock()

    def _unlock(self) -> None:
        """Come to Prefect's API as programs must: with the auth string and a token."""
        user, _, password = auth_string(self.settings).partition(":")
        self.api.auth = (user, password)
        token = self.api.get("/csrf-token", params={"client": "product"}).raise_for_status().json()["token"]
        self.api.headers.update({"Prefect-Csrf-Client": "product", "Prefect-Csrf-Token": token})

    def stop(self) -> None:
        """Press Ctrl-C; nothing of it may be left."""
        if self.process.poll() is not None:
            return
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_WAIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            _, left = psutil.wait_procs(family, timeout=5)
            for one in left:
                one.kill()
        assert not left, f"still alive after Ctrl-C: {left}"

    def kill_postgres(self) -> None:
        """Kill the database's first process, and with it the database; comes back when Prefect's server reaches it again."""
        pid = int((self.settings.home / POSTGRES / "postmaster.pid").read_text("utf-8").split("\n", 1)[0])
        psutil.Process(pid).kill()
        until(lambda: self.said("PostgreSQL ended"), 60, self.log)
        until(lambda: self.api.get("/ready").is_success, 60, self.log)

    def said(self, words: str) -> bool:
        """Say whether `up` has printed some words."""
        return words in self.log.read_text("utf-8")

    @contextmanager
    def worker_asleep(self) -> Iterator[None]:
        """Stop the worker, and with it the watch, for the time of the block."""
        worker = living(pid_file(self.settings, "worker"))
        assert worker is not None, "no worker"
        worker.suspend()
        try:
            yield
        finally:
            worker.resume()

    # what it holds

    def rows(self, query: str, **values: Any) -> list[Row[Any]]:
        """Ask the operations database."""
        with operations_database(self.settings) as db, db.connect() as connection:
            return list(connection.execute(text(query), values).all())

    def lines(self, number: str) -> list[Row[Any]]:
        """Read the lines of a case."""
        return self.rows(
            "SELECT l.* FROM case_line l JOIN service_case c ON c.id = l.case_id WHERE number = :n ORDER BY line_no",
            n=number,
        )

    @contextmanager
    def case_locked(self, number: str) -> Iterator[None]:
        """Hold a case's row, so that a leg of it waits in its middle for the time of the block."""
        with operations_database(self.settings) as db, db.begin() as connection:
            connection.execute(text("SET idle_in_transaction_session_timeout = 0"))
            connection.execute(text("SELECT 1 FROM service_case WHERE number = :n FOR UPDATE"), {"n": number})
            yield

    def books_balance(self) -> None:
        """Assert that stock, slips, numbers and cases agree."""
        with operations_database(self.settings) as db:
            books_balance(db)

    def run(self, run_id: str) -> dict[str, Any] | None:
        """Read a run at Prefect's API; None when it is gone."""
        answer = self.api.get(f"/flow_runs/{run_id}")
        return None if answer.status_code == httpx.codes.NOT_FOUND else dict(answer.raise_for_status().json())

    def states(self, run_id: str) -> set[str]:
        """The names of all states that a run has been in: the watch may have mended it before anybody looks."""
        answer = self.api.get("/flow_run_states/", params={"flow_run_id": run_id})
        return {str(state["name"]) for state in answer.raise_for_status().json()}

    def run_of(self, number: str) -> dict[str, Any] | None:
        """Find the run that shows a case now."""
        found = self.rows("SELECT run_id FROM service_case WHERE number = :n", n=number)
        return self.run(str(found[0].run_id)) if found and found[0].run_id else None

    def gate(self, number: str) -> tuple[str, str]:
        """Give the state and the gate of a case's run: ("Suspended", "review-1-0")."""
        run = self.run_of(number)
        state = (run or {}).get("state") or {}
        return str(state.get("name")), str((state.get("state_details") or {}).get("pause_key"))

    def wait_at(self, number: str, item: str, seconds: float = 60.0, attempt: int | None = None) -> dict[str, Any]:
        """Wait until a case's run is Suspended at an item, after so many refusals if given; gives the run."""
        until(lambda: self._waits(number, item, attempt), seconds, lambda: (number, item, self.run_of(number)))
        run = self.run_of(number)
        assert run is not None
        return run

    def _waits(self, number: str, item: str, attempt: int | None) -> bool:
        state, gate = self.gate(number)
        here, _, at = gate.rpartition("-")
        return state == "Suspended" and here == item and attempt in {None, int(at)}

    def wait_closed(self, number: str, seconds: float = 60.0) -> dict[str, Any]:
        """Wait until a case's run is Completed; gives the run."""
        until(lambda: self._ended(number), seconds, lambda: (number, self.run_of(number)))
        run = self.run_of(number)
        assert run is not None
        return run

    def _ended(self, number: str) -> bool:
        run = self.run_of(number)
        return run is not None and run["state_type"] == "COMPLETED" and "已结案" in run["tags"]

    # what colleagues do elsewhere

    def apply(self, lines: Sequence[Mapping[str, Any]], **more: Any) -> str:
        """Send an application as another program would; gives its number when it waits for the reviewer."""
        number = self.number_of(self.send(lines, **more), 30)
        self.wait_at(number, "review-1")
        return number

    def send(
        self, lines: Sequence[Mapping[str, Any]], office: str = "BJ", applicant: str = "E1049", **more: Any
    ) -> str:
        """Send an application; gives its run."""
        form = {
            "办事处": office,
            "申报人工号": applicant,
            "订单号": f"T-{uuid4()}",
            "客户姓名": "凌霄",
            "客户电话": PHONE,
            "客户地址": "松涛里9栋1单元501室",
            "明细": [dict(line) for line in lines],
            **more,
        }
        read = PartsApplication.model_validate(form)
        return str(self._create_run("parts-application", {"申报单": read.as_form()})["id"])

    def number_of(self, run_id: str, seconds: float) -> str:
        """Wait until an application was accepted; gives the number of its case."""
        query, origin = "SELECT number FROM service_case WHERE origin = :origin", f"run:{run_id}"
        until(lambda: self.rows(query, origin=origin), seconds, lambda: self.run(run_id))
        return str(self.rows(query, origin=origin)[0].number)

    def decide(self, number: str, item: str, **fields: Any) -> None:
        """Answer a gate as another program would: what is pre-filled, and `fields`."""
        run = self.wait_at(number, item)
        answer = self.api.post(f"/flow_runs/{run['id']}/resume", json={"run_input": fields})
        assert answer.is_success, answer.text
        assert answer.json()["status"] == "ACCEPT", answer.text

    def withdraw(self, number: str, who: str) -> None:
        """Take a case back as another program would."""
        self._create_run("withdraw", {"撤回单": {"单号": number, "经办人工号": who, "撤回原因": "客户取消"}})

    def force(self, run_id: str, state: str) -> None:
        """Say in the worker's place what became of a run."""
        wanted = {"state": {"type": state}, "force": True}
        self.api.post(f"/flow_runs/{run_id}/set_state", json=wanted).raise_for_status()

    def _create_run(self, deployment: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        wanted = {"deployments": {"name": {"any_": [deployment]}}}
        found = self.api.post("/deployments/filter", json=wanted).raise_for_status().json()[0]["id"]
        body = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        made = self.api.post(f"/deployments/{found}/create_flow_run", json=body)
        return dict(made.raise_for_status().json())

    def scheduled(self, deployment: str) -> list[Any]:
        """List the runs of a deployment that Prefect has planned."""
        wanted = {
            "deployments": {"name": {"any_": [deployment]}},
            "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
        }
        return list(self.api.post("/flow_runs/filter", json=wanted).raise_for_status().json())


def until(holds: Any, seconds: float, otherwise: Any) -> None:
    """Wait until something holds; an AssertionError shows `otherwise`, or what it returns."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            shown = otherwise() if callable(otherwise) else otherwise
            raise AssertionError(shown.read_text("utf-8") if isinstance(shown, Path) else shown)
        time.sleep(0.25)


@contextmanager
def running_product() -> Iterator[Product]:
    """Run the product in a temporary home for the time of the block."""
    home = Path(tempfile.mkdtemp(prefix="aftersales-system-"))
    product = Product(home, free_port())
    try:
        product.start()
        yield product
    finally:
        try:
            product.stop()
        finally:
            product.api.close()
            shutil.rmtree(home, ignore_errors=True)
