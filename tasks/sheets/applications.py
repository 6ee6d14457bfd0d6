"""The sheet kind `applications`: an office's workbook becomes cases, wrong applications go back with reasons.

An application is accepted whole or not at all; the others of the sheet go on. Its origin holds its content,
so the same application sent again (same file, renamed, in part, beside corrected ones) makes no second case.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Engine

from schemas.problems import BadInput, Problem
from schemas.words import Channel
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.durable.opening import Opened, open_chunk
from tasks.durable.stage import Turn, advance_chunk
from tasks.sheets.decisions import no_key
from tasks.sheets.kinds import APPLICATIONS
from tasks.sheets.outcome import Became, RowOutcome, SheetRow, all_became, in_sheet, rejected
from tasks.sheets.rows import SheetForm, fill_in, read_key, read_row
from tasks.sheets.text import text_problems

LONGEST_KEY = 60


@dataclass(frozen=True)
class SheetApplication:
    """The rows of one application as form data; `problems` tell of cells that could not be read."""

    row_key: str
    data: dict[str, Any]
    sources: list[SheetRow] = field(repr=False)
    problems: list[Problem] = field(default_factory=list)

    @property
    def rows(self) -> list[int]:
        """The numbers of its rows in the sheet."""
        return [row.no for row in self.sources]

    @property
    def origin(self) -> str:
        """What makes it the same application when it is sent again: its content and the office's number."""
        content = json.dumps(self.data, sort_keys=True, ensure_ascii=False)
        return f"sheet:{hashlib.sha256(content.encode()).hexdigest()}:{self.row_key}"


def applications_of(rows: Sequence[SheetRow]) -> list[SheetApplication]:
    """Bring the rows of each application together; a row without a key stands alone."""
    today = shanghai_day(clock.now())
    groups: dict[tuple[str, int], list[SheetRow]] = {}
    for row in rows:
        key = read_key(APPLICATIONS, row)
        groups.setdefault((key, 0 if key else row.no), []).append(row)
    return [_application(key, group, today) for (key, _), group in groups.items()]


def apply_applications(db: Engine, rows: Sequence[SheetRow]) -> list[RowOutcome]:
    """Open a case for each right application and take it to its first gate."""
    applications = applications_of(rows)
    right = [one for one in applications if not one.problems]
    sent = [(one.origin, one.data) for one in right]
    opened = dict(zip((id(one) for one in right), open_chunk(db, "PA", Channel.SHEET, sent), strict=True))
    advance_chunk(db, [Turn(made.case_id) for made in opened.values() if isinstance(made, Opened) and made.new])
    return [
        outcome for one in applications for outcome in _outcomes(one, opened.get(id(one)) or BadInput(one.problems))
    ]


def _outcomes(application: SheetApplication, made: Opened | BadInput) -> list[RowOutcome]:
    if isinstance(made, Opened):
        became = Became.ACCEPTED if made.new else Became.UNCHANGED
        return all_became(application.sources, became, made.number)
    problems = application.problems or [in_sheet(problem, APPLICATIONS, application.rows) for problem in made.problems]
    return list(rejected(application.row_key, application.sources, problems))


def _application(key: str, rows: list[SheetRow], today: date) -> SheetApplication:
    heading = APPLICATIONS.key.heading
    problems = [] if key else [no_key(heading, rows[0])]
    problems += [Problem(heading, key, why, rows[0].no) for why in text_problems(key, LONGEST_KEY)]
    read = [read_row(APPLICATIONS, row, today) for row in rows]
    filled = fill_in(APPLICATIONS, SheetForm(key, "", read), read)
    problems += [problem for problem in filled.problems if problem.field != heading]
    return SheetApplication(key, filled.data, rows, problems)
