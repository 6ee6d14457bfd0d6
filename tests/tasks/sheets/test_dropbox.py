"""The rooms of the drop folder: complete files only, one hand for each, nothing overwritten."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tasks.sheets import dropbox
from tasks.sheets.dropbox import DONE, QUIET, REJECTED, WORKING, claim_new, in_hand, make_rooms, put_away

LATER = QUIET + timedelta(seconds=1)


@pytest.fixture
def box(tmp_path: Path) -> Path:
    make_rooms(tmp_path)
    return tmp_path


def written(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_ctime, UTC)


def lay(box: Path, name: str, content: str = "x") -> Path:
    file = box / name
    file.write_text(content)
    return file


def names(box: Path) -> list[str]:
    return sorted(file.name for _, file in in_hand(box))


def test_a_file_is_taken_when_nobody_wrote_to_it_for_a_while(box: Path) -> None:
    file = lay(box, "日报.xlsx")
    claim_new(box, written(file) + QUIET - timedelta(seconds=1))
    assert names(box) == []
    claim_new(box, written(file) + LATER)
    assert names(box) == ["日报.xlsx"]
    assert not file.exists()


def test_an_old_date_that_a_copying_program_sets_deceives_nobody(box: Path) -> None:
    file = lay(box, "日报.xlsx")
    os.utime(file, (0, 0))
    claim_new(box, written(file) + timedelta(seconds=1))
    assert names(box) == []


@pytest.mark.parametrize("name", ["~$日报.xlsx", ".日报.xlsx", "日报.xlsx.part", "日报.tmp", "日报.crdownload"])
def test_what_a_program_is_busy_with_is_left_alone(box: Path, name: str) -> None:
    file = lay(box, name)
    claim_new(box, written(file) + LATER)
    assert names(box) == []
    assert file.exists()


def test_links_and_folders_are_left_alone(box: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = lay(tmp_path_factory.mktemp("elsewhere"), "secret.xlsx")
    (box / "link.xlsx").symlink_to(elsewhere)
    (box / "folder.xlsx").mkdir()
    claim_new(box, written(elsewhere) + LATER)
    assert names(box) == []


def test_many_watchers_take_each_file_once(box: Path) -> None:
    later = max(written(lay(box, f"{n}.csv")) for n in range(50)) + LATER
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: claim_new(box, later), range(8)))
    assert names(box) == sorted(f"{n}.csv" for n in range(50))


def test_a_file_of_the_same_name_that_comes_meanwhile_is_another_one(box: Path) -> None:
    first = lay(box, "日报.csv", "first")
    claim_new(box, written(first) + LATER)
    second = lay(box, "日报.csv", "second")
    claim_new(box, written(second) + LATER)
    assert sorted(file.read_text() for _, file in in_hand(box)) == ["first", "second"]


def test_what_is_put_away_keeps_all_that_lies_beside_it_and_overwrites_nothing(box: Path) -> None:
    now = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
    for content in ("first", "second", "third"):
        file = lay(box, "日报.csv", content)
        claim_new(box, written(file) + LATER)
        [(_, hand)] = in_hand(box)
        (box / "reports").mkdir(exist_ok=True)
        dropbox.add_report(hand, content, box / "reports")
        put_away(box, hand, REJECTED, now)
    kept = {folder.name: folder for folder in (box / REJECTED).iterdir()}
    base = "2026-11-18 100000 日报.csv"
    assert sorted(kept) == [base, f"{base} (2)", f"{base} (3)"]
    for name, content in ((base, "first"), (f"{base} (2)", "second"), (f"{base} (3)", "third")):
        assert (kept[name] / "日报.csv").read_text() == content
        assert (kept[name] / "报告" / "报告.txt").read_text("utf-8-sig") == content
    assert list((box / WORKING).iterdir()) == list((box / DONE).iterdir()) == []


def test_an_empty_hand_of_a_dead_watcher_is_cleared(box: Path) -> None:
    (box / WORKING / uuid4().hex).mkdir()
    assert list(in_hand(box)) == []
    assert list((box / WORKING).iterdir()) == []


def test_a_file_that_meets_faults_is_tried_again_ever_later_and_leaves_no_note(box: Path) -> None:
    now = written(lay(box, "日报.csv")) + LATER
    claim_new(box, now)
    [(_, hand)] = in_hand(box)
    for minutes in (0, 1, 3, 7, 15, 31, 60, 60):
        assert dropbox.is_due(hand, now)
        dropbox.put_off(hand, now)
        wait = timedelta(minutes=minutes)
        assert minutes == 0 or not dropbox.is_due(hand, now + wait - timedelta(seconds=1))
        now += wait
    assert names(box) == ["日报.csv"]
    put_away(box, hand, DONE, now)
    assert [file.name for file in (box / DONE).rglob("*") if file.is_file()] == ["日报.csv"]
