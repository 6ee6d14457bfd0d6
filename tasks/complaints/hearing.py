"""When contacts are heard, by the hours of hotline and duty, and when their first answer is due (S1 1.3.1); pure."""

from datetime import datetime, time, timedelta
from itertools import count
from typing import NamedTuple

from tasks.cycle.hours import Hours
from tasks.cycle.rules import Calendar, at, is_working_day, shanghai_day


class Answering(NamedTuple):
    """When contacts are answered (S1 1.3.1): the hotline on working days, then who is on duty, who alone is on days off."""

    hotline: Hours
    workday: Hours
    day_off: Hours


class Heard(NamedTuple):
    """From when a contact is heard, and whether by who is on duty."""

    moment: datetime
    duty: bool


def heard(calendar: Calendar, received: datetime, answering: Answering) -> Heard:
    """Say when a contact is heard: at once within the hours of hotline or duty, else as soon as either begins."""
    for day in (shanghai_day(received) + timedelta(days=n) for n in count()):
        works = is_working_day(calendar, day)
        for span in (answering.hotline, answering.workday) if works else (answering.day_off,):
            if received <= at(day, span[1]):
                return Heard(max(received, at(day, span[0])), duty=span is not answering.hotline)
    raise AssertionError("count() has no end")


def first_due(heard: Heard, promised: datetime | None, ends: time) -> datetime:
    """An answer, if only for now, is due the same day, on duty the next; before that the promised callback is."""
    last = at(shanghai_day(heard.moment) + timedelta(days=heard.duty), ends)
    return min(promised or last, last)
