"""What comes into force follows what is in force: prices and routes by their own days, policies by versions (DOMAIN, Freight)."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Table, func, insert, literal, select, update

from schemas.forms.reference import CatalogueEntry, PartPrice, PolicyValue, RoutePrice
from schemas.problems import BadInput, Problem
from schemas.spelling import Known, alike
from schemas.tables import office, part, part_category, part_price, policy, policy_version, production_unit, route_price
from schemas.words import Role
from tasks.applications.queries import catalogue
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.people.queries import offices, people, units
from tasks.reference.rules import FROM, catalogue_problems, follow_problems, hours_problem, read_value, shape_problem

LOCK = 7230405  # held to the end of the transaction: one version after the other
NO_PART, NO_OFFICE = "不是标准配件 is no standard part", "没有这个办事处 no such office"
NO_CATEGORY, NO_UNIT, NO_POLICY = (
    "没有这个类别 no such category",
    "没有这个单位 no such unit",
    "没有这项政策 no such policy",
)
WHO = "须为{}才能变更 must hold {} to change this"


def follow_price(connection: Connection, form: PartPrice) -> bool:
    """Let a part have another price from a day on; False where it has just that. BadInput says why it may not."""
    _begin(connection, form.staff, Role.PARTS_REVIEWER)
    by_code = select(part.c.code).where(part.c.code == form.part, part.c.made_for.is_(None))
    code = connection.execute(by_code).scalar()  # the whole catalogue is read for other spellings only
    code = code or _known(catalogue(connection), form.part, "配件名称 part", NO_PART).code
    return _follow(connection, part_price, {"part": code}, {"price": form.price}, form)


def follow_route(connection: Connection, form: RoutePrice) -> bool:
    """Let a route have another reference price from a day on; False where it has just that. BadInput says why it may not."""
    _begin(connection, form.staff, Role.SUPERVISOR)
    found = _known(offices(connection), form.office, "办事处 office", NO_OFFICE)
    return _follow(connection, route_price, {"office": found.code}, {"reference_price": form.price}, form)


def keep_part(connection: Connection, form: CatalogueEntry) -> bool:
    """Enter a new part with its first price, or the day on which a known one ends; False where all is known."""
    _begin(connection, form.staff, Role.PARTS_REVIEWER)
    categories = Known(
        (word, row) for row in connection.execute(select(part_category)) for word in (row.code, row.name)
    )
    row = {name: getattr(form, name) for name in part.c.keys() if name != "made_for"}  # noqa: SIM118  a collection, no dict
    row["category"] = _known(categories, form.category, "配件类别 category", NO_CATEGORY).code
    row["unit"] = _known(units(connection), form.unit, "生产单位 made by", NO_UNIT).code
    today = shanghai_day(clock.now())
    same = {alike(form.code), alike(form.name)}
    known = connection.execute(select(part.c.code, part.c.name)).tuples()
    others = [code for code, name in known if {alike(code), alike(name)} & same]
    row["code"] = next((code for code in others if alike(code) == alike(form.code)), form.code)
    found = connection.execute(select(part).where(part.c.code == row["code"])).first()
    held = dict(found._mapping) if found else None
    if problems := catalogue_problems(row, held, others, form.valid_from, today):
        raise BadInput(problems)
    if held is None:
        connection.execute(insert(part).values(row))
        return _follow(connection, part_price, {"part": form.code}, {"price": form.price}, form)
    ends = form.discontinued_on
    if ends is None or ends == held["discontinued_on"]:
        return False
    connection.execute(update(part).where(part.c.code == row["code"]).values(discontinued_on=ends))
    return True


def follow_policy(connection: Connection, form: PolicyValue) -> bool:
    """Let a policy have another value from a day on, in that day's version; False where it has just that.

    A version holds all policies; one that is not in force yet takes more of them, each once.
    """
    _begin(connection, form.staff, Role.SUPERVISOR)
    versions = connection.execute(select(policy_version).order_by(policy_version.c.valid_from)).all()
    before = [one for one in versions if one.valid_from < form.valid_from]
    same = next((one for one in versions if one.valid_from == form.valid_from), None)
    base = (before or versions)[-1].version
    key, now, unit = _known(_values(connection, base), form.key, "政策代码 policy", NO_POLICY)
    values = {one.key: one.value for one in _values(connection, same.version if same else base).values()}
    value, held = read_value(form.value), values[key]
    wrong = shape_problem(now, value, unit, _words(connection)) or hours_problem(values | {key: value})
    if wrong:
        raise BadInput([Problem("政策值 value", form.value, wrong)])
    if held == value:
        return False
    days = [one.valid_from for one in versions]
    if same and held == now:
        days.remove(form.valid_from)  # that version takes this value too
    _refuse(form.valid_from, follow_problems(days, form.valid_from, shanghai_day(clock.now())))
    told = f"{key}: {form.source} {form.staff}"
    if same:
        note = f"{same.note}；{told}"
        connection.execute(update(policy_version).where(policy_version.c.version == same.version).values(note=note))
    version = same.version if same else _new_version(connection, base, form.valid_from, told)
    of = (policy.c.version == version) & (policy.c.key == key)
    connection.execute(update(policy).where(of).values(value=value))
    return True


def _new_version(connection: Connection, base: int, valid_from: date, note: str) -> int:
    """Begin a version with the values of another one; gives its number."""
    version = int(connection.execute(select(func.max(policy_version.c.version))).scalar_one()) + 1
    connection.execute(insert(policy_version).values(version=version, valid_from=valid_from, note=note))
    others = [column for column in policy.c if column.name != "version"]
    copied = select(literal(version), *others).where(policy.c.version == base)
    connection.execute(insert(policy).from_select(["version", *(column.name for column in others)], copied))
    return version


def _values(connection: Connection, version: int) -> Known[Row[Any]]:
    held = select(policy.c.key, policy.c.value, policy.c.unit).where(policy.c.version == version)
    return Known((row.key, row) for row in connection.execute(held))


def _words(connection: Connection) -> dict[str, list[str]]:
    """Give the codes that policies may name, by the word of their units."""
    of = {"unit": production_unit, "office": office, "category": part_category}
    return {word: [*connection.execute(select(table.c.code)).scalars()] for word, table in of.items()}


def _begin(connection: Connection, staff: str, role: Role) -> None:
    """Wait until nobody else changes reference data, and see who does."""
    connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    person = people(connection).get(staff)
    if person is None or not person.holds(role):
        raise BadInput([Problem("经办人工号 staff", str(person or staff), WHO.format(role.zh, role))])


def _known(known: Any, word: str, field: str, expected: str) -> Any:
    if word not in known:
        raise BadInput([Problem(field, word, expected + known.meant(word))])
    return known[word]


def _follow(connection: Connection, table: Table, key: Mapping[str, str], own: Mapping[str, Any], form: Any) -> bool:
    """Put a row behind those that are there, the last of which ends on the day before."""
    mine = [table.c[name] == value for name, value in key.items()]
    rows = connection.execute(select(table).where(*mine).order_by(table.c.valid_from)).all()
    for row in rows:
        if row.valid_from == form.valid_from and all(row._mapping[name] == value for name, value in own.items()):
            return False
    last = rows[-1] if rows else None
    until = last.valid_to if last else None
    _refuse(
        form.valid_from,
        follow_problems([row.valid_from for row in rows], form.valid_from, shanghai_day(clock.now()), until),
    )
    if last and until is None:
        ends = {"valid_to": form.valid_from - timedelta(days=1)}
        connection.execute(update(table).where(*mine, table.c.valid_from == last.valid_from).values(ends))
    source = {"valid_from": form.valid_from, "source": f"{form.source} {form.staff}"}
    connection.execute(insert(table).values({**key, **own, **source}))
    return True


def _refuse(day: date, problem: str) -> None:
    if problem:
        raise BadInput([Problem(FROM, day, problem)])
