"""The SQL of scheduled work: which rounds were done, each once, and what they tell roles."""

from datetime import date, datetime

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.tables import round_notice, scheduled_round
from schemas.words import Role
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


def wait_for_others(connection: Connection) -> None:
    """Let this transaction wait as long as what it waits for takes elsewhere."""
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def tell_role(connection: Connection, work: str, role: Role, last: date, told: str, now: datetime) -> None:
    """Tell a role what came of work that is of no case, in markdown; it replaces what was told before, "" takes that back."""
    place = {"work": work, "role": role}
    if not told:
        mine = (round_notice.c[name] == value for name, value in place.items())
        connection.execute(round_notice.delete().where(*mine))
        return
    says = {"last": last, "text": told, "told_at": now, "passed_at": None}
    written = upsert(round_notice).values(**place, **says)
    connection.execute(written.on_conflict_do_update(index_elements=list(place), set_=says))


def told_by_rounds(connection: Connection) -> list[tuple[str, str]]:
    """Give what scheduled work tells roles at present: role and text, the newest first."""
    told = select(round_notice.c.role, round_notice.c.text).order_by(round_notice.c.told_at.desc(), round_notice.c.work)
    return [(row.role, row.text) for row in connection.execute(told)]
