"""Reference data that is loaded again while the house is at work: a year's holidays, the channels of notices."""

from importlib.resources.abc import Traversable

from sqlalchemy import Connection, delete

from schemas.tables import notice_channel
from tasks.cycle.holidays import HolidayRow
from tasks.cycle.publication import publish
from tasks.reference.load import insert_rows, read_rows


def load_holidays(connection: Connection, file: Traversable) -> int:
    """Load the holidays of years that are not known yet, or that a notice changed; gives how many days are new.

    Terms beyond follow. BadInput names what is wrong with the file. The caller commits.
    """
    rows = read_rows(file, "holidays")
    return publish(connection, [HolidayRow(row.number, **row.values) for row in rows], file.name)


def load_channels(connection: Connection, file: Traversable) -> int:
    """Put these channels of notices in the place of all that there are; gives how many. The caller commits."""
    rows = read_rows(file, "notice_channels")
    connection.execute(delete(notice_channel))
    insert_rows(connection, "notice_channels", notice_channel, rows)
    return len(rows)
