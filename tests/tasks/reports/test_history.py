"""Cases from before the system come in row by row, whatever their dates look like; reports begin with them."""

from datetime import date, datetime
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Engine, text

from schemas.sheet_kinds import sheet_kind
from tasks.reports.queries import cycle_counts, mark_counts
from tasks.reports.rules import Convention, GroupedBy, cycle_total, mark_total
from tasks.rounds.rules import Period
from tasks.sheets.cells import read_moment
from tasks.sheets.importing import import_file
from tasks.sheets.outcome import Became
from tasks.sheets.report import SheetReport
from tasks.unit.work import SHANGHAI
from tests.play import Play

TODAY = date(2026, 11, 18)
EVER = Period(date(2000, 1, 1), date(2100, 1, 1))


@pytest.fixture(autouse=True)
def today() -> object:
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False) as traveller:
        yield traveller


def taken_in(
    db: Engine, folder: Path, *rows: str, headings: str = "case_no,started_at,promised_at,finished_at,mark"
) -> SheetReport:
    path = folder / "history.csv"
    path.write_text("\n".join([headings, *rows]) + "\n", "utf-8")
    return import_file(db, path, sheet_kind("history"))


def kept(db: Engine) -> dict[str, datetime]:
    with db.connect() as connection:
        return {row.case_no: row.started_at for row in connection.execute(text("SELECT * FROM past_case ORDER BY 1"))}


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("2019-08-05", datetime(2019, 8, 5)),
        ("2019/8/5 9:30", datetime(2019, 8, 5, 9, 30)),
        ("2019年8月5日 09:30:15", datetime(2019, 8, 5, 9, 30, 15)),
        ("20190805", datetime(2019, 8, 5)),
        ("2019-08-05T09:30:15.250000", datetime(2019, 8, 5, 9, 30, 15, 250000)),
        ("2019.8.5 9:30", datetime(2019, 8, 5, 9, 30)),
        (datetime(2019, 8, 5, 9, 30), datetime(2019, 8, 5, 9, 30)),
        (date(2019, 8, 5), datetime(2019, 8, 5)),
    ],
)
def test_moments_are_read_in_many_habits(typed: str, read: datetime) -> None:
    """Issue G, "Bad input": history with dates as text in five habits."""
    assert read_moment(typed, TODAY) == read.replace(tzinfo=SHANGHAI)


def test_a_zone_that_is_written_counts() -> None:
    assert read_moment("2011-10-11 13:42:22.688000+02:00", TODAY) == datetime.fromisoformat("2011-10-11T11:42:22.688Z")


@pytest.mark.parametrize(
    "typed",
    [
        *("2019-08-05 25:00", "2019-13-05 10:00", "5/8/2019 10:00", "gestern 10:00", "10:00"),
        *("1899-12-30", "0001-01-01 10:00", datetime(1900, 1, 1), date(1899, 12, 30)),
    ],
)
def test_what_is_no_moment_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="例如 2026-03-05"):
        read_moment(typed, TODAY)


def test_dirty_rows_go_back_one_by_one_and_the_others_come_in(db: Engine, tmp_path: Path) -> None:
    """Issue G 8: dirty data is reported row by row, never fatal; an end before its start, marks outside the scale."""
    report = taken_in(
        db,
        tmp_path,
        "A-1,2019-08-05 09:00,2019-08-09,2019-08-08 12:00,5",
        "A-2,2019-08-05 09:00,,2019-08-04 12:00,",
        "A-3,2019-08-05 09:00,,,6",
        "A-4,,,,",
        "A-5,2019-08-05 29:00,,,",
        ",2019-08-05,,,",
        "A-7,2027-01-01,,,",
        "A-8,2019-08-05,,,",
        "A-8,2019-08-06,,,",
    )
    assert list(kept(db)) == ["A-1"]
    told = {one.no: one.problems for one in report.rejected}
    assert sorted(told) == [3, 4, 5, 6, 7, 8, 9, 10]
    fields = {no: {problem.field for problem in problems} for no, problems in told.items()}
    assert fields[3] == {"完成时间"}
    assert fields[4] == {"满意度"}
    assert fields[5] == fields[6] == fields[8] == {"开始时间"}
    assert fields[7] == {"历史单号"}


