"""The rooms of the drop folder: complete files only, one hand for each, nothing overwritten."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tasks.sheets import dropbox
from tasks.sheets.dropbox import DONE, QUIET, REJECTED, WORKING, claim_new, in_hand, make_rooms, name_of, put_away

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
    return sorted(name_of(file) for file in in_hand(box))


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


@pytest.mark.parametrize(
    "name",
    ["~$日报.xlsx", ".日报.xlsx", "日报.xlsx.part", "日报.tmp", "日报.crdownload", ".DS_Store", "Thumbs.db", "@x.xlsx"],
)
def test_what_a_program_is_busy_with_or_keeps_for_itself_is_left_alone(box: Path, name: str) -> None:
    file = lay(box, name)
    claim_new(box, written(file) + LATER)
    assert names(box) == []
    assert file.exists()


def test_what_is_no_regular_file_is_left_alone_and_the_next_file_goes_on(
    box: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = lay(tmp_path_factory.mktemp("elsewhere"), "secret.xlsx")
    (box / "link.xlsx").symlink_to(elsewhere)
    (box / "folder.xlsx").mkdir()
    (box / "@eaDir").mkdir()
    os.mkfifo(box / "a pipe.xlsx")
    claim_new(box, written(lay(box, "日报.xlsx")) + LATER)
    assert names(box) == ["日报.xlsx"]


def test_what_programs_lay_beside_files_in_hand_disturbs_nobody(box: Path, tmp_path: Path) -> None:
    now = written(lay(box, "日报.xlsx", "ours")) + LATER
    claim_new(box, now)
    [hand] = in_hand(box)
    for folder in (box / WORKING, hand.parent):
        (folder / "@eaDir").mkdir()
        lay(folder / "@eaDir", "日报.xlsx", "theirs")
        lay(folder, ".DS_Store")
        (folder / "a.xlsx").symlink_to(box)
    claim_new(box, now)
    assert [file.read_text() for file in in_hand(box)] == ["ours"]


def test_what_others_lay_in_the_place_of_what_is_in_hand_is_not_followed(
    box: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    now = written(lay(box, "日报.xlsx")) + LATER
    claim_new(box, now)
    [file] = in_hand(box)
    ours = tmp_path_factory.mktemp("ours")
    file.parent.rename(ours / file.parent.name)
    (box / WORKING / file.parent.name).symlink_to(ours / file.parent.name)  # a hand that is a link
    assert names(box) == []
    (box / WORKING).rename(box / "before")
    (box / WORKING).symlink_to(ours)  # the room that is a link, to folders of ours
    assert names(box) == []
    claim_new(box, now)
    assert (ours / file.parent.name / file.name).exists()


def test_a_hand_that_another_account_made_is_left(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claim_new(box, written(lay(box, "日报.xlsx")) + LATER)
    [file] = in_hand(box)
    monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)  # its notes may lead to files of ours
    assert names(box) == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("两\n行\x1b.xlsx", "两_行_.xlsx"),
        (os.fsdecode(b"\xff\xfe.csv"), "__.csv"),
        ("长" * 83 + ".csv", "长" * 40 + ".csv"),
        ("报告", "报告"),
        ("王先生 139 1234 5678 *补件.xlsx", "王先生 139xxxx5678 x补件.xlsx"),
    ],
    ids=["newline", "no utf-8", "long", "as the folder of the reports", "by a customer's phone"],
)
def test_whatever_a_file_is_called_it_comes_through(box: Path, tmp_path: Path, name: str, shown: str) -> None:
    file = lay(box, name)
    claim_new(box, written(file) + LATER)
    [hand] = in_hand(box)
    assert hand.name.isascii()
    assert len(hand.name) < 12
    assert name_of(hand) == shown
    (tmp_path / "reports").mkdir()
    dropbox.add_report(hand, "told", tmp_path / "reports")
    kept = put_away(hand, DONE, written(hand))
    assert kept.name.endswith(shown)
    assert {file.read_text("utf-8-sig") for file in kept.rglob("*") if file.is_file()} == {"x", "told"}


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
    assert sorted(file.read_text() for file in in_hand(box)) == ["first", "second"]


def test_what_is_put_away_keeps_all_that_lies_beside_it_and_overwrites_nothing(box: Path) -> None:
    now = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
    for content in ("first", "second", "third"):
        file = lay(box, "日报.csv", content)
        claim_new(box, written(file) + LATER)
        [hand] = in_hand(box)
        (box / "reports").mkdir(exist_ok=True)
        dropbox.add_report(hand, content, box / "reports")
        put_away(hand, REJECTED, now)
    kept = {folder.name: folder for folder in (box / REJECTED).iterdir()}
    base = "2026-11-18 100000 日报.csv"
    assert sorted(kept) == [base, f"{base} (2)", f"{base} (3)"]
    for name, content in ((base, "first"), (f"{base} (2)", "second"), (f"{base} (3)", "third")):
        assert (kept[name] / "日报.csv").read_text() == content
        assert (kept[name] / "报告" / "报告.txt").read_text("utf-8-sig") == content
    assert list((box / WORKING).iterdir()) == list((box / DONE).iterdir()) == []


def test_who_may_read_the_drop_folder_may_read_what_was_put_away_and_nobody_else(tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    reports.mkdir()
    lay(reports, "退回.xlsx")
    found = dict[int, set[int]]()
    before = os.umask(0o077)  # as the product's processes have it
    try:
        for mode in (0o777, 0o770, 0o700):
            box = tmp_path / f"{mode:o}"
            box.mkdir()
            box.chmod(mode)
            make_rooms(box)
            sheet = lay(box, "日报.csv")
            claim_new(box, written(sheet) + LATER)
            [hand] = in_hand(box)
            dropbox.add_report(hand, "told", reports)
            kept = put_away(hand, REJECTED, written(hand))
            made = (kept.parent, kept, *(path for path in kept.rglob("*") if path.name != "日报.csv"))
            found[mode] = {path.stat().st_mode & 0o777 for path in made}
    finally:
        os.umask(before)
    assert found == {0o777: {0o755, 0o644}, 0o770: {0o750, 0o640}, 0o700: {0o700, 0o600}}


def test_an_empty_hand_of_a_dead_watcher_is_cleared_but_not_one_that_a_watcher_just_made(box: Path) -> None:
    hand = box / WORKING / uuid4().hex
    hand.mkdir()
    (hand / dropbox.NAME).write_text("日报.csv")
    assert list(in_hand(box)) == []
    claim_new(box, written(hand))
    assert hand.exists()
    claim_new(box, written(hand) + LATER)
    assert list((box / WORKING).iterdir()) == []


def test_a_file_is_tried_again_ever_later_and_leaves_no_note(box: Path) -> None:
    now = written(lay(box, "日报.csv")) + LATER
    claim_new(box, now)
    [hand] = in_hand(box)
    for tries, minutes in enumerate((0, 1, 3, 7, 15, 31, 60, 60), start=1):
        assert dropbox.is_due(hand, now)
        assert dropbox.note_try(hand, now) == tries
        wait = timedelta(minutes=minutes)
        assert minutes == 0 or not dropbox.is_due(hand, now + wait - timedelta(seconds=1))
        now += wait
    assert names(box) == ["日报.csv"]
    put_away(hand, DONE, now)
    assert [file.name for file in (box / DONE).rglob("*") if file.is_file()] == ["日报.csv"]


def test_what_is_no_fault_of_the_file_makes_it_wait_but_is_not_counted(box: Path) -> None:
    now = written(lay(box, "日报.csv")) + LATER
    claim_new(box, now)
    [hand] = in_hand(box)
    assert [(dropbox.note_try(hand, now), dropbox.excuse(hand)) for _ in range(4)] == [(1, None)] * 4
    assert dropbox.is_due(hand, now + timedelta(minutes=7))
    assert not dropbox.is_due(hand, now + timedelta(minutes=6))
