"""Counts that come by themselves: monthly, quarterly, and the books' reconciliation on the 15th (S3 §3 1.4.1, §2 6; S0)."""

from datetime import date, timedelta

from sqlalchemy import Connection, Engine

from schemas.answers import Opened, Turn
from schemas.forms.counts import CountKind, CountRequest
from schemas.forms.periods import PeriodWanted
from schemas.words import Channel, Role
from tasks.cycle.rules import at
from tasks.durable.opening import open_chunk
from tasks.durable.queries import cases_by_origin
from tasks.durable.stage import advance_chunk
from tasks.keeping.queries import warehouses_with_stock
from tasks.people.queries import offices, people
from tasks.rounds.queries import last_done
from tasks.rounds.rules import Cadence, Period, period_at
from tasks.rounds.steps import Rounds
from tasks.stock.places import Warehouse, places
from tasks.unit.reading import reading

CODE = "SC"


def _say(connection: Connection, period: Period) -> str:
    """Say which warehouses had anything on their books at the end of a period: these are counted."""
    found = _places(connection, period)
    return "\n".join([f"### 盘点 Counts · {period.last} · {len(found)}", "", *(f"- {one.said}" for one in found)])


def _places(connection: Connection, period: Period) -> list[Warehouse]:
    known = places(connection)
    return [known[code] for code in warehouses_with_stock(connection, at(period.last + timedelta(days=1)))]


COUNTS = Rounds("stock-count", Cadence.MONTH, _say, catch_up=False)
BOOKS = Rounds("stock-books", Cadence.MONTH_TO_15TH, _say, catch_up=False)


def open_counts(db: Engine, rounds: Rounds, wanted: PeriodWanted) -> int:
    """Open a count of each warehouse of the latest period, or of the one that is wanted, that has none; gives how many.

    The quarter's last month has its quarterly stock-take. A round is kept first, its counts come after it.
    """
    with reading(db) as connection:
        last = wanted.until or last_done(connection, rounds.work)
        if last is None:
            return 0
        wanted_of = {f"count:{rounds.work}:{last}:{one.code}": one for one in _places(connection, Period(last, last))}
        missing = wanted_of.keys() - cases_by_origin(connection, list(wanted_of)).keys()
        forms = [(origin, _form(connection, rounds, last, wanted_of[origin])) for origin in sorted(missing)]
    opened = open_chunk(db, CODE, Channel.SYSTEM, forms)
    if new := [Turn(one.case_id) for one in opened if isinstance(one, Opened)]:
        advance_chunk(db, new)
    return len(new)


def _form(connection: Connection, rounds: Rounds, last: date, place: Warehouse) -> CountRequest:
    """Ask for a count in the name of the warehouse's keeper, or of a SUPERVISOR where nobody keeps it.

    The centre's stands in the list of the first office.
    """
    quarter = period_at(Cadence.QUARTER, last).last == last
    kind = CountKind.BOOKS if rounds is BOOKS else CountKind.QUARTERLY if quarter else CountKind.MONTHLY
    able = [
        one for one in people(connection).values() if one.active and (place.kept_by(one) or one.holds(Role.SUPERVISOR))
    ]
    keeper = min(able, key=lambda one: (not place.kept_by(one), one.code)).code
    office = place.office or next(iter(offices(connection).values())).code
    return CountRequest(office=office, applicant=keeper, warehouse=place.code, kind=kind, remark=f"{last}")
