"""Accepting what concerns warehouses: who asks, of which places, and known parts (DOMAIN, "Stock")."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from schemas.forms.base import Request
from schemas.parts import Goods
from schemas.problems import Problem
from schemas.tables import case_line
from schemas.words import Channel, Reason, Role
from tasks.applications.accept import APPLICANT, NO_OFFICE
from tasks.applications.rules import PART, Catalogue, Part
from tasks.keeping.queries import kept_for_customers
from tasks.people.queries import offices
from tasks.people.rights import on_staff
from tasks.policies.queries import version_today
from tasks.stock.places import OnHand, Warehouse, places
from tasks.unit.unit import Unit
from tasks.unit.work import Work

NO_WAREHOUSE = "没有这个仓库，请填编码或名称 must be a warehouse's code or name"


def accept_at(
    form: Request,
    unit: Unit,
    channel: Channel,
    concerned: Mapping[str, str],
    also: Sequence[Role],
    anybody: bool = False,
) -> tuple[dict[str, Any], list[Problem]]:
    """Give the facts of a case about warehouses (field → what was written), and every problem of who, where and whose.

    Who applies keeps one of them or holds a role of `also`, unless `anybody` may.
    """
    known, office = unit.read(places), unit.read(offices).get(form.office)
    problems = [
        Problem(field, written, NO_WAREHOUSE + known.meant(written))
        for field, written in concerned.items()
        if written not in known
    ]
    if office is None:
        problems.append(Problem("办事处 office", form.office, NO_OFFICE + unit.read(offices).meant(form.office)))
    if problems or office is None:
        return {}, problems
    here = [known[written] for written in concerned.values()]
    own = sorted(one.office for one in here if one.office)
    if own and office.code not in own:
        problems.append(Problem("办事处 office", form.office, f"应为仓库所属的办事处 must be one of {'、'.join(own)}"))
    person = on_staff(unit, form.applicant, APPLICANT)
    if isinstance(person, Problem):
        problems.append(person)
    elif not (
        channel == Channel.SYSTEM or anybody or any(map(person.holds, also)) or any(p.kept_by(person) for p in here)
    ):
        who = "、".join(dict.fromkeys([f"{one.name}的{one.keeper.zh}" for one in here] + [role.zh for role in also]))
        problems.append(Problem(APPLICANT, str(person), f"须为{who} must keep the warehouse"))
    facts = {"office": office.code, "applicant": form.applicant, "urgency": form.urgency}
    return facts | {"policy_version": unit.read(version_today)}, problems


def part_problems(known: Catalogue, named: Sequence[str]) -> list[Problem]:
    """Check that parts are in the catalogue, each once."""
    unknown = "不是标准配件名称或编码 must be a part of the catalogue"
    problems = [
        Problem(PART, name, unknown + known.meant(name), row) for row, name in enumerate(named, 1) if name not in known
    ]
    seen = dict[str, int]()
    for row, name in enumerate(named, start=1):
        if name in known and (first := seen.setdefault(known[name].code, row)) != row:
            problems.append(Problem(PART, name, f"与第{first}行重复 repeats row {first}", row))
    return problems


def set_apart(connection: Connection, place: Warehouse, stock: Mapping[str, OnHand]) -> dict[str, OnHand]:
    """Give a stock in which customers' goods in repair count as reserved."""
    theirs = kept_for_customers(connection, place.code)
    return {code: held._replace(reserved=held.reserved + theirs.get(code, 0)) for code, held in stock.items()}


def as_goods(one: Part, line_no: int, quantity: Decimal) -> Goods:
    """Give so many of a part as a line's goods."""
    looks = {"specification": one.specification, "colour": one.colour, "uom": one.uom}
    return Goods(line_no=line_no, quantity=quantity, part=one.code, name=one.name, **looks)


def add_goods(work: Work, goods: Sequence[Goods], catalogue: Catalogue) -> None:
    """Write a case's lines: goods that nobody has ordered, which no application repeats."""
    for one in goods:
        about = {"part": one.part, "part_name": one.name, "specification": one.specification, "colour": one.colour}
        price = catalogue[one.part].price or 0
        own = {"line_no": one.line_no, "quantity": one.quantity, "price": price, "reason": Reason.OTHER, "order_no": ""}
        work.insert(case_line, open=False, **about, **own)


def brief_goods(goods: Sequence[Goods], most: int = 6) -> list[str]:
    """Show goods, the first few lines."""
    rows = [f"{one.line_no}. {one.name} × {one.quantity:f} {one.uom}" for one in goods[:most]]
    return rows + ([f"… 共 {len(goods)} 行 lines"] if len(goods) > most else [])
