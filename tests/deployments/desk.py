"""What the tests of this folder do as people at the API."""

from pathlib import Path
from uuid import UUID

import httpx
from prefect import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.flow_runs import resume_flow_run

from deployments.local.locks import auth_string
from deployments.settings import Settings
from tests.waiting import MINUTES, wait_until

TOY_YAML = Path(__file__).with_name("toy.yaml")


class Desk:
    """A person at the API: starts runs, waits for states, answers gates."""

    def __init__(self, deployments: dict[str, UUID], settings: Settings) -> None:
        self.deployments = deployments
        user, _, password = auth_string(settings).partition(":")
        # a client of Prefect's costs 20 ms to make
        self._http = httpx.Client(base_url=settings.api_url, auth=(user, password))

    def close(self) -> None:
        self._http.close()

    def start(self, name: str = "toy", **fields: object) -> UUID:
        parameters = {"申报单": {"办事处": "华北"} | fields} if name == "toy" else fields
        with get_client(sync_client=True) as client:
            return client.create_flow_run_from_deployment(self.deployments[name], parameters=parameters).id

    def read(self, run_id: UUID) -> FlowRun:
        return FlowRun.model_validate(self._http.get(f"/flow_runs/{run_id}").raise_for_status().json())

    def wait(self, run_id: UUID, *states: str, seconds: float = MINUTES) -> FlowRun:
        def there() -> bool:
            run = self.read(run_id)
            assert run.state is not None
            assert run.state_name in states or run.state_name not in {"Failed", "Crashed"}, run.state.message
            return run.state_name in states

        wait_until(there, seconds=seconds)
        return self.read(run_id)

    def answer(self, run_id: UUID, **fields: object) -> None:
        """Press Resume; the form's schema may come a moment after the state."""

        def taken() -> bool:
            try:
                resume_flow_run(run_id, run_input=fields)
            except RuntimeError as error:
                if "schema not found" not in str(error):
                    raise
                return False
            return True

        wait_until(taken)
