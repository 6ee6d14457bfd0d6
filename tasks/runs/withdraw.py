"""Taking a case back: one way for Prefect's form, the command line and whatever comes later."""

from collections.abc import Mapping

from pydantic import ValidationError
from sqlalchemy import Engine

from schemas.forms.base import TakenBack
from schemas.forms.parts import Withdrawal
from schemas.problems import BadInput, problems_of
from schemas.words import Channel, EntryKind
from tasks.durable.queries import find_case
from tasks.durable.question import Answer
from tasks.durable.stage import Result, advance


def read_withdrawal(given: object) -> Withdrawal:
    """Read a withdrawal form; BadInput names every field that is wrong."""
    try:
        return Withdrawal.model_validate(dict(given) if isinstance(given, Mapping) else given)
    except ValidationError as error:
        raise BadInput(problems_of(error)) from None


def withdraw(db: Engine, number: str, staff: str, reason: str, channel: Channel) -> Result:
    """Take a case back in the name of `staff`; what was done for it is undone visibly.

    The outcome's reply says why it was refused: no right to, no reason given, already closed. The same request
    again, after its worker died, is told of its success. NotFound if there is no such case.
    """
    with db.connect() as connection:
        case_id = find_case(connection, number)
    form = TakenBack.model_construct(staff=staff, reason=reason).as_form()
    return advance(db, case_id, Answer(key="", data=form, channel=channel, kind=EntryKind.WITHDRAWN))
