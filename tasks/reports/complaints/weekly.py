"""The weekly list of complaints and repairs (S1), with what the market says and what customers were called (S4)."""

from sqlalchemy import Connection

from schemas.forms.contacts import ContactKind
from tasks.reports.complaints.queries import hotline
from tasks.reports.complaints.rules import Hotline, measures
from tasks.reports.complaints.sections import (
    kinds,
    listed,
    range_told,
    requests,
    satisfaction_of_units,
    topics,
    unsolved,
)
from tasks.reports.registry import About, report
from tasks.reports.shapes import Report
from tasks.rounds.rules import Cadence


@report("complaints-week", "投诉、报修周报 Weekly complaints and repairs", Cadence.WEEK)
def weekly_complaints(connection: Connection, about: About) -> Report:
    """List a week's complaints and repair requests, and what of them is still to be done."""
    return weekly_report(hotline(connection, about.period), about)


def weekly_report(seen: Hotline, about: About) -> Report:
    """Make the report of what was counted."""
    complaints = [one for one in seen.received if one.kind == ContactKind.COMPLAINT]
    repairs = [one for one in seen.received if one.kind == ContactKind.REPAIR]
    waiting = [one for one in seen.contacts if one.kind == ContactKind.REPAIR and one.is_open(seen.period)]
    return Report(
        *about,
        convention=seen.convention,
        of=range_told(seen),
        measures=measures(seen),
        sections=(
            kinds(seen, "kind", "按类别 By kind", "类别 Kind", lambda one: one.kind),
            listed("complaints", "本周投诉 Complaints", complaints),
            listed("repairs", "本周报修 Repair requests", repairs),
            unsolved(seen, "unsolved", "未结投诉 Open complaints"),
            listed("waiting", "未完报修 Open repair requests", waiting),
            topics(seen),
            requests(seen),
            satisfaction_of_units(seen),
        ),
    )
