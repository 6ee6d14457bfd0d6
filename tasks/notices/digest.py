"""Notices reach people by message: in a round, one digest for each who hears of any (policy `notices.hours`).

What is told lies in the inbox and on the case sheet all the same; without channels nothing leaves and nothing piles up.
"""

from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Engine

from tasks.durable import clock
from tasks.notices.queries import channels, take_unpassed
from tasks.notices.rules import digests
from tasks.outbox.rules import opens_at
from tasks.outbox.steps import Letter, send_all
from tasks.policies.queries import setting_today


class Passed(NamedTuple):
    """What a round passed on: so many notices in so many messages; `quiet`: it left them for later."""

    notices: int
    messages: int
    quiet: bool = False


def pass_on(db: Engine) -> Passed:
    """Pass on what was not yet; in quiet hours it waits, and is one digest when they are over."""
    now = clock.now()
    with db.begin() as connection:
        hours = setting_today(connection, "notices.hours")
        if opens_at(hours, now):
            return Passed(0, 0, quiet=True)
        told = take_unpassed(connection, now)
        letters = [
            Letter(f"digest:{uuid4()}", *to, "digest", digest, hours)
            for to, digest in digests(told, channels(connection)).items()
        ]
        send_all(connection, letters, now)
    return Passed(len(told), len(letters))
