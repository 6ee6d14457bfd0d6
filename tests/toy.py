"""A process that only tests know: a wish is noted, checked by a SUPERVISOR and granted; and one that waits for it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Annotated, Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, select

from schemas.forms.base import Decision, Request
from schemas.forms.fields import Name, Remark, label
from schemas.problems import Problem
from schemas.shapes import LineTable
from schemas.sheet_kinds import _KINDS, sheet
from schemas.tables import service_case
from schemas.words import Channel, Ending, Role, Verdict
from tasks.branches.children import await_child, withdraw_child
from tasks.cycle.terms import end_of
from tasks.durable.opening import open_case, open_child
from tasks.durable.process import PROCESSES, Case, Closing, ask
from tasks.durable.question import Question
from tasks.durable.stage import advance
from tasks.durable.step import step
from tasks.people.queries import offices
from tasks.people.rights import applicant_until
from tasks.policies.queries import version_today
from tasks.runs.process import process
from tasks.unit.unit import Unit
from tasks.unit.work import Work


class Wish(Request):
    """愿望单: what somebody wishes for."""

    wish: Annotated[Name, label("愿望", "Wish")]


class WishCheck(Decision):
    """核对: whether the wish is granted."""

    verdict: Annotated[Verdict, label("核对结论", "Verdict")]
    reason: Annotated[Remark, label("原因", "Reason")] = ""


class ToyEnding(Ending):
    """How a wish ends."""

    GRANTED = "granted", "已如愿", True
    DENIED = "denied", "未如愿"
    WITHDRAWN = "withdrawn", "已撤回"
    TIMED_OUT = "timed_out", "逾期关闭"


def accept(form: Wish, unit: Unit, _channel: Channel) -> tuple[Mapping[str, Any], Sequence[Problem]]:
    """Give what is known of the case; nobody may wish for nothing."""
    office = unit.read(offices).get(form.office)
    problems = [] if office else [Problem("办事处", form.office, "没有这个办事处 must be an office")]
    facts = {"applicant": form.applicant, "urgency": form.urgency, "policy_version": unit.read(version_today)}
    return facts | {"office": office.code if office else None}, problems


def nothing(*_: object) -> None:
    """A wish has no rows of its own."""


def lines(connection: Connection, case_id: int) -> LineTable:
    """Show the wish as a line, and a second one."""
    request = connection.execute(select(service_case.c.request).where(service_case.c.id == case_id)).scalar_one()
    return LineTable(("行", "愿望 Wish"), [(1, request["wish"]), (2, "—")])


@step("提出")
def note_wish(work: Work, wish: str) -> str:
    """Note a wish."""
    return wish


@step("收回愿望", link="完成")
def take_wish_back(work: Work, granted: str) -> str:
    """Take back what was granted."""
    return f"收回{granted}"


@step("完成", undo=take_wish_back)
def grant_wish(work: Work, wish: str) -> str:
    """Grant a wish."""
    return wish


@step("收回托付", link="等待")
def take_request_back(work: Work, child: int) -> str:
    """Let the other case end too."""
    withdraw_child(work, child, "上级单据已撤回")
    return ""


@step("托付", link="提出", undo=take_request_back)
def entrust(work: Work, office: str, applicant: str, wish: str) -> int:
    """Open a wish of its own."""
    return open_child(work, "TOY", Wish(office=office, applicant=applicant, wish=wish), "child")


def toy(case: Case) -> Closing:
    """玩具 Grant a wish that was checked."""
    wish = note_wish(case, case.request.wish)
    for turn in count(1):
        question = Question(f"check-{turn}", "核对", Role.SUPERVISOR, WishCheck, lambda work: end_of(work, work.today))
        said = ask(case, question)
        if said.verdict == Verdict.APPROVE:
            break
        if said.reason:
            return Closing(ToyEnding.DENIED, said.reason)
    grant_wish(case, wish)
    return Closing(ToyEnding.GRANTED)


def waiting(case: Case) -> Closing:
    """托付 Wait for a wish of one's own."""
    entrust(case, case.request.office, case.request.applicant, case.request.wish)
    ended = await_child(case, "child", "等待", lambda work: end_of(work, work.today))
    return Closing(ToyEnding.GRANTED if ended.good else ToyEnding.DENIED, f"{ended.number} {ended.ending}")


@contextmanager
def registered() -> Iterator[None]:
    """Let the house know the toys, for the time of the block."""
    same: dict[str, Any] = {"request": Wish, "parameter": "愿望单", "endings": ToyEnding, "accept": accept}
    same |= {"begin": nothing, "end": nothing, "lines": lines}
    may_withdraw = applicant_until((grant_wish, "已如愿", "it was granted"))
    process(code="TOY", title="玩具", chain="提出 → 核对 → 完成", may_withdraw=may_withdraw, **same)(toy)
    process(code="TOW", title="托付", chain="提出 → 等待", may_withdraw=may_withdraw, **same)(waiting)
    sheet("toy-check", "玩具核对", signer=("客服主管", "E1040"), first=("verdict",))(WishCheck)
    try:
        yield
    finally:
        del PROCESSES["TOY"], PROCESSES["TOW"], _KINDS["toy-check"]


def opened(db: Engine, code: str = "TOY", **fields: Any) -> int:
    """Open a toy and take it to its first gate; gives its id."""
    form = {"办事处": "BJ", "申报人工号": "E1049", "愿望": "木马"} | fields
    case_id = open_case(db, code, form, f"cli:{uuid4()}", Channel.CLI).case_id
    advance(db, case_id)
    return case_id
