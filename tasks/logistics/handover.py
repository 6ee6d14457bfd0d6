"""交付客户: the office hands the goods to the customer against signature (DOMAIN-BRANCHES 2, S3 §8 3.1.1)."""

from collections.abc import Sequence
from datetime import date

from schemas.forms.logistics import HandedOver
from schemas.problems import Problem
from schemas.words import Role
from tasks.cycle.terms import gate, overdue
from tasks.durable.question import Question
from tasks.unit.work import Work


def handover_question(key: str, shown: Sequence[str], since: date | None, link: str = "催提") -> Question[HandedOver]:
    """Ask the office to hand goods that left for it on a day to the customer; when overdue the SUPERVISOR is told too."""

    def check(form: HandedOver, work: Work) -> list[Problem]:
        if (since or form.handed_on) <= form.handed_on <= work.today:
            return []
        expected = f"应在 {since or '到货'} 与今天 {work.today} 之间 must lie between dispatch and today"
        return [Problem("交付日期 handed over on", form.handed_on, expected)]

    remind = overdue(Role.OFFICE, Role.SUPERVISOR)
    return gate(key, "交付客户", Role.OFFICE, HandedOver, "handover", link, lambda: shown, check=check, remind=remind)
