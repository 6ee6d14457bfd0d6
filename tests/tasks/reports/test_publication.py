"""A report that was published never changes; a correction is a new edition, and lost files come again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import time_machine
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from schemas.forms.periods import PeriodWanted
from schemas.problems import BadInput, NotFound
from tasks.desk.reports.publishing import lay_out, rounds_of
from tasks.reports.editions import Edition, editions
from tasks.reports.publication import publish_correction, remove_old_editions
from tasks.reports.registry import REPORTS, About, ReportKind, report, report_kind
from tasks.reports.shapes import Report
from tasks.rounds.rules import Cadence, period_at
from tasks.rounds.steps import do_rounds
from tests.tasks.reports.made import OCTOBER, sample

DUE = PeriodWanted()


@pytest.fixture
def kind(db: Engine, today: time_machine.Traveller) -> Iterator[ReportKind]:
    """A report that counts the offices."""

    @report("test-offices", "办事处样表 Offices", Cadence.MONTH)
    def made(connection: Connection, about: About) -> Report:
        many = connection.execute(text("SELECT count(*) FROM office")).scalar_one()
        own = {"sections": (sample().sections[1], sample().sections[5]), "of": f"{many} 个办事处 offices"}
        return replace(sample(), kind=about.kind, title=about.title, period=about.period, **own)

    yield made
    del REPORTS["test-offices"]


def published(db: Engine) -> list[Edition]:
    with db.connect() as connection:
        return editions(connection)


def correct(
    db: Engine, report: str = "办事处样表", month: int = 10, staff: str = "E1040", reason: str = "少计一个"
) -> Edition:
    period = period_at(Cadence.MONTH, date(2026, month, 1))
    return publish_correction(db, report_kind(report), period, staff, reason)


def one_office_more(db: Engine) -> None:
    with db.begin() as connection:
        connection.execute(text("INSERT INTO office VALUES ('ZZ', '新办事处', '华北', '某地', '010-0')"))


def test_a_month_that_is_over_is_published_once(db: Engine, kind: ReportKind) -> None:
    ((period, page),) = do_rounds(db, rounds_of(kind), DUE)
    assert do_rounds(db, rounds_of(kind), DUE) == []
    (edition,) = published(db)
    assert (edition.period, edition.edition, edition.reason, edition.made_by) == (OCTOBER, 1, "", None)
    assert period == OCTOBER
    assert "第 1 版" in page
    assert "| 板式车间 | 1,234 | 95.30 % |" in page


def test_days_that_a_person_wants_are_shown_and_only_a_whole_month_that_is_over_is_published(
    db: Engine, kind: ReportKind
) -> None:
    for since, until in (("2026-10-02", "2026-10-31"), ("2026-11-01", "2026-11-18")):
        wanted = PeriodWanted.model_validate({"since": since, "until": until})
        ((_, page),) = do_rounds(db, rounds_of(kind), wanted)
        assert "未公示" in page
    assert published(db) == []
    september = PeriodWanted.model_validate({"since": "2026-09-01", "until": "2026-09-30"})
    pages = [do_rounds(db, rounds_of(kind), september)[0][1] for _ in range(2)]
    assert ["已公示的是" in page for page in pages] == [False, True]
    assert [edition.first.month for edition in published(db)] == [9]


def test_a_published_report_stays_as_it_was_whatever_the_data_say_later(
    db: Engine, kind: ReportKind, tmp_path: Path
) -> None:
    do_rounds(db, rounds_of(kind), DUE)
    assert lay_out(db, tmp_path) == 1
    page = tmp_path / "published/test-offices/2026-10-01_2026-10-31/1.html"
    before, said = page.read_text("utf-8"), f"{len(offices(db))} 个办事处"
    assert said in before
    one_office_more(db)
    page.unlink()
    assert lay_out(db, tmp_path) == 1
    assert page.read_text("utf-8") == before
    assert lay_out(db, tmp_path) == 0


def offices(db: Engine) -> list[Any]:
    with db.connect() as connection:
        return list(connection.execute(text("SELECT * FROM office")))


def test_a_correction_is_a_new_edition_with_its_reason(db: Engine, kind: ReportKind, tmp_path: Path) -> None:
    do_rounds(db, rounds_of(kind), DUE)
    one_office_more(db)
    edition = correct(db, reason="少计一个，见 13800001048")
    assert (edition.edition, edition.reason, edition.made_by) == (2, "少计一个，见 138****1048", "E1040")
    assert [one.edition for one in published(db)] == [2, 1]
    lay_out(db, tmp_path)
    folder = tmp_path / "published/test-offices/2026-10-01_2026-10-31"
    many = len(offices(db))
    assert [f"{n} 个办事处" in (folder / f"{e}.html").read_text("utf-8") for e, n in ((1, many - 1), (2, many))] == [
        True
    ] * 2
    assert "更正 Corrected: 少计一个，见 138****1048" in (folder / "2.html").read_text("utf-8")
    index = (tmp_path / "published/index.html").read_text("utf-8")
    assert index.index("2026-10-31/2.html") < index.index("2026-10-31/1.html")
    assert "少计一个" in index


def test_the_kept_text_its_check_sum_and_the_file_agree(db: Engine, kind: ReportKind, tmp_path: Path) -> None:
    do_rounds(db, rounds_of(kind), DUE)
    lay_out(db, tmp_path)
    file = tmp_path / "published/test-offices/2026-10-01_2026-10-31/1.json"
    assert sha256(file.read_bytes()).hexdigest() == published(db)[0].sha256
    assert published(db)[0].sha256 in file.with_suffix(".html").read_text("utf-8")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "与第 1 版相同"),
        ({"staff": "E1001"}, "需要权限"),
        ({"staff": "E9999"}, "E9999"),
        ({"month": 9}, "尚未公示"),
        ({"report": "工资表"}, "there is no report “工资表”"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(
    db: Engine, kind: ReportKind, fields: dict[str, Any], why: str
) -> None:
    do_rounds(db, rounds_of(kind), DUE)
    with pytest.raises((BadInput, NotFound), match=why):
        correct(db, **fields)
    assert len(published(db)) == 1


@pytest.mark.parametrize(
    "change", ["UPDATE report_edition SET reason = 'x'", "DELETE FROM report_edition", "TRUNCATE report_edition"]
)
def test_nothing_changes_an_edition(db: Engine, kind: ReportKind, change: str) -> None:
    do_rounds(db, rounds_of(kind), DUE)
    with pytest.raises(IntegrityError, match="never change"), db.begin() as connection:
        connection.execute(text(change))


def test_a_text_that_is_not_what_was_checked_is_no_edition(db: Engine, kind: ReportKind) -> None:
    row = "INSERT INTO report_edition (kind, first, last, edition, made_at, report, sha256) VALUES "
    values = "('a', '2026-10-01', '2026-10-31', 1, '2026-11-02', '{}', 'abc')"
    with pytest.raises(IntegrityError, match="sha256"), db.begin() as connection:
        connection.execute(text(row + values))


def test_editions_and_their_files_go_when_their_years_are_over(
    db: Engine, kind: ReportKind, tmp_path: Path, today: time_machine.Traveller
) -> None:
    do_rounds(db, rounds_of(kind), DUE)
    lay_out(db, tmp_path)
    page = tmp_path / "published/test-offices/2026-10-01_2026-10-31/1.html"
    today.move_to("2031-10-31T10:00:00+08:00")
    assert (removed(db), page.exists()) == (0, True)
    today.move_to("2031-11-01T10:00:00+08:00")
    assert removed(db) == 1
    lay_out(db, tmp_path)
    assert (page.exists(), published(db)) == (False, [])


def test_editions_are_kept_as_long_as_timelines_whatever_their_own_policy_says(
    db: Engine, kind: ReportKind, today: time_machine.Traveller
) -> None:
    do_rounds(db, rounds_of(kind), DUE)
    with db.begin() as connection:
        connection.execute(text("UPDATE policy SET value = '1' WHERE key = 'retention.edition_years'"))
    today.move_to("2029-10-31T10:00:00+08:00")
    assert removed(db) == 0
    today.move_to("2029-11-01T10:00:00+08:00")
    assert removed(db) == 1


def removed(db: Engine) -> int:
    with db.begin() as connection:
        return remove_old_editions(connection)


def test_a_workbook_has_all_rows_as_figures_and_no_formula(db: Engine, kind: ReportKind, tmp_path: Path) -> None:
    do_rounds(db, rounds_of(kind), DUE)
    lay_out(db, tmp_path)
    book = openpyxl.load_workbook(tmp_path / "published/test-offices/2026-10-01_2026-10-31/1.xlsx")
    assert book.sheetnames == ["说明", "各生产单位", "逾期清单"]
    units = book["各生产单位"]
    assert [cell.value for cell in units[2]] == ["板式车间", 1234, 0.953, 0.91, 6.4, 120.5]
    assert (units["C2"].number_format, units["C3"].value, units["D3"].value) == ("0.00%", 0.62, None)
    assert (book["逾期清单"]["A2"].value, book["逾期清单"]["A2"].data_type) == ("=PA-2026-000001", "s")
    about = {row[0].value: row[1].value for row in book["说明"].rows}
    assert about["口径 Convention"] == "按日 by the day"
    assert "第 1 版" in about["办事处样表 Offices"]
