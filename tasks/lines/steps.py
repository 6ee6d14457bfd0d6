"""What happens to a case's lines."""

from collections.abc import Sequence
from typing import Any

from schemas.parts import PartsLine
from schemas.tables import case_line
from tasks.unit.work import Work

AS_APPLIED = ("line_no", "part", "specification", "colour", "quantity", "price", "reason")


def add_lines(work: Work, lines: Sequence[PartsLine], fees: bool = False) -> None:
    """Write the lines of a case; with `fees` who pays for each, which before the review nobody has said."""
    again = getattr(work.case, "parent_id", None) is not None
    about = {"order_no": work.case.order_no, "open": True, "again": again}
    for line in lines:
        said = {name: getattr(line, name) for name in AS_APPLIED} | {"fee": line.fee if fees else None}
        promise = {f"warranty_{name}": value for name, value in line.warranty or ()}
        work.insert(case_line, **about, part_name=line.name, **said, **promise)


def put_lines(work: Work, lines: Sequence[PartsLine], fees: bool = False) -> None:
    """Put these lines in place of the old ones: two that swap their parts must not meet on the way."""
    work.delete(case_line, {"case_id": work.case.id})
    add_lines(work, lines, fees)


def mark_line(work: Work, line_no: int, **values: Any) -> None:
    """Note on a line how far it is."""
    work.update(case_line, {"case_id": work.case.id, "line_no": line_no}, **values)


def close_lines(work: Work) -> None:
    """Let a case's lines end with it: they are open no longer."""
    work.update(case_line, {"case_id": work.case.id}, open=False)
