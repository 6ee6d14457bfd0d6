"""Who answers what waits, and when: most of it within a day or two, some late, some never; mostly what is sensible."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from random import Random
from typing import Any

from sqlalchemy import Engine, Row, text

from deployments.demo.sensible import APPROVALS, able_staff, filled_in, sensible, who_may
from schemas.answers import Answer, Result, Turn
from schemas.forms.closing import JournalSigned
from schemas.words import Channel, Role
from tasks.closing.queries import journals_waiting
from tasks.closing.rules import signs
from tasks.closing.steps import sign_journals
from tasks.durable.stage import CHUNK, advance_chunk
from tasks.people.queries import people
from tasks.reports.counting import grouped
from tasks.unit.work import SHANGHAI
from tests.year.helper import Helper, shared

ANSWERS_TODAY = 0.6  # of what waits, when people go through their lists, once a day
NEVER = 0.02  # of all items
PARTS = 6  # of a day's answers
WAITING = text("""
    SELECT i.case_id, i.step_key, i.form, i.role, i.office, i.unit, i.prefill, i.refusals, i.opened_at, c.number, c.applicant,
           c.request ->> 'kind' AS kind,
           CASE WHEN i.form ~ :approvals THEN
               (SELECT array_agg(actor) FROM ledger l WHERE l.case_id = i.case_id AND l.kind = 'decision') END AS signed
    FROM work_item i JOIN service_case c ON c.id = i.case_id
    WHERE i.closed_at IS NULL AND i.role NOT IN ('SYSTEM', 'ENGINEER') ORDER BY c.process, i.case_id, i.step_key""")
NEWS = {"ReturnNews"}  # open as long as its case, and answered only where there is news
# what people say now and then instead of what is sensible: form → how often, what
OTHERWISE: Mapping[str, Sequence[tuple[float, Mapping[str, Any]]]] = {
    "ReviewDecision": [
        (0.03, {"审核结论": "退回办事处", "原因": "请补充照片"}),
        (0.02, {"审核结论": "驳回", "原因": "重复申报"}),
    ],
    "CustomerWord": [(0.08, {"客户意见": "不满意", "原因": "等得太久"})],
    "RepairReview": [(0.5, {"返修结论": "通过", "维修地点": "办事处漆房"})],
    "FirstAnswer": [(0.2, {"接听结论": "有效投诉", "严重程度": "重要"})],
    "EarlyRelease": [(0.9, {"放行结论": "不提前放行"})],
}
NO_COMPLAINT = {  # what is said first, by kind
    "repair_request": {"接听结论": "转办", "维修方式": "本公司", "约定时间": "tomorrow"},
    "enquiry": {"接听结论": "已答复", "答复内容": "按说明书安装"},
    "suggestion": {"接听结论": "转办", "责任单位": "PANEL"},
}


def said(db: Engine, turns: Sequence[Turn]) -> list[Result]:
    """Send what is said, many at once; gives what became of it."""
    chunks = [turns[start : start + CHUNK] for start in range(0, len(turns), CHUNK)]
    return [result for chunk in chunks for result in advance_chunk(db, chunk)]


@dataclass
class Staff:
    """Everybody, by seed."""

    db: Engine
    chance: Random
    colleagues: Helper | None = None
    never: dict[tuple[int, str], bool] = field(default_factory=dict)
    answered: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def work(self) -> int:
        """Go through all lists once; gives how many answers were taken."""
        with self.db.connect() as connection:
            asked = {"approvals": f":({'|'.join(APPROVALS)})$"}
            waiting, here = connection.execute(WAITING, asked).all(), people(connection)
        self.able = cache(partial(able_staff, here))
        by_case: dict[int, list[Answer]] = {}
        for item in waiting:
            if self._answers(item) and (answer := self._answer(item)):
                by_case.setdefault(item.case_id, []).append(answer)
        turns, taken = [Turn(case, answers) for case, answers in by_case.items()], 0
        for turn, result in self._said(turns):
            for answer, reply in zip(turn.answers, result.replies, strict=True):
                taken += reply.accepted
                if not reply.accepted:
                    self.refused[f"{result.number[:2]} {answer.key}: {reply.problems}"] += 1
        self.answered += taken
        return taken

    def sign_journals(self) -> None:
        """Sign what the last week's days closed with, each who may."""
        with self.db.connect() as connection:
            waiting, here = journals_waiting(connection), people(connection)
        for (role, office), journals in grouped(waiting, signs).items():
            who, numbers = able_staff(here, role, office)[0], " ".join(one.number for one in journals)
            sign_journals(self.db, JournalSigned(staff=who, numbers=numbers, reason="每周一并签收"))

    def _said(self, turns: Sequence[Turn]) -> Iterator[tuple[Turn, Result]]:
        """Send what is said, in parts of a few processes each; neighbours, which want the same goods, not at the same time."""
        size = -(-len(turns) // PARTS) or 1
        parts = [turns[start : start + size] for start in range(0, len(turns), size)]
        for part, came in shared(
            [*parts[::2], *parts[1::2]],
            partial(said, self.db),
            self.colleagues,
            lambda helper, part: helper.now(said, part),
        ):
            yield from zip(part, came, strict=True)

    def _answers(self, item: Row[Any]) -> bool:
        never = self.never.setdefault((item.case_id, item.step_key), self.chance.random() < NEVER)
        return not never and item.form.rpartition(":")[2] not in NEWS and self.chance.random() < ANSWERS_TODAY

    def _answer(self, item: Row[Any]) -> Answer | None:
        form = item.form.rpartition(":")[2]
        able = self.able(Role(item.role), item.office, item.unit)
        signed = set(item.signed or ()) if form in APPROVALS else set[str]()
        free = who_may(able, form, item.applicant, signed) or able
        if not free:
            return None
        roll, said = self.chance.random(), dict[str, Any]()
        for often, other in OTHERWISE.get(form, ()):
            if roll < often:
                said = dict(other)
                break
            roll -= often
        if form == "FirstAnswer" and item.kind in NO_COMPLAINT:
            said = dict(NO_COMPLAINT[item.kind])
        if form == "CountDone":  # they count on the day, and hand it in when they come to it
            said["盘点时间"] = f"{item.opened_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        who = free[(item.case_id + item.refusals) % len(free)]
        data = filled_in(item.prefill, sensible(form, said), who)
        return Answer(item.step_key, data, Channel.SHEET)
