"""The watch over cycles does nothing where there is no news, everything once, and few statements for many cases."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine

from schemas.words import Role
from tasks.control import queries, watch
from tasks.control.watch import watch_cycles
from tasks.desk.pages import case_sheet
from tasks.desk.queries import case_view
from tasks.desk.timeline import timeline_rows
from tasks.runs.queries import cases_behind
from tests.books import books_balance
from tests.flows.cycles import PANEL, control_of, late_case, planned, sweep
from tests.play import Play, open_to_gate
from tests.tasks.durable.chunks import statements_of

OFFICES = ("SH", "GZ", "WH", "CD", "NJ", "HZ")


def statements(play: Play) -> int:
    with statements_of(play.db) as sent:
        assert watch_cycles(play.db) == []
    return len(sent)


def test_a_round_without_news_takes_two_queries_however_many_cases_there_are(play: Play) -> None:
    planned(play)
    watch_cycles(play.db)
    ledger = play.rows("SELECT count(*) FROM ledger")
    assert statements(play) == 2
    for office in OFFICES:
        planned(play, office=office)
    watch_cycles(play.db)
    assert statements(play) == 2
    assert play.rows("SELECT count(*) FROM ledger WHERE step_key LIKE 'progress-%'")[0].count == 0
    assert ledger[0].count < play.rows("SELECT count(*) FROM ledger")[0].count


def moved(play: Play) -> list[str]:
    with play.db.connect() as connection:
        return [case.number for case in queries.moved_cases(connection)]


def test_only_cases_that_moved_are_looked_at_and_those_still_moving_again(play: Play) -> None:
    case, other = planned(play), planned(play, office="SH")
    assert watch_cycles(play.db) == []
    assert moved(play) == []
    play.decide(case, PANEL)
    assert moved(play) == [play.case(case).number]
    play.run("UPDATE service_case SET ready_at = opened_at WHERE id = :case", case=case)  # a leg is at it
    for _ in range(2):
        assert watch_cycles(play.db) == []
        assert moved(play) == [play.case(case).number]
    assert list(play.items(control_of(play, case))) == ["progress-panel-2", "source-ended"], "what is known is told"
    play.run("UPDATE service_case SET ready_at = NULL WHERE id = :case", case=case)
    assert watch_cycles(play.db) == []
    assert (moved(play), play.case(other).watched_seq) == ([], play.case(other).seq)


def test_what_people_took_under_control_hears_its_news_too(play: Play) -> None:
    case = planned(play)
    number = play.case(case).number
    form = {"办事处": "BJ", "申报人工号": play.holders(Role.PLANNER)[0], "来源单号": number}
    control = open_to_gate(play.db, form, "CY").case_id
    assert watch_cycles(play.db) == []
    play.decide(case, PANEL)
    assert watch_cycles(play.db) == []
    assert list(play.items(control)) == ["progress-panel-2", "source-ended"]


def test_many_cases_come_under_control_and_go_on_in_as_many_statements_as_few(
    play: Play, today: time_machine.Traveller
) -> None:
    def rounds(*offices: str) -> list[int]:
        cases = [planned(play, office=office) for office in offices]
        taken = statements(play)
        for case in cases:
            play.decide(case, PANEL)
        told = statements(play)
        for case in cases:
            play.finish(case)
        return [taken, told, statements(play)]

    assert rounds(*OFFICES) == rounds("BJ", "TJ")
    books_balance(play.db)


def test_watches_at_the_same_time_control_and_tell_everything_once(play: Play) -> None:
    cases = [planned(play, office=office) for office in ("BJ", *OFFICES[:3])]
    start = threading.Barrier(3)

    def work(_: int) -> list[tuple[str, str]]:
        start.wait()
        return watch_cycles(play.db)

    def all_at_once() -> None:
        with ThreadPoolExecutor(3) as threads:
            assert not any(threads.map(work, range(3)))

    all_at_once()
    for case in cases:
        play.decide(case, PANEL)
    all_at_once()
    for case in cases:
        assert play.keys(control_of(play, case)) == ["take-up-source", "fix-cycle", "progress-panel-1"]
    assert len(play.rows("SELECT 1 FROM service_case WHERE process = 'CY'")) == len(cases)
    books_balance(play.db)


def test_one_case_with_a_fault_keeps_no_other_from_being_watched(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = planned(play), planned(play, office="SH")
    watch_cycles(play.db)
    broken, real = control_of(play, first), watch._told

    def told(case: queries.MovedCase, news: queries.News) -> object:
        answer = real(case, news)
        return answer if news.case_id != broken else answer.__class__(**vars(answer) | {"data": None})

    for case in (first, second):
        play.decide(case, PANEL)
    monkeypatch.setattr(watch, "_told", told)
    ((number, fault),) = watch_cycles(play.db)
    assert (number, bool(fault)) == (play.case(first).number, True)
    assert list(play.items(control_of(play, second))) == ["progress-panel-2", "source-ended"]


def test_cases_of_processes_that_this_program_does_not_know_are_left_alone(play: Play) -> None:
    case = planned(play)
    play.run("UPDATE service_case SET process = 'XX' WHERE id = :case", case=case)
    assert watch_cycles(play.db) == []
    assert play.rows("SELECT 1 FROM service_case WHERE process = 'CY'") == []


def test_a_control_has_no_run_until_somebody_must_decide(play: Play, today: time_machine.Traveller) -> None:
    def wanted(control: int) -> bool:
        with play.db.connect() as connection:
            return control in cases_behind(connection, 100)

    case = planned(play)
    sweep(play, today, "11-18T10:15")
    control = control_of(play, case)
    seen = [wanted(control)]
    today.move_to("2026-11-30T10:00:00+08:00")
    play.decide(case, PANEL)
    for moment in ("11-30T10:15", "12-01T08:30"):
        sweep(play, today, moment)
        seen.append(wanted(control))
    assert seen == [False, False, True]


def test_the_sheet_of_a_control_links_its_source_and_draws_how_far_it_is(
    play: Play, today: time_machine.Traveller
) -> None:
    control = late_case(play, today)
    case = play.case(control).parent_id
    with play.db.connect() as connection:
        sheet, source = case_sheet(case_view(connection, control)), case_sheet(case_view(connection, case))
    number = play.case(case).number
    assert f"| 来源 Source | {number} |" in sheet
    assert f"[{number}](" in sheet
    assert "[CY-2026-000001](" in source
    assert "✓ 确定周期" in sheet
    assert Role.RESPONSIBLE_UNIT.zh in sheet
    assert "7+1+2" in sheet
    assert "生产 7 入库 1 出库 2 工作日 承诺 2026-11-27" in sheet
    assert "处罚意见书 YJ-2026-000001" in sheet


def test_what_the_watch_told_a_control_reads_in_words_on_its_sheet(play: Play, today: time_machine.Traveller) -> None:
    control = late_case(play, today)
    with play.db.connect() as connection:
        view = case_view(connection, control)
    told = [(row.title, row.what) for row in timeline_rows(view) if row.channel == "系统"]
    assert ("配件生产·板式车间·PA-2026-000001", "第1行 ×5 承诺 2026-11-27 已完工 逾期 2026-11-30") in told
    assert ("待月末·2026-11：时限已到 time is over", "") in told
    assert [item.title for item in view.items if item.key == "source-ended"] == ["待来源单结案"]
    assert "None" not in str(told)


def test_the_amount_of_each_line_of_an_opinion_stands_where_no_dialog_cuts_it(
    play: Play, today: time_machine.Traveller
) -> None:
    control = late_case(play, today)
    brief = next(row.brief for row in play.items(control).values() if row.role == "RESPONSIBLE_UNIT")
    assert brief[1:] == ["第1行 ×5 **7.45 CNY** 超期 1 工作日 wd：承诺 2026-11-27 完成 2026-11-30"]
