"""The commands that work on cases: what is asked is done by tasks/, here it is only typed and told."""

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from deployments.cli.as_json import ReplyShape, WaitingShape, case_shape, reply_shape, show_json
from deployments.cli.output import case_parts, inbox_table, next_lines, show, tell_problems
from deployments.cli.session import Force, Json, app, command
from deployments.cli.sheets import refuse_overwriting
from deployments.cli.values import by_chinese_names, describe, fill_in, read_form, wrong
from schemas.forms.base import form_at
from schemas.forms.fields import STAFF
from schemas.problems import NotFound, Problem
from schemas.words import Channel, Role
from tasks.desk.queries import case_view, find_cases
from tasks.desk.queries import inbox as waiting
from tasks.desk.views import CaseView, ItemView
from tasks.durable import clock
from tasks.durable.queries import find_case
from tasks.durable.question import Answer
from tasks.durable.stage import advance
from tasks.people.queries import people
from tasks.runs.withdraw import withdraw as take_back

Number = Annotated[str, typer.Argument(help="单号 case number")]
Staff = Annotated[str, typer.Option("--as", metavar="STAFF", help="工号 staff number")]


@command(app)
def inbox(
    db: Engine,
    role: Annotated[str, typer.Option(help="角色的代码或名称 code or name of a role")] = "",
    xlsx: Annotated[Path | None, typer.Option(help="写成待办表 write it as a workbook")] = None,
    office: Annotated[str, typer.Option(help="待办表只含此办事处 of one office, e.g. BJ")] = "",
    unit: Annotated[str, typer.Option(help="待办表只含此生产单位 of one unit, e.g. PANEL")] = "",
    force: Force = False,
    json: Json = False,
) -> None:
    """待办 List what waits, for one role or for all; or write it as a workbook to be decided and sent back."""
    if xlsx is not None:
        _write_workbook(db, role_of(role), xlsx, office, unit, force)
        return
    with db.connect() as connection:
        rows = waiting(connection, role_of(role) if role else None, clock.now())
    if json:
        show_json(list[WaitingShape], rows)
    else:
        show(inbox_table(rows) if rows else "没有待办 nothing waits")


def _write_workbook(db: Engine, role: Role, out: Path, office: str, unit: str, force: bool) -> None:
    from tasks.sheets.inbox import write_inbox  # openpyxl takes a while to import

    refuse_overwriting(out, force)
    written = write_inbox(db, role, out, office, unit)
    told = "，".join(f"{title} {count}" for title, count in written.items.items())
    show(f"✓ {role.zh}待办 inbox: {told or '没有待办 nothing waits'} → {out}")
    if written.left_out:
        show(f"另有 {written.left_out} 项没有表格，请用其他方式办理 items have no sheet")


def role_of(text: str) -> Role:
    """Read a role by its code or its Chinese name."""
    wanted = text.strip()
    try:
        return Role.parse(wanted.upper() if wanted.isascii() else wanted)
    except ValueError:
        known = "、".join(f"{role.zh} {role.value}" for role in Role)
        raise wrong("角色 role", text, f"应为 must be one of: {known}") from None


@command(app, processes=True)
def case(
    db: Engine,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="单号、订单号或客户电话 case, order or phone number")],
    json: Json = False,
) -> None:
    """查单 Show a case: what, who, when, documents, and what is next."""
    with db.connect() as connection:
        found = find_cases(connection, unicodedata.normalize("NFKC", number))
    if len(found) > 1:
        raise NotFound(f"有多张单据，请用单号 several cases, give the number: {'、'.join(found)}")
    view = view_of(db, found[0] if found else number)
    if json:
        print(case_shape(view).model_dump_json(indent=2))
    else:
        show(*case_parts(view))


def view_of(db: Engine, number: str) -> CaseView:
    """Load a case by its number."""
    with db.connect() as connection:
        return case_view(connection, find_case(connection, number))


@command(app, processes=True)
def decide(
    db: Engine,
    number: Number,
    staff: Staff,
    answers: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="字段=值 FIELD=VALUE",
            help="明细的字段 of a row: 明细.行.字段=值；预填为底 over the pre-filled form",
        ),
    ] = None,
    form: Annotated[Path | None, typer.Option(help="整份答复 the whole answer, .json or .yaml")] = None,
    step: Annotated[str, typer.Option(help="多项待办时指定 which step, where several wait")] = "",
    json: Json = False,
) -> bool:
    """办理 Decide what a case waits for; without answers, tell the fields of its form."""
    view = view_of(db, number)
    item, signed = _item(db, view, staff.strip(), step), {STAFF: staff.strip()}
    if item and not (answers or form):
        return _tell_form(view, item, json)
    # where nothing waits the engine knows who was faster, and records the attempt
    data = _filled(item, answers or [], form) | signed if item else signed
    reply = advance(db, view.case.id, Answer(item.key if item else step, data, Channel.CLI)).reply
    return _tell_reply(db, number, item.title if item else step, reply.accepted, reply.problems, json)


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
        raise wrong("--step", "", f"有多项待办，请指定 several steps wait, name one: {listed}")
    return own[0] if own else view.items[0]


def _filled(item: ItemView, pairs: Sequence[str], file: Path | None) -> dict[str, Any]:
    form = form_at(item.form)
    return fill_in(form, read_form(file, form) if file else by_chinese_names(form, item.prefill), pairs)


def _tell_form(view: CaseView, item: ItemView, as_json: bool) -> bool:
    """Refuse an empty answer, and tell what the form wants."""
    problem = Problem("表单 form", "", "没有填写内容，请用 字段=值 或 --form FILE nothing was filled in")
    if as_json:
        show_json(ReplyShape, reply_shape(view, False, [problem]))
        return False
    show(f"{view.case.number} · {item.title} [{item.key}] · {item.role.zh} {item.role.value}")
    show(*(f"  {line}" for line in describe(form_at(item.form), item.prefill)))
    typer.echo(f"✗ {problem}", err=True)
    return False


@command(app, processes=True)
def withdraw(
    db: Engine,
    number: Number,
    staff: Staff,
    reason: Annotated[str, typer.Option(help="撤回原因 why")],
    json: Json = False,
) -> bool:
    """撤回 Take a case back; what was done for it is undone visibly."""
    reply = take_back(db, number, staff.strip(), reason, Channel.CLI).reply
    return _tell_reply(db, number, "撤回 withdrawal", reply.accepted, reply.problems, json)


def _tell_reply(
    db: Engine, number: str, title: str, accepted: bool, problems: Iterable[Problem], as_json: bool
) -> bool:
    view = view_of(db, number)
    if as_json:
        show_json(ReplyShape, reply_shape(view, accepted, problems))
    elif accepted:
        show(f"✓ {view.case.number} {title} 已受理 accepted", *next_lines(view))
    else:
        tell_problems(f"{view.case.number} {title} 未受理 refused", list(problems))
        show(*next_lines(view))
    return accepted
