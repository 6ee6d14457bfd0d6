"""The SQL of production: units."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from schemas.spelling import Known
from schemas.tables import production_unit


def units(connection: Connection, _case_ids: Sequence[int] = ()) -> Known[Row[Any]]:
    """Load the production units by code and by name."""
    rows = connection.execute(select(production_unit))
    return Known((word, row) for row in rows for word in (row.code, row.name))
