"""Take sales records in: kept by order and line, signed, each change written down; and warranty cards, each registers one.

A record that would change another one goes back with what would change; confirmed and sent again, it does.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Engine, Row

from schemas.forms.sales import SalesChannel, SalesLine, WarrantyCard, YesNo
from schemas.problems import BadInput, Problem, problems_of
from tasks.customers.cards import register_card
from tasks.customers.queries import add_sales, correct_sales, held_sales, note_sales
from tasks.people.queries import offices, stores
from tasks.privacy.rules import mask_address, mask_phone
from tasks.sheets.forms import SheetForm
from tasks.sheets.outcome import Became, RowOutcome, all_became, rejected

SIGNED = ("staff", "confirmed")  # what a row says beside the record
MASKED = {"customer_phone": mask_phone, "customer_address": mask_address}  # reasons stand on pages too
CONFIRMED = SalesLine.model_fields["confirmed"].alias or ""
Changes = dict[str, tuple[str, str]]  # by column what it was and becomes


def keep_cards(db: Engine, forms: Sequence[SheetForm]) -> list[RowOutcome]:
    """Register the cards of some rows, each by itself; gives for each whether it is new, was known, or goes back."""
    outcomes = list[RowOutcome]()
    for form in forms:
        try:
            new = register_card(db, WarrantyCard.model_validate(form.rows[0].values)).new
        except (BadInput, ValidationError) as wrong:
            told = wrong.problems if isinstance(wrong, BadInput) else problems_of(wrong)
            outcomes += rejected(form.key, form.rows, told)
        else:
            outcomes += all_became(form.rows, Became.ACCEPTED if new else Became.UNCHANGED, form.key)
    return outcomes


def keep_sales(db: Engine, forms: Sequence[SheetForm]) -> list[RowOutcome]:
    """Keep the records of some rows; gives for each whether it is new, corrected, as it was, or goes back.

    That offices, stores and staff exist, and that no line of an order comes twice, the check has seen to.
    """
    lines, outcomes = list[tuple[SheetForm, SalesLine]](), list[RowOutcome]()
    for form in forms:
        try:
            lines.append((form, SalesLine.model_validate(form.rows[0].values)))
        except ValidationError as error:
            outcomes += rejected(form.key, form.rows, problems_of(error))
    return outcomes + _keep(db, lines) if lines else outcomes


def _keep(db: Engine, lines: Sequence[tuple[SheetForm, SalesLine]]) -> list[RowOutcome]:
    outcomes, corrected, noted = list[RowOutcome](), list[dict[str, Any]](), list[dict[str, Any]]()
    with db.begin() as connection:
        known, sellers = offices(connection), stores(connection)
        records = [_record(line, known, sellers) for _, line in lines]
        new = add_sales(connection, records)
        held = held_sales(connection, {record["order_no"] for record in records})
        for (form, line), record in zip(lines, records, strict=True):
            key = line.order_no, line.line_no
            changes = _changes(held[key], record)
            became = _became(key in new, changes, line)
            if became is Became.REJECTED:
                outcomes += rejected(form.key, form.rows, [_to_confirm(changes)])
                continue
            outcomes.append(RowOutcome(form.rows[0].no, became, line.order_no))
            if became is not Became.UNCHANGED:
                who = {"order_no": line.order_no, "line_no": line.line_no, "staff": line.staff}
                noted.append(who | {"changes": changes})
            if became is Became.CORRECTED:
                corrected.append(record)
        if corrected:
            correct_sales(connection, corrected)
        if noted:
            note_sales(connection, noted)
    return outcomes


def _became(new: bool, changes: Changes, line: SalesLine) -> Became:
    if new:
        return Became.ACCEPTED
    if not changes:
        return Became.UNCHANGED
    return Became.CORRECTED if line.confirmed is YesNo.YES else Became.REJECTED


def _record(line: SalesLine, known: Mapping[str, Row[Any]], sellers: Mapping[str, Row[Any]]) -> dict[str, Any]:
    """Give a line as a sales record."""
    made: dict[str, Any] = {"office": known[line.office].code}
    made |= {"store": sellers[line.store].code if line.store else None}
    made |= {name: getattr(line, name) is YesNo.YES for name in ("custom_made", "custom_confirmed")}
    told = {name: value for name, value in line if name not in SIGNED}
    return told | {"channel": line.channel.value} | made


def _changes(held: Row[Any], record: Mapping[str, Any]) -> Changes:
    """Say what a record would change of the one that is kept, as people write it."""
    kept = held._mapping
    return {
        name: (_shown(name, kept[name]), _shown(name, value)) for name, value in record.items() if kept[name] != value
    }


def _shown(name: str, value: object) -> str:
    if isinstance(value, bool):
        return (YesNo.YES if value else YesNo.NO).zh
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return SalesChannel(str(value)).zh if name == "channel" else str("" if value is None else value)


def _to_confirm(changes: Changes) -> Problem:
    """Say what a row would change, and how to confirm that."""
    told = "；".join(_told(name, *change) for name, change in changes.items())
    return Problem(CONFIRMED, "", f"将更正 would change: {told}；属实请填“是”再发 if so, fill in 是 and send it again")


def _told(name: str, before: str, after: str) -> str:
    mask = MASKED.get(name, str)
    return f"{SalesLine.model_fields[name].alias} {mask(before) or '空 empty'} → {mask(after) or '空 empty'}"
