"""What the watch takes over, on the engine alone."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from schemas.answers import Opened
from schemas.problems import NotFound
from schemas.words import Channel
from tasks.durable import clock
from tasks.durable.opening import open_chunk
from tasks.durable.process import PROCESSES
from tasks.durable.stage import CHUNK, advance
from tasks.notices import queries as notices
from tasks.runs import watch
from tasks.runs.mending import RecoverReport
from tasks.runs.queries import cases_behind, shown_cases
from tasks.runs.watch import Watch
from tests.play import LINES, Play
from tests.toy import opened, registered

WISH = {"办事处": "BJ", "申报人工号": "E1049", "愿望": "木马"}


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    with registered():
        yield


@pytest.fixture
def play(db: Engine, monkeypatch: pytest.MonkeyPatch) -> Play:
    """A stage whose watch takes over at once."""
    monkeypatch.setattr(watch, "TAKE_OVER_AFTER", timedelta(0))
    return Play(db)


def begun(play: Play, code: str, form: dict[str, object], count: int) -> list[int]:
    """Open cases that have work to do."""
    applications = [(f"sheet:watch:{code}:{n}", form) for n in range(count)]
    made = open_chunk(play.db, code, Channel.SHEET, applications)
    return [one.case_id for one in made if isinstance(one, Opened)]


def test_cases_of_unknown_processes_are_left_alone_and_said_once(
    play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    strange, ours = begun(play, "TOY", WISH, CHUNK), begun(play, "PA", play.form(LINES[:1]), 1)
    assert (len(strange), len(ours)) == (CHUNK, 1)
    monkeypatch.delitem(PROCESSES, "TOY")
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(watch.log, "propagate", True)
    round_about, report = Watch(play.db), RecoverReport()
    for _ in range(3):
        round_about.take_over(report)
    assert report == RecoverReport(advanced=1)
    assert list(play.items(ours[0])) == ["review-1"]
    assert [play.case(case).fault for case in strange] == [None] * CHUNK
    said = [record.getMessage() for record in caplog.records if record.name == watch.log.name]
    assert said == ["cases of processes that this program does not know are left alone: TOY"]


def test_the_runs_and_terms_of_an_unknown_process_are_left_alone(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    case = opened(play.db)
    play.run("UPDATE work_item SET expires_at = opened_at, look_at = opened_at")

    def found() -> list[int]:
        with play.db.connect() as connection:
            expired = [item.case_id for item in notices.expired_items(connection, clock.now())]
            told = [item.case_id for item in notices.items_to_tell(connection, clock.now() + timedelta(days=99))]
            shown = [one.row.id for one in shown_cases(connection, 0, 10)]
            return [*cases_behind(connection, 10), *shown, *expired, *told]

    before = found()
    play.run("UPDATE service_case SET run_id = gen_random_uuid(), run_seq = seq")
    shows = found()
    monkeypatch.delitem(PROCESSES, "TOY")
    assert (before[:2], shows[:2], found()) == ([case, case], [case, case], [])


def test_somebody_who_answers_a_case_of_an_unknown_process_is_told(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    case = opened(play.db)
    monkeypatch.delitem(PROCESSES, "TOY")
    with pytest.raises(NotFound, match="this program knows no process TOY"):
        advance(play.db, case)
    assert play.case(case).fault is None
