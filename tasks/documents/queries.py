"""Finding what has a number by the number that people type."""

import unicodedata

from sqlalchemy import Connection, select

from schemas.problems import NotFound
from schemas.tables import service_case


def find_case(connection: Connection, text: str) -> int:
    """Find a case by its number as people type it, in full width or small letters; NotFound where there is none."""
    number = unicodedata.normalize("NFKC", text).strip().upper()
    case_id = connection.execute(select(service_case.c.id).where(service_case.c.number == number)).scalar()
    if case_id is None:
        raise NotFound(f"没有单号为 {number} 的单据，请核对 there is no case {number}: check the number")
    return int(case_id)
