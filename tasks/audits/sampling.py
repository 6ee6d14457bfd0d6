"""The week's sample of calls 电话稽核: random, its seed recorded, drawn once however often it is asked for (S2)."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from random import Random, SystemRandom

from sqlalchemy import Connection, Engine

from schemas.answers import Opened, Turn
from schemas.forms.audits import AuditRequest
from schemas.words import Channel, Role
from tasks.audits.queries import RecordedCall, calls_drawn, calls_of, drawn, note_sample
from tasks.audits.rules import sample_size
from tasks.calls.rules import turns
from tasks.durable import clock
from tasks.durable.opening import open_chunk
from tasks.durable.queries import cases_by_origin
from tasks.durable.stage import advance_chunk
from tasks.lookups.rules import shown
from tasks.people.queries import people
from tasks.policies.queries import setting_today
from tasks.rounds.rules import Cadence, Period
from tasks.rounds.steps import Rounds
from tasks.unit.reading import reading

CODE = "HJ"
MOST_SEEDS = 2**31 - 1


def _sample(connection: Connection, period: Period) -> str:
    """Draw the sample of a period, once; says which calls, and by which seed."""
    if drawn(connection, period) is None:
        calls = calls_of(connection, period)
        share, least = Fraction(setting_today(connection, "hj.share")), setting_today(connection, "hj.least")
        seed = SystemRandom().randint(1, MOST_SEEDS)
        chosen = drawn_by(seed, calls, sample_size(len(calls), share, least))
        note_sample(connection, period, seed, len(calls), chosen, clock.now())
    sample = drawn(connection, period)
    assert sample is not None, "it was kept"
    rows = [f"| {one['call']} | {one['agent']} |" for one in sample.chosen]
    head = f"### 电话稽核 Call audit · {period.first} – {period.last}"
    said = f"通话 calls **{sample.calls}** · 抽查 sampled **{len(rows)}** · 种子 seed `{sample.seed}`"
    return "\n\n".join([head, said, *(["\n".join(["| 通话 Call | 坐席 Agent |", "|---|---|", *rows])] if rows else [])])


def drawn_by(seed: int, calls: Sequence[RecordedCall], size: int) -> list[RecordedCall]:
    """Draw so many of some calls by a seed, with which everybody draws the same."""
    return Random(seed).sample(calls, size)


def open_audits(db: Engine) -> None:
    """Open an audit of each call that was drawn and has none: a sample is kept with its round, its audits come after it."""
    with reading(db) as connection:
        chosen = {f"audit:{one['call']}:{one['called_at']}": one for one in calls_drawn(connection)}
        missing = chosen.keys() - cases_by_origin(connection, list(chosen)).keys()
        staff = people(connection)
    leaders = sorted(code for code, one in staff.items() if one.active and one.holds(Role.SUPERVISOR))
    calls = [(origin, RecordedCall(**chosen[origin])) for origin in sorted(missing)]
    forms = [(origin, _form(one, turns([leaders], {one.agent}, no))) for no, (origin, one) in enumerate(calls)]
    opened = open_chunk(db, CODE, Channel.SYSTEM, forms)
    if new := [Turn(one.case_id) for one in opened if isinstance(one, Opened)]:
        advance_chunk(db, new)


def _form(call: RecordedCall, leader: str) -> AuditRequest:
    told = {"called_at": str(shown(datetime.fromisoformat(str(call.called_at)))), "call_recording": call.recording}
    return AuditRequest(office=call.office, applicant=leader, call=call.call, agent=call.agent, **told)


CALL_AUDIT = Rounds("call-audit", Cadence.WEEK, _sample)
