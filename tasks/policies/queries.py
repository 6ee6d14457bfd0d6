"""Policy data: every number of the rulebook with its validity, by version (DOMAIN, head)."""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import JSON, ColumnElement, Connection, Table, func, select

from schemas.problems import NotFound
from schemas.tables import policy, policy_version
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.durable.process import PROCESSES
from tasks.unit.kept import kept
from tasks.unit.work import Work

T = TypeVar("T")


def valid_on(table: Table, day: date) -> ColumnElement[bool]:
    """Say that a row of reference data is valid on a day."""
    return (table.c.valid_from <= day) & (table.c.valid_to.is_(None) | (table.c.valid_to >= day))


@kept
def policies(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[int, dict[str, Any]]:
    """Load all policies: version → key → value."""
    values = func.json_object_agg(policy.c.key, policy.c.value, type_=JSON)  # hundreds of them, in each chunk and leg
    by_version = select(policy.c.version, values).group_by(policy.c.version)
    return dict(connection.execute(by_version).tuples().all())


@kept
def policy_versions(connection: Connection, _case_ids: Sequence[int] = ()) -> list[tuple[date, int, dict[str, Any]]]:
    """Load since when each policy version is valid, with its values, the first one first."""
    in_order = select(policy_version.c.valid_from, policy_version.c.version).order_by(policy_version.c.valid_from)
    begun = connection.execute(in_order).all()
    values = policies(connection)  # read last: what another has loaded meanwhile has its values, too
    return [(row.valid_from, row.version, values.get(row.version, {})) for row in begun]


def version_today(connection: Connection, _case_ids: Sequence[int] = ()) -> int:
    """Give the policy version that is valid today."""
    return version_on(connection, shanghai_day(clock.now()))


def version_on(connection: Connection, day: date) -> int:
    """Give the policy version that is valid on a day."""
    version, _ = begun_by(policy_versions(connection), day)
    return version


def settings_today(connection: Connection) -> dict[str, Any]:
    """Give the policies' values as they are today, of what no case keeps a version for: key → value."""
    _, values = begun_by(policy_versions(connection), shanghai_day(clock.now()))
    return values


def setting_today(connection: Connection, key: str) -> Any:
    """Give the value that a policy has today, of what no case keeps a version for."""
    return settings_today(connection)[key]


def settings_on(connection: Connection, day: date) -> dict[str, Any]:
    """Give the policies' values as they are on a day, of days before all policies as they were first: key → value."""
    begun = policy_versions(connection)
    [(first, *_), *_] = begun
    _, values = begun_by(begun, max(day, first))
    return values


def begun_by(begun: Sequence[tuple[date, int, T]], day: date) -> tuple[int, T]:
    """Give of versions, each with what it holds, the one that is valid on a day."""
    valid = [(version, values) for valid_from, version, values in begun if valid_from <= day]
    if not valid:
        raise NotFound(f"{day} 没有生效的政策 no policy version is valid on {day}")
    return valid[-1]


def settings(work: Work) -> dict[str, Any]:
    """Give the policies' values by the version that the case keeps: key → value."""
    return work.read(policies)[work.case.policy_version]


def setting(work: Work, key: str) -> Any:
    """Give a policy's value by the version that the case keeps."""
    return settings(work)[key]


def term(work: Work, name: str, process: str = "") -> Any:
    """Give a gate's term, "goods_in.days": the one of the process, by default the case's, else the one that all share."""
    values, process = settings(work), process or work.case.process
    codes = (process, *PROCESSES[process].family)
    own = (f"{code.lower()}.{name}" for code in codes)
    return values[next((key for key in own if key in values), f"default.{name}")]
