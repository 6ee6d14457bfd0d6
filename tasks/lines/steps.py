"""What happens to a case's lines."""

from schemas.tables import case_line
from tasks.unit.work import Work


def close_lines(work: Work) -> None:
    """Let a case's lines end with it: they are open no longer."""
    work.update(case_line, {"case_id": work.case.id}, open=False)
