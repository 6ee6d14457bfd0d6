"""A year of holidays is published, or changed by a later notice: the terms behind it become what they are (DOMAIN)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.problems import BadInput
from schemas.tables import case_line, holiday, production_order, service_case, work_item
from schemas.words import OrderState
from tasks.cycle.holidays import HolidayRow, holiday_problems
from tasks.cycle.queries import calendars
from tasks.cycle.rules import Calendar, at, calendar_warning, is_working_day, published_to, republished, shanghai_day
from tasks.durable import clock

OPEN = OrderState.OPEN.value
MOMENTS = ("due_at", "expires_at")


def known_to(connection: Connection) -> date:
    """Give the last day that the calendar knows: the end of the last year with holiday data."""
    last = connection.execute(select(func.max(holiday.c.day))).scalar()
    return published_to(last) if last else date.min


def holidays_wanted(connection: Connection) -> str:
    """Say from 1 October on that the next year's holidays are to be loaded; nothing before."""
    return calendar_warning(known_to(connection), shanghai_day(clock.now()))


def publish(connection: Connection, rows: Sequence[HolidayRow], file: str) -> int:
    """Add the days of years that were not known, and what a later notice changes; every term behind them moves.

    Gives how many days became other than they were known. BadInput where there are none, or the file is not to be
    believed (`holiday_problems`). The caller commits.
    """
    cases = select(service_case.c.id).where(service_case.c.closed_at.is_(None)).order_by(service_case.c.id)
    connection.execute(cases.with_for_update(key_share=True))  # no leg opens an item by the old calendar meanwhile
    known, old = known_to(connection), calendars(connection)
    before = next(iter(old.values()))
    changed = [row for row in rows if row.working != is_working_day(before, row.day)]
    if problems := holiday_problems(rows, changed, known, shanghai_day(clock.now()), file):
        raise BadInput(problems)
    told = upsert(holiday)
    as_told = {name: told.excluded[name] for name in ("working", "name", "source")}
    days = [{name: value for name, value in row._asdict().items() if name != "row"} for row in changed]
    connection.execute(told.on_conflict_do_update(index_elements=["day"], set_=as_told), days)
    alike = min(row.day for row in changed) - timedelta(days=1)
    moves = {version: _Move(old[version], calendar, alike) for version, calendar in calendars(connection).items()}
    _move_items(connection, moves)
    for table, still_open in ((case_line, case_line.c.open), (production_order, production_order.c.state == OPEN)):
        _move_promises(connection, table, still_open, moves, alike)
    watched = service_case.c.closed_at.is_(None) & service_case.c.watched_seq.is_not(None)
    connection.execute(update(service_case).where(watched).values(watched_seq=-1))  # what was promised is news
    return len(changed)


class _Move:
    """Moves days and moments from what the old calendar made of them to what the new one does, at the same time of day."""

    def __init__(self, old: Calendar, new: Calendar, known: date) -> None:
        self.old, self.new, self.known = old, new, known

    def day(self, day: date) -> date:
        return republished(self.old, self.new, self.known, day)

    def moment(self, moment: datetime | None) -> datetime | None:
        if moment is None:
            return None
        day = shanghai_day(moment)
        return moment + (at(self.day(day)) - at(day))

    def text(self, moment: str | None) -> str | None:
        moved = self.moment(datetime.fromisoformat(moment)) if moment else None
        return moved.isoformat() if moved else moment


def _move_items(connection: Connection, moves: Mapping[int, _Move]) -> None:
    of_case = select(work_item, service_case.c.policy_version).join(service_case)
    for row in connection.execute(of_case.where(work_item.c.closed_at.is_(None))).all():
        move = moves[row.policy_version]
        schedule = [entry | {name: move.text(entry.get(name)) for name in ("at", "due")} for entry in row.schedule]
        values: dict[str, Any] = {name: move.moment(getattr(row, name)) for name in MOMENTS}
        if values["due_at"] != row.due_at or schedule != row.schedule:
            key = (work_item.c.case_id == row.case_id) & (work_item.c.step_key == row.step_key)
            ahead = [datetime.fromisoformat(entry["at"]) for entry in schedule] + [values["expires_at"]]
            values |= {"schedule": schedule, "look_at": min(filter(None, ahead), default=None)}
            connection.execute(update(work_item).where(key).values(values))
    first = select(func.min(work_item.c.due_at)).where(
        work_item.c.case_id == service_case.c.id, work_item.c.closed_at.is_(None)
    )
    due = first.scalar_subquery()
    waits = service_case.c.closed_at.is_(None) & service_case.c.due_at.is_not(None) & (service_case.c.due_at != due)
    connection.execute(update(service_case).where(waits).values(due_at=due, run_seq=-1))


def _move_promises(
    connection: Connection, table: Table, still_open: Any, moves: Mapping[int, _Move], known: date
) -> None:
    """Move promises; a planned day that was that of the promise goes with it."""
    keys = list(table.primary_key.columns)
    of_case = select(*keys, table.c.promised, table.c.planned, service_case.c.policy_version)
    of_case = of_case.join(service_case, service_case.c.id == table.c.case_id)
    for row in connection.execute(of_case.where(still_open, table.c.promised > known)).all():
        promised = moves[row.policy_version].day(row.promised)
        planned = promised if row.planned == row.promised else row.planned
        key = [column == getattr(row, column.name) for column in keys]
        connection.execute(update(table).where(*key).values(promised=promised, planned=planned))
