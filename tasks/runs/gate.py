"""The dialog of a gate: the form's JSON schema with what is known as defaults, and any JSON accepted back.

Prefect checks an answer against the schema; what it means is judged by us, so that a wrong answer is refused
with a reason instead of failing the run (PREFECT.md, "Suspend and resume").
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from prefect.input import RunInput
from prefect.input.actions import create_flow_run_input
from prefect.input.run_input import Keyset
from pydantic import ConfigDict

from schemas.forms.base import Form, form_at, form_schema, is_text
from schemas.problems import Problem
from tasks.desk.dialog import gate_description
from tasks.desk.rules import brief_line
from tasks.desk.views import CaseView, ItemView
from tasks.durable.process import Process
from tasks.runs.publish import PAGES
from tasks.runs.standing import gate_key


class RawInput(RunInput):
    """An answer as it was typed; `key` is the gate's key in Prefect."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")
    key: ClassVar[str] = ""
    json_schema: ClassVar[dict[str, Any]] = {}
    description: ClassVar[str] = ""
    prefill: ClassVar[Mapping[str, Any]] = {}

    def values(self) -> dict[str, Any]:
        """Give what was typed by Chinese field name, over what was pre-filled.

        The UI sends what was left untouched too, and leaves out a text only where it was emptied.
        """
        return {**self.prefill, **(self.model_extra or {})}

    @classmethod
    def save(cls, keyset: Keyset, flow_run_id: UUID | None = None) -> None:
        """Store schema and description of a run's dialog; not again when `suspend_flow_run` asks for it, of no run."""
        if flow_run_id:
            create_flow_run_input(key=keyset["schema"], value=cls.json_schema, flow_run_id=flow_run_id)
            create_flow_run_input(key=keyset["description"], value=cls.description, flow_run_id=flow_run_id)


def gate_input(view: CaseView, item: ItemView) -> type[RawInput]:
    """Make the dialog of an open item; after a refusal it is asked under a new key."""
    text = gate_description(view, item, links=PAGES.links())
    return _input(form_at(item.form), item.prefill, text, gate_key(item))


def draft_input(
    definition: Process, given: Mapping[str, Any], problems: Sequence[Problem], attempt: int
) -> type[RawInput]:
    """Make the dialog of a wrong application: what was typed, where it fits, and what is wrong with it."""
    shown = [f"⚠ {brief_line(str(problem))}" for problem in problems[:7]]
    more = len(problems) - len(shown)
    text = "  \n".join([*shown, f"… 还有 {more} 个问题 more problems"] if more else shown)
    return _input(definition.request, _fitting(definition.request, given), text, f"draft-{attempt}")


def _fitting(form: type[Form], given: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what a dialog can show: fields that the form has, of the kind that it wants."""
    specs, fitting = form_schema(form)["properties"], {}
    for name, field in form.model_fields.items():
        alias = field.alias or name
        value = given.get(alias, given.get(name))
        if _is_shown(specs[alias], value):
            fitting[alias] = value
    return fitting


def _is_shown(spec: Mapping[str, Any], value: Any) -> bool:
    if spec.get("type") == "array":
        return isinstance(value, list) and all(isinstance(row, Mapping) for row in value)
    return isinstance(value, str if spec.get("type") == "string" else int | float)


def _input(form: type[Form], prefill: Mapping[str, Any], text: str, key: str) -> type[RawInput]:
    known = {name: value for name, value in json.loads(json.dumps(prefill, default=str)).items() if value != ""}
    schema = form_schema(form, known)
    content = {
        "key": key,
        "json_schema": schema,
        "description": text,
        "prefill": {name: value for name, value in known.items() if not is_text(schema["properties"][name])},
    }
    return type(f"{form.__name__}Input", (RawInput,), content)
