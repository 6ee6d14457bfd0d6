"""How far a return is, and by when: the state of its handling, its gates, the clocks of the law (DOMAIN-BRANCHES 5)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar, Unpack

from schemas.forms.base import Decision
from schemas.forms.returns import ReturnNews, ReturnReview, Wish
from schemas.forms.sales import YesNo
from schemas.problems import Problem
from schemas.processes.returns import ReturnEnding
from schemas.words import Role
from tasks.approvals.steps import Matter, climbing
from tasks.branches.beside import Branch, alone, beside, drop
from tasks.cycle.queries import calendar
from tasks.cycle.rules import add_working_days
from tasks.cycle.terms import Due, More, calendar_days, end_of, gate, working_days
from tasks.durable.process import Case
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.policies.queries import setting
from tasks.returns.clocks import clocks
from tasks.returns.shapes import NONE, Article, Claim, Held, Quantities, Reckoning
from tasks.unit.work import Work

F = TypeVar("F", bound=Decision)
REVIEW, NOTICE, RECEIPT, SHEET, REFUND = "审核确认", "通知返货", "返货验收", "退换货清单", "办理退款"
TOO_LATE = "货已寄回、截回或换出，不能再改 goods are on their way or out already: it cannot become that any more"
INTO_WHAT = "未签收的换货须在申请上填“改成” before signing it needs what it becomes, in the request"


class Refused(Exception):
    """A return is not granted, for a reason."""


class OtherWish(Exception):
    """The customer wants a reduction instead, and the goods have not left."""


@dataclass
class Handling:
    """How far a return is.

    barred     who may approve nothing of it any more
    rule       by which it comes back; review: what the agent said of it
    excepted   the MANAGER has agreed to what the rule does not allow by itself
    approved   up to which amount leaders have approved it
    received   the day of the last delivery: the law's clock runs from it; freight: of the ways back so far
    goods_out  they are on their way back, or here
    ahead      what went out in exchange before anything was back
    delivered  a parcel could not be stopped: it is an ordinary return
    settled    how many of each line are paid for; exchanged: how many went out anew
    parts      in how many deliveries; refunds: in how many payments; told: of how many changes
    """

    case: Case
    claim: Claim
    barred: set[str]
    wish: Wish
    account: str
    dispute: bool
    rule: Held | None = None
    review: ReturnReview | None = None
    excepted: bool = False
    approved: Decimal = NONE
    received: date | None = None
    freight: Decimal = NONE
    goods_out: bool = False
    delivered: bool = False
    ahead: Article | None = None
    settled: Quantities = field(default_factory=dict)
    exchanged: Quantities = field(default_factory=dict)
    parts: int = 0
    refunds: int = 0
    told: int = 0
    news: Branch[None] | None = None

    def ask(
        self,
        key: str,
        title: str,
        role: Role,
        form: type[F],
        within: str | Due,
        link: str,
        brief: Callable[[], Sequence[str]] = list,
        prefill: Callable[[], Mapping[str, Any]] = dict,
        check: Callable[[F, Work], Sequence[Problem]] | None = None,
        **more: Unpack[More],
    ) -> Question[F]:
        """Ask at a gate of the return; what lies between delivery and payment falls due by the law's fifth day."""
        due = self.by(within) if isinstance(within, str) else within
        return gate(key, title, role, form, due, link, brief, prefill, check, **more)

    def by(self, name: str, least: int = 0) -> Due:
        """Due in its own term, and once the goods are here early enough to pay in time; `least`: not before so many wd."""
        received = self.received

        def due(work: Work) -> datetime:
            own = working_days(name)(work)
            if received is None:
                return own
            early = end_of(work, received + timedelta(days=setting(work, "rf.gates_by_day")))
            return min(own, max(early, add_working_days(calendar(work), work.now, least)))

        return due

    def approve(self, reckoned: Reckoning, worth: Decimal, link: str, turn: str, again: bool = False) -> str:
        """Have leaders approve an amount that they have not: refund and our freight, or the new goods' value.

        Gives the reason of a refusal. The agent's own limit is the reviewer's.
        """
        amount = reckoned.amount + worth
        if amount <= self.approved and not again:
            return ""
        matter = Matter(link, self.barred, lambda: [*self.shown(), *reckoned.told], within=self.by("approval"))
        why = alone(self.case, climbing(self.case, amount, Role.PARTS_REVIEWER, matter, turn))
        self.approved = self.approved if why else max(amount, self.approved)
        return why

    @property
    def collects(self) -> bool:
        """We have the goods collected."""
        return self.review is not None and self.review.collect is YesNo.YES

    @property
    def unsettled(self) -> Quantities:
        """How many of each line did not come back for good, nor went out anew."""
        done = {no: self.settled.get(no, NONE) + self.exchanged.get(no, NONE) for no in self.claim.quantities}
        return {no: left for no, many in self.claim.quantities.items() if (left := many - done[no])}

    def ending(self, otherwise: ReturnEnding) -> ReturnEnding:
        """Say how it ends by what became of the pieces; `otherwise` where nothing did."""
        if self.exchanged:
            return ReturnEnding.EXCHANGED
        if not any(self.settled.values()):
            return otherwise
        return ReturnEnding.PARTLY_REFUNDED if self.unsettled else ReturnEnding.REFUNDED

    def shown(self) -> list[str]:
        """The goods, and the rule with its days."""
        goods = [f"{one.line_no}. {one.name} × {one.quantity:f}" for one in self.claim.goods[:3]]
        return [f"意愿 wish: **{self.wish.zh}**", *goods, *([self.rule.said] if self.rule else [])]

    def listen(self) -> None:
        """意愿更改: until a refund is granted the customer may want something else; the clocks ride on this item."""
        drop(self.case, self.news)
        self.told += 1
        self.news = beside(self.case, _hearing(self, self.told))

    def hush(self) -> None:
        """Take no more of it."""
        drop(self.case, self.news)
        self.news = None


