"""What forms say of a case's lines; pure."""

from collections.abc import Callable, Collection, Mapping
from typing import Any


def only_these(own: Collection[int]) -> Callable[[Mapping[str, Any]], bool]:
    """Say of a filled-in form whether all the lines that it names are among these."""
    return lambda data: {row.get("行号") for row in data.get("明细", [])} <= set(own)
