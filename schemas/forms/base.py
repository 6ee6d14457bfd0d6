"""The common ground of all forms: Chinese field names, strict values, one JSON schema for Prefect's dialogs.

A form's fields carry `alias` and `title` in Chinese; `form_schema` gives the JSON schema that the Prefect UI
draws (PREFECT.md, "Form classes"): `position` keeps the order, money is a number, enums are Chinese options.
"""

import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from importlib import import_module
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

UNWANTED = {"Cc", "Cs"}  # control characters, halves of characters
BIDI = {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}


def _clean(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value.isprintable():
        return value.strip()
    bad = sorted(
        {f"U+{ord(c):04X}" for c in value if (unicodedata.category(c) in UNWANTED and c not in "\n\t\r") or c in BIDI}
    )
    if bad:
        raise ValueError(f"含有控制字符 contains control characters {', '.join(bad)}，请删除 remove them")
    return value.replace("\r\n", "\n").strip()


def _half_width(value: object) -> object:
    """Read 1,200 and １２ as a person means them; floats by their shortest digits."""
    if isinstance(value, str):
        return unicodedata.normalize("NFKC", value).replace(",", "").strip()
    return str(value).removesuffix(".0") if isinstance(value, float) else value


def _form_number(value: Decimal, info: Any) -> float | str:
    return float(value) if info.context == "form" else str(value)


def _no_date(value: object) -> object:
    return None if value == "" else value


Text = Annotated[str, BeforeValidator(_clean)]
# bounds stand beside the type: behind a validator of ours Pydantic would check them in Python, much slower
Name = Annotated[str, Field(min_length=1, max_length=80), BeforeValidator(_clean)]
Remark = Annotated[str, Field(max_length=2000), BeforeValidator(_clean)]
Quantity = Annotated[
    Decimal,
    Field(gt=0, max_digits=9, decimal_places=2),
    BeforeValidator(_half_width),
    PlainSerializer(_form_number),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
Count = Annotated[
    Decimal,
    Field(ge=0, max_digits=9, decimal_places=2),
    BeforeValidator(_half_width),
    PlainSerializer(_form_number),
    WithJsonSchema({"type": "number", "minimum": 0}),
]
Money = Annotated[
    Decimal,
    Field(ge=0, max_digits=12, decimal_places=2),
    BeforeValidator(_half_width),
    PlainSerializer(_form_number),
    WithJsonSchema({"type": "number", "minimum": 0}),
]
DAY_SCHEMA = {"type": "string", "format": "date"}
Day = Annotated[date, WithJsonSchema(DAY_SCHEMA)]
OptionalDay = Annotated[
    date | None,
    BeforeValidator(_no_date),
    PlainSerializer(lambda day: day.isoformat() if day else "", return_type=str),
    WithJsonSchema(DAY_SCHEMA),
]


class Form(BaseModel):
    """A form or a row of one: no unknown fields, nothing changes after it was read."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_by_name=True,
        validate_by_alias=True,
        defer_build=True,  # a process is imported in a moment; a form is built when it is first used
        json_schema_extra=lambda schema, _model: _for_dialogs(schema),
    )

    def as_form(self) -> dict[str, Any]:
        """Give the values as Prefect's dialogs want them: Chinese keys, options, numbers."""
        return self.model_dump(mode="json", by_alias=True, context="form")


class Decision(Form):
    """The answer to a work item; who decides signs with the staff number."""

    staff: Name = Field(alias="经办人工号", title="经办人工号 Staff number", description="例如 e.g. E1001")


def signer(data: Mapping[str, Any]) -> str:
    """Give the staff number that a filled-in decision carries, by either name of its field; empty where there is none."""
    return str(data.get(Decision.model_fields["staff"].alias or "", data.get("staff", ""))).strip()


class TakenBack(Decision):
    """A case is withdrawn, whatever it waits for."""

    reason: Remark = Field(alias="撤回原因", title="撤回原因 Reason", min_length=1)


class EngineerNote(Decision):
    """An engineer has mended the process; the case tries again."""

    note: Remark = Field("", alias="处理说明", title="处理说明 Note")


def form_path(form: type[Form]) -> str:
    """Give the name under which `form_at` finds a form again."""
    return f"{form.__module__}:{form.__name__}"


def form_at(path: str) -> type[Form]:
    """Find a form by its path, `schemas.forms.parts:ReviewDecision`."""
    module, _, name = path.partition(":")
    form: type[Form] = getattr(import_module(module), name)
    return form


def form_schema(form: type[BaseModel], prefill: dict[str, Any] | None = None) -> dict[str, Any]:
    """Give the JSON schema that Prefect's UI draws, with `prefill` (by alias) as defaults.

    What is pre-filled may be left out of an answer. Not so a required text: left out, it was emptied.
    """
    schema = form.model_json_schema(by_alias=True)
    for name, value in (prefill or {}).items():
        spec = schema["properties"].get(name)
        if spec is not None:
            spec["default"] = value
            if not is_text(spec):
                schema["required"] = [field for field in schema.get("required", []) if field != name]
    return schema


def is_text(spec: dict[str, Any]) -> bool:
    """Say whether a property is free text: no option, no date."""
    return spec.get("type") == "string" and "enum" not in spec and "format" not in spec


def _for_dialogs(schema: dict[str, Any]) -> None:
    """Number the fields, because the database scrambles them, and write defaults as dialogs show them."""
    for position, spec in enumerate(schema.get("properties", {}).values()):
        spec["position"] = position
        _show_default(spec)


def _show_default(spec: dict[str, Any]) -> None:
    """Write a default as the dialog shows it: an option for an enum, nothing for an empty date."""
    default = spec.get("default")
    if default is None:
        spec.pop("default", None)
    elif "enum" in spec:
        shown = default.lower().replace("_", " ")
        spec["default"] = next(option for option in spec["enum"] if option.endswith(f" {shown}"))
