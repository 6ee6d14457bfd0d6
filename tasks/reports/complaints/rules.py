"""What the hotline is judged by (DOMAIN 3, "reports"; S0 3.2, S4); pure.

A complaint is a contact that was found valid. It is closed when its 投诉档案目录 is filed, solved when its effect is
verified. What was due in a period is judged by the end of that day, so that a period's figures never change later.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from schemas.forms.complaints import Satisfaction
from schemas.forms.contacts import ContactKind, ContactWay, Severity
from schemas.processes.complaint import ContactEnding
from tasks.cycle.rules import shanghai_day
from tasks.reports.counting import UNNAMED, by_then, count_of, rate_of, within
from tasks.reports.shapes import KeyFigure
from tasks.rounds.rules import Period


class Contact(NamedTuple):
    """A contact as it stands: what it is about, and when it was answered, judged, solved, filed and reopened.

    due        when an answer was due; answered: when there was the first one
    judged     when it was found a valid complaint; None of what is none
    graver     when it became major, if it did
    close_by   the day by which it should be filed; solve_by: by which it should be solved
    contacts   the how-manieth on its matter; late: how much of it is overdue
    """

    number: str
    office: str
    kind: ContactKind
    way: ContactWay
    matter: str
    model: str
    part: str
    special: str
    received: datetime
    due: datetime | None
    closed: datetime | None
    ending: ContactEnding | None
    contacts: int
    close_by: date
    solve_by: date
    link: str = ""
    recording: str = ""
    late: int = 0
    answered: datetime | None = None
    judged: datetime | None = None
    severity: Severity | None = None
    graver: datetime | None = None
    unit: str = ""
    cause: str = ""
    solved: datetime | None = None
    filed: datetime | None = None
    filings: int = 0
    reopenings: int = 0

    @property
    def grave(self) -> str:
        """How grave it is, as staff read it; nothing of what is no complaint."""
        return self.severity.zh if self.severity else ""

    @property
    def about(self) -> str:
        """The product that it is about: the model, else the part."""
        return self.model or self.part or UNNAMED

    def is_open(self, period: Period) -> bool:
        """Say whether it was still to be done at the end of a period: a complaint until it is filed, anew once reopened."""
        if not by_then(period, self.received) or by_then(period, self.closed):
            return False
        return self.filings <= self.reopenings if self.judged else True

    def days_open(self, day: date) -> int:
        """Count the days since it was received."""
        return (day - shanghai_day(self.received)).days


class Callback(NamedTuple):
    """What a customer said when called or surveyed; once the complaint was filed, that is its callback's answer."""

    number: str
    unit: str
    at: datetime
    said: Satisfaction
    reason: str = ""
    filed: bool = True


class Targets(NamedTuple):
    """What must be reached: shares of those closed and answered in time; so many majors a year are too many."""

    closed: float
    response: float
    majors: int


@dataclass(frozen=True)
class Hotline:
    """What the reports of a period count.

    contacts    all that were received, were open or fell due in it
    majors      how many complaints became major in its year so far
    convention  how it is counted, in words
    """

    period: Period
    contacts: Sequence[Contact]
    callbacks: Sequence[Callback]
    majors: int
    targets: Targets
    most: int
    convention: str

    @cached_property
    def received(self) -> list[Contact]:
        """What was received in the period."""
        return [one for one in self.contacts if within(self.period, one.received)]

    @cached_property
    def complaints(self) -> list[Contact]:
        """The valid complaints that were received in the period."""
        return [one for one in self.received if one.judged]

    @cached_property
    def unsolved(self) -> list[Contact]:
        """The complaints that are to be done, the gravest first, of those the oldest."""
        grades = list(Severity)
        left = [one for one in self.contacts if one.judged and one.is_open(self.period)]
        return sorted(left, key=lambda one: (-grades.index(one.severity or Severity.MINOR), one.received))


def due_within(contacts: Sequence[Contact], period: Period, by: Callable[[Contact], date | None]) -> list[Contact]:
    """Give those of which something fell due on the days of a period."""
    return [one for one in contacts if (day := by(one)) and period.first <= day <= period.last]


def answer_day(one: Contact) -> date | None:
    """Give the day on which an answer was due; none of what was appended to another case."""
    return None if one.due is None or one.ending == ContactEnding.APPENDED else shanghai_day(one.due)


def answered_in_time(one: Contact) -> bool:
    """Say whether the first answer came in time."""
    return one.answered is not None and one.due is not None and one.answered <= one.due


def satisfied(callbacks: Sequence[Callback]) -> tuple[int, int]:
    """Count who was satisfied once it was filed, and who said whether; whom nobody reached has not."""
    said = [one.said for one in callbacks if one.filed and one.said != Satisfaction.NOT_REACHED]
    return said.count(Satisfaction.SATISFIED), len(said)


def measures(seen: Hotline) -> tuple[KeyFigure, ...]:
    """Give the monthly measures (DOMAIN 3; S4): closed, answered and solved in time, satisfaction, majors, second complaints."""
    valid, period = [one for one in seen.contacts if one.judged], seen.period
    to_close = due_within(valid, period, lambda one: one.close_by)
    to_solve = due_within(valid, period, lambda one: one.solve_by)
    to_answer = due_within(seen.contacts, period, answer_day)
    closed = sum(one.filed is not None and shanghai_day(one.filed) <= one.close_by for one in to_close)
    solved = sum(one.solved is not None and shanghai_day(one.solved) <= one.solve_by for one in to_solve)
    answered = sum(map(answered_in_time, to_answer))
    second = sum(one.contacts > 1 and one.kind == ContactKind.COMPLAINT for one in seen.received)
    goal = seen.targets
    return (
        rate_of("closed_in_time", "按期结案率 Closed in due time", closed, len(to_close), goal.closed),
        rate_of("answered_in_time", "及时响应率 Response in time", answered, len(to_answer), goal.response),
        rate_of("solved_in_time", "及时解决率 Solved in time", solved, len(to_solve)),
        rate_of("satisfaction", "投诉满意率 Complaint satisfaction", *satisfied(seen.callbacks)),
        count_of("majors", "本年重大投诉 Majors this year", seen.majors, goal.majors),
        count_of("second", "重复投诉 Second complaints", second),
        count_of("complaints", "有效投诉 Valid complaints", len(seen.complaints)),
        count_of("unsolved", "期末未结投诉 Open complaints", len(seen.unsolved)),
    )
