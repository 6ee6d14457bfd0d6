"""Reports as jobs: what is due is made, published and laid out; a published one is corrected."""

from dataclasses import replace

from sqlalchemy import Engine

from schemas.forms.periods import PeriodWanted
from tasks.desk.reports.publishing import PUBLISHED, edition_path, index_address, lay_out, rounds_of
from tasks.reports.editions import Edition
from tasks.reports.publication import remove_old_editions
from tasks.reports.registry import ReportKind
from tasks.runs.job import Ended, told
from tasks.runs.rounds import in_rounds
from tasks.sheets import places


def published(db: Engine, kind: ReportKind, wanted: PeriodWanted) -> Ended:
    """Make a report of what is due, or of the days that a person wants; its page links to all that were published."""
    ended = in_rounds(db, rounds_of(kind), wanted)
    _put_in_order(db)
    link = f"[全部公示的报表 all published reports]({index_address()})"
    return replace(ended, page=f"{link}\n\n{ended.page}") if ended.page else ended


def corrected(db: Engine, edition: Edition) -> Ended:
    """Lay a new edition out, and say where it is."""
    _put_in_order(db)
    ended = told("已更正", f"{edition.title} {edition.first} – {edition.last} 第 {edition.edition} 版 edition")
    return replace(ended, page=f"{ended.page}\n\n[打开 open]({address(edition)})")


def address(edition: Edition) -> str:
    """Say where an edition's page opens."""
    shelf = places.here()
    return shelf.link(shelf.reports / PUBLISHED / edition_path(edition))


def _put_in_order(db: Engine) -> None:
    """Remove what need not be kept any longer, and write the files that are not there."""
    with db.begin() as connection:
        remove_old_editions(connection)
    lay_out(db, places.here().reports)
