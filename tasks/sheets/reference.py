"""Take reference data in: each row by itself; what is there already is unchanged, what may not follow goes back."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import ValidationError
from sqlalchemy import Connection, Engine

from schemas.forms.base import Form
from schemas.forms.reference import CatalogueEntry, PartPrice, PolicyValue, RoutePrice
from schemas.problems import BadInput, problems_of
from tasks.reference.versions import follow_policy, follow_price, follow_route, keep_part
from tasks.sheets.forms import SheetForm
from tasks.sheets.outcome import Became, RowOutcome, all_became, rejected

F = TypeVar("F", bound=Form)


def keep_parts(db: Engine, forms: Sequence[SheetForm]) -> list[RowOutcome]:
    """Enter or end parts."""
    return _keep(db, forms, CatalogueEntry, keep_part)


def keep_prices(db: Engine, forms: Sequence[SheetForm]) -> list[RowOutcome]:
    """Let prices of parts follow."""
    return _keep(db, forms, PartPrice, follow_price)


def keep_routes(db: Engine, forms: Sequence[SheetForm]) -> list[RowOutcome]:
    """Let reference prices of routes follow."""
    return _keep(db, forms, RoutePrice, follow_route)


def keep_policies(db: Engine, forms: Sequence[SheetForm]) -> list[RowOutcome]:
    """Let values of policies follow."""
    return _keep(db, forms, PolicyValue, follow_policy)


def _keep(
    db: Engine, forms: Sequence[SheetForm], shape: type[F], keep: Callable[[Connection, F], bool]
) -> list[RowOutcome]:
    outcomes = list[RowOutcome]()
    for form in forms:
        try:
            filled = shape.model_validate(form.rows[0].values)
            with db.begin() as connection:
                new = keep(connection, filled)
        except (BadInput, ValidationError) as wrong:
            told = wrong.problems if isinstance(wrong, BadInput) else problems_of(wrong)
            outcomes += rejected(form.key, form.rows, told)
        else:
            outcomes += all_became(form.rows, Became.ACCEPTED if new else Became.UNCHANGED, form.key)
    return outcomes
