"""The commands that work on cases: what is asked is done by tasks/, here it is only typed and told."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from deployments.cli.as_json import case_object, inbox_objects, reply_object
from deployments.cli.output import case_parts, inbox_parts, next_lines, reasons
from deployments.cli.session import Force, Output, app, command, installation
from deployments.cli.sheets import refuse_overwriting, view_of
from deployments.cli.values import describe, fill_in, read_form, wrong
from schemas.answers import Answer, Reply
from schemas.forms.base import form_at
from schemas.forms.fields import STAFF
from schemas.problems import Problem
from schemas.words import Channel, Role
from tasks.desk.links import Links
from tasks.desk.queries import inbox as waiting
from tasks.desk.views import CaseView, ItemView
from tasks.durable.stage import advance
from tasks.people.queries import people
from tasks.runs.withdraw import take_back

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
) -> Output:
    """待办 List what waits, for one role or for all; or write it as a workbook to be decided and sent back."""
    if xlsx is not None:
        refuse_overwriting(xlsx, force)
        return _write_workbook(db, role_of(role), xlsx, office, unit)
    wanted = role_of(role) if role else None
    with db.connect() as connection:
        rows = waiting(connection, wanted)
    shown = inbox_parts(rows, [wanted] if wanted else Role, Links(installation().ui_url))
    return Output(inbox_objects(rows), shown or ["没有待办 nothing waits"])


def _write_workbook(db: Engine, role: Role, out: Path, office: str, unit: str) -> Output:
    from tasks.sheets.inbox import write_inbox  # openpyxl takes a while to import

    written = write_inbox(db, role, out, office, unit)
    counts = "，".join(f"{title} {count}" for title, count in written.items.items())
    told = [f"✓ {role.zh}待办 inbox: {counts or '没有待办 nothing waits'} → {out}"]
    if written.left_out:
        told.append(f"另有 {written.left_out} 项没有表格，请用其他方式办理 items have no sheet")
    return Output(None, told)


def role_of(text: str) -> Role:
    """Read a role by its code or its Chinese name."""
    wanted = text.strip()
    try:
        return Role.parse(wanted.upper() if wanted.isascii() else wanted)
    except ValueError:
        known = "、".join(f"{role.zh} {role.value}" for role in Role)
        raise wrong("角色 role", text, f"应为 must be one of: {known}") from None


@command(app, processes=True)
def case(db: Engine, number: Number) -> Output:
    """查单 Show a case: what, who, when, documents, and what is next; `find` tells its number."""
    view = view_of(db, number)
    return Output(case_object(view), case_parts(view, Links(installation().ui_url)))


@command(app, name="print", machines=False)
def print_(
    db: Engine,
    number: Annotated[str, typer.Argument(help="票据编号 document number, e.g. FH-2026-000001")],
    out: Annotated[Path, typer.Argument(metavar="OUT.html")],
    force: Force = False,
) -> Output:
    """打印 Write a document as a page that a browser prints; it shows contact data in full."""
    from tasks.documents.printing import printed

    refuse_overwriting(out, force)
    with db.connect() as connection:
        page = printed(connection, number)
    out.write_text(page, "utf-8")
    return Output(None, [f"✓ {number.strip().upper()} → {out}"])


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
) -> Output:
    """办理 Decide what a case waits for; without answers, tell the fields of its form."""
    view, answer = view_of(db, number), {STAFF: staff.strip()}
    item = _item(db, view, staff.strip(), step)
    if item and not (answers or form):
        return _tell_form(view, item)
    if item:  # where nothing waits the engine knows who was faster, and records the attempt
        answer = fill_in(form_at(item.form), read_form(form) if form else item.prefill, answers or []) | answer
    reply = advance(db, view.case.id, Answer(item.key if item else step, answer, Channel.CLI)).reply
    return _tell_reply(db, number, item.title if item else step, reply)


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


def _tell_form(view: CaseView, item: ItemView) -> Output:
    """Refuse an empty answer, and tell what the form wants."""
    problem = Problem("表单 form", "", "没有填写内容，请用 字段=值 或 --form FILE nothing was filled in")
    about = f"{view.case.number} · {item.title} [{item.key}] · {item.role.zh} {item.role.value}"
    fields = [f"  {line}" for line in describe(form_at(item.form), item.prefill)]
    return Output(reply_object(view, False, [problem]), [about, *fields], [f"✗ {problem}"], done=False)


@command(app, processes=True)
def withdraw(
    db: Engine, number: Number, staff: Staff, reason: Annotated[str, typer.Option(help="撤回原因 why")]
) -> Output:
    """撤回 Take a case back; what was done for it is undone visibly."""
    reply = take_back(db, number, staff.strip(), reason, Channel.CLI).reply
    return _tell_reply(db, number, "撤回 withdrawal", reply)


def _tell_reply(db: Engine, number: str, title: str, reply: Reply) -> Output:
    view = view_of(db, number)
    shape = reply_object(view, reply.accepted, reply.problems)
    if reply.accepted:
        return Output(shape, [f"✓ {view.case.number} {title} 已受理 accepted", *next_lines(view)])
    refused = reasons(f"{view.case.number} {title} 未受理 refused", reply.problems)
    return Output(shape, next_lines(view), [refused], done=False)
