"""What is said of a promise is said once, however often its unit reports (DOMAIN 4)."""

import time_machine

from tests.flows.cycles import sweep as told
from tests.play import Play, cells, line


def report(play: Play, case: int, key: str, made: int) -> None:
    play.decide(case, key, 明细=cells("完成数量", {1: made}))
    play.run("UPDATE work_item SET schedule = '[]' WHERE role = 'WAREHOUSE'")  # whose own terms are not looked at here


def test_partial_reports_start_no_term_anew(play: Play, today: time_machine.Traveller) -> None:
    case = play.apply([line("P-PB-001", 5)])  # confirmed on Wednesday 11-18: seven days, promised on 11-27
    play.run_to(case, "produce-1-panel-1")
    assert told(play, today, "11-18T10:15") == []
    report(play, case, "produce-1-panel-1", 1)
    assert told(play, today, "11-25T17:00") == []
    report(play, case, "produce-1-panel-2", 1)
    warning = told(play, today, "11-26T09:00")
    assert [("时限将到" in one, "2026-11-27 17:30" in one) for one in warning] == [(True, True)]
    report(play, case, "produce-1-panel-3", 1)
    assert told(play, today, "11-27T10:00") == []
    assert len(told(play, today, "11-27T17:30")) == 2, "overdue, to unit and planner"
    report(play, case, "produce-1-panel-4", 1)
    assert told(play, today, "11-30T10:00") == []
    assert [("已超期 3" in one) for one in told(play, today, "12-02T17:30")] == [True]
    kinds = play.rows("SELECT kind, step_key FROM notice ORDER BY sent_at, kind")
    assert [tuple(row) for row in kinds] == [
        (kind, "panel-1-2026-11-18-7")
        for kind in ("warning:WORKSHOP", "overdue:PLANNER", "overdue:WORKSHOP", "over-3:SUPERVISOR")
    ]


def test_lines_of_a_unit_that_promise_other_days_have_terms_of_their_own(
    play: Play, today: time_machine.Traveller
) -> None:
    case = play.apply([line("P-PB-001", 1), line("P-GL-008", 1)])
    play.run_to(case, "cycle-1")
    asked = play.items(case)["cycle-1"].prefill["明细"]
    play.decide(case, "cycle-1", 明细=[asked[0], asked[1] | {"周期天数": 2}])
    rows = [row | {"来源": "本厂生产", "生产单位": "PANEL"} for row in play.items(case)["plan-1"].prefill["明细"]]
    play.decide(case, "plan-1", 明细=rows)
    first, second = (line.promised for line in play.lines(case))
    assert first != second
    assert len(told(play, today, f"{second:%m-%d}T17:30")) >= 2
    said = [row.text for row in play.rows("SELECT text FROM notice WHERE kind = 'overdue:PLANNER'")]
    assert [f"{second} 17:30" in one for one in said] == [True]
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {2: 1}))
    play.run("UPDATE work_item SET schedule = '[]' WHERE role = 'WAREHOUSE'")
    told(play, today, f"{first:%m-%d}T17:30")
    said = [row.text for row in play.rows("SELECT text FROM notice WHERE kind = 'overdue:PLANNER' ORDER BY sent_at")]
    assert [f"{day} 17:30" in one for day, one in zip((second, first), said, strict=True)] == [True, True]
