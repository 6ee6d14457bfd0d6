"""Scheduled work as a job: what is due, or the days that a person wants; its page shows what came of each round."""

from sqlalchemy import Engine

from schemas.forms.periods import PeriodWanted
from tasks.rounds.steps import Rounds, do_rounds
from tasks.runs.job import Ended

NOTHING_DUE = "没有到期未做的 nothing is due that was not done"


def in_rounds(db: Engine, rounds: Rounds, wanted: PeriodWanted) -> Ended:
    """Do the rounds, and say for which days."""
    did = do_rounds(db, rounds, wanted)
    if not did:
        return Ended("无需办理", NOTHING_DUE)
    about = "，".join(f"{period.first} – {period.last}" for period, _ in did)
    return Ended("已完成", about, "\n\n".join(result for _, result in did), about)
