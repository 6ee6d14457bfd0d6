"""The same pieces are reported once: what others have reported, or were content without, is the line's no more (DOMAIN 6)."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from schemas.problems import BadInput
from schemas.words import Channel
from tasks.durable.opening import open_case, open_chunk
from tests.flows.anomalies import KEY, in_production, planned, refused, report, reported, source
from tests.play import Play

TAKEN = "at most what the line has，其余已报异常或已同意不要"


def test_pieces_that_somebody_has_reported_are_not_reported_again(play: Play) -> None:
    case = in_production(play)
    child = reported(play, case, 数量=2)
    assert f"最多 1 {TAKEN}" in refused(play, case, 数量=2)
    assert play.finish(planned(play, child)) == "settled"
    assert f"最多 1 {TAKEN}" in refused(play, case, 数量=2), "its case has not heard of it yet"
    play.rest()
    assert "最多 1 at most" in refused(play, case, 数量=2)
    reported(play, case, 数量=1)


def test_pieces_that_their_case_has_reported_itself_are_not_reported_again(play: Play) -> None:
    case = source(play)
    assert f"最多 1 {TAKEN}" in refused(play, case, 数量=2)
    play.deny(case, KEY)
    reported(play, case, 数量=3)


def test_pieces_that_were_accepted_as_missing_are_not_reported_again(play: Play) -> None:
    case = in_production(play)
    child = reported(play, case, 数量=1)
    assert play.finish(planned(play, child, 处理办法="让步接收", 申报方同意="客户同意")) == "settled"
    play.rest()
    assert f"最多 2 {TAKEN}" in refused(play, case, 数量=3)


def test_of_two_who_report_the_same_pieces_at_the_same_time_one_is_refused(play: Play) -> None:
    case = in_production(play)
    form = report(play, case, 数量=3)

    def send(_turn: int) -> bool:
        try:
            open_case(play.db, "AN", form, f"cli:{uuid4()}", Channel.CLI)
        except BadInput:
            return False
        return True

    with ThreadPoolExecutor(4) as people:
        assert sorted(people.map(send, range(4))) == [False, False, False, True]


def test_of_two_rows_of_a_sheet_about_the_same_pieces_one_is_refused(play: Play) -> None:
    case = in_production(play)
    rows = [(f"sheet:x:{row}", report(play, case, 数量=2)) for row in range(2)]
    assert [isinstance(one, BadInput) for one in open_chunk(play.db, "AN", Channel.SHEET, rows)] == [False, True]
