"""时限巡检 as a plain function; what it tells whom is tested with the notices."""

import time_machine

from flows.jobs.deadline_watch import deadline_watch
from tests.play import Play


def test_the_watch_tells_what_was_due_by_the_end_of_working_time(
    play: Play, shown: list[str], today: time_machine.Traveller
) -> None:
    case = play.apply()
    today.move_to("2026-11-18T22:00:00+08:00")
    assert deadline_watch.fn().message == "提醒 notices 0，超时 timed out 0，故障 faults 0"
    today.move_to("2026-11-19T18:00:00+08:00")
    state = deadline_watch.fn()
    assert (state.is_completed(), state.message) == (True, "提醒 notices 1，超时 timed out 0，故障 faults 0")
    assert play.case(case).number in shown[-1]


def test_what_the_watch_told_leaves_with_it_as_one_digest(
    play: Play, shown: list[str], today: time_machine.Traveller
) -> None:
    cases = [play.apply(), play.apply(office="SH")]
    play.run("INSERT INTO notice_channel VALUES ('PARTS_REVIEWER', NULL, 'wecom', 'DESK')")
    today.move_to("2026-11-19T17:45:00+08:00")
    deadline_watch.fn()
    deadline_watch.fn()
    (sent,) = play.rows("SELECT payload FROM outbox WHERE kind = 'digest'")
    assert [line.split()[0] for line in sent.payload["lines"]] == [play.case(case).number for case in cases]
