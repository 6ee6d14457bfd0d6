"""Fetch a sheet: a file in one of the folders of `Places`, or http(s) from a public address or a net of `Places`.

Whoever fills in 表格导入 reads with the rights of the worker's machine: nothing else there may be reached. A name is
looked up once, at each redirect again, and we connect to the very address that was checked.
Raises BadInput with one line that says why there is no file.
"""

import asyncio
import socket
import ssl
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import httpx

from schemas.problems import BadInput, Problem
from tasks.privacy.rules import bare_urls, mask_phones, without_secrets
from tasks.sheets import places

MOST_BYTES = 50 << 20  # of a file; 200,000 rows of a journal take 30 MB as csv
WAIT = 30.0  # seconds for a server that does not answer
MOST_SECONDS = 60.0  # for a download as a whole, so that a slow server holds no thread for long
MOST_HOPS = 5
NAMELESS, PLAIN = "sheet.xlsx", "identity"
LONGEST_NAME, LONGEST_SUFFIX = 120, 10  # bytes, characters: with what we add, a name has at most 255 bytes
TRANSLATED = ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48")  # IPv6 that a router takes for any IPv4 address
NOT_PUBLIC = "不是公网地址 is no public address; AFTERSALES_SHEET_NETWORKS names nets of the house"


@contextmanager
def fetched(place: str) -> Iterator[Path]:
    """Give a sheet as a file of this machine for the time of the block."""
    if "://" not in place:
        yield _in_folder(place)
        return
    try:
        parts = urlsplit(place)
        of_web = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        raise refused_file(place, "不是有效的网址 is no valid URL") from None
    if not of_web:
        raise refused_file(place, "网址只能是 http 或 https only http and https URLs are read")
    with tempfile.TemporaryDirectory(prefix="aftersales-sheet-") as folder:
        target = Path(folder) / shown_name(PurePosixPath(unquote(parts.path)).name or NAMELESS)
        try:
            asyncio.run(_download(place, target))
        except TimeoutError as error:
            raise refused_file(place, f"{MOST_SECONDS:.0f} 秒内未取完 took longer than that many seconds") from error
        except Exception as error:  # each of the many ways in which a server fails
            raise refused_file(place, f"无法取得 cannot be fetched ({_one_line(error, place)})") from error
        yield target


def _in_folder(place: str) -> Path:
    """Find a file in the folders that may be read; of what lies elsewhere nobody learns whether it exists."""
    folders = [folder.resolve() for folder in places.here().folders]
    try:
        paths = [(folder / place).resolve() for folder in folders]
    except (OSError, ValueError, RuntimeError):
        paths = []
    found = [path for path in paths if any(path.is_relative_to(folder) for folder in folders)]
    if not found:
        listed = "、".join(map(str, folders))
        raise refused_file(place, f"须为网址，或在此目录中 must be a URL or lie in {listed}")
    try:
        file = next((path for path in found if path.is_file()), None)
    except OSError as error:
        raise refused_file(found[0].name, f"无法读取 cannot be read ({error.strerror})") from error
    if file is None:
        raise refused_file(str(found[0]), "没有这个文件 there is no such file on the machine of the worker")
    return file


async def _download(place: str, target: Path) -> None:
    """Write what a server sends to a file, up to a block more than is read of one."""
    async with asyncio.timeout(MOST_SECONDS):
        async with _answered(place) as response:
            response.raise_for_status()
            if response.headers.get("content-encoding", PLAIN) != PLAIN:  # 64 kB of it may become gigabytes at once
                raise ValueError("以压缩形式发送 is sent compressed, though asked not to be")
            with target.open("wb") as file:
                async for block in response.aiter_bytes():
                    file.write(block)
                    if file.tell() > MOST_BYTES:  # so nobody fills our disk
                        break


@asynccontextmanager
async def _answered(place: str) -> AsyncIterator[httpx.Response]:
    """Ask a server, and whom it sends us to, each at an address that was checked."""
    url = httpx.URL(place)
    # a proxy of the environment would look the name up again, behind our back
    async with httpx.AsyncClient(verify=ssl.create_default_context(), trust_env=False, timeout=WAIT) as client:
        for _ in range(MOST_HOPS):
            response = await _ask(client, url)
            try:
                if not response.has_redirect_location:
                    yield response
                    return
                url = url.join(response.headers["location"])
            finally:
                await response.aclose()
            if url.scheme not in ("http", "https"):
                raise ValueError("转向别处 redirects to something else")
        raise ValueError(f"转向超过 {MOST_HOPS} 次 redirects too often")


async def _ask(client: httpx.AsyncClient, url: httpx.URL) -> httpx.Response:
    """Ask a server at the first of its addresses that answers."""
    fault = httpx.ConnectError("没有地址 has no address")
    for address in await _addresses(url.host, url.port or (443 if url.scheme == "https" else 80)):
        request = client.build_request(
            "GET",
            url.copy_with(host=str(address)),
            headers={"Host": url.netloc.decode(), "Accept-Encoding": PLAIN},
            extensions={"sni_hostname": url.host},  # the certificate is that of the name
        )
        try:
            return await client.send(request, stream=True)
        except httpx.ConnectError as error:
            fault = error
    raise fault


async def _addresses(host: str, port: int) -> list[IPv4Address | IPv6Address]:
    """Look a name up; ValueError where one of its addresses may not be reached."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(ip_address(sockaddr[0]) for *_, sockaddr in found))
    for address in addresses:
        if not may_reach(address):
            raise ValueError(f"{host}: {NOT_PUBLIC}")
    return addresses


def may_reach(address: IPv4Address | IPv6Address) -> bool:
    """Say whether an address is public (not private, loopback, link-local, …), or of a net that was configured."""
    if any(address in network for network in places.here().networks):
        return True
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            return may_reach(inner)
        if address.is_site_local or any(address in network for network in TRANSLATED):
            return False
    return address.is_global and not address.is_multicast


def shown_name(name: str) -> str:
    """Make the name of a file one that can be shown, stored and put into other names: printable, short, no phone in it."""
    printable = "".join(c if c.isprintable() else "_" for c in unicodedata.normalize("NFC", name))
    path = PurePosixPath(mask_phones(printable).replace("*", "x"))  # shares take no stars
    stem = path.stem.encode()[:LONGEST_NAME].decode(errors="ignore")
    return stem + path.suffix[:LONGEST_SUFFIX]


def refused_file(place: str, why: str) -> BadInput:
    """Say what is wrong with a file or a place, without the secrets that a place may hold."""
    return BadInput([Problem("文件 file", without_secrets(place), why)])


def _one_line(error: Exception, place: str) -> str:
    """Tell an error without the secrets that its place may hold."""
    parts, told = urlsplit(place), " ".join((str(error) or type(error).__name__).split())
    for secret in filter(None, (parts.query, parts.password, unquote(parts.password or ""))):
        told = told.replace(secret, "…")
    return mask_phones(bare_urls(told))[:200]
