"""The SQL of published editions: what was published never changes, and goes only when its years are over."""

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON, Connection, Select, cast, func, select, text

from schemas.tables import report_edition
from tasks.cycle.rules import shanghai_day
from tasks.rounds.rules import Period

_KEY = ("kind", "first", "last", "edition")
_NEWEST = (report_edition.c.kind, report_edition.c.last.desc(), report_edition.c.first, report_edition.c.edition.desc())


class Edition(NamedTuple):
    """An edition of a report: of which kind and days, its number, when it was made, by whom and why, its check sum."""

    kind: str
    first: date
    last: date
    edition: int
    made_at: datetime
    made_by: str | None
    reason: str
    sha256: str
    title: str = ""

    @property
    def period(self) -> Period:
        """The days that it is about."""
        return Period(self.first, self.last)


def hold_editions(connection: Connection) -> None:
    """Let nobody else publish until this transaction ends."""
    connection.execute(text("LOCK TABLE report_edition IN SHARE ROW EXCLUSIVE MODE"))


def latest(connection: Connection, kind: str, period: Period) -> Edition | None:
    """Give the newest edition of a report for some days; None where none was published."""
    same = (report_edition.c.kind == kind) & (report_edition.c.first == period.first)
    found = _editions().where(same & (report_edition.c.last == period.last))
    row = connection.execute(found.order_by(*_NEWEST).limit(1)).first()
    return Edition(*row) if row else None


def published_on(connection: Connection, kind: str, period: Period) -> date | None:
    """Give the day on which a report for some days was first published; None where none was."""
    ours = {"kind": kind, **period._asdict()}
    made = select(func.min(report_edition.c.made_at)).where(
        *(report_edition.c[name] == one for name, one in ours.items())
    )
    moment = connection.execute(made).scalar_one()
    return shanghai_day(moment) if moment else None


def editions(connection: Connection) -> list[Edition]:
    """List all editions by kind, the newest days and editions first."""
    return [Edition(*row) for row in connection.execute(_editions().order_by(*_NEWEST))]


def text_of(connection: Connection, edition: Edition) -> str:
    """Give the report of an edition as it was kept."""
    own = [report_edition.c[name] == getattr(edition, name) for name in _KEY]
    kept: str = connection.execute(select(report_edition.c.report).where(*own)).scalar_one()
    return kept


def keep(connection: Connection, edition: Edition, report: str) -> None:
    """Write an edition down."""
    known = {name: value for name, value in edition._asdict().items() if name != "title"}
    connection.execute(report_edition.insert().values(**known, report=report))


def remove_before(connection: Connection, day: date) -> int:
    """Remove the editions of periods that ended before a day; gives how many."""
    connection.execute(text("SET LOCAL aftersales.maintenance = on"))
    gone = connection.execute(report_edition.delete().where(report_edition.c.last < day)).rowcount
    connection.execute(text("SET LOCAL aftersales.maintenance = off"))
    return int(gone)


def _editions() -> Select[Any]:
    title = func.json_extract_path_text(cast(report_edition.c.report, JSON), "title")
    return select(*(report_edition.c[name] for name in Edition._fields if name != "title"), title)
