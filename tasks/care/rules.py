"""What is said of care messages (DOMAIN, "Scheduled work"; S1 1.4.2); pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from schemas.problems import Problem
from schemas.words import CareState, Occasion, OutboxState, TextState
from tasks.privacy.rules import mask_phone, mask_phones
from tasks.rounds.rules import Period

MOBILE = "1[3-9][0-9]{9}"  # what a mobile's number looks like, here and in SQL
MOST_SHOWN = 50


class Released(NamedTuple):
    """What a release did: sent, and left waiting by hours or by the weekly cap, replaced, or not wanted any more."""

    sent: int = 0
    waiting: int = 0
    replaced: int = 0
    opted_out: int = 0


def days_looked_at(period: Period, days: int) -> Period:
    """Give the days whose occasions a round looks at: what is entered some days late is found too."""
    return Period(min(period.first, period.last - timedelta(days=days)), period.last)


def mobile_problem(field: str, phone: str) -> Problem | None:
    """Say that a number gets no short messages; None where it is a mobile's."""
    if re.fullmatch(MOBILE, phone):
        return None
    return Problem(field, mask_phone(phone), "应为手机号码 must be a mobile number such as 13800009999")


def fate_of(state: CareState, outbox: OutboxState | None, answer: Mapping[str, Any] | None) -> str:
    """Say what became of a message, as far as anybody knows."""
    if state is not CareState.SENT or outbox is None:
        return state.zh
    if outbox is not OutboxState.ANSWERED or answer is None:
        return outbox.zh
    return "，".join(filter(None, [TextState(answer["state"]).zh, answer["reason"]]))


def round_page(period: Period, wanted: Mapping[Occasion, int], released: Released, refused: Sequence[Any]) -> str:
    """Summarise a round in markdown; phones masked."""
    new = "，".join(f"{occasion.zh} {count}" for occasion, count in wanted.items()) or "无 none"
    lines = [
        f"### 温馨短信 Care messages · {period.last}",
        f"新增 new: {new}",
        f"发出 sent **{released.sent}** · 待发 waiting **{released.waiting}** · "
        f"被取代 replaced **{released.replaced}** · 已退订 opted out **{released.opted_out}**",
    ]
    if refused:
        told = [f"| {_masked(row)} |" for row in refused[:MOST_SHOWN]]
        table = ["| 电话 Phone | 事由 Occasion | 单号 About | 原因 Why |", "|---|---|---|---|", *told]
        lines += ["#### 网关拒收，请核对号码 Refused by the gateway: check the numbers", "\n".join(table)]
    return "\n\n".join(lines)


def _masked(row: Any) -> str:
    why = mask_phones(" ".join(row.reason.split())[:80].replace("|", "/"))
    return " | ".join([mask_phone(row.phone), Occasion(row.occasion).zh, row.about, why])


def greeting_page(last: date, count: int) -> str:
    """Say how many regular customers are greeted."""
    return f"### 老客户问候 Regular customers · {last}\n\n待发 to be sent, as the weekly cap allows: **{count}**"
