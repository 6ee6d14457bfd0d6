"""A customer who disputes the warranty: a linked complaint says whether it holds, the repair waits (DOMAIN-BRANCHES 2)."""

from schemas.forms.contacts import ContactKind, ContactRecord, ContactWay
from schemas.parts import Goods
from schemas.words import FeeCategory, Role
from tasks.applications.accept import CUSTOMER
from tasks.branches.beside import Branch
from tasks.branches.children import child_question, withdraw_child
from tasks.cycle.terms import escalation, working_days
from tasks.durable.opening import open_child
from tasks.durable.step import step
from tasks.lines.steps import mark_line
from tasks.repair.way import Way
from tasks.unit.work import Work

LINK = "修正确认"


def disputing(way: Way, why: str) -> Branch[bool]:
    """Wait for the complaint's end; says whether the repair is free."""
    key = f"dispute-{way.no}-{way.quotes}"
    open_dispute(way.case, way.goods, why, key, turn=f"{way.no}-{way.quotes}")
    ended = yield child_question(key, "等待投诉处理", working_days("dispute"), LINK, escalation(Role.SUPERVISOR))
    if not ended.told.get("free"):
        return False
    grant_warranty(way.case, way.no, turn=f"{way.no}-{way.quotes}")
    way.line, way.misused = way.line.model_copy(update={"fee": FeeCategory.FREE}), False
    return True


@step("撤回三包投诉", link=LINK)
def withdraw_dispute(work: Work, opened: tuple[int, str]) -> None:
    """Take the complaint along, unless it has ended."""
    child, key = opened
    if not work.recorded(key):
        withdraw_child(work, child, "返修单已撤回 the repair was withdrawn")


@step("三包异议", link=LINK, undo=withdraw_dispute)
def open_dispute(work: Work, goods: Goods, why: str, key: str, turn: str) -> tuple[int, str]:
    """Open a complaint about the warranty of what is to be repaired."""
    case = work.case
    about = {name: getattr(case, name) for name in ("office", "applicant", "order_no", "urgency", *CUSTOMER)}
    matter = f"三包有异议 the warranty is disputed: {goods.name} {why}"
    form = ContactRecord(
        **about, kind=ContactKind.COMPLAINT, way=ContactWay.PHONE, matter=matter, part=goods.part, about=case.number
    )
    return open_child(work, "CC", form, key), key


@step("三包认定", link=LINK)
def grant_warranty(work: Work, line_no: int, turn: str) -> None:
    """Note that the warranty of a line holds: its repair is free."""
    mark_line(work, line_no, fee=FeeCategory.FREE)
