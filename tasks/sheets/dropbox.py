"""The drop folder: what is laid there is taken in and put away with its report, each file once.

dropbox/           new files; one that is still being written is left alone
dropbox/working/   files in hand, each in a folder of its own, named by a UUID
dropbox/done/      all went in
dropbox/rejected/  something came back: in the folder of the file lies its reject sheet, too

A file moves from room to room by one rename, alone or with its folder: whoever is killed in between, it is in one
room, and no name takes the place of another. In hand it has a short name that no program stumbles over; what people
call it is noted beside it. What is no regular file, and what programs lay beside files (@eaDir, .DS_Store), is left.

What was put away, and the reports of all sheets, hold contact data, and what they brought stands in the ledger: so they
are removed some days after anybody last changed them.
"""

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from tasks.sheets.fetch import shown_name
from tasks.sheets.outcome import Became
from tasks.sheets.places import Places
from tasks.unit.work import SHANGHAI

WORKING, DONE, REJECTED = "working", "done", Became.REJECTED.name.lower()
OURS = re.compile(r"[0-9a-f]{32}")  # a UUID, the name of a folder of ours; what another program laid there has none
PUT_AWAY = re.compile(r"\d{4}-\d\d-\d\d \d{6} .+")  # the name of what was put away
REPORTS, REPORT = "报告", "报告.txt"  # the folder beside a file in hand, and the text in it
NAME = ".name"  # beside a file in hand: what people call it
AGAIN = ".again"  # beside a file in hand: a sign for each try, dated when the next one is due
TRIED, EXCUSED = "!", "-"  # a try; it was not the file's fault that it failed
MOST_TRIES = 3  # so a file that ends its reader, or meets a fault of ours, is not read for ever
LONGEST_WAIT = timedelta(hours=1)
QUIET = timedelta(seconds=10)  # so long nobody wrote to a file that is complete
UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".filepart")  # what programs call it while they write
PASSING = (".", "~$", "@", "Thumbs.db", "desktop.ini")  # hidden, locks of spreadsheet programs, a system's own


def make_rooms(dropbox: Path) -> None:
    """Make the drop folder and its rooms; whoever may read it may read what was put away."""
    for folder in (dropbox, *(dropbox / room for room in (WORKING, DONE, REJECTED))):
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            if folder.name in (DONE, REJECTED):
                _show(folder, dropbox)


def claim_new(dropbox: Path, now: datetime) -> None:
    """Take every complete new file in hand; of two who try, one gets it. Clear what dead watchers left empty."""
    for file in sorted(dropbox.iterdir()):
        if _is_file(file) and file.suffix.lower() not in UNFINISHED and _is_quiet(file, now):
            hand = dropbox / WORKING / uuid4().hex
            with suppress(OSError):  # somebody else took it, or took it away
                hand.mkdir()
                (hand / NAME).write_text(shown_name(file.name), "utf-8")
                file.rename(hand / ("sheet.csv" if file.suffix.lower() == ".csv" else "sheet.xlsx"))
    for hand in _hands(dropbox):
        if not _file(hand) and _is_quiet(hand, now):
            with suppress(OSError):
                _forget_notes(hand)
                hand.rmdir()


def in_hand(dropbox: Path) -> Iterator[Path]:
    """Give the files in hand, those of a killed watcher too."""
    for hand in _hands(dropbox):
        if file := _file(hand):
            yield file


def name_of(file: Path) -> str:
    """Give what people call a file in hand."""
    try:
        return (file.parent / NAME).read_text("utf-8")
    except OSError:
        return file.name


def note_try(file: Path, now: datetime) -> int:
    """Note a try before it is made, the next one for 0, 1, 3, 7 … 60 minutes later; gives how many count by now."""
    note = file.parent / AGAIN
    with suppress(OSError):  # a full disk: it is tried all the same
        signs = _write_sign(note, TRIED)
        wait = min(timedelta(minutes=2 ** min(signs.count(TRIED) - 1, 10) - 1), LONGEST_WAIT)
        os.utime(note, ((now + wait).timestamp(),) * 2)
        return signs.count(TRIED) - signs.count(EXCUSED)
    return 1


