"""Where sheets of this installation come in and where their reports lie: set once where a program starts."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from schemas.problems import Unavailable


class Places(NamedTuple):
    """Where sheets may lie and where their reports go.

    reports    the folder of the reports, which `reports_url` serves
    dropbox    the drop folder
    folders    what 表格导入 may read by path
    networks   addresses of the house's own nets that it may fetch from; without them only public ones
    """

    reports: Path
    reports_url: str
    dropbox: Path
    folders: tuple[Path, ...] = ()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def link(self, file: Path) -> str:
        """Give the address of a report's file."""
        return f"{self.reports_url}/{quote(file.relative_to(self.reports).as_posix())}"


_places: list[Places] = []


def set_up(places: Places) -> None:
    """Make these the places of this process."""
    _places[:] = [places]


def are_set() -> bool:
    """Say whether this process has places."""
    return bool(_places)


def here() -> Places:
    """Give the places of this process; Unavailable where none were set."""
    if not _places:
        raise Unavailable("未设置表格目录 no folders for sheets are set: start through `aftersales up`")
    return _places[0]
