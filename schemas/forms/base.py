"""The common ground of all forms: Chinese field names, strict values, one JSON schema for Prefect's dialogs.

`form_schema` gives the JSON schema that the Prefect UI draws (PREFECT.md, "Form classes"): `position` keeps the
order, money is a number, enums are Chinese options.
"""

from collections.abc import Iterator, Mapping
from pkgutil import resolve_name
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.forms.fields import STAFF, Cell, Name, OfficeName, Register, Remark, Sense, StaffNo, label
from schemas.words import Urgency


class Form(BaseModel):
    """A form or a row of one: no unknown fields, nothing changes after it was read.

    first   the fields that stand first, in this order; without it those of the parent do
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_by_name=True,
        validate_by_alias=True,
        defer_build=True,  # a process is imported in a moment; a form is built when it is first used
        json_schema_extra=lambda schema, _model: _for_dialogs(schema),
    )
    first: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Bring the fields into order."""
        fields = cls.__pydantic_fields__
        cls.__pydantic_fields__ = {name: fields[name] for name in (*cls.first, *fields)}

    def as_form(self) -> dict[str, Any]:
        """Give the values as Prefect's dialogs want them: Chinese keys, options, numbers."""
        return self.model_dump(mode="json", by_alias=True, context="form")


_APPLICANT = label("申报人工号", "Applicant", "例如 e.g. E1049")


class Request(Form):
    """What opens a case: who applies for which office, and how fast it must go.

    says_itself   why people report no anomaly of its lines by hand: its own forms say what is wrong with them
    """

    says_itself: ClassVar[str] = ""
    office: OfficeName
    applicant: Annotated[Name, _APPLICANT, Register.STAFF, Cell("E1049", "须为该办事处的售后人员", 12)]
    urgency: Annotated[Urgency, label("紧急程度", "Urgency"), Cell("普通", "空则为普通", 10)] = Urgency.NORMAL


class Decision(Form):
    """The answer to a work item; who decides signs with the staff number.

    stops_clock   it is the office's or the customer's: while it is waited for, the case's cycles stand still (DOMAIN 4)
    standing      nobody waits for it: it may be filled in at any time, and stands by its case, in no list of what waits
    """

    stops_clock: ClassVar[bool] = False
    standing: ClassVar[bool] = False
    staff: StaffNo


def signer(data: Mapping[str, Any]) -> str:
    """Give the staff number that a filled-in decision carries, by either name of its field; empty where there is none."""
    return str(data.get(STAFF, data.get("staff", ""))).strip()


class TakenBack(Decision):
    """A case is withdrawn, whatever it waits for."""

    reason: Annotated[Remark, Field(min_length=1), label("撤回原因", "Reason")]


class EngineerNote(Decision):
    """An engineer has mended the process; the case tries again."""

    note: Annotated[Remark, label("处理说明", "Note")] = ""


def form_path(form: type[Form]) -> str:
    """Give the name under which `form_at` finds a form again."""
    return f"{form.__module__}:{form.__name__}"


def form_at(path: str) -> type[Form]:
    """Find a form by its path, `schemas.forms.applications:ReviewDecision`."""
    form: type[Form] = resolve_name(path)
    return form


def contact_fields() -> frozenset[str]:
    """Give the names, of both kinds, under which forms of all processes that are loaded ask for contact data."""
    fields = [named for form in _all_forms(Form) for named in form.model_fields.items()]
    asking = [(name, field.alias or name) for name, field in fields if Sense.CONTACT in field.metadata]
    return frozenset(one for both in asking for one in both)


def clock_stopping_forms() -> list[str]:
    """Give the paths of the forms, of all processes that are loaded, whose wait stops the clock."""
    return [form_path(form) for form in _all_forms(Decision) if issubclass(form, Decision) and form.stops_clock]


def standing_forms() -> list[str]:
    """Give the paths of the forms, of all processes that are loaded, for which nobody waits."""
    return [form_path(form) for form in _all_forms(Decision) if issubclass(form, Decision) and form.standing]


def _all_forms(form: type[Form]) -> Iterator[type[Form]]:
    for own in form.__subclasses__():
        yield own
        yield from _all_forms(own)


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
    """Number the fields, because the database scrambles them, and write defaults as dialogs show them.

    That is an option for an enum, nothing for an empty date or a number that is 0 where it is left out. What may be left
    empty is drawn as what it is if not.
    """
    for position, spec in enumerate(schema.get("properties", {}).values()):
        spec["position"] = position
        spec |= next((kind for kind in spec.pop("anyOf", ()) if kind["type"] != "null"), {})
        if spec.get("type") == "array" and "$ref" in spec["items"] and "default" not in spec:
            spec["default"] = [{}]  # lines that are wanted: the first one is there to be filled in
        default = spec.get("default")
        if default is None or (default == 0 and spec.get("type") in {"number", "integer"}):
            spec.pop("default", None)
        elif "enum" in spec:
            shown = default.lower().replace("_", " ")
            spec["default"] = next(option for option in spec["enum"] if option.endswith(f" {shown}"))
