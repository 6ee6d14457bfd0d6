"""Lists for those who lead: made when they are due, shown by their run, not published."""

from collections.abc import Callable

from sqlalchemy import Connection

from tasks.desk.reports.markdown import report_markdown
from tasks.reports.registry import ReportKind
from tasks.rounds.rules import Period
from tasks.rounds.steps import Rounds

NOT_PUBLISHED = "内部清单，不公示 a list of the house, not published"


def rounds_of_list(kind: ReportKind, first: Callable[[Connection, Period], object] | None = None) -> Rounds:
    """Give a list's scheduled work; what is to be done `first` commits with it."""

    def do(connection: Connection, period: Period) -> str:
        if first:
            first(connection, period)
        return report_markdown(kind.made(connection, period), NOT_PUBLISHED)

    return Rounds(f"list:{kind.code}", kind.cadence, do, kind.working_day)
