"""The reports of the house: each is made by a function in a file of this folder, and known by its code.

    @report("offices", "配件申报评估表 Office evaluation", Cadence.MONTH)
    def offices(connection: Connection, about: About) -> Report:
        return Report(*about, convention=…, of=…, measures=…, sections=…)

That is all: its page, workbook, JSON, artifact, published editions and command come of themselves. The command line
imports these files whatever it does, so what is slow to import, pandas, is imported in the function.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlalchemy import Connection

import tasks.reports
from schemas.problems import BadInput, NotFound, Problem
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.privacy.rules import mask_phones
from tasks.reports.shapes import Report, ReportSection
from tasks.rounds.rules import RECKONED, Cadence, Period


class About(NamedTuple):
    """What a report is known by: its first three fields."""

    kind: str
    title: str
    period: Period


Maker = Callable[[Connection, About], Report]


@dataclass(frozen=True)
class ReportKind:
    """A report: its code, its title (中文 English), how often it is published, and what makes it.

    working_day   it is published on this working day after its period
    """

    code: str
    title: str
    cadence: Cadence
    make: Maker
    working_day: int = 1

    def made(self, connection: Connection, period: Period) -> Report:
        """Make it of what is known now; BadInput where the days lie in the future, or nobody reckons with them.

        No phone number stands in it.
        """
        today = shanghai_day(clock.now())
        if period.first > today:
            expected = f"期间尚未开始，今天是 these days have not begun, today is {today}"
            raise BadInput([Problem("起始日 since", period.first, expected)])
        if period.first < RECKONED[0] or period.last > RECKONED[1]:
            expected = f"应在 {RECKONED[0]} 与 {RECKONED[1]} 之间 must lie between these days"
            raise BadInput([Problem("期间 period", f"{period.first} – {period.last}", expected)])
        found = self.make(connection, About(self.code, self.title, period))
        return replace(found, sections=tuple(map(_without_numbers, found.sections)))


REPORTS: dict[str, ReportKind] = {}  # by code, those whose files were imported


def report(code: str, title: str, cadence: Cadence, working_day: int = 1) -> Callable[[Maker], ReportKind]:
    """Make a function one of the reports; ValueError where another one has this code."""

    def register(make: Maker) -> ReportKind:
        if code in REPORTS:
            raise ValueError(f"two reports have the code {code}")
        REPORTS[code] = ReportKind(code, title, cadence, make, working_day)
        return REPORTS[code]

    return register


def known_reports() -> Mapping[str, ReportKind]:
    """Give all reports by code."""
    for module in pkgutil.walk_packages(tasks.reports.__path__, f"{tasks.reports.__name__}."):
        importlib.import_module(module.name)
    return dict(sorted(REPORTS.items()))


def report_kind(wanted: str) -> ReportKind:
    """Find a report by its code or its title; NotFound names those that there are."""
    known = known_reports()
    word = wanted.strip()
    for kind in known.values():
        if word.lower() == kind.code or word in (kind.title, kind.title.split()[0]):
            return kind
    listed = "、".join(f"{kind.code} {kind.title.split()[0]}" for kind in known.values())
    raise NotFound(f"没有报表 there is no report “{wanted}”; 应为 one of: {listed}")


def _without_numbers(section: ReportSection) -> ReportSection:
    rows = [
        {key: mask_phones(value) if isinstance(value, str) else value for key, value in row.items()}
        for row in section.rows
    ]
    return replace(section, rows=rows)
