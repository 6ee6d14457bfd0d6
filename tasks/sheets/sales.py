"""The sheet kind `sales`: sales records by order and line; sent again with other content, they are corrected."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Engine

from schemas.forms.sales import SalesLine
from schemas.problems import BadInput, Problem, problems_of
from schemas.words import YesNo
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.sheets.columns import SheetKind
from tasks.sheets.outcome import Became, RowOutcome, SheetRow
from tasks.sheets.queries import office_codes, put_sales
from tasks.sheets.rows import read_row

SalesKey = tuple[str, int]  # order and line


def apply_sales(db: Engine, kind: SheetKind, rows: Sequence[SheetRow]) -> list[RowOutcome]:
    """Keep the records of some rows; gives for each whether it is new, corrected, as it was, or goes back."""
    with db.begin() as connection:
        offices, wanted, outcomes = (office_codes(connection), dict[SalesKey, dict[str, Any]](), list[RowOutcome]())
        sent: dict[SalesKey, SheetRow] = {}
        for row in rows:
            try:
                record = _record(kind, row, offices)
                key = record["order_no"], record["line_no"]
                if key in sent:
                    raise BadInput([Problem("行号", key[1], f"与第{sent[key].no}行重复 repeats row {sent[key].no}")])
            except BadInput as wrong:
                problems = tuple(replace(problem, row=row.no) for problem in wrong.problems)
                outcomes.append(RowOutcome(row, Became.REJECTED, problems=problems))
            else:
                wanted[key], sent[key] = record, row
        changed = put_sales(connection, list(wanted.values())) if wanted else {}
    became = {True: Became.ACCEPTED, False: Became.CORRECTED, None: Became.UNCHANGED}
    return outcomes + [RowOutcome(row, became[changed.get(key)], key[0]) for key, row in sent.items()]


def _record(kind: SheetKind, row: SheetRow, offices: Mapping[str, str]) -> dict[str, Any]:
    """Read a row as a sales record; BadInput names every cell that is wrong."""
    read = read_row(kind, row, shanghai_day(clock.now()))
    if read.problems:
        raise BadInput(read.problems)
    try:
        line = SalesLine.model_validate(read.values)
    except ValidationError as error:
        raise BadInput(problems_of(error)) from None
    if line.office not in offices:
        raise BadInput([Problem("办事处", line.office, "应为办事处名称或编码 must be the name or code of an office")])
    made = {"office": offices[line.office], "custom_made": line.custom_made is YesNo.YES}
    told = {name: getattr(line, name) for name in SalesLine.model_fields}
    return told | {"channel": line.channel.value} | made
