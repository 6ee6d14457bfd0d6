"""Accepting a special order, and the items that are made for it (DOMAIN 7; S3 §2 2.2)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from schemas.forms.specials import SpecialLine, SpecialOrder
from schemas.parts import PartsLine
from schemas.problems import Problem
from schemas.tables import case_line, part
from schemas.words import Channel, DocumentKind
from tasks.applications.accept import applied_for
from tasks.applications.queries import catalogue
from tasks.cycle.rules import shanghai_day
from tasks.documents.contents import Content, application, goods_row
from tasks.documents.steps import DocumentRef, issue
from tasks.durable import clock
from tasks.durable.step import step
from tasks.lines.steps import add_lines
from tasks.specials.rules import day_problems, like_problems, write_out
from tasks.unit.unit import Unit
from tasks.unit.work import Work

ISSUED_BY = ("write-order-", "make-offer-")  # steps, each of which issues an edition


def accept_order(form: SpecialOrder, unit: Unit, channel: Channel) -> tuple[Mapping[str, Any], list[Problem]]:
    """Give the case's facts and every problem of a special order; what it lacks is the reviewer's to say."""
    facts, problems = applied_for(form, unit, channel)
    if not facts:
        return {}, problems
    today = shanghai_day(clock.now())
    wrong = like_problems(unit.read(catalogue), form.lines, today) + day_problems(form.wanted_on, today)
    return facts, problems + wrong


@step("特殊订货申报")
def write_order(work: Work, lines: list[SpecialLine], wanted_on: date | None, turn: str) -> list[PartsLine]:
    """Write the lines as items of their own, in place of the old ones, and (re)issue the 特殊订货单.

    Their price is that of the parts that they are made like, until there is an offer.
    """
    work.delete(case_line, {"case_id": work.case.id})
    work.delete(part, {"made_for": work.case.id})
    written = write_out(work.read(catalogue), lines, f"TZ{work.case.id}")
    for like, line in written:
        named = {name: getattr(line, name) for name in ("name", "specification", "colour", "uom")}
        made = {"category": like.category, "unit": like.unit, "safety_stock": Decimal(0), "made_for": work.case.id}
        work.insert(part, code=line.part, **named, **made)
    items = [line for _, line in written]
    add_lines(work, items, fees=True)
    issue_order(work, items, wanted_on, {}, {})
    return items


def issue_order(
    work: Work, lines: list[PartsLine], wanted_on: date | None, offer: Content, days: Mapping[int, int]
) -> DocumentRef:
    """Issue an edition of the 特殊订货单, in the end with what was offered and how long each line takes."""
    edition = 1 + sum(key.startswith(ISSUED_BY) for key in work.keys)
    rows = [goods_row(line, price=str(line.price), days=days.get(line.line_no, "")) for line in lines]
    head = application(work, edition, work.case.remark) | {"wanted_on": str(wanted_on or "")}
    return issue(work, DocumentKind.SPECIAL_ORDER, head | offer | {"lines": rows})
