"""How long files of sheets are kept: they hold contact data, and what they brought stands in the ledger.

What has gone in or come back, and the reports of it, is removed some days after anybody last changed it. A file in
hand is never removed, nor what others laid beside ours.
"""

import re
import shutil
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tasks.sheets.dropbox import DONE, OURS, REJECTED
from tasks.sheets.places import Places

PUT_AWAY = re.compile(r"\d{4}-\d\d-\d\d \d{6} .+")


def remove_old(places: Places, before: datetime) -> int:
    """Remove the folders that nobody has changed since `before`; gives how many are gone."""
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
