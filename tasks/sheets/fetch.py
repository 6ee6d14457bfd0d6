"""Fetch a sheet from wherever it lies: a path, http(s), or what fsspec knows (sftp, s3, smb, …).

The path is on the machine of the worker. Raises BadInput with one line that says why there is no file.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
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
        path = Path(place).expanduser()
        yield _small_enough(path, path.name)
        return
    with tempfile.TemporaryDirectory(prefix="aftersales-sheet-") as folder:
        target = Path(folder) / (PurePosixPath(unquote(urlsplit(place).path)).name or NAMELESS)
        try:
            with target.open("wb") as file:
                for block in _from_web(place) if scheme in ("http", "https") else _from_elsewhere(place):
                    file.write(block)
                    if file.tell() > MOST_BYTES:  # so nobody fills our disk
                        break
        except Exception as error:  # each of the many kinds of places fails in its own way
            raise refused_file(place, f"无法取得 cannot be fetched ({_one_line(error, place)})") from error
        yield _small_enough(target, place)


def _small_enough(path: Path, called: str) -> Path:
    try:
        if not path.is_file():
            raise refused_file(str(path), "没有这个文件 there is no such file on the machine of the worker")
        if path.stat().st_size > MOST_BYTES:
            most = MOST_BYTES >> 20
            raise refused_file(called, f"超过 {most} MB，请拆分 is larger than {most} MB: split it")
    except OSError as error:
        raise refused_file(path.name, f"无法读取 cannot be read ({error.strerror})") from error
    return path


def _from_web(place: str) -> Iterator[bytes]:
    import httpx  # only who fetches from the web pays for it

    with httpx.stream("GET", place, follow_redirects=True, timeout=WAIT) as response:
        response.raise_for_status()
        yield from response.iter_bytes()


def _from_elsewhere(place: str) -> Iterator[bytes]:
    import fsspec

    with fsspec.open(place, "rb") as source:
        yield from iter(lambda: source.read(BLOCK), b"")


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