def test_an_end_whose_clock_time_nobody_kept_may_stand_before_the_start_of_its_day(db: Engine, tmp_path: Path) -> None:
    assert not taken_in(db, tmp_path, "A-1,2019-08-05 09:00,,2019-08-05,").rejected


def test_the_same_again_changes_nothing_and_another_content_corrects(db: Engine, tmp_path: Path) -> None:
    first, other = "A-1,2019-08-05,2019-08-09,2019-08-08,5", "A-1,2019-08-05,2019-08-09,2019-08-10,2"
    became = [taken_in(db, tmp_path, row).counts for row in (first, first, other)]
    assert [dict(counts) for counts in became] == [{Became.ACCEPTED: 1}, {Became.UNCHANGED: 1}, {Became.CORRECTED: 1}]
    with db.connect() as connection:
        assert mark_total(mark_counts(connection, GroupedBy.UNIT, EVER))[1:] == (1, 0)


def test_the_convention_decides_of_what_is_done_on_the_promised_day(db: Engine, tmp_path: Path) -> None:
    """DOMAIN 4: on time = done by the end of the promised day, Asia/Shanghai; the convention is printed."""
    taken_in(
        db,
        tmp_path,
        "A-1,2019-08-01,2019-08-09 00:00,2019-08-09 12:00,4",
        "A-2,2019-08-01,2019-08-09 00:00,2019-08-08 12:00,3",
        "A-3,2019-08-01,2019-08-09 00:00,2019-08-10 00:00,",
        "A-4,2019-08-01,2019-08-09 00:00,,5",
        "A-5,2019-08-01,,2019-08-02,",
    )
    with db.connect() as connection:
        day, moment = (
            cycle_total(cycle_counts(connection, GroupedBy.UNIT, convention, EVER)) for convention in Convention
        )
        marks = mark_total(mark_counts(connection, GroupedBy.UNIT, EVER))
    assert (day[1:], day.on_time_rate) == ((4, 2, 1, 1), 0.6667)
    assert (moment[1:], moment.on_time_rate) == ((4, 1, 2, 1), 0.3333)
    assert (marks[1:], marks.rate) == ((3, 2), 0.6667)


def test_groups_and_the_period_are_those_that_were_asked_for(db: Engine, tmp_path: Path) -> None:
    headings = "历史单号,开始时间,承诺时间,完成时间,责任单位,办事处,类别"
    taken_in(
        db,
        tmp_path,
        "A-1,2019-08-01,2019-08-09,2019-08-09,一车间,北京,板式",
        "A-2,2019-08-01,2019-08-31 23:59,2019-09-05,二车间,北京,软包",
        "A-3,2019-08-01,2019-09-01 00:00,2019-09-05,二车间,上海,软包",
        headings=headings,
    )
    august = Period(date(2019, 8, 1), date(2019, 8, 31))
    with db.connect() as connection:
        found = {by: cycle_counts(connection, by, Convention.DAY, august) for by in GroupedBy}
    assert [row[:4] for row in found[GroupedBy.UNIT]] == [("一车间", 1, 1, 0), ("二车间", 1, 0, 1)]
    assert [row[:4] for row in found[GroupedBy.OFFICE]] == [("北京", 2, 1, 1)]
    assert {row.group for row in found[GroupedBy.CATEGORY]} == {"板式", "软包"}
    assert cycle_total([])[1:] == (0, 0, 0, 0)
    assert cycle_total([]).on_time_rate is None


def test_lines_of_today_are_counted_beside_the_past(play: Play, tmp_path: Path) -> None:
    assert play.finish(play.apply()) == "delivered"
    taken_in(play.db, tmp_path, "A-1,2026-11-01,2026-11-16,2026-11-17,")
    with play.db.connect() as connection:
        found = cycle_total(cycle_counts(connection, GroupedBy.UNIT, Convention.DAY, EVER))
        made = connection.execute(text("SELECT count(*) FROM production_order WHERE made_on IS NOT NULL")).scalar_one()
    assert made
    assert (found.lines, found.on_time, found.late) == (made + 1, made, 1)
