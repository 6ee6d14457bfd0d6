"""The daily check of call records by the handler, and the SUPERVISOR's list of complaints (S1 1.2.3, S3 §12)."""

from sqlalchemy import Connection

from schemas.forms.contacts import ContactKind, ContactWay
from tasks.reports.complaints.queries import hotline
from tasks.reports.complaints.rules import Contact, Hotline, answered_in_time
from tasks.reports.complaints.sections import NUMBER, RECEIVED, Row, listed, range_told
from tasks.reports.complaints.sections import about as row_about
from tasks.reports.counting import by_then, count_of, rate_of, text, within
from tasks.reports.registry import About, report
from tasks.reports.shapes import Report, ReportSection
from tasks.rounds.rules import Cadence

CONVENTION = (
    "当日来电逐条检查：录音、当日答复、约定回复 Each record of the day: recording, answer in time, what is overdue"
)
NO_RECORDING = "无录音编号 no recording"
NO_ANSWER, LATE_ANSWER, OVERDUE = "到期未答复 not answered", "答复逾期 answered late", "逾期待办 something is overdue"


@report("calls-day", "来电记录日检 Daily check of call records", Cadence.DAY_AFTER)
def daily_calls(connection: Connection, about: About) -> Report:
    """Check the day's records, and list the complaints that are to be done."""
    return daily_report(hotline(connection, about.period, fell_due=False), about)


def findings(one: Contact, seen: Hotline) -> list[str]:
    """Say what is wrong with a record or what was done about it, by the end of the period."""
    fell_due = one.due is not None and by_then(seen.period, one.due)
    return [
        said
        for said, wrong in (
            (NO_RECORDING, one.way == ContactWay.PHONE and not one.recording),
            (NO_ANSWER, fell_due and one.answered is None and one.closed is None),
            (LATE_ANSWER, one.answered is not None and not answered_in_time(one)),
            (OVERDUE, one.late > 0),
        )
        if wrong
    ]


def daily_report(seen: Hotline, about: About) -> Report:
    """Make the report of what was counted."""
    checked = [(one, findings(one, seen)) for one in seen.received]
    wrong: list[Row] = [
        row_about(one, public=False) | {"findings": "；".join(found)} for one, found in checked if found
    ]
    columns = (
        NUMBER,
        RECEIVED,
        text("kind", "类别 Kind"),
        text("matter", "事项 Matter"),
        text("findings", "问题 Findings"),
    )
    late = [one for one in seen.contacts if one.late and not within(seen.period, one.received)]
    complaints = [one for one in seen.received if one.kind == ContactKind.COMPLAINT]
    return Report(
        *about,
        convention=CONVENTION,
        of=range_told(seen),
        measures=(
            count_of("contacts", "来电 Contacts", len(checked)),
            rate_of("complete", "记录无误 Without findings", len(checked) - len(wrong), len(checked)),
            count_of("unsolved", "未结投诉 Open complaints", len(seen.unsolved)),
        ),
        sections=(
            ReportSection("checks", "须改正的记录 Records to be put right", columns, wrong),
            listed("complaints", "当日投诉 Complaints of the day", complaints, public=False),
            listed("unsolved", "未结投诉 Open complaints", seen.unsolved, public=False),
            listed("late", "以前来电逾期未办 Overdue of earlier calls", late, public=False),
        ),
    )
