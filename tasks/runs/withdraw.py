"""Taking a case back: one way for Prefect's form, the command line and whatever comes later."""

from dataclasses import replace
from uuid import uuid5

from sqlalchemy import Engine

from schemas.answers import Answer, Reply, Result
from schemas.forms.base import TakenBack
from schemas.words import Channel, EntryKind
from tasks.documents.queries import find_case
from tasks.durable.stage import advance
from tasks.unit.reading import reading
from tasks.unit.work import NAMESPACE


def take_back(db: Engine, number: str, staff: str, reason: str, channel: Channel) -> Result:
    """Take a case back in the name of `staff`; what was done for it is undone visibly.

    The outcome's reply says why it was refused: no right to, no reason given, already closed. The same words
    again, after a worker died, are told of their success. NotFound if there is no such case.
    """
    with reading(db) as connection:
        case_id = find_case(connection, number)
    form = TakenBack.model_construct(staff=staff, reason=reason).as_form()
    said = "\x1f".join((str(case_id), staff, reason)).encode(errors="backslashreplace")
    same = uuid5(NAMESPACE, said.decode())
    answer = Answer(key="", data=form, channel=channel, kind=EntryKind.WITHDRAWN, marks=(same,))
    result = advance(db, case_id, answer)
    return replace(result, replies=[Reply(True)]) if result.reply.repeated else result
