"""How reminders of an open item read (DOMAIN 4, "Scheduled work"), and whom they reach by message; pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tasks.cycle.rules import Notice
from tasks.unit.work import SHANGHAI

MOST_SHOWN = 50
TRIAL = {"title": "售后提醒 渠道试发 a test of this channel", "lines": ["收到即设置成功 it works"], "more": 0}
TEXTS = {
    Notice.WARNING: "时限将到，请于 {due} 前完成 most of the time is used, due {due}",
    Notice.OVERDUE: "已逾期，应于 {due} 完成 is overdue, was due {due}",
    Notice.OVER: "已超期 {detail} 个工作日，应于 {due} 完成 is {detail} working days over, was due {due}",
    Notice.PICKUP: "请提货并核对（第 {detail} 个工作日催提） collect and check the goods (working day {detail})",
    f"{Notice.PICKUP}-escalated": "催提无果，请督促办事处提货 "
    "the office has not collected the goods in spite of all reminders",
    Notice.REMINDER: "请跟进（第 {detail} 天），应于 {due} 前答复 follow up (day {detail}), an answer is due {due}",
    Notice.STATUTORY: "法定时限第 {detail} 天，应于 {due} 前办结 day {detail} of a legal term that ends {due}",
    Notice.DAILY: "仍未办理，应于 {due} 完成 is still open, was due {due}",
}


def notice_text(number: str, title: str, kind: str, due_at: datetime) -> str:
    """Say what a notice is about in one line, without contact data."""
    named, due = kind.partition(":")[0], f"{due_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    family, _, detail = named.partition("-")
    text = TEXTS.get(named) or TEXTS.get(family) or "提醒 {kind}，应于 {due} 完成 reminder {kind}, due {due}"
    return f"{number} {title} · {text.format(kind=named, due=due, detail=detail)}"


def watch_summary(
    at: datetime, told: Sequence[str], timed_out: Sequence[str], failed: Sequence[tuple[str, str]]
) -> str:
    """Summarise a round of the deadline watch in markdown."""
    lines = [
        f"### 时限巡检 Deadline watch · {at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        f"提醒 notices **{len(told)}** · 超时 timed out **{len(timed_out)}** · 故障 faults **{len(failed)}**",
        *_listed([f"- {text}" for text in told]),
        *_listed([f"- {number} 逾期未办，系统已答复 answered by the system, its time ran out" for number in timed_out]),
        *_listed([f"- ⚠ {number}: {why}" for number, why in failed]),
    ]
    return "\n\n".join(lines)


def without_markdown(text: str) -> str:
    """Write a line of markdown as a message has it: links as words and address, nothing marked."""
    return re.sub(r"\[([^]]*)\]\(([^)]*)\)", r"\1 \2", text).replace("**", "")


class Recipient(NamedTuple):
    """Who hears of notices by message: an e-mail address, or a robot or webhook by its name."""

    way: str
    address: str


class ToldNotice(NamedTuple):
    """A notice that was written: for which role, about a case of which office."""

    role: str
    office: str
    text: str


class NoticeChannel(NamedTuple):
    """Who hears of what a role is told; without an office, of every office."""

    role: str
    office: str | None
    way: str
    address: str


def digests(told: Iterable[ToldNotice], channels: Sequence[NoticeChannel]) -> dict[Recipient, Mapping[str, Any]]:
    """Make one message a recipient of all that it hears of, the same text once."""
    heard = dict[Recipient, dict[str, None]]()
    for one in told:
        for channel in channels:
            if channel.role == one.role and channel.office in (None, one.office):
                heard.setdefault(Recipient(channel.way, channel.address), {})[one.text] = None
    return {recipient: _digest(list(lines)) for recipient, lines in heard.items()}


def _digest(lines: Sequence[str]) -> Mapping[str, Any]:
    title = f"售后提醒 {len(lines)} 条 after-sales reminders"
    return {"title": title, "lines": lines[:MOST_SHOWN], "more": max(0, len(lines) - MOST_SHOWN)}


def _listed(lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    more = len(lines) - MOST_SHOWN
    return ["\n".join([*lines[:MOST_SHOWN], *([f"- … 另 {more} 条 more"] if more > 0 else [])])]
