"""What Prefect stores of a form is cleared of contact data when the case closes (DOMAIN, "Privacy")."""

from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun

from tasks.runs.parking import forget_texts

CONTACT_FIELDS = {"客户姓名", "客户电话", "客户地址"}


def clear_contact(client: SyncPrefectClient, run: FlowRun) -> None:
    """Blank the contact fields of a run's parameters and forget drafts and what gates said."""
    parameters = without_contact(run.parameters)
    if parameters != run.parameters:
        client.update_flow_run(run.id, parameters=parameters)
    forget_texts(client, run.id)


def without_contact(value: Any) -> Any:
    """Give the same value with every contact field blank."""
    if isinstance(value, dict):
        return {k: "" if k in CONTACT_FIELDS else without_contact(v) for k, v in value.items()}
    return [without_contact(v) for v in value] if isinstance(value, list) else value
