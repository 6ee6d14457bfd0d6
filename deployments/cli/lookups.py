"""The commands that look things up: customers, cases, standard parts (DOMAIN, "Look-ups")."""

from typing import Annotated

import typer
from sqlalchemy import Connection, Engine

from deployments.cli.as_json import Object, chosen
from deployments.cli.output import drawn
from deployments.cli.session import Output, app, command, installation
from deployments.cli.values import wrong
from schemas.problems import NotFound
from schemas.shapes import LineTable
from tasks.customers.file import CustomerFile, customer_file, find_customers
from tasks.desk.links import Links
from tasks.desk.lookups import LookUp, check_may_reach, choices
from tasks.desk.pages import look_up_page
from tasks.lookups.cases import case_table
from tasks.lookups.parts import find_parts
from tasks.lookups.queries import MOST_FOUND, find_cases
from tasks.people.queries import ALL, Seen, offices
from tasks.people.rights import seen_by, signer_at_work
from tasks.privacy.rules import mask_address, mask_phone

Office = Annotated[str, typer.Option(help="只看此办事处 only what is of one office, e.g. BJ")]
Asker = Annotated[str, typer.Option("--as", metavar="STAFF|STORE", help="工号，或专卖店、经销商的代码 who asks")]


@command(app, processes=True)
def customer(
    db: Engine,
    text: Annotated[str, typer.Argument(metavar="PHONE|NAME|ORDER", help="电话、姓名或订单号")],
    office: Office = "",
    full: Annotated[bool, typer.Option("--full", help="显示完整电话和地址 contact data in full")] = False,
    asker: Asker = "",
) -> Output:
    """客户档案 Show everything about a customer: what was sold, cards, warranty, cases."""
    with db.connect() as connection:
        seen = _seen(connection, office, asker)
        found = find_customers(connection, text, seen)
        if not found:
            raise NotFound("没有这位客户 no customer has this phone, name or order")
        if len(found) > 1:
            return _told({"choices": _records(choices(found))}, LookUp(None, found))
        if full:
            if not asker:
                raise wrong("--as", "", "看完整资料须写工号 who wants contact data in full says who it is")
            check_may_reach(connection, signer_at_work(connection, asker), found[0])
        file = customer_file(connection, found[0], seen)
    return _told(_file_object(file, full), LookUp(file), full)


def _file_object(file: CustomerFile, full: bool) -> Object:
    who = file.customer
    phone, address = (who.phone, who.address) if full else (mask_phone(who.phone), mask_address(who.address))
    known = {"names": who.names, "phone": phone, "address": address, "offices": who.offices, "orders": who.orders}
    return {"customer": known} | {one.key: _records(table) for one, table in file.sections.items()}


def _told(shape: object, found: LookUp, full: bool = False) -> Output:
    return Output(shape, [drawn(look_up_page(found, Links(installation().ui_url), full))])


@command(app, processes=True)
def find(
    db: Engine,
    text: Annotated[str, typer.Argument(help="单号（或其中几位）、订单号、电话、姓名、运单号")],
    office: Office = "",
    asker: Asker = "",
) -> Output:
    """查找 Find cases by number or a part of it, order, phone, name or tracking number."""
    with db.connect() as connection:
        found = case_table(find_cases(connection, text, _seen(connection, office, asker)))
    told = _told(_records(found), LookUp(cases=found))
    more = [f"… 只列最新 {MOST_FOUND} 张 only the newest are listed"] if len(found.rows) >= MOST_FOUND else []
    return told._replace(parts=[*told.parts, *more])


@command(app)
def parts(db: Engine, text: Annotated[str, typer.Argument(help="标准名称、编码、类别，或其中一部分")]) -> Output:
    """配件 Look up standard part names and the prices that are in force today."""
    with db.connect() as connection:
        found = find_parts(connection, text)
    return _told(_records(found), LookUp(parts=found))


def _seen(connection: Connection, office: str, asker: str) -> Seen:
    """Say what is shown: what is of an office that is named, and of who asks."""
    own = seen_by(connection, asker) if asker else ALL
    if not office:
        return own
    known = offices(connection)
    if office not in known:
        raise wrong("--office", office, f"没有这个办事处 must be an office{known.meant(office)}")
    named = {known[office].code}
    return own._replace(offices=named if own.offices is None else own.offices & named)


def _records(table: LineTable) -> list[Object]:
    return [chosen(one, tuple(one)) for one in table.as_records()]
