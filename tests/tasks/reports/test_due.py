"""Every report and list of the house is made when it is due, once, and of an empty period too."""

from datetime import date

import time_machine
from sqlalchemy import Engine, text

from schemas.forms.periods import PeriodWanted
from tasks.desk.reports.markdown import report_markdown
from tasks.desk.reports.publishing import rounds_of
from tasks.desk.reports.showing import NOT_PUBLISHED, rounds_of_list
from tasks.reports.complaints.analysis import monthly_complaints, yearly_complaints
from tasks.reports.complaints.daily import daily_calls
from tasks.reports.complaints.weekly import weekly_complaints
from tasks.reports.editions import editions
from tasks.reports.lists.meeting import meeting
from tasks.reports.lists.suggestions import suggestions
from tasks.reports.offices.monthly import offices
from tasks.reports.repairs.monthly import repairs
from tasks.reports.stock.monthly import stock
from tasks.reports.wording import as_text
from tasks.rounds.rules import Period
from tasks.rounds.steps import do_rounds
from tests.flows.complaints import Hotline

DUE = PeriodWanted()
PUBLISHED = [monthly_complaints, weekly_complaints, offices, repairs, stock, yearly_complaints]
LISTS = [daily_calls, meeting, suggestions]


def test_what_is_due_is_published_once_however_late_and_lists_are_only_shown(
    db: Engine, today: time_machine.Traveller
) -> None:
    """Weekly Monday, monthly, yearly; Friday to SUPERVISOR; after a week's outage all that is due is done once, in order."""
    today.move_to("2027-01-05T10:30:00+08:00")  # a Tuesday
    for kind in PUBLISHED:
        assert len(do_rounds(db, rounds_of(kind), DUE)) == 1
        assert do_rounds(db, rounds_of(kind), DUE) == []
    for kind in LISTS:
        ((_, shown),) = do_rounds(db, rounds_of_list(kind), DUE)
        assert NOT_PUBLISHED in shown
    with db.connect() as connection:
        published = {edition.kind: edition.period for edition in editions(connection)}
    december = Period(date(2026, 12, 1), date(2026, 12, 31))
    monthly = {kind.code: december for kind in PUBLISHED if kind.code not in ("complaints-week", "complaints-year")}
    year, week = Period(date(2026, 1, 1), date(2026, 12, 31)), Period(date(2026, 12, 28), date(2027, 1, 3))
    assert published == monthly | {"complaints-week": week, "complaints-year": year}
    today.move_to("2027-01-26T10:30:00+08:00")
    weeks = [period.last.day for period, _ in do_rounds(db, rounds_of(weekly_complaints), DUE)]
    assert weeks == [10, 17, 24]
    assert [period.last.day for period, _ in do_rounds(db, rounds_of_list(meeting), DUE)] == [11, 18, 25]


def test_what_was_counted_can_be_kept_and_shown(db: Engine, today: time_machine.Traveller) -> None:
    play = Hotline(db)
    play.to(play.planned(quality=True), "callback")
    play.call("建议", 来电事项="包装太大")
    play.apply()
    with db.connect() as connection:
        for kind in [*PUBLISHED, *LISTS]:
            made = kind.made(connection, Period(date(2026, 11, 1), date(2026, 11, 18)))
            assert as_text(made)
            assert kind.title.split()[0] in report_markdown(made, "")
        assert connection.execute(text("SELECT count(*) FROM report_edition")).scalar_one() == 0
