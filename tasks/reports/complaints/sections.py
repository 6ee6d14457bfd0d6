"""The sections that several of the hotline's reports have; pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate

from schemas.forms.contacts import ContactKind
from schemas.words import Labelled
from tasks.cycle.rules import shanghai_day
from tasks.reports.complaints.rules import Contact, Hotline, answered_in_time, satisfied
from tasks.reports.counting import UNNAMED, by_then, grouped, most_common, range_of, text
from tasks.reports.rules import share
from tasks.reports.shapes import Chart, Kind, Look, ReportColumn, ReportSection, Value
from tasks.rounds.rules import Period

Row = dict[str, Value]
Rows = Sequence[Mapping[str, Value]]
REQUESTS = (ContactKind.REPAIR, ContactKind.ENQUIRY, ContactKind.SUGGESTION)
NO_CAUSE = "未分析 not analysed yet"
COMPLAINTS = ReportColumn("complaints", "有效投诉 Complaints")
FILED = ReportColumn("filed", "已归档 Filed")
MAJOR = ReportColumn("major", "重大 Major")
OPEN = ReportColumn("open", "未结 Open")
NUMBER, RECEIVED = text("number", "单号 Case"), ReportColumn("received", "受理 Received", Kind.DAY)
WHAT = {True: text("product", "产品 Product"), False: text("matter", "事项 Matter")}  # where everybody reads it, or not
WITH_WHOM = (text("office", "办事处 Office"), text("unit", "责任单位 Unit"))


def range_told(seen: Hotline) -> str:
    """Say which data was counted."""
    return range_of("来电 contacts received", len(seen.received), [shanghai_day(one.received) for one in seen.received])


def breakdown(
    seen: Hotline, key: str, title: str, label: str, by: Callable[[Contact], str], look: Look = Look.BARS
) -> ReportSection:
    """Count the period's complaints by what they have in common."""
    rows: list[Row] = [
        {
            key: group,
            "complaints": len(those),
            "filed": sum(one.filed is not None for one in those),
            "major": sum(one.graver is not None for one in those),
            "open": sum(one.is_open(seen.period) for one in those),
        }
        for group, those in grouped(seen.complaints, by).items()
    ]
    return ReportSection(
        key, title, (text(key, label), COMPLAINTS, FILED, MAJOR, OPEN), rows, Chart(look, key, ("complaints",))
    )


def breakdowns(seen: Hotline) -> tuple[ReportSection, ...]:
    """Count the period's complaints by severity, unit, product, type and office (S0 3.2)."""
    return (
        breakdown(seen, "severity", "按严重程度 By severity", "严重程度 Severity", lambda one: one.grave),
        breakdown(seen, "unit", "按责任单位 By unit", "责任单位 Unit", lambda one: one.unit or UNNAMED),
        breakdown(seen, "product", "按产品 By product", "产品 Product", lambda one: one.about),
        breakdown(seen, "special", "按特别事项 By type", "类型 Type", lambda one: one.special),
        breakdown(seen, "office", "按办事处 By office", "办事处 Office", lambda one: one.office),
    )


def causes(seen: Hotline) -> ReportSection:
    """Count the commonest causes, as QUALITY found them, else the unit, and the share that they add up to."""
    found = most_common((one.cause or NO_CAUSE for one in seen.complaints), seen.most)
    upto = accumulate(many for _, many in found)
    rows: list[Row] = [
        {"cause": cause, "complaints": many, "upto": share(sum_, len(seen.complaints))}
        for (cause, many), sum_ in zip(found, upto, strict=True)
    ]
    columns = (text("cause", "原因 Cause"), COMPLAINTS, ReportColumn("upto", "累计占比 Adds up to", Kind.RATE))
    return ReportSection("causes", "主要原因 Top causes", columns, rows, Chart(Look.PARETO, "cause", ("complaints",)))


def kinds(seen: Hotline, key: str, title: str, label: str, by: Callable[[Contact], Labelled]) -> ReportSection:
    """Count all contacts of the period, by kind or channel: how many were answered in time, and what is left."""
    rows = list[Row]()
    for group, those in grouped(seen.received, by).items():
        asked = [one for one in those if one.due and by_then(seen.period, one.due)]
        in_time = share(sum(map(answered_in_time, asked)), len(asked))
        left = sum(one.is_open(seen.period) for one in those)
        rows.append({key: group.zh, "contacts": len(those), "in_time": in_time, "open": left})
    contacts, in_time_column = (
        ReportColumn("contacts", "来电 Contacts"),
        ReportColumn("in_time", "及时响应 In time", Kind.RATE),
    )
    columns = (text(key, label), contacts, in_time_column, OPEN)
    return ReportSection(key, title, columns, rows, Chart(Look.BARS, key, ("contacts",)))


