"""Take in cases from before the system; one that is sent again with another content is corrected."""

from collections.abc import Sequence

from pydantic import ValidationError
from sqlalchemy import Engine

from schemas.forms.history import PastCase
from schemas.problems import problems_of
from tasks.reports.queries import keep_past_cases, past_cases
from tasks.sheets.forms import SheetForm
from tasks.sheets.outcome import Became, RowOutcome, all_became, rejected


def keep_history(db: Engine, forms: Sequence[SheetForm]) -> list[RowOutcome]:
    """Keep the cases of some rows; gives for each whether it is new, corrected, as it was, or goes back."""
    outcomes, read = list[RowOutcome](), dict[str, tuple[SheetForm, PastCase]]()
    for form in forms:
        try:
            case = PastCase.model_validate(form.rows[0].values)
        except ValidationError as error:
            outcomes += rejected(form.key, form.rows, problems_of(error))
        else:
            read[case.case_no] = form, case
    with db.begin() as connection:
        known = past_cases(connection, list(read))
        new = [case for _, case in read.values() if known.get(case.case_no) != case]
        keep_past_cases(connection, new)
    for number, (form, case) in read.items():
        changed = Became.CORRECTED if number in known else Became.ACCEPTED
        outcomes += all_became(form.rows, Became.UNCHANGED if known.get(number) == case else changed, number)
    return outcomes
