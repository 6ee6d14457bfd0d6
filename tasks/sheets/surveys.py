"""Take in survey forms that came back on paper: each by itself, the first answer of a form counts."""

from collections.abc import Sequence

from pydantic import ValidationError
from sqlalchemy import Engine

from schemas.forms.surveys import SurveyAnswer, SurveyDoor
from schemas.problems import BadInput, problems_of
from tasks.sheets.forms import SheetForm
from tasks.sheets.outcome import Became, RowOutcome, all_became, rejected
from tasks.surveys.answers import enter_answer


def keep_answers(db: Engine, forms: Sequence[SheetForm]) -> list[RowOutcome]:
    """Keep the answers of some rows; gives for each whether it is new, was answered before, or goes back."""
    outcomes = list[RowOutcome]()
    for form in forms:
        try:
            new = enter_answer(db, SurveyAnswer.model_validate(form.rows[0].values), SurveyDoor.SHEET).new
        except (BadInput, ValidationError) as wrong:
            told = wrong.problems if isinstance(wrong, BadInput) else problems_of(wrong)
            outcomes += rejected(form.key, form.rows, told)
        else:
            outcomes += all_became(form.rows, Became.ACCEPTED if new else Became.UNCHANGED, form.key)
    return outcomes
