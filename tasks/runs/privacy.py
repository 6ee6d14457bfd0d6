"""What Prefect stores of a form is cleared of contact data when the case closes (DOMAIN, "Privacy")."""

from collections.abc import Set
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun

from schemas.forms.base import contact_fields
from tasks.runs.parking import forget_texts


def clear_contact(client: SyncPrefectClient, run: FlowRun) -> None:
    """Blank the contact fields of a run's parameters and forget drafts and what gates said."""
    parameters = blanked(run.parameters, contact_fields())
    if parameters != run.parameters:
        client.update_flow_run(run.id, parameters=parameters)
    forget_texts(client, run.id)


def blanked(value: Any, fields: Set[str]) -> Any:
    """Give the same value with these fields blank, however deep they are."""
    if isinstance(value, dict):
        return {k: "" if k in fields else blanked(v, fields) for k, v in value.items()}
    return [blanked(v, fields) for v in value] if isinstance(value, list) else value
