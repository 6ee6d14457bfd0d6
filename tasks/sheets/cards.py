"""Take warranty cards in: each registers a customer; what is wrong goes back, the same again changes nothing."""

from collections.abc import Sequence

from pydantic import ValidationError
from sqlalchemy import Engine

from schemas.forms.sales import WarrantyCard
from schemas.problems import BadInput, problems_of
from tasks.customers.cards import register_card
from tasks.sheets.forms import SheetForm
from tasks.sheets.outcome import Became, RowOutcome, all_became, rejected


def keep_cards(db: Engine, forms: Sequence[SheetForm]) -> list[RowOutcome]:
    """Register the cards of some rows, each by itself; gives for each whether it is new, was known, or goes back."""
    outcomes = list[RowOutcome]()
    for form in forms:
        try:
            new = register_card(db, WarrantyCard.model_validate(form.rows[0].values)).new
        except (BadInput, ValidationError) as wrong:
            told = wrong.problems if isinstance(wrong, BadInput) else problems_of(wrong)
            outcomes += rejected(form.key, form.rows, told)
        else:
            outcomes += all_became(form.rows, Became.ACCEPTED if new else Became.UNCHANGED, form.key)
    return outcomes
