"""How many are asked, what an answer must be, what a rate is (S3 §8 5.8; DOMAIN-BRANCHES, "Survey"); pure."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, Decimal
from math import sqrt
from statistics import NormalDist

from schemas.forms.surveys import Mark, SurveyAbout, SurveyAnswer
from schemas.problems import Problem

TOPICS = ("a", "b", "c", "d", "e", "f")
SATISFIED = {Mark.VERY, Mark.RATHER, Mark.BASICALLY}
MOST_SAID = 500  # characters of a remark, of a customer's on the page too
_ONE = re.compile(r"\s*([a-z]\d*)\s*[:：]?\s*(\S+)\s*")
EMPTY = "请至少评一项或写一句 mark at least one question, or say something"
DETAILS = "分项评价 questions"
NOT_READ = "应为题号和评价，用分号隔开 must be numbers and marks, parted by semicolons: a1 很满意；c2 不满意"


@dataclass(frozen=True)
class Said:
    """What a customer says: marks and remarks by question, an overall mark, whether a reply is wished for."""

    overall: Mark | None = None
    marks: Mapping[str, Mark] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)
    wants_reply: bool = False

    @property
    def unsatisfied(self) -> list[str]:
        """The questions marked 不满意; "" is the overall one."""
        overall = [""] if self.overall is Mark.NOT else []
        return overall + sorted(code for code, mark in self.marks.items() if mark is Mark.NOT)

    @property
    def satisfied(self) -> bool:
        """Whether the customer is satisfied on the whole, and with no question not at all."""
        return self.overall in SATISFIED and not self.unsatisfied


def sample_size(population: int, share: Decimal, least: int, most: int, wanted: int = 0) -> int:
    """Say how many are asked: a share, at least and at most so many, or as many as are wanted; never more than all."""
    part = int((population * share).to_integral_value(ROUND_CEILING))
    return min(population, wanted or max(least, min(most, part)))


def said_of(form: SurveyAnswer) -> tuple[Said, list[Problem]]:
    """Read an answer that was entered; gives it with what cannot be read of it."""
    topics = {code: mark for code in TOPICS[:-1] if (mark := getattr(form, code))}
    details, problems = read_details(form.details)
    remarks = {code: text for code, text in (("f", form.f), ("", form.remark)) if text}
    return Said(form.overall, topics | details, remarks, form.wants_reply == "yes"), problems


def read_details(text: str) -> tuple[dict[str, Mark], list[Problem]]:
    """Read marks of single questions: a1 很满意；c2 不满意."""
    marks, problems = dict[str, Mark](), list[Problem]()
    for part in filter(str.strip, re.split("[;；,，\n]", text)):
        found = _ONE.fullmatch(part.lower())
        try:
            if found is None or found[1] in marks:
                raise ValueError
            marks[found[1]] = Mark.parse(found[2])
        except ValueError:
            problems.append(Problem(DETAILS, part.strip(), NOT_READ))
    return marks, problems


def said_problems(said: Said, questions: Collection[str]) -> list[Problem]:
    """Say what is wrong with an answer: nothing in it, a question that was not asked, a remark as long as a book."""
    codes = [*said.marks, *filter(None, said.remarks)]
    problems = [
        Problem(DETAILS, code, f"没有这一题 is none of {'、'.join(questions)}")
        for code in codes
        if code not in questions
    ]
    problems += [
        Problem("留言 remark", f"{text[:20]}…", f"最多 {MOST_SAID} 字 at most so many characters")
        for text in said.remarks.values()
        if len(text) > MOST_SAID
    ]
    return problems if said.overall or codes or said.remarks else [Problem("问卷 form", "", EMPTY)]


def complaint_of(said: Said, questions: Mapping[str, str]) -> str:
    """Say what a customer is not satisfied with, and what else was written."""
    wrong = ["总体评价" if not code else f"{code} {questions.get(code, '')}".strip() for code in said.unsatisfied]
    told = [f"不满意：{'、'.join(wrong)}" if wrong else "", "客户要求回复" if said.wants_reply else ""]
    return " · ".join(filter(None, [*told, *said.remarks.values()]))


@dataclass(frozen=True)
class Rate:
    """A satisfaction rate: forms sent, returned, satisfied, with the bounds between which it truly lies.

    Forms without an overall mark count among the returned only; where none came back there is no rate.
    """

    sent: int
    returned: int
    satisfied: int
    low: float | None = None
    high: float | None = None

    @property
    def rate(self) -> float | None:
        """The share of the returned forms that are satisfied."""
        return self.satisfied / self.returned if self.returned else None

    @property
    def response(self) -> float | None:
        """The share of the sent forms that came back."""
        return self.returned / self.sent if self.sent else None

    def reaches(self, target: Decimal) -> bool | None:
        """Say whether the target is reached, exactly reached counts; None where there is no rate."""
        return self.satisfied >= target * self.returned if self.returned else None

    @property
    def said(self) -> str:
        """The rate in words, with what it is made of."""
        told = f"发出 {self.sent} 回收 {self.returned} 满意 {self.satisfied}"
        if self.rate is None or self.low is None or self.high is None:
            return f"{told} · 无满意率 no rate"
        return f"{told} · 满意率 {self.rate:.2%}（{self.low:.1%}–{self.high:.1%}）"


def rate_of(sent: int, overall: Sequence[Mark | None], confidence: float) -> Rate:
    """Count returned forms by their overall marks (S3 §8 5.8)."""
    satisfied = sum(mark in SATISFIED for mark in overall)
    return Rate(sent, len(overall), satisfied, *wilson(satisfied, len(overall), confidence))


def wilson(good: int, of: int, confidence: float) -> tuple[float | None, float | None]:
    """Give Wilson's interval of a share; none of nothing."""
    if not of:
        return None, None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = good / of, 1 + z * z / of
    middle = (share + z * z / (2 * of)) / spread
    half = z / spread * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def tally(answers: Iterable[Mapping[str, str]]) -> dict[str, Counter[Mark]]:
    """Count the marks of each question."""
    counted: dict[str, Counter[Mark]] = {}
    for marks in answers:
        for code, mark in marks.items():
            counted.setdefault(code, Counter())[Mark(mark)] += 1
    return dict(sorted(counted.items()))


def title_of(about: str, first: date, last: date) -> str:
    """Name a survey for people."""
    return f"{SurveyAbout(about).zh}满意度调查 {first} – {last}"


def form_no(survey: str, no: int) -> str:
    """Give the number that is printed on a form."""
    return f"{survey}-{no:03d}"
