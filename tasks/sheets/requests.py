"""Sheets of requests: the forms of an office's workbook become cases, wrong ones go back with reasons.

A form is accepted whole or not at all; the others of the sheet go on. A case's origin holds its form's content, so
the same sent again (same file, renamed, in part, beside corrected ones) makes no second case.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Engine

from schemas.forms.fields import Key
from schemas.problems import BadInput, NotFound, problems_of
from schemas.sheet_kinds import SheetKind
from schemas.words import Channel
from tasks.durable.opening import Opened, open_chunk
from tasks.durable.process import PROCESSES
from tasks.durable.stage import Turn, advance_chunk
from tasks.sheets.forms import Filled, SheetForm, fill_in
from tasks.sheets.outcome import Became, RowOutcome, all_became, sent_back

_KEY: TypeAdapter[str] = TypeAdapter(Key)


def apply_requests(db: Engine, kind: SheetKind, forms: Sequence[SheetForm]) -> list[RowOutcome]:
    """Open a case for each right request and take it to its first gate."""
    read = [_filled(kind, form) for form in forms]
    right = [filled for filled in read if not filled.problems]
    sent = [(origin_of(filled.form.key, filled.data), filled.data) for filled in right]
    made = open_chunk(db, _process_of(kind), Channel.SHEET, sent)
    advance_chunk(db, [Turn(case.case_id) for case in made if isinstance(case, Opened) and case.new])
    outcomes = [outcome for filled in read if filled.problems for outcome in sent_back(kind, filled)]
    for filled, case in zip(right, made, strict=True):
        if isinstance(case, BadInput):
            outcomes += sent_back(kind, filled, case.problems)
        else:
            outcomes += all_became(filled.rows, Became.ACCEPTED if case.new else Became.UNCHANGED, case.number)
    return outcomes


def origin_of(key: str, data: Mapping[str, Any]) -> str:
    """Give what makes it the same request when it is sent again: its content and the office's number."""
    content = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return f"sheet:{hashlib.sha256(content.encode()).hexdigest()}:{key}"


def _process_of(kind: SheetKind) -> str:
    """Find the process that a kind's form opens."""
    for process in PROCESSES.values():
        if process.request is kind.form:
            return process.code
    raise NotFound(f"没有受理{kind.title}的流程 no process is opened by {kind.form.__name__}")


def _filled(kind: SheetKind, form: SheetForm) -> Filled:
    filled = fill_in(kind, form, form.rows)
    try:
        _KEY.validate_python(form.key)
    except ValidationError as error:
        heading, no = kind.key.heading, form.rows[0].no
        filled.problems += [replace(problem, field=heading, row=no) for problem in problems_of(error)]
    return filled
