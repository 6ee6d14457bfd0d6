"""One measured figure with its bound."""

from typing import NamedTuple


class Figure(NamedTuple):
    """A figure, the bound as a reader wants to see it, and whether it holds."""

    name: str
    value: float
    bound: str = ""
    holds: bool = True
