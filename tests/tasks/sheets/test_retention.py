"""Files of sheets are removed in time: ours, once they are old, and nothing else."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tasks.sheets.dropbox import DONE, REJECTED, WORKING, make_rooms, remove_old
from tasks.sheets.places import Places

NOW = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(days=30)


@pytest.fixture
def house(tmp_path: Path) -> Places:
    made = Places(tmp_path / "reports", "", tmp_path / "dropbox")
    made.reports.mkdir()
    make_rooms(made.dropbox)
    return made


def folder(room: Path, name: str, days: float) -> Path:
    """Make a folder with a file in it that nobody has changed for so many days."""
    made = room / name
    (made / "报告").mkdir(parents=True)
    (made / "报告" / "a.rejected.xlsx").write_text("13912345678")
    changed = (NOW - timedelta(days=days)).timestamp()
    os.utime(made, (changed, changed))
    return made


def test_what_went_in_or_came_back_and_its_reports_are_removed_after_their_days(house: Places) -> None:
    rooms = {house.dropbox / DONE, house.dropbox / REJECTED}
    old = [folder(room, "2026-10-27 100000 日报.csv (2)", 30.5) for room in rooms]
    old.append(folder(house.reports, uuid4().hex, 30.5))
    new = [folder(room, "2026-10-29 100000 日报.csv", 29.5) for room in rooms]
    new.append(folder(house.reports, uuid4().hex, 29.5))
    assert remove_old(house, BEFORE) == 3
    assert [path for path in old if path.exists()] == []
    assert [path for path in new if not (path / "报告" / "a.rejected.xlsx").exists()] == []
    assert remove_old(house, BEFORE) == 0


def test_what_is_in_hand_and_what_others_laid_there_is_left_and_no_link_is_followed(
    house: Places, tmp_path: Path
) -> None:
    done = house.dropbox / DONE
    left = [
        folder(house.dropbox / WORKING, uuid4().hex, 400),
        folder(done, "@eaDir", 400),
        folder(done, "2025 存档", 400),
        folder(house.reports, "mine", 400),
    ]
    elsewhere = folder(tmp_path, "elsewhere", 400)
    link = done / "2025-01-01 100000 日报.csv"
    link.symlink_to(elsewhere)
    os.utime(link, (0, 0), follow_symlinks=False)
    assert remove_old(house, BEFORE) == 0
    assert [path for path in (*left, elsewhere) if not (path / "报告" / "a.rejected.xlsx").exists()] == []


def test_a_house_without_rooms_yet_has_nothing_to_remove(tmp_path: Path) -> None:
    assert remove_old(Places(tmp_path / "reports", "", tmp_path / "dropbox"), NOW) == 0
