"""The week's sample of calls 电话稽核: random, its seed recorded, drawn once however often it is asked for (S2)."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from random import Random, SystemRandom
from typing import Any

from sqlalchemy import Connection, Engine, Row

from schemas.answers import Opened, Turn
from schemas.forms.audits import AuditRequest
from schemas.words import Channel, Role
from tasks.audits.queries import RecordedCall, calls_of, drawn, note_sample
from tasks.audits.rules import sample_size
from tasks.calls.rules import turns
from tasks.durable import clock
from tasks.durable.opening import open_chunk
from tasks.durable.stage import advance_chunk
from tasks.lookups.rules import shown
from tasks.people.queries import people
from tasks.policies.queries import setting_today
from tasks.rounds.rules import Cadence, Period
from tasks.rounds.steps import Rounds

CODE = "HJ"
MOST_SEEDS = 2**31 - 1


def sample_calls(connection: Connection, period: Period) -> str:
    """Draw the sample of a period and open an audit of each call in it; says which, and by which seed."""
    sample = drawn(connection, period) or _draw(connection.engine, period)
    chosen = [RecordedCall(**one) for one in sample.chosen]
    rows = [
        f"| {number} | {one.call} | {one.agent} |"
        for number, one in zip(_open(connection, chosen), chosen, strict=True)
    ]
    head = f"### 电话稽核 Call audit · {period.first} – {period.last}"
    said = f"通话 calls **{sample.calls}** · 抽查 sampled **{len(chosen)}** · 种子 seed `{sample.seed}`"
    table = ["| 稽核 Audit | 通话 Call | 坐席 Agent |", "|---|---|---|", *rows] if rows else []
    return "\n\n".join(filter(None, [head, said, "\n".join(table)]))


def _draw(db: Engine, period: Period) -> Row[Any]:
    """Draw a sample and keep it at once: whatever breaks later, it stays the same."""
    with db.begin() as connection:
        calls = calls_of(connection, period)
        share, least = Fraction(setting_today(connection, "hj.share")), setting_today(connection, "hj.least")
        seed = SystemRandom().randint(1, MOST_SEEDS)
        chosen = drawn_by(seed, calls, sample_size(len(calls), share, least))
        note_sample(connection, period, seed, len(calls), chosen, clock.now())
        sample = drawn(connection, period)
    assert sample is not None, "it was kept"
    return sample


def drawn_by(seed: int, calls: Sequence[RecordedCall], size: int) -> list[RecordedCall]:
    """Draw so many of some calls by a seed, with which everybody draws the same."""
    return Random(seed).sample(calls, size)


def _open(connection: Connection, calls: Sequence[RecordedCall]) -> list[str]:
    """Open an audit of each call, once; gives their numbers, or what was wrong."""
    staff = people(connection)
    leaders = sorted(code for code, one in staff.items() if one.active and one.holds(Role.SUPERVISOR))
    forms = [
        (f"audit:{one.call}:{one.called_at}", _form(one, turns([leaders], {one.agent}, no)))
        for no, one in enumerate(calls)
    ]
    opened = open_chunk(connection.engine, CODE, Channel.SYSTEM, forms)
    new = [Turn(one.case_id) for one in opened if isinstance(one, Opened)]
    if new:
        advance_chunk(connection.engine, new)
    return [one.number if isinstance(one, Opened) else str(one) for one in opened]


def _form(call: RecordedCall, leader: str) -> AuditRequest:
    told = {"called_at": str(shown(datetime.fromisoformat(str(call.called_at)))), "call_recording": call.recording}
    return AuditRequest(office=call.office, applicant=leader, call=call.call, agent=call.agent, **told)


CALL_AUDIT = Rounds("call-audit", Cadence.WEEK, sample_calls)
