"""The commands that work on cases: what is asked is done by tasks/, here it is only typed and told."""

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import Engine

from deployments.cli.as_json import case_json, inbox_json, open_json, problems_json, show_json
from deployments.cli.output import case_parts, inbox_table, next_lines, show, tell_problems
from deployments.cli.values import STAFF, by_chinese_names, describe, fill_in, read_form
from schemas.forms.base import form_at
from schemas.problems import BadInput, NotFound, Problem
from schemas.words import Channel, Role
from tasks.desk.queries import case_view, find_cases
from tasks.desk.queries import inbox as waiting
from tasks.desk.views import CaseView, ItemView
from tasks.durable import clock
from tasks.durable.queries import find_case
from tasks.durable.question import Answer, Reply
from tasks.durable.stage import advance
from tasks.people.queries import people
from tasks.runs.withdraw import withdraw


def show_inbox(db: Engine, role: str, as_json: bool) -> None:
    """List what waits."""
    with db.connect() as connection:
        rows = waiting(connection, role_of(role) if role else None, clock.now())
    if as_json:
        show_json(inbox_json(rows))
    else:
        show(inbox_table(rows) if rows else "没有待办 nothing waits")


def role_of(text: str) -> Role:
    """Read a role by its code or its Chinese name."""
    wanted = text.strip()
    try:
        return Role.parse(wanted.upper() if wanted.isascii() else wanted)
    except ValueError:
        known = "、".join(f"{role.zh} {role.value}" for role in Role)
        raise BadInput([Problem("角色 role", text, f"应为 must be one of: {known}")]) from None


def show_case(db: Engine, number: str, as_json: bool) -> None:
    """Show one case, found by its number, its order or the customer's phone."""
    _load_processes()  # a case is shown under its process's title
    view = view_of(db, look_up(db, number))
    if as_json:
        show_json(case_json(view))
    else:
        show(*case_parts(view))


def look_up(db: Engine, text: str) -> str:
    """Give the number of the case that is meant by its number, order or phone; NotFound where several are."""
    with db.connect() as connection:
        found = [one.number for one in find_cases(connection, unicodedata.normalize("NFKC", text))]
    if len(found) > 1:
        raise NotFound(f"有多张单据，请用单号 several cases, give the number: {'、'.join(found)}")
    return found[0] if found else text


def view_of(db: Engine, number: str) -> CaseView:
    """Load a case by its number."""
    case_id = case_id_of(db, number)
    with db.connect() as connection:
        return case_view(connection, case_id)


def case_id_of(db: Engine, number: str) -> int:
    """Find a case by its number; NotFound where there is none."""
    with db.connect() as connection:
        return find_case(connection, number)


# deciding


def decide_case(
    db: Engine, number: str, staff: str, pairs: Sequence[str], file: Path | None, step: str, as_json: bool
) -> bool:
    """Answer an open item as the form in the UI does; True when the answer was accepted."""
    _load_processes()
    view = view_of(db, number)
    item = _item(db, view, staff.strip(), step)
    if item is None:  # the engine knows who was faster, or that nothing waits, and records the attempt
        data: Mapping[str, Any] = {STAFF: staff}
    elif not (pairs or file):
        return _tell_form(view, item, as_json)
    else:
        data = _filled(item, staff, pairs, file)
    key = item.key if item else step
    outcome = advance(db, view.case.id, Answer(key, data, Channel.CLI))
    return _tell_reply(db, view.case.number, item.title if item else step, outcome.reply, as_json)


def _filled(item: ItemView, staff: str, pairs: Sequence[str], file: Path | None) -> dict[str, Any]:
    form = form_at(item.form)
    base = read_form(file, form) if file else by_chinese_names(form, item.prefill)
    return fill_in(form, base, pairs) | {STAFF: staff.strip()}


def _item(db: Engine, view: CaseView, staff: str, step: str) -> ItemView | None:
    """Choose what is answered: the step that was named, the only one, or the only one of this person's."""
    if step or len(view.items) < 2:
        return next((item for item in view.items if step in ("", item.key)), None)
    with db.connect() as connection:
        person = people(connection).get(staff)
    own = [
        item
        for item in view.items
        if person and any(person.holds(role, item.office) for role in (item.role, item.also) if role)
    ]
    if len(own) > 1:
        listed = "、".join(" ".join(filter(None, [item.key, item.title, item.unit_name])) for item in own)
        raise BadInput([Problem("--step", "", f"有多项待办，请指定 several steps wait, name one: {listed}")])
    return own[0] if own else view.items[0]


def _tell_form(view: CaseView, item: ItemView, as_json: bool) -> bool:
    """Refuse an empty answer, and tell what the form wants."""
    problem = Problem("表单 form", "", "没有填写内容，请用 字段=值 或 --form FILE nothing was filled in")
    if as_json:
        show_json({"accepted": False, "problems": problems_json([problem]), **_stand(view)})
        return False
    show(f"{view.case.number} · {item.title} [{item.key}] · {item.role.zh} {item.role.value}")
    show(*(f"  {line}" for line in describe(form_at(item.form), item.prefill)))
    typer.echo(f"✗ {problem}", err=True)
    return False


def withdraw_case(db: Engine, number: str, staff: str, reason: str, as_json: bool) -> bool:
    """Take a case back; True when that was accepted."""
    _load_processes()
    found = view_of(db, number).case.number
    reply = withdraw(db, found, staff.strip(), reason, Channel.CLI).reply
    return _tell_reply(db, found, "撤回 withdrawal", reply, as_json)


def _tell_reply(db: Engine, number: str, title: str, reply: Reply, as_json: bool) -> bool:
    view = view_of(db, number)
    if as_json:
        show_json({"accepted": reply.accepted, "problems": problems_json(reply.problems), **_stand(view)})
    elif reply.accepted:
        show(f"✓ {number} {title} 已受理 accepted", *next_lines(view))
    else:
        tell_problems(f"{number} {title} 未受理 refused", reply.problems)
        show(*next_lines(view))
    return reply.accepted


def _stand(view: CaseView) -> dict[str, Any]:
    case = view.case
    return {
        "number": case.number,
        "link": case.link,
        "ending": case.ending.value if case.ending else None,
        "open": open_json(view),
    }


def _load_processes() -> None:
    # Prefect takes a second to import; the inbox goes without
    from flows import load

    load()
