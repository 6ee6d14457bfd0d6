"""The SQL of production: units."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from schemas.tables import production_unit


def units(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[str, Row[Any]]:
    """Load the production units by code and by name."""
    return {word: row for row in connection.execute(select(production_unit)) for word in (row.code, row.name)}