def excuse(file: Path) -> None:
    """Do not count the last try: a full disk, or a database that starts, is no fault of the file."""
    note = file.parent / AGAIN
    with suppress(OSError):
        due = note.stat().st_mtime
        _write_sign(note, EXCUSED)
        os.utime(note, (due, due))


def _write_sign(note: Path, sign: str) -> str:
    with note.open("a+") as signs:
        signs.write(sign)
        signs.seek(0)
        return signs.read()


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


def put_away(file: Path, room: str, now: datetime) -> Path:
    """Move a file in hand with all that lies beside it; gives its folder, named by the time and the file."""
    hand, name, dropbox = file.parent, name_of(file), file.parents[2]
    with suppress(OSError):  # there is something of that name already
        file.rename(hand / name)
    _forget_notes(hand)
    reports = hand / REPORTS
    for made in (*reports.rglob("*"), reports, hand):
        _show(made, dropbox)
    named, nth = f"{now.astimezone(SHANGHAI):%Y-%m-%d %H%M%S} {name}", 1
    target = dropbox / room / named
    while target.exists():
        nth += 1
        target = target.with_name(f"{named} ({nth})")
    return hand.rename(target)


def remove_old(places: Places, before: datetime) -> int:
    """Remove what was put away and the reports that nobody has changed since `before`; gives how many are gone.

    A file in hand is never removed, nor what others laid beside ours.
    """
    old = [
        *_old(places.reports, OURS, before),
        *_old(places.dropbox / DONE, PUT_AWAY, before),
        *_old(places.dropbox / REJECTED, PUT_AWAY, before),
    ]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)  # what cannot be removed now is tried again
    return sum(not folder.exists() for folder in old)


def _old(room: Path, ours: re.Pattern[str], before: datetime) -> Iterator[Path]:
    """Find the folders of a room that we made, by their names, and that are old; a link is none."""
    for folder in room.iterdir() if room.is_dir() else ():
        found = folder.lstat()
        if ours.fullmatch(folder.name) and stat.S_ISDIR(found.st_mode) and found.st_mtime < before.timestamp():
            yield folder


def _show(made: Path, dropbox: Path) -> None:
    """Let those read what we made who may read the drop folder; by itself nobody else may."""
    with suppress(OSError):  # a share may have no modes; not each file has reports beside it
        mode = dropbox.stat().st_mode & 0o755
        made.chmod(mode if made.is_dir() else mode & 0o644)


def _forget_notes(hand: Path) -> None:
    for note in (AGAIN, NAME):
        (hand / note).unlink(missing_ok=True)


def _hands(dropbox: Path) -> list[Path]:
    """Give the folders that we made for files in hand; where others may write, one of theirs may lie in their place."""
    working = dropbox / WORKING
    return [] if working.is_symlink() else sorted(filter(_is_hand, working.iterdir()))


def _is_hand(folder: Path) -> bool:
    try:
        found = folder.lstat()
        return bool(OURS.fullmatch(folder.name)) and stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    except OSError:  # it is gone
        return False


def _file(hand: Path) -> Path | None:
    try:
        return next(filter(_is_file, sorted(hand.iterdir())), None)
    except OSError:
        return None


def _is_file(path: Path) -> bool:
    """Say whether it is a file as people lay it there: no folder, link or pipe, and none of a program's own."""
    try:
        return stat.S_ISREG(path.lstat().st_mode) and not path.name.startswith(PASSING)
    except OSError:
        return False


def _is_quiet(path: Path, now: datetime) -> bool:
    """Say whether nobody wrote to it for a while, so that it is there as a whole."""
    try:
        touched = path.lstat().st_ctime  # unlike the time of change, no copying program sets it back
    except OSError:
        return False
    return now.timestamp() - touched >= QUIET.total_seconds()
