"""The day's call list 回访名单: one call a customer for all that is due, each reason once, however late it is made (S2).

A reason is noted with its call, and stands on no list again; who is about to be called hears of further reasons
instead of being called twice. Killed anywhere, the next list takes in what this one did not.
"""

from collections.abc import Iterable, Sequence, Set
from typing import NamedTuple
from uuid import uuid5

from sqlalchemy import Connection, Engine
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.answers import Opened, Turn
from schemas.forms.calls import CallRequest, CallWhy, MoreReasons
from schemas.tables import letter
from schemas.words import Channel, EntryKind, Role
from tasks.calls.due import calls_open, reasons_due, regulars_due
from tasks.calls.queries import CODE, sources
from tasks.calls.rules import DueReason, merged, said_of, turns
from tasks.calls.talking import MORE
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.durable.opening import open_chunk
from tasks.durable.stage import CHUNK, advance_chunk
from tasks.lookups.rules import shown
from tasks.people.queries import people
from tasks.policies.queries import settings_today
from tasks.unit.reading import reading
from tasks.unit.work import NAMESPACE

CALLERS = (Role.AGENT, Role.SUPERVISOR)  # the second where all of the first have handled something of it
DAILY = frozenset(CallWhy) - {CallWhy.ASKED}
NOBODY = "今日没有要回访的客户 nobody is to be called today"


class Listed(NamedTuple):
    """A call on the list: its number, whose it is, since when it is due and why; or what was wrong with it."""

    number: str
    agent: str
    since: str
    said: str
    wrong: str = ""


def list_calls(db: Engine, whys: Set[CallWhy] = DAILY) -> list[Listed]:
    """Make calls of all that is due for these reasons; then of regular customers whom nothing else concerns."""
    with reading(db) as connection:
        policy = settings_today(connection)
        due = [one for one in reasons_due(connection, policy) if one.why in whys]
    listed = _call(db, due)
    if CallWhy.REGULAR in whys:
        with reading(db) as connection:
            due = regulars_due(connection, policy)
        listed += _call(db, due)
    return listed


def _call(db: Engine, due: Iterable[DueReason]) -> list[Listed]:
    """Open a call for each customer, or add to the one that waits; gives what was opened, and what could not be."""
    calls = merged(due)
    with db.begin() as connection:
        open_now = calls_open(connection, [reasons[0].phone for reasons in calls])
        waiting = [reasons for reasons in calls if reasons[0].phone in open_now]
        _add(connection, {open_now[reasons[0].phone]: reasons for reasons in waiting})
        new = [reasons for reasons in calls if reasons[0].phone not in open_now]
        forms = _forms(connection, new)
    listed = list[Listed]()
    for start in range(0, len(new), CHUNK):
        part = forms[start : start + CHUNK]
        opened = open_chunk(db, CODE, Channel.SYSTEM, part)
        listed += [_listed(form, one) for (_, form), one in zip(part, opened, strict=True)]
        _go_on(db, [one.case_id for one in opened if isinstance(one, Opened)])
    _go_on(db, [open_now[reasons[0].phone] for reasons in waiting])
    return listed


def _go_on(db: Engine, cases: Sequence[int]) -> None:
    if cases:
        advance_chunk(db, [Turn(case) for case in cases])


def _add(connection: Connection, more: dict[int, list[DueReason]]) -> None:
    """Write to calls that wait what else they are about."""
    for case_id, reasons in more.items():
        body = MoreReasons(lines=[one.reason for one in reasons]).model_dump(mode="json")
        key = f"{MORE}{reasons[0].why}-{reasons[0].source or 0}-{reasons[0].turn}"
        row = {"case_id": case_id, "key": key, "kind": EntryKind.DECISION.value, "body": body, "sent_at": clock.now()}
        connection.execute(upsert(letter).values(row).on_conflict_do_nothing())


def _forms(connection: Connection, calls: Sequence[list[DueReason]]) -> list[tuple[str, CallRequest]]:
    """Fill in a request for each customer; the agents have them in turn, none what the agent handled."""
    staff, today = people(connection), shanghai_day(clock.now())
    able = [sorted(code for code, one in staff.items() if one.active and one.holds(role)) for role in CALLERS]
    keys = [tuple(sorted({one.number for one in reasons if one.number})) for reasons in calls]
    handled, forms = sources(connection, keys), list[tuple[str, CallRequest]]()
    for no, (key, reasons) in enumerate(zip(keys, calls, strict=True), start=today.toordinal()):
        handlers = {one for source in handled[key].values() for one in source.handlers}
        first, last = reasons[0], reasons[-1]
        whose = {name: getattr(last, name) for name in ("office", "order_no")}
        whose |= {f"customer_{name}": getattr(last, name) for name in ("name", "phone", "address")}
        form = CallRequest(
            **whose, applicant=turns(able, handlers, no), since=str(shown(first.since)),
            lines=[one.reason for one in reasons],
        )  # fmt: skip
        forms.append((_origin(first), form))
    return forms


def _origin(first: DueReason) -> str:
    """Name what a call was made of, so that it is made once."""
    if first.source:
        return f"case:{first.source}:call-{first.why}-{first.turn}"
    return f"call:{uuid5(NAMESPACE, f'{first.phone} {shanghai_day(first.since)}')}"


def _listed(form: CallRequest, one: Opened | Exception) -> Listed:
    told = " · ".join(said_of(form.lines))
    if isinstance(one, Opened):
        return Listed(one.number, form.applicant, form.since, told)
    return Listed("", form.applicant, form.since, told, str(one))


def page_of(listed: Sequence[Listed]) -> str:
    """Show a day's list in markdown, an agent at a time; contact data stands on the calls' own forms."""
    if not listed:
        return NOBODY
    wrong = [f"- ⚠ {one.said}: {one.wrong}" for one in listed if one.wrong]
    agents = sorted({one.agent for one in listed if not one.wrong})
    parts = [f"### 回访名单 Call list · {len(listed) - len(wrong)} 位客户 customers", "\n".join(wrong)]
    for agent in agents:
        own = [one for one in listed if one.agent == agent and not one.wrong]
        rows = [f"| {one.number} | {one.since} | {one.said} |" for one in own]
        head = ["| 单号 Call | 自 Since | 事由 Why |", "|---|---|---|"]
        parts.append("\n".join([f"**{agent}** · {len(own)}", "", *head, *rows]))
    return "\n\n".join(filter(None, parts))
