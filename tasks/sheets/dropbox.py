"""The drop folder: what is laid there is taken in and put away with its report, each file once.

dropbox/           new files; one that is still being written is left alone
dropbox/working/   files in hand, each in a folder of its own, named by a UUID
dropbox/done/      all went in
dropbox/rejected/  something came back: in the folder of the file lies its reject sheet, too

A file moves from room to room by one rename, alone or with its folder: whoever is killed in between, it is in one
room, and no name takes the place of another.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from tasks.sheets.outcome import Became
from tasks.unit.work import SHANGHAI

WORKING, DONE, REJECTED = "working", "done", Became.REJECTED.name.lower()
REPORTS, REPORT = "报告", "报告.txt"  # the folder beside a file in hand, and the text in it
AGAIN = ".again"  # beside a file in hand that met a fault: a sign for each time, dated when it is tried next
LONGEST_WAIT = timedelta(hours=1)
QUIET = timedelta(seconds=10)  # so long nobody wrote to a file that is complete
UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".filepart")  # what programs call it while they write
PASSING = (".", "~$")  # hidden, and the locks of spreadsheet programs


def make_rooms(dropbox: Path) -> None:
    """Make the drop folder and its rooms."""
    for room in (WORKING, DONE, REJECTED):
        (dropbox / room).mkdir(parents=True, exist_ok=True)


def claim_new(dropbox: Path, now: datetime) -> None:
    """Take every complete new file in hand; of two who try, one gets it."""
    for file in sorted(dropbox.iterdir()):
        if _is_complete(file, now):
            hand = dropbox / WORKING / uuid4().hex
            hand.mkdir()
            with suppress(OSError):  # somebody else took it, or took it away
                file.rename(hand / file.name)


def in_hand(dropbox: Path) -> Iterator[tuple[UUID, Path]]:
    """Give the files in hand with the job that each is, those of a killed watcher too."""
    for hand in sorted((dropbox / WORKING).iterdir()):
        files = _files(hand)
        if files:
            yield UUID(hand.name), files[0]
        else:
            with suppress(OSError):
                (hand / AGAIN).unlink(missing_ok=True)
                hand.rmdir()


def put_off(file: Path, now: datetime) -> None:
    """Let a file in hand that met a fault wait: for the next round, then for 1, 3, 7 … 60 minutes."""
    note = file.parent / AGAIN
    with suppress(OSError):  # a full disk: it is tried in the next round
        with note.open("a") as signs:
            signs.write("!")
        wait = min(timedelta(minutes=2 ** min(note.stat().st_size - 1, 10) - 1), LONGEST_WAIT)
        os.utime(note, ((now + wait).timestamp(),) * 2)


def is_due(file: Path, now: datetime) -> bool:
    """Say whether a file in hand is to be tried now."""
    try:
        return (file.parent / AGAIN).stat().st_mtime <= now.timestamp()
    except OSError:
        return True


def add_report(file: Path, text: str, reports: Path) -> None:
    """Lay the report and what belongs to it beside a file in hand."""
    folder = file.parent / REPORTS
    shutil.copytree(reports, folder, dirs_exist_ok=True)
    (folder / REPORT).write_text(text, "utf-8-sig")  # Windows' editor tells it by this mark


def put_away(dropbox: Path, file: Path, room: str, now: datetime) -> Path:
    """Move a file in hand with all that lies beside it; gives its folder, named by the time and the file."""
    (file.parent / AGAIN).unlink(missing_ok=True)
    named = f"{now.astimezone(SHANGHAI):%Y-%m-%d %H%M%S} {file.name}"
    for attempt in range(1, 1000):
        target = dropbox / room / (named if attempt == 1 else f"{named} ({attempt})")
        if not target.exists():
            with suppress(OSError):  # a folder of that name came in between
                return file.parent.rename(target)
    raise FileExistsError(named)


def _is_complete(file: Path, now: datetime) -> bool:
    """Say whether a file is there as a whole: nobody wrote to it for a while, and no program calls it a part."""
    if file.name.startswith(PASSING) or file.suffix.lower() in UNFINISHED or file.is_symlink():
        return False
    try:
        touched = file.stat().st_ctime  # unlike the time of change, no copying program sets it back
    except OSError:
        return False
    return file.is_file() and now.timestamp() - touched >= QUIET.total_seconds()


def _files(hand: Path) -> list[Path]:
    try:
        return sorted(file for file in hand.iterdir() if file.is_file() and file.name != AGAIN)
    except OSError:
        return []
