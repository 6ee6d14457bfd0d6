"""意见建议反馈表: what customers suggested, and what the units answered (S1 1.4.4)."""

from typing import Any

from sqlalchemy import Connection, Row

from schemas.processes.complaint import ContactEnding
from tasks.cycle.rules import shanghai_day
from tasks.privacy.rules import mask_name, mask_text
from tasks.reports.counting import by_then, count_of, range_of, rate_of, text, within
from tasks.reports.lists.queries import suggested
from tasks.reports.registry import About, report
from tasks.reports.shapes import Kind, Report, ReportColumn, ReportSection, Value
from tasks.rounds.rules import Cadence, Period

CONVENTION = (
    "期内收到或答复的、期末未答复的建议 Suggestions that came or were answered in the period, or wait at its end"
)
COLUMNS = (
    text("number", "单号 Case"),
    ReportColumn("received", "收到 Received", Kind.DAY),
    text("office", "办事处 Office"),
    text("customer", "客户 Customer"),
    text("matter", "建议 Suggestion"),
    text("unit", "单位 Unit"),
    text("reply", "答复 Answer"),
    text("result", "结果 Result"),
)
RULED = {ContactEnding.ADOPTED, ContactEnding.NOT_ADOPTED}


@report("suggestions", "意见建议反馈表 Suggestions", Cadence.WEEK_TO_THURSDAY)
def suggestions(connection: Connection, about: About) -> Report:
    """List a week's suggestions with the units' answers, and those that wait for one."""
    period = about.period
    found = suggested(connection, period)
    ends = [ContactEnding(one.ending) for one in found if by_then(period, one.closed)]
    ruled = [end for end in ends if end in RULED]
    return Report(
        *about,
        convention=CONVENTION,
        of=range_of("建议 suggestions", len(found), [shanghai_day(one.received) for one in found]),
        measures=(
            count_of("received", "本期收到 Received", sum(within(period, one.received) for one in found)),
            rate_of("adopted", "采纳率 Adopted", ruled.count(ContactEnding.ADOPTED), len(ruled)),
            count_of("open", "未答复 Not answered", len(found) - len(ends)),
        ),
        sections=(ReportSection("suggestions", "意见建议 Suggestions", COLUMNS, [_row(one, period) for one in found]),),
    )


def _row(one: Row[Any], period: Period) -> dict[str, Value]:
    """Say what was suggested and answered; of the customer no more than the family name."""
    result = ContactEnding(one.ending).zh if by_then(period, one.closed) else ""
    told = {"matter": mask_text(one.matter, one), "unit": one.unit, "reply": mask_text(one.reply, one)}
    who = {"office": one.office, "customer": mask_name(one.customer_name)}
    return {"number": one.number, "received": shanghai_day(one.received), **who, **told, "result": result}
