"""Scheduled reports: each whole period once as an edition, and its files, which are written again where they are lost."""

from pathlib import Path

from sqlalchemy import Connection, Engine

from tasks.desk.reports.markdown import report_markdown
from tasks.desk.reports.page import Stamp, environment, report_page
from tasks.desk.rules import full_time
from tasks.reports import editions
from tasks.reports.editions import Edition
from tasks.reports.publication import publish_due
from tasks.reports.registry import ReportKind
from tasks.reports.wording import from_text
from tasks.rounds.rules import Period
from tasks.rounds.steps import Rounds
from tasks.sheets import places
from tasks.unit.files import write_whole
from tasks.unit.reading import reading

PUBLISHED, INDEX = "published", "index.html"  # the folder beside the reports of imports, and its list
PAGE, BOOK, DATA = ".html", ".xlsx", ".json"


def rounds_of(kind: ReportKind) -> Rounds:
    """Give a report's scheduled work: it is made and published, and its result is what the run shows."""

    def do(connection: Connection, period: Period) -> str:
        edition = publish_due(connection, kind, period)
        if edition:
            return report_markdown(from_text(editions.text_of(connection, edition)), _named(edition))
        known = editions.latest(connection, kind.code, period)
        beside = (
            f"已公示的是 published is {_named(known)}; 更正见 to correct it: 报表更正"
            if known
            else "未公示 not published"
        )
        return report_markdown(kind.made(connection, period), beside)

    return Rounds(f"report:{kind.code}", kind.cadence, do, kind.working_day)


def lay_out(db: Engine, reports: Path) -> int:
    """Write the files of all editions that have none, and the list of them; files of editions that are gone go too.

    Gives how many editions were written.
    """
    room, written = reports / PUBLISHED, 0
    with reading(db) as connection:
        known = editions.editions(connection)
    for edition in known:
        file = room / edition_path(edition)
        if not all(file.with_suffix(suffix).exists() for suffix in (PAGE, BOOK, DATA)):
            with reading(db) as connection:  # to draw takes seconds, and no transaction waits for it
                kept = editions.text_of(connection, edition)
            _write(file, edition, kept)
            written += 1
    wanted = {room / edition_path(edition) for edition in known}
    for file in room.glob("*/*/*"):
        if file.suffix in (PAGE, BOOK, DATA) and file.with_suffix(PAGE) not in wanted:
            file.unlink(missing_ok=True)
    room.mkdir(parents=True, exist_ok=True)
    write_whole(room / INDEX, index_page(known).encode())
    return written


def edition_path(edition: Edition) -> Path:
    """Say where in the folder of published reports an edition's page lies."""
    return Path(edition.kind) / f"{edition.first}_{edition.last}" / f"{edition.edition}{PAGE}"


def index_address() -> str:
    """Say where the list of published reports opens; nothing where none is laid out."""
    shelf = places.here() if places.are_set() else None
    index = shelf.reports / PUBLISHED / INDEX if shelf else None
    return shelf.link(index) if shelf and index and index.exists() else ""


def index_page(known: list[Edition]) -> str:
    """Write the list of all editions: by report, the newest days first; of several editions the newest counts."""
    kinds: dict[str, dict[Period, list[Edition]]] = {}
    for edition in known:
        kinds.setdefault(edition.kind, {}).setdefault(edition.period, []).append(edition)
    found = environment().get_template("index.html.j2")
    return found.render(
        kinds=kinds.values(), path=lambda edition: edition_path(edition).as_posix(), full_time=full_time
    )


def _write(file: Path, edition: Edition, kept: str) -> None:
    from tasks.sheets.report_book import write_report  # slow to import

    report, name = from_text(kept), str(edition.edition)
    files = (("工作簿 Workbook", name + BOOK), ("JSON", name + DATA), ("全部报表 All reports", f"../../{INDEX}"))
    stamp = Stamp(edition.edition, full_time(edition.made_at), edition.reason, edition.sha256, files)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_report(report, file.with_suffix(BOOK), _named(edition))
    write_whole(file.with_suffix(DATA), kept.encode())
    write_whole(file, report_page(report, stamp).encode())


def _named(edition: Edition) -> str:
    return f"第 {edition.edition} 版 edition {edition.edition} · {full_time(edition.made_at)}"
