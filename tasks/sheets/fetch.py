"""Fetch a sheet from wherever it lies: a path, http(s), or what fsspec knows (sftp, s3, smb, …).

The path is on the machine of the worker. Raises BadInput with one line that says why there is no file.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

from schemas.problems import BadInput, Problem

MOST_BYTES = 100 * 1024 * 1024
BLOCK = 1024 * 1024
WAIT = 30.0  # seconds for a server that does not answer
NAMELESS = "sheet.xlsx"


@contextmanager
def fetched(place: str) -> Iterator[Path]:
    """Give a sheet as a file of this machine for the time of the block."""
    scheme = urlsplit(place).scheme if "://" in place else ""
    if not scheme:
        yield _small_enough(Path(place).expanduser())
        return
    with tempfile.TemporaryDirectory(prefix="aftersales-sheet-") as folder:
        target = Path(folder) / (PurePosixPath(unquote(urlsplit(place).path)).name or NAMELESS)
        try:
            with target.open("wb") as file:
                (_from_web if scheme in ("http", "https") else _from_elsewhere)(place, file)
        except BadInput:  # it is too large
            raise
        except Exception as error:  # each of the many kinds of places fails in its own way
            raise refused_file(place, f"无法取得 cannot be fetched ({_one_line(error, place)})") from error
        yield target


def _small_enough(path: Path) -> Path:
    try:
        size = path.stat().st_size if path.is_file() else None
    except OSError as error:
        raise refused_file(path.name, f"无法读取 cannot be read ({error.strerror})") from error
    if size is None:
        raise refused_file(str(path), "没有这个文件 there is no such file on the machine of the worker")
    if size > MOST_BYTES:
        raise _too_large(path.name)
    return path


def _from_web(place: str, file: IO[bytes]) -> None:
    import httpx  # only who fetches from the web pays for it

    with httpx.stream("GET", place, follow_redirects=True, timeout=WAIT) as response:
        response.raise_for_status()
        _keep(response.iter_bytes(), file, place)


def _from_elsewhere(place: str, file: IO[bytes]) -> None:
    import fsspec

    with fsspec.open(place, "rb") as source:
        _keep(iter(lambda: source.read(BLOCK), b""), file, place)


def _keep(blocks: Iterable[bytes], file: IO[bytes], place: str) -> None:
    """Write what comes, up to the limit, so that nobody fills our disk."""
    for block in blocks:
        file.write(block)
        if file.tell() > MOST_BYTES:
            raise _too_large(place)


def _too_large(place: str) -> BadInput:
    return refused_file(place, f"超过 {MOST_BYTES >> 20} MB，请拆分 is larger than {MOST_BYTES >> 20} MB: split it")


def refused_file(place: str, why: str) -> BadInput:
    """Say what is wrong with a file or a place, without the password that a place may hold."""
    parts = urlsplit(place) if "://" in place else None
    shown = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl() if parts else place
    return BadInput([Problem("文件 file", shown, why)])


def _one_line(error: Exception, place: str) -> str:
    """Tell an error without the secrets that its place may hold."""
    parts, told = urlsplit(place), " ".join((str(error) or type(error).__name__).split())
    for secret in filter(None, (parts.query, parts.password, unquote(parts.password or ""))):
        told = told.replace(secret, "…")
    return told[:200]
