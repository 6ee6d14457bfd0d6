"""The command that explains clocks: what was counted of a case's lines, what was not, and why."""

from datetime import timedelta

from rich.console import RenderableType
from sqlalchemy import Engine

from deployments.cli.as_json import Object, chosen
from deployments.cli.desk import Number
from deployments.cli.output import table
from deployments.cli.session import Output, app, command
from schemas.words import OrderState
from tasks.clocks.lines import LineClock, line_clocks
from tasks.clocks.rules import Why
from tasks.desk.rules import full_time
from tasks.documents.queries import find_case

LINE = ("line_no", "turn", "part_name", "unit", "unit_name", "since", "days", "promised", "planned", "made_on", "state")
ENGLISH = {
    Why.UNPLANNED: "not planned yet",
    Why.REPLANNED: "planned again: a promise of its own",
    Why.PLANNED: "the day of the plan: the next working day is day 1",
    Why.COUNTED: "counted",
    Why.WAITING: "waits for",
    Why.REST: "day of rest",
    Why.OFF_HOURS: "outside of working time",
}
NONE = "没有已计划生产的行 nothing of this case is to be made"


@command(app, processes=True)
def clock(db: Engine, number: Number) -> Output:
    """周期 Explain the clock of each line: every interval that was counted and that was not, and why."""
    with db.connect() as connection:
        found = line_clocks(connection, find_case(connection, number))
    shown = [part for one in found for part in _parts(one)]
    return Output([_object(one) for one in found], shown or [NONE])


def _object(one: LineClock) -> Object:
    line, explained = one.line._asdict(), one.clock
    days = [day._asdict() | {"why": day.why.value} for day in explained.days]
    times = [
        chosen(stretch._asdict(), ("begins", "ends", "note"))
        | {"why": stretch.why.value, "seconds": stretch.counted.total_seconds()}
        for stretch in explained.times
    ]
    sums = explained.sums._asdict() | {"worked_seconds": explained.worked.total_seconds(), "due": explained.due}
    recorded = one.recorded._asdict() if one.recorded else None
    about = chosen(line, LINE) | {"case": line["number"], "control": line["control"]}
    return about | {"days_counted": days, "times": times, "sums": sums, "recorded": recorded, "notes": one.notes}


def _parts(one: LineClock) -> list[RenderableType]:
    line, explained = one.line, one.clock
    used, over, paused = explained.sums
    state = OrderState(line.state)
    unit = f"{line.unit_name} {line.unit}"
    head = f"{line.number} 第{line.line_no}行 {line.part_name} · 第 {line.turn} 次计划 · {unit} · {state.zh}"
    due = f"承诺 promised {line.promised}，顺延至 due {explained.due}"
    sums = f"已用 used {used}/{line.days} 工作日 wd，暂停 paused {paused}，超期 over {over} · {due} · {hours(explained.worked)}"
    kept = one.recorded
    told = f"{line.control} 记录 recorded: 已用 {kept.used}，暂停 {kept.paused}，超期 {kept.over}" if kept else ""
    days = [(day.first, day.last, day.counted, _why(day.why, day.note)) for day in explained.days]
    times = [
        (full_time(one.begins), full_time(one.ends), hours(one.counted) if one.counted else "", _why(one.why, one.note))
        for one in explained.times
    ]
    return [
        *("", head, sums, *filter(None, [told]), *one.notes),
        table("自 From", "至 To", "计 wd", "日 Days: why", rows=days),
        table("自 From", "至 To", "计 Hours", "时间 Times: why", rows=times),
    ]


def _why(why: Why, note: str) -> str:
    return " ".join(filter(None, [why.zh, ENGLISH[why], note]))


def hours(time: timedelta) -> str:
    """Write a length of working time: 41:30 h."""
    minutes = round(time.total_seconds() / 60)
    return f"{minutes // 60}:{minutes % 60:02} h"