def requests(seen: Hotline) -> ReportSection:
    """Count repair requests, enquiries and suggestions by what became of them (S0 3.2)."""
    asked = [one for one in seen.received if one.kind in REQUESTS]
    rows: list[Row] = [
        {"kind": kind, "became": became, "contacts": len(those)}
        for (kind, became), those in grouped(asked, lambda one: (one.kind.zh, _became(one, seen.period))).items()
    ]
    columns = (text("kind", "类别 Kind"), text("became", "结果 Result"), ReportColumn("contacts", "来电 Contacts"))
    return ReportSection("requests", "报修、咨询、建议 Requests and enquiries", columns, rows)


def _became(one: Contact, period: Period) -> str:
    return one.ending.zh if one.ending and by_then(period, one.closed) else "办理中 open"


def topics(seen: Hotline) -> ReportSection:
    """Count what customers call about most, whatever the kind (S2)."""
    found = most_common((f"{one.about} · {one.kind.zh}" for one in seen.received), seen.most)
    rows: list[Row] = [{"topic": topic, "contacts": many} for topic, many in found]
    columns = (text("topic", "热点 Topic"), ReportColumn("contacts", "来电 Contacts"))
    return ReportSection("topics", "热点问题 Hot topics", columns, rows, Chart(Look.BARS, "topic", ("contacts",)))


def unsolved(seen: Hotline, key: str, title: str, public: bool = True) -> ReportSection:
    """List the complaints that are to be done, the gravest first, of those the oldest (S2 下月亟待解决问题)."""
    day = seen.period.last
    rows: list[Row] = [
        about(one, public) | {"age": one.days_open(day), "close_by": one.close_by} for one in seen.unsolved
    ]
    more = (ReportColumn("age", "已过天数 Days", Kind.DAYS), ReportColumn("close_by", "应结 Due", Kind.DAY))
    columns = (NUMBER, RECEIVED, text("severity", "严重程度 Severity"), *WITH_WHOM, WHAT[public], *more)
    return ReportSection(key, title, columns, rows)


def about(one: Contact, public: bool) -> Row:
    """Say in a row what a contact is about; what the customer said stands in lists of the house only."""
    told: Row = {
        "number": one.number,
        "received": shanghai_day(one.received),
        "office": one.office,
        "kind": one.kind.zh,
    }
    return (
        told
        | {"severity": one.grave, "unit": one.unit, "state": state(one)}
        | ({"product": one.about} if public else {"matter": one.matter})
    )


def state(one: Contact) -> str:
    """Say how far a contact is: its ending, else the link at which it stands."""
    return one.ending.zh if one.ending else one.link


def listed(key: str, title: str, contacts: Iterable[Contact], public: bool = True) -> ReportSection:
    """List contacts."""
    what = (text("kind", "类别 Kind"), text("severity", "严重程度 Severity"))
    columns = (NUMBER, RECEIVED, *what, *WITH_WHOM, WHAT[public], text("state", "进展 Progress"))
    return ReportSection(key, title, columns, [about(one, public) for one in contacts])


def satisfaction_of_units(seen: Hotline) -> ReportSection:
    """Give the satisfaction of the customers of each unit's complaints, as they said at the callback."""
    rows = list[Row]()
    for unit, those in grouped([one for one in seen.callbacks if one.filed], lambda one: one.unit or UNNAMED).items():
        pleased, asked = satisfied(those)
        rows.append({"unit": unit, "asked": asked, "satisfied": pleased, "rate": share(pleased, asked)})
    asked_column, pleased_column = ReportColumn("asked", "答复 Answered"), ReportColumn("satisfied", "满意 Satisfied")
    columns = (
        text("unit", "责任单位 Unit"),
        asked_column,
        pleased_column,
        ReportColumn("rate", "满意率 Rate", Kind.RATE),
    )
    return ReportSection(
        "satisfaction", "投诉满意率 Satisfaction by unit", columns, rows, Chart(Look.BARS, "unit", ("rate",))
    )
