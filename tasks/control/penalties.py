"""What a unit's delay costs it: opinion of a month, objection, confirmation, notice (DOMAIN 4, DOMAIN-BRANCHES 4)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from schemas.forms.cycles import MonthEnded, PenaltyAnswer, PenaltyDecision, PenaltyVerdict, UnitSays
from schemas.parts import Goods
from schemas.problems import Problem
from schemas.tables import penalty
from schemas.words import DocumentKind, Role
from tasks.approvals.rules import Approver, reason_needed
from tasks.approvals.steps import barred_problems, find_leader, may_not
from tasks.branches.beside import Branch, beside
from tasks.control.queries import charged, finished, lines_of, penalised, units_of
from tasks.control.rules import (
    Late,
    Opinion,
    Proposed,
    confirmed,
    decision_problems,
    end_of_month,
    moved_promise,
    penalty_of,
    shared_out,
)
from tasks.control.steps import goods_of
from tasks.cycle.queries import calendar
from tasks.cycle.rules import add_working_days_to_date, at, working_days_between
from tasks.cycle.terms import gate, working_days
from tasks.documents.contents import goods_row
from tasks.documents.steps import issue
from tasks.durable.process import Case
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.durable.step import step
from tasks.people.queries import units
from tasks.policies.queries import setting
from tasks.unit.work import Work

PRODUCTION, RECORD = "配件生产", "记录配件入出库周期"
SILENT = "逾期未答复，视为同意 silence is consent"


class Penalties:
    """The opinions of a case, one a unit and month; `penalised` once the MANAGER has confirmed any."""

    def __init__(self, case: Case) -> None:
        self.case, self.begun, self.penalised = case, set[str](), False

    def begin(self, unit: str, month: str) -> None:
        """Look at what a unit was late with in a month as soon as that is over."""
        key = f"{unit.lower()}-{month}"
        if key not in self.begun:
            self.begun.add(key)
            beside(self.case, self._judging(unit, month, key))

    def _judging(self, unit: str, month: str, key: str) -> Branch[None]:
        with suppress(TimedOut):
            yield month_question(key, month)
        opinion = propose_penalty(self.case, unit, month, turn=key)
        if not opinion.late:
            return
        decision = yield from judging(self.case, opinion, key, RECORD, {self.case.request.applicant})
        self.penalised |= settle_penalty(self.case, opinion, decision, turn=key) > 0


def judging(case: Case, opinion: Proposed, key: str, link: str, barred: set[str]) -> Branch[PenaltyDecision]:
    """Hear the unit, whose silence is consent; then the MANAGER confirms, reduces or drops the opinion."""
    said = SILENT
    with suppress(TimedOut):
        answer = yield objection_question(key, opinion, link)
        barred, said = barred | {answer.staff}, f"{answer.verdict.option} {answer.reason}"
    leader = find_leader(case, opinion.by, frozenset(barred), turn=f"penalty-{key}")
    decision: PenaltyDecision = yield decision_question(key, opinion, said, leader, barred, link)
    return decision


def late_rows(work: Work, unit: str) -> list[tuple[Row[Any], date, int]]:
    """Find what a unit finished after its promise: how many of a line on which day, what was promised, and working days over."""
    known, (seen, *_) = calendar(work), [one.progress for one in work.read(units_of)[work.case.id]]
    rows = [row for row in work.read(finished)[work.case.id] if row.unit == unit]
    promised = [add_working_days_to_date(known, row.since, row.days) for row in rows]
    due = [
        moved_promise(known, seen.pauses_of(row.line_no), row.since, day, row.made_on)
        for row, day in zip(rows, promised, strict=True)
    ]
    over = [working_days_between(known, day, row.made_on) for row, day in zip(rows, due, strict=True)]
    return [late for late in zip(rows, promised, over, strict=True) if late[2] > 0]


@step("逾期判定", link=PRODUCTION)
def find_late(work: Work, unit: str, turn: str) -> list[str]:
    """Find the months in which a unit finished something after its promise: 2026-11."""
    return sorted({f"{row.made_on:%Y-%m}" for row, *_ in late_rows(work, unit)})


def month_question(key: str, month: str) -> Question[MonthEnded]:
    """Wait for the first working morning after a month."""

    def over(work: Work) -> datetime:
        known = calendar(work)
        return at(add_working_days_to_date(known, end_of_month(month), 1), known.start)

    return Question(f"month-{key}", f"待月末·{month}", Role.SYSTEM, MonthEnded, over, RECORD, expires=over)


@step("处罚意见", link=RECORD)
def propose_penalty(work: Work, unit: str, month: str, turn: str) -> Opinion:
    """Propose what a unit's late completions of a month cost, in a 处罚意见书; nothing where a line's cap is used up.

    Of a delay it pays the larger one, this or what anomalies charge: so much less is proposed (DOMAIN-BRANCHES 6).
    """
    rate, cap = (Decimal(str(setting(work, f"penalty.{name}"))) for name in ("rate", "cap"))
    lines, before, late = _lines(work), work.read(penalised), list[Late]()
    for row, promised, over in late_rows(work, unit):
        line, life = lines[row.line_no, row.turn], (work.case.id, row.line_no)
        whole = penalty_of(row.quantity * line.price, over, rate, line.value * cap - before[life])
        if f"{row.made_on:%Y-%m}" == month and whole:
            before[life] += whole
            elsewhere = _charged(work, row.line_no, unit, whole)
            amount = whole - elsewhere
            own = {name: getattr(row, name) for name in ("line_no", "turn", "made_on", "quantity")}
            late += [Late(**own, promised=promised, over=over, amount=amount)] if amount else []
            confirmed = None if amount else Decimal(0)
            figures = {"over": over, "amount": amount, "charged": elsewhere, "confirmed": confirmed}
            work.insert(penalty, **own, unit=unit, **figures)
    by, name = Role(setting(work, "penalty.confirm_role")), work.read(units)[unit].name
    opinion = Opinion(unit=unit, unit_name=name, month=month, late=late, by=by)
    if late:
        _issue(work, DocumentKind.PENALTY_OPINION, opinion, [one.amount for one in late])
    return opinion


def objection_question(key: str, opinion: Proposed, link: str) -> Question[PenaltyAnswer]:
    """Ask the unit, which may object within 3 wd; silence is consent."""

    def check(form: PenaltyAnswer, _work: Work) -> list[Problem]:
        return reason_needed(form.reason, form.verdict == UnitSays.OBJECT, "有异议时必填 is required to object")

    title, role, brief = "处罚意见答复", Role.RESPONSIBLE_UNIT, opinion.brief
    return gate(
        f"answer-{key}", title, role, PenaltyAnswer, "objection", link, lambda: brief,
        check=check, unit=opinion.unit, expires=working_days("objection"), remind=None,
    )  # fmt: skip


def decision_question(
    key: str, opinion: Proposed, said: str, leader: Approver, barred: set[str], link: str
) -> Question[PenaltyDecision]:
    """Ask the MANAGER to confirm, reduce or drop an opinion; who answered for the unit may not."""

    def check(form: PenaltyDecision, _work: Work) -> list[Problem]:
        dropped = form.verdict == PenaltyVerdict.DROP
        return decision_problems(form, opinion.amount) + ([] if dropped else barred_problems(form, barred))

    def brief() -> list[str]:
        return [*opinion.brief, f"部门意见 The unit: **{said}**"]

    title, nobody = "处罚确认", may_not(barred, leader.last)
    return gate(
        f"penalty-{key}", title, leader.role, PenaltyDecision, "approval", link, brief, check=check, barred=nobody
    )


@step("处罚通知", link=RECORD)
def settle_penalty(work: Work, opinion: Opinion, decision: PenaltyDecision, turn: str) -> Decimal:
    """Note what was confirmed of an opinion, and notify the unit by a 处罚通知单 unless it was dropped; gives the sum.

    What an anomaly has charged for the delay meanwhile comes off it; of a penalty that is dropped that stays.
    """
    total = confirmed(opinion, decision)
    shares = shared_out(total, [one.amount for one in opinion.late])
    owed = list[Decimal]()
    for late, share in zip(opinion.late, shares, strict=True):
        key = {"case_id": work.case.id, "line_no": late.line_no, "turn": late.turn, "made_on": late.made_on}
        elsewhere = _charged(work, late.line_no, opinion.unit, share)
        owed.append(share - elsewhere)
        work.update(penalty, key, confirmed=owed[-1], **({} if total else {"charged": Decimal(0)}))
        if elsewhere:
            work.shift(penalty, key, charged=elsewhere)
    if any(owed):
        _issue(work, DocumentKind.PENALTY_NOTICE, opinion, owed)
    return sum(owed, Decimal(0))


def _charged(work: Work, line_no: int, unit: str, most: Decimal) -> Decimal:
    """Take off, at most so much, what anomalies charge the unit for the delay of a line and no penalty has counted yet."""
    known, key = work.read(charged), (work.case.id, line_no, unit)
    taken = max(min(known[key], most), Decimal(0))
    known[key] -= taken
    return taken


def _issue(work: Work, kind: DocumentKind, opinion: Opinion, amounts: Sequence[Decimal]) -> None:
    lines, rows = _lines(work), []
    for late, amount in zip(opinion.late, amounts, strict=True):
        line = lines[late.line_no, late.turn]
        goods = goods_of(line).as_goods(late.quantity)
        dates = {"promised": str(late.promised), "made_on": str(late.made_on), "over": str(late.over)}
        rows.append(goods_row(Goods(**goods), **dates, penalty=str(amount)))
    total = str(sum(amounts, Decimal(0)))
    about = {"case": work.case.number, "source": work.case.request["source"], "month": opinion.month, "penalty": total}
    issue(work, kind, {**about, "production_unit": f"{opinion.unit_name} {opinion.unit}", "lines": rows})


def _lines(work: Work) -> Mapping[tuple[int, int], Row[Any]]:
    return {(line.line_no, line.turn): line for line in work.read(lines_of)[work.case.id]}
