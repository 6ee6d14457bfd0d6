"""Links into the Prefect UI (v2), relative to its host: they work under whatever name it is reached."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

from schemas.words import Role


class RunForm(NamedTuple):
    """The run form of a deployment: its id, the name of its one parameter, the field where it wants a case's number."""

    deployment: UUID
    parameter: str
    case_field: str = ""


@dataclass(frozen=True)
class Links:
    """Makes links; `artifacts` holds the known ones by key, `forms` the run forms by flow name."""

    base: str = "/v2"
    artifacts: Mapping[str, UUID] = field(default_factory=dict)
    forms: Mapping[str, RunForm] = field(default_factory=dict)

    def run(self, run_id: UUID) -> str:
        """Link to a run, where Resume is."""
        return f"{self.base}/runs/flow-run/{run_id}"

    def artifact(self, key: str) -> str:
        """Link to an artifact itself, or to the page of its key where its id is not known."""
        known = self.artifacts.get(key)
        return f"{self.base}/artifacts/artifact/{known}" if known else f"{self.base}/artifacts/key/{key}"

    def case(self, number: str) -> str:
        """Link to a case sheet."""
        return self.artifact(case_key(number))

    def inbox(self, role: Role) -> str:
        """Link to a role's inbox."""
        return self.artifact(inbox_key(role))

    def worklist(self, tag: str) -> str:
        """Link to the waiting runs with a tag."""
        return f"{self.base}/runs?state=Suspended&tags={quote(tag, safe='')}"

    def tagged(self, tag: str) -> str:
        """Link to all runs with a tag."""
        return f"{self.base}/runs?tags={quote(tag, safe='')}"

    def form(self, flow: str, values: Mapping[str, Any]) -> str | None:
        """Link to a flow's run form, pre-filled; None where it has no deployment."""
        known = self.forms.get(flow)
        if known is None:
            return None
        given = quote(json.dumps({known.parameter: dict(values)}, ensure_ascii=False), safe="")
        return f"{self.base}/deployments/deployment/{known.deployment}/run?parameters={given}"

    def of_case(self, number: str) -> dict[str, str | None]:
        """Link to the run forms that do something with a case, its number filled in: by flow name."""
        return {
            flow: self.form(flow, {known.case_field: number}) for flow, known in self.forms.items() if known.case_field
        }


def case_key(number: str) -> str:
    """Give the key of a case's sheet: case-pa-2026-000123."""
    return f"case-{number.lower()}"


def inbox_key(role: Role) -> str:
    """Give the key of a role's inbox: inbox-parts-reviewer."""
    return f"inbox-{role.value.lower().replace('_', '-')}"
