"""Rows of the sheets of returns as people send them, and how a case comes to the gate of each."""

from collections.abc import Callable, Mapping
from typing import Any

import time_machine

from schemas.sheet_kinds import sheet_kind
from tasks.durable.stage import advance
from tests.flows.returns import bring_back, no_reason, out_of_stock, unsigned
from tests.play import Play
from tests.tasks.sheets.workbooks import Cells

TODAY = "2026-11-18"
Said = Mapping[str, Mapping[str, Any]]


def _at(
    key: str, how: Callable[..., int] = bring_back, said: Said | None = None, **fields: Any
) -> Callable[[Play], int]:
    """Bring a return to a gate."""

    def bring(play: Play) -> int:
        case = how(play, **fields)
        while key not in play.items(case):
            now = play.next_key(case)
            play.decide(case, now, **(said or {}).get(now, {}))
        return case

    return bring


def _unsent(play: Play, **fields: Any) -> int:
    unsigned(play, delivered=False)
    return no_reason(play, **fields)


def _unsigned(play: Play, **fields: Any) -> int:
    unsigned(play)
    return no_reason(play, **fields)


def _short(play: Play, **fields: Any) -> int:
    out_of_stock(play)
    return bring_back(play, 客户意愿="换货", **fields)


def _overdue(play: Play) -> int:
    """Let goods that are on their way not arrive, so that they are traced."""
    case = _at("count-1-way")(play)
    with time_machine.travel("2026-12-18T10:00:00+08:00", tick=False):
        assert play.time_out(case, "count-1-way").accepted
        advance(play.db, case)
    return case


SPOILT = {"appraise-1": {"明细": {1: {"完好数量": 0}}}}
GATES: dict[str, tuple[Callable[[Play], int], str, Cells]] = {
    "return-review": (_at("review-1"), "review-1", {"折价比例": 0}),
    "stop-order": (_at("stop", _unsent), "stop", {}),
    "intercept": (_at("intercept", _unsigned), "intercept", {"快递员": "小李"}),
    "parcel-came-back": (_at("came-back", _unsigned), "came-back", {"收到日期": TODAY}),
    "return-notice": (_at("notice-1"), "notice-1", {"通知日期": TODAY}),
    "return-record": (_at("sent-1"), "sent-1", {"经办人工号": "E1025"}),
    "returns-received": (_at("count-1-way"), "count-1-way", {"送达日期": TODAY, "日期": TODAY}),
    "return-trace": (_overdue, "trace-1-0", {}),
    "returns-appraisal": (_at("appraise-1"), "appraise-1", {}),
    "returns-inspection": (_at("reinspect-1"), "reinspect-1", {}),
    "return-difference": (_at("difference-1", no_reason, SPOILT), "difference-1", {}),
    "exchange-choice": (_at("choice-1", _short), "choice-1", {}),
    "return-news": (_at("review-1"), "news-1", {"步骤": "news-1"}),
    "refund-release": (_at("pay-1"), "pay-1", {}),
    "refund-paid": (_at("bank-1-1"), "bank-1-1", {"入账日期": TODAY}),
    "refund-account": (
        _at("account-1-1", 退款账号="6222020200112231"),
        "account-1-1",
        {"更正账号": "6222020200112230"},
    ),
    "refused-goods": (_at("back-1", no_reason, SPOILT), "back-1", {}),
}


def example(code: str) -> dict[str, Any]:
    """Give a row of a kind's sheet: its template's example, of a case that there is not."""
    kind = sheet_kind(code)
    filled = {column.heading: column.example for column in kind.columns if column.example != ""}
    return filled | {kind.key.heading: "RF-2026-000007"}


MARKS = {
    "return-review": ["ddcbf1ad-a57e-5ff2-a436-940cc86b67fe"],
    "stop-order": ["b67fd9e9-060e-53b8-99ef-830b6f6a00f2"],
    "intercept": ["8efd5f36-d251-5e21-ad7a-9890da846f77"],
    "parcel-came-back": ["68e31a7c-f364-57db-be16-129d88058093"],
    "return-notice": ["ed04106a-bb13-5d47-90eb-383be7bb5ac9"],
    "return-record": ["4f8bbf9c-d088-541c-9a58-7256c27817d5"],
    "returns-received": ["b975d77f-f8b1-5a7e-9b1e-ac3b3367cbda"],
    "return-trace": ["8721246a-7db6-5cb4-ad8a-ecd7f8a0c6f9"],
    "returns-appraisal": ["07e8f84c-bc8f-5c74-82af-2168847f696e"],
    "returns-inspection": ["eaa86faf-097a-5ec0-beea-1ab6c34cfbf1"],
    "return-difference": ["b81a4564-3248-5e7c-96b6-17f1f8479c94"],
    "exchange-choice": ["238a437a-d56e-5388-9f9e-0d4f23ca45bb"],
    "return-news": ["6e0fb500-b7c8-5285-bd93-7aa905a691dd"],
    "refund-release": ["82269099-d0f1-5e8e-afee-259b8e934813"],
    "refund-paid": ["c1166167-957a-5fb6-aec7-660689bdcefa"],
    "refund-account": ["88b9988f-5a27-5e74-9741-d33c66cd1b04"],
    "refused-goods": ["75c06300-89ee-59bb-9c3f-8500485811f4"],
}
