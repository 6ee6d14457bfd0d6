"""Say where this installation lives: its home folder, databases, port and threads. No business values."""

import os
import stat
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.problems import UpError
from tasks.sheets.places import Places

PROJECT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
PRIVATE = 0o700  # the home folder and its rooms, their owner's alone
PASSABLE = 0o711  # the home folder where root's PostgreSQL runs as a user of its own


def resolved(path: Path) -> Path:
    """Give a folder in full; ValueError where it is the home of nobody on this machine."""
    try:
        return path.expanduser().resolve()
    except RuntimeError:
        raise ValueError(f"没有这个用户 there is no such user: {path}") from None


Folder = Annotated[Path, AfterValidator(resolved)]
# what lies in the home: data of the embedded server, files of Prefect, logs, pid files, reports of imports that people
# open in the browser, sheets that 表格导入 reads by itself; and the string that opens the Prefect server
POSTGRES, PREFECT, LOGS, RUN, REPORTS, SHEETS = "postgres", "prefect", "logs", "run", "reports", "sheets"
AUTH_FILE, SURVEY_FILE = "auth-string", "survey-secret"
TOLD = ("home", "port", "reports_port", "reports_url", "survey_port", "survey_url", "worker_threads")


class Settings(BaseSettings):
    """Settings of one installation, each readable from an `AFTERSALES_…` environment variable."""

    model_config = SettingsConfigDict(env_prefix="AFTERSALES_", env_ignore_empty=True, extra="ignore")

    home: Folder = Path(".aftersales")
    database_url: str | None = Field(default=None, repr=False)
    prefect_database_url: str | None = Field(default=None, repr=False)
    port: int = Field(default=4200, ge=1, le=65535)
    reports_port: int = Field(default_factory=lambda given: given["port"] + 1, ge=1, le=65535)
    reports_url: str = Field(default_factory=lambda given: f"http://{HOST}:{given['reports_port']}")  # for browsers
    survey_port: int = Field(default_factory=lambda given: given["port"] + 2, ge=1, le=65535)
    survey_url: str = Field(default_factory=lambda given: f"http://{HOST}:{given['survey_port']}")  # for customers
    dropbox: Folder = Field(default_factory=lambda given: given["home"] / "dropbox")  # sheets laid there are taken in
    # what 表格导入 may read by path, and own nets that it may fetch from (JSON lists)
    sheet_folders: tuple[Folder, ...] = Field(default_factory=lambda given: (given["home"] / SHEETS,))
    sheet_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    worker_threads: int = Field(default=8, ge=1, le=64)
    job_memory: int = Field(default=4096, ge=1024)  # MiB that the process of a job may take; a large sheet takes 1,500
    fsync: bool = True  # off only where the data may be lost: tests and benches

    @property
    def places(self) -> Places:
        """Return where sheets come in and where their reports lie."""
        reports, url = self.home / REPORTS, self.reports_url.rstrip("/")
        return Places(reports, url, self.dropbox, self.sheet_folders, self.sheet_networks)

    @property
    def variables(self) -> dict[str, str]:
        """Return the environment variables that tell a child process of this installation."""
        told = self.model_dump(include={*TOLD})
        return {f"AFTERSALES_{name.upper()}": str(value) for name, value in told.items()}

    @property
    def api_url(self) -> str:
        """Return the address of Prefect's API."""
        return f"http://{HOST}:{self.port}/api"

    @property
    def ui_url(self) -> str:
        """Return the address of Prefect's pages for people."""
        return f"http://{HOST}:{self.port}/v2"


def prepare_home(settings: Settings) -> None:
    """Make the home folder and its rooms, readable by their owner alone; UpError if that is not permitted.

    A drop folder elsewhere is made too, but keeps its mode; other folders of sheets may be for reading only.
    """
    home = settings.home
    rooms = [home / room for room in (LOGS, RUN, REPORTS, PREFECT, SHEETS)]
    try:
        for folder in (home, *rooms, settings.dropbox):
            folder.mkdir(parents=True, exist_ok=True)
            if folder.is_relative_to(home):
                _close(folder, PASSABLE if folder == home and os.geteuid() == 0 else PRIVATE)
            probe = folder / ".probe"
            probe.touch()
            probe.unlink()
    except OSError as error:
        raise UpError(
            f"无法写入数据目录 cannot write to the home folder {home} ({error.strerror}): "
            "set AFTERSALES_HOME to a folder of your own"
        ) from error


def _close(folder: Path, most: int) -> None:
    """Take from a folder's mode what is more than `most`; UpError where all of the machine share it, as /tmp."""
    mode = folder.stat().st_mode
    if mode & stat.S_ISVTX:
        raise UpError(f"公用目录 {folder} is a folder of everybody: set AFTERSALES_HOME to a folder of your own")
    if stat.S_IMODE(mode) & ~most:
        folder.chmod(mode & most)
