"""The sheet kind of sales records, by order and line; sent again with other content, they are corrected."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Engine, Row

from schemas.forms.sales import SalesLine, YesNo
from schemas.problems import BadInput, Problem, problems_of
from schemas.sheet_kinds import SheetKind
from tasks.people.queries import offices
from tasks.sheets.forms import SheetForm
from tasks.sheets.outcome import Became, RowOutcome, rejected
from tasks.sheets.queries import put_sales
from tasks.sheets.rows import SheetRow

SalesKey = tuple[str, int]  # order and line


def apply_sales(db: Engine, kind: SheetKind, forms: Sequence[SheetForm]) -> list[RowOutcome]:
    """Keep the records of some rows; gives for each whether it is new, corrected, as it was, or goes back."""
    wanted, sent, outcomes = dict[SalesKey, dict[str, Any]](), dict[SalesKey, int](), list[RowOutcome]()
    with db.begin() as connection:
        known = offices(connection)
        for form in forms:
            try:
                record = _record(kind, form.rows[0], known)
                key = record["order_no"], record["line_no"]
                if key in sent:
                    expected = f"与第{sent[key]}行重复 repeats row {sent[key]}"
                    raise BadInput([Problem(kind.heading("line_no"), key[1], expected)])
            except BadInput as wrong:
                outcomes += rejected(form.key, form.rows, wrong.problems)
            else:
                wanted[key], sent[key] = record, form.rows[0].no
        changed = put_sales(connection, list(wanted.values())) if wanted else {}
    became = {True: Became.ACCEPTED, False: Became.CORRECTED, None: Became.UNCHANGED}
    return outcomes + [RowOutcome(no, became[changed.get(key)], key[0]) for key, no in sent.items()]


def _record(kind: SheetKind, row: SheetRow, known: Mapping[str, Row[Any]]) -> dict[str, Any]:
    """Give a row as a sales record; BadInput names every cell that is wrong."""
    if row.problems:
        raise BadInput(row.problems)
    try:
        line = SalesLine.model_validate(row.values)
    except ValidationError as error:
        raise BadInput(problems_of(error)) from None
    if line.office not in known:
        expected = "应为办事处名称或编码 must be the name or code of an office"
        raise BadInput([Problem(kind.heading("office"), line.office, expected)])
    made = {"office": known[line.office].code, "custom_made": line.custom_made is YesNo.YES}
    return dict(line) | {"channel": line.channel.value} | made
