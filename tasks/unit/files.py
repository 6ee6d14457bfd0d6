"""Files that are there as a whole or not at all."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file beside its place and move it there; what it was stays until then. OSError where that is refused."""
    spare = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        spare.write_bytes(content)
        spare.replace(path)
    except OSError:
        spare.unlink(missing_ok=True)
        raise
