"""The nightly look at the data: is each sentence of the books true, and which rows contradict it (DOMAIN, "Scheduled work")."""

from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection

from schemas.words import Role
from tasks.books.quality import BooksChecked, Untrue, check_books
from tasks.checking.docs import keys_of
from tasks.desk.rules import plain
from tasks.durable import clock
from tasks.rounds.queries import tell_role, wait_for_others
from tasks.rounds.rules import Cadence, Period
from tasks.rounds.steps import Rounds
from tasks.sheets import places

WORK = "data-quality"
MOST_ROWS = 20  # of a sentence, on the page


def check_night(connection: Connection, period: Period) -> str:
    """Check the books as they are now, publish the Data Docs, and tell the SUPERVISOR what is not true."""
    here = places.here()
    wait_for_others(connection)
    checked = check_books(connection.engine)
    link = here.link(_published(here.reports, checked.docs))
    told = f"数据质量 {period.last}：{len(checked.untrue)} 句不成立 sentences are not true · [Data Docs]({link})"
    tell_role(connection, WORK, Role.SUPERVISOR, period.last, told if checked.untrue else "", clock.now())
    return quality_page(period, checked, link)


def quality_page(period: Period, checked: BooksChecked, link: str) -> str:
    """Say what was found in markdown: each sentence that is not true, with the keys of the rows that contradict it."""
    lines = [
        f"### 数据质量 Data quality · {period.last}",
        f"核对 sentences **{checked.asked}** · 不成立 not true **{len(checked.untrue)}** · [Data Docs]({link})",
        *map(_told, checked.untrue),
    ]
    return "\n\n".join(lines)


def _told(one: Untrue) -> str:
    rows = [f"- {plain(keys_of(row))}" for row in one.rows[:MOST_ROWS]]
    more = [f"- … 共 {one.rows_in_all} 行 rows in all"] if one.rows_in_all > MOST_ROWS else []
    return "\n".join([f"✕ **{plain(one.sentence)}**", "", *rows, *more])


def _published(reports: Path, docs: str) -> Path:
    """Write the page where reports are served, under a name that nobody guesses."""
    file = reports / uuid4().hex / "data-quality.html"
    file.parent.mkdir(parents=True)
    file.write_text(docs, "utf-8")
    return file


QUALITY = Rounds(WORK, Cadence.DAY, check_night, catch_up=False)
