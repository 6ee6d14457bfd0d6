"""Notices reach people by message: in a round, one digest for each who hears of any (policy `notices.hours`).

What is told lies in the inbox and on the case sheet all the same; without channels nothing leaves and nothing piles up.
"""

from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, Engine

from tasks.durable import clock
from tasks.notices.queries import channels, take_unpassed
from tasks.notices.rules import TRIAL, Recipient, digests
from tasks.outbox.rules import opens_at
from tasks.outbox.steps import Letter, send_all
from tasks.policies.queries import setting_today


class PassedOn(NamedTuple):
    """What a round passed on: so many notices in so many messages; `quiet`: it left them for later."""

    notices: int
    messages: int
    quiet: bool = False


def pass_on(db: Engine) -> PassedOn:
    """Pass on what was not yet; in quiet hours it waits, and is one digest when they are over."""
    now = clock.now()
    with db.begin() as connection:
        hours = setting_today(connection, "notices.hours")
        if opens_at(hours, now):
            return PassedOn(0, 0, quiet=True)
        told = take_unpassed(connection, now)
        digested = digests(told, channels(connection))
        letters = [Letter(f"digest:{uuid4()}", *to, "digest", digest, hours) for to, digest in digested.items()]
        send_all(connection, letters, now)
    return PassedOn(len(told), len(letters))


def try_channels(connection: Connection) -> int:
    """Send a message to each who hears of anything, at whatever hour, so that people see that it arrives; gives how many."""
    recipients = {Recipient(channel.way, channel.address) for channel in channels(connection)}
    letters = [Letter(f"digest:{uuid4()}", *to, "digest", TRIAL) for to in sorted(recipients)]
    return len(send_all(connection, letters, clock.now()))
