"""Telling a role something from within a step."""

from schemas.tables import notice
from schemas.words import Role
from tasks.unit.work import Work


def tell(work: Work, role: Role, text: str, kind: str = "reply") -> None:
    """Tell a role of a case, once a step and kind; no contact data."""
    told = f"{work.case.number} {text}"
    work.insert(notice, kind=f"{kind}:{role}", role=role, text=told, sent_at=work.now)
