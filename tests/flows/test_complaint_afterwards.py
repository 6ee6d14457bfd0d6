"""What a call or a survey hears: it answers a filed complaint's callback, else it opens one complaint a case."""

from typing import Any

import pytest

from schemas.forms.complaints import CustomerHeard
from schemas.forms.contacts import ContactWay
from schemas.problems import IllegalTransition
from tasks.complaints.afterwards import complain_afterwards
from tasks.durable import clock
from tasks.notices.watch import watch_deadlines
from tasks.unit.unit import Unit
from tests.flows.complaints import Hotline

PEOPLE = Hotline


def heard(play: Hotline, *sources: str, about: int, verdict: str = "不满意") -> list[int | None]:
    """Tell what sources heard of a case's customer, all in one transaction."""
    with play.db.begin() as connection:
        unit = Unit(connection, [], [])
        found = [
            complain_afterwards(
                unit,
                about,
                CustomerHeard(number=source, verdict=verdict, reason="柜门仍响"),
                ContactWay.PHONE,
                clock.now(),
            )
            for source in sources
        ]
        unit.flush()
    play.rest()
    return found


@pytest.mark.parametrize("apart", [True, False])
def test_a_call_and_a_survey_of_the_same_case_open_one_complaint(play: Hotline, apart: bool) -> None:
    about = play.apply(1)
    if apart:
        (first,), (second,) = (heard(play, "HF-2026-000901", about=about), heard(play, "MY-2026-000001", about=about))
    else:
        first, second = heard(play, "HF-2026-000901", "MY-2026-000001", about=about)
    assert first == second
    assert first is not None
    complaint = play.case(first)
    assert (complaint.process, complaint.request["about"]) == ("CC", play.case(about).number)
    assert complaint.request["matter"] == "HF-2026-000901 柜门仍响"
    assert complaint.customer_phone == play.case(about).customer_phone
    assert list(play.items(first)) == ["first-1"], "classified normally by the hotline"
    told = play.rows("SELECT text FROM notice WHERE case_id = :c", c=first)
    assert [row.text for row in told if "MY-2026-000001" in row.text], "the SUPERVISOR hears of the second"


def test_who_is_satisfied_opens_nothing(play: Hotline) -> None:
    about = play.apply(1)
    assert heard(play, "HF-2026-000901", about=about, verdict="满意") == [None]
    assert play.rows("SELECT id FROM service_case WHERE process = 'CC'") == []


def test_an_unsatisfied_customer_of_a_filed_complaint_has_it_go_on_one_level_higher(play: Hotline) -> None:
    """Unsatisfied at the callback within 30 days of closing: same number, new round, one level higher."""
    case = play.planned()
    play.to(case, "callback")
    assert heard(play, "HF-2026-000901", about=case) == [case]
    assert "callback-1" not in play.items(case)
    key = play.to(case, "file")
    assert (key, play.items(case)[key].role) == ("file-2", "SUPERVISOR")
    assert play.finish(case) == "settled"


def test_a_satisfied_customer_of_a_filed_complaint_needs_no_second_callback(play: Hotline) -> None:
    case = play.planned()
    play.to(case, "callback")
    assert heard(play, "HF-2026-000901", about=case, verdict="满意") == [case]
    assert play.case(case).ending == "settled"
    assert heard(play, "HF-2026-000901", about=case, verdict="满意") == [None]


def test_after_a_complaint_that_is_over_there_is_a_new_one(play: Hotline) -> None:
    """Later: a new case; and after that is over another one."""
    case = play.planned()
    assert play.finish(case) == "settled"
    (second,) = heard(play, "HF-2026-000901", about=case)
    assert second not in (None, case)
    assert play.finish(int(second or 0))
    (third,) = heard(play, "HF-2026-000902", about=case)
    assert third not in (None, case, second)


def test_a_complaint_that_is_still_followed_notes_it(play: Hotline) -> None:
    case = play.planned()
    assert heard(play, "MY-2026-000001", about=case) == [case]
    assert "note-word-1" in play.keys(case)
    play.to(case, "callback")
    assert play.finish(case) == "settled"


def test_any_word_of_who_could_not_be_reached_lets_the_complaint_go_on(play: Hotline, today: Any) -> None:
    """Closed *unreachable*, reopened by any contact within 90 days."""
    case = play.planned()
    play.to(case, "answer")
    today.move_to("2026-11-26T09:00:00+08:00")
    watch_deadlines(play.db, clock.now())
    for attempt in (2, 3, 4, 5):
        play.decide(case, f"answer-{attempt}", 客户意见="未联系上")
    assert "contact-1" in play.items(case)
    heard(play, "MY-2026-000001", about=case)
    assert "answer-6" in play.items(case)
    assert play.finish(case) == "settled"


def test_a_case_that_is_none_is_refused(play: Hotline) -> None:
    with pytest.raises(IllegalTransition, match="there is no case 0"):
        heard(play, "MY-2026-000001", about=0)