def _hearing(it: Handling, turn: int) -> Branch[None]:
    while True:
        said = yield news_question(it, turn)
        hear_news(it.case, said, turn=turn)
        it.wish, it.account = said.wish or it.wish, said.account or it.account
        it.dispute = it.dispute or said.dispute is YesNo.YES
        turn = it.told = it.told + 1


def news_question(it: Handling, turn: int) -> Question[ReturnNews]:
    """Let the AGENT say that the wish or the account has changed, or that the platform has a dispute."""

    def check(form: ReturnNews, _work: Work) -> list[Problem]:
        asked, wish = it.case.request, form.wish
        late = wish is Wish.CHANGE or (wish is Wish.REDUCTION and it.goods_out)
        why = TOO_LATE if late or (it.ahead and wish not in {None, Wish.EXCHANGE}) else ""
        if wish is Wish.REDUCTION and not (form.photos or asked.photos):
            why = why or "改为折价须有照片 a reduction needs photos"
        if wish is Wish.EXCHANGE and not (it.claim.signed or it.delivered or asked.wanted):
            why = why or INTO_WHAT
        return [Problem("意愿更改为 wish", wish.zh, why)] if wish and why else []

    due, remind = calendar_days("news"), clocks(it, Role.AGENT)
    link = RECEIPT if it.received else NOTICE if it.goods_out else REVIEW
    return gate(
        f"news-{turn}",
        "意愿更改",
        Role.AGENT,
        ReturnNews,
        due,
        link,
        it.shown,
        check=check,
        also=Role.OFFICE,
        remind=remind,
    )


@step("意愿更改", link="审核确认")
def hear_news(work: Work, said: ReturnNews, turn: int) -> ReturnNews:
    """Note what the customer wants now; the account stays with the form."""
    return said.model_copy(update={"account": ""})
