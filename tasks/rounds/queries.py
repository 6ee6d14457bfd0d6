"""The SQL of scheduled work: which rounds were done, each once."""

from datetime import date, datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.tables import scheduled_round
from tasks.rounds.rules import Period


def last_done(connection: Connection, work: str) -> date | None:
    """Give the last day of the last period for which this work was done; None where it never was."""
    ends = select(func.max(scheduled_round.c.last)).where(scheduled_round.c.work == work)
    last: date | None = connection.execute(ends).scalar_one()
    return last


def begin_round(connection: Connection, work: str, period: Period, now: datetime) -> bool:
    """Take a round; what its transaction writes counts with it. False where it is done already.

    Who comes second waits until the first has committed.
    """
    taken = upsert(scheduled_round).values(work=work, **period._asdict(), done_at=now, result="")
    took = taken.on_conflict_do_nothing().returning(scheduled_round.c.work)
    return connection.execute(took).first() is not None


def end_round(connection: Connection, work: str, period: Period, result: str) -> None:
    """Note what became of a round that this transaction took."""
    mine = (scheduled_round.c.work == work) & (scheduled_round.c.last == period.last)
    connection.execute(scheduled_round.update().where(mine).values(result=result))
