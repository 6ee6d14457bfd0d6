"""With whom is settled, who may object for them, and what the finance system is told; pure."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from schemas.words import Role
from tasks.people.queries import Person
from tasks.rounds.rules import Period

KINDS = ("parts", "repair_fee", "freight", "anomaly", "penalty", "refund")
OBJECTS = {"office": (Role.OFFICE,), "unit": (Role.RESPONSIBLE_UNIT, Role.WORKSHOP), "carrier": (Role.LOGISTICS,)}


class SettledWith(NamedTuple):
    """An office, unit or carrier with which is settled; the department itself has no code."""

    kind: str
    code: str
    name: str


def find_party(known: Iterable[SettledWith], named: str) -> SettledWith | None:
    """Find a party by code or name; None where there is none."""
    word = named.strip()
    return next((one for one in known if one.code and (word.upper() == one.code.upper() or word == one.name)), None)


def may_object(person: Person, party: SettledWith) -> bool:
    """Say whether somebody may object for a party."""
    place = {party.kind: party.code} if party.kind in ("office", "unit") else {}
    return any(person.holds(role, **place) for role in OBJECTS.get(party.kind, ()))


def who_objects(party: SettledWith) -> str:
    """Say who may object for a party."""
    return f"{' / '.join(OBJECTS.get(party.kind, ()))} · {party.name}"


def export_of(period: Period, sums: Iterable[Any]) -> Mapping[str, Any]:
    """Give what the finance system books: each party's sum of each kind, CNY."""
    rows = [
        {"party_kind": row.party_kind, "party": row.party, "kind": kind, "amount": str(amount)}
        for row in sums
        for kind in KINDS
        if (amount := getattr(row, kind))
    ]
    return {"first": str(period.first), "last": str(period.last), "rows": rows}
