"""办理退款: granted, then paid exactly once through the finance system; the bank's word counts (DOMAIN-BRANCHES 5)."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import count

from schemas.forms.returns import AccountCorrected, BankConfirmed, BankSaid, FinanceAnswered, RefundReleased
from schemas.problems import Problem
from schemas.shapes import Shape, money
from schemas.tables import outbox, refund, sales_record
from schemas.words import DocumentKind, FinanceState, OutboxState, RefundState, Role
from tasks.approvals.rules import reason_needed
from tasks.cycle.rules import shanghai_day
from tasks.cycle.terms import gate, working_days
from tasks.documents.contents import to_customer
from tasks.documents.steps import DocumentRef, issue
from tasks.durable.process import ask, ask_first
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.outbox.steps import MessageKey, send, send_again
from tasks.quotes.steps import used_in
from tasks.returns.clocks import pay_due, watched
from tasks.returns.handling import REFUND, Handling
from tasks.returns.queries import sold_now
from tasks.returns.shapes import NONE, MoneyRow, Quantities, Reckoning, SoldLine
from tasks.unit.work import Work

FINANCE, PAY = "finance", "pay_refund"


class BankAnswer(Shape):
    """What the bank did with a refund."""

    state: RefundState
    reason: str = ""

    @property
    def said(self) -> str:
        """What it did, and why not."""
        return f"{self.state.zh} {self.reason}"


def pay(it: Handling, reckoned: Reckoning, quantities: Quantities) -> None:
    """办理退款: count it as given back, grant it and have it paid."""
    settled = settle(it, reckoned, quantities, f"{it.refunds + 1}")
    assert settled, "nothing was seen that could change"
    pay_out(it, settled)


def settle(
    it: Handling, reckoned: Reckoning, quantities: Quantities, turn: str, seen: Sequence[SoldLine] = ()
) -> Reckoning | None:
    """Count pieces and money as given back; None where the order is no more as it was `seen` when it was reckoned."""
    settled = settle_pieces(it.case, reckoned, quantities, seen, turn=turn)
    if settled:
        it.hush()
        it.refunds += 1
        it.settled = {no: it.settled.get(no, NONE) + quantities.get(no, NONE) for no in {*it.settled, *quantities}}
    return settled


def pay_out(it: Handling, reckoned: Reckoning) -> None:
    """Grant a refund and have it paid once; where the bank refuses, the account is corrected, the key stays."""
    if not reckoned.amount:
        return
    turn = it.refunds
    grant_refund(it.case, reckoned, it.account, turn=turn)
    ask(it.case, _release_question(it, reckoned, turn))
    key = send_refund(it.case, reckoned.amount, it.account, turn=turn)
    for attempt in count(1):
        said = _bank_says(it, reckoned, turn, attempt)
        done = note_payment(it.case, said, key, refund_no=turn, turn=f"{turn}-{attempt}")
        if done.state is RefundState.PAID:
            return
        it.account = ask(it.case, _account_question(it, done.reason, f"{turn}-{attempt}")).account
        send_refund_again(it.case, key, reckoned.amount, it.account, refund_no=turn, turn=f"{turn}-{attempt + 1}")


@step("结清数量", link=REFUND)
def settle_pieces(
    work: Work, reckoned: Reckoning, quantities: Quantities, seen: Sequence[SoldLine], turn: str
) -> Reckoning | None:
    """Count pieces as come back and money as given back: of no line more than its price, whoever else does so meanwhile."""
    order, over = sold_now(work).lines, NONE
    if seen and any(one.changing != order[one.line_no].changing for one in seen):
        return None
    goods, delivery = dict(reckoned.goods), dict(reckoned.delivery)
    for no in sorted({*quantities, *goods, *delivery}):
        sold = order[no]
        for amounts, most in (
            (goods, sold.price_paid - sold.refunded),
            (delivery, sold.delivery_fee - sold.fee_refunded),
        ):
            over += max(amounts.get(no, NONE) - most, NONE)
            amounts[no] = min(amounts.get(no, NONE), most)
        by = {"settled": quantities.get(no, NONE), "refunded": goods[no], "fee_refunded": delivery[no]}
        work.shift(sales_record, {"order_no": work.case.order_no, "line_no": no}, **by)
    if reckoned.offer:
        work.shift(sales_record, {"order_no": work.case.order_no, "line_no": min(order)}, offer_lost=reckoned.offer)
    rows = [*reckoned.rows, *([MoneyRow(rule="此前已退 given back before", amount=-over)] if over else [])]
    return reckoned.model_copy(update={"rows": rows, "goods": goods, "delivery": delivery})


@step("核准退款", link=REFUND)
def grant_refund(work: Work, reckoned: Reckoning, account: str, turn: int) -> DocumentRef:
    """Grant a refund: the 退款单 with every row of it."""
    of = {"amount": reckoned.amount, "goods": sum(reckoned.goods.values()), "delivery": sum(reckoned.delivery.values())}
    work.insert(refund, turn=turn, state=RefundState.GRANTED, account=account, granted_at=work.now, **of)
    rows = [
        {"line_no": no, "item": row.rule, "sum": f"{row.amount:,.2f}"} for no, row in enumerate(reckoned.rows, start=1)
    ]
    rows.append({"item": "合计 Total", "sum": f"{reckoned.amount:,.2f}"})
    about = {"refund": f"{reckoned.amount:.2f}", "account": account or "原路退回 the way it was paid"}
    about |= {"coupon": money(reckoned.coupon)} if reckoned.coupon else {}
    return issue(work, DocumentKind.REFUND_NOTE, to_customer(work) | about | {"lines": rows})


def _release_question(it: Handling, reckoned: Reckoning, turn: int) -> Question[RefundReleased]:
    """Ask FINANCE to have it paid; who approved anything of it may not."""
    return gate(
        f"pay-{turn}", "退款付款", Role.FINANCE, RefundReleased, pay_due(it), REFUND, lambda: [*reckoned.told, _to(it)],
        barred=it.barred, remind=watched(it, Role.FINANCE),
    )  # fmt: skip


def _to(it: Handling) -> str:
    return f"退至 to: {it.account or '原路 the way it was paid'}"


@step("付款指令", link=REFUND)
def send_refund(work: Work, amount: Decimal, account: str, turn: int) -> MessageKey:
    """Have the finance system pay: the message has one key however often it is sent."""
    _note(work, turn, state=RefundState.SENT)
    return send(work, FINANCE, PAY, _order_of(work, amount, account, turn), answers=f"finance-{turn}-1")


@step("再次付款", link=REFUND)
def send_refund_again(
    work: Work, key: MessageKey, amount: Decimal, account: str, refund_no: int, turn: str
) -> MessageKey:
    """Have the same refund paid to the corrected account, under the same key."""
    _note(work, refund_no, state=RefundState.SENT, account=account)
    return send_again(work, key, FINANCE, PAY, _order_of(work, amount, account, refund_no), f"finance-{turn}")


def _order_of(work: Work, amount: Decimal, account: str, turn: int) -> dict[str, object]:
    about = {"case": work.case.number, "refund": turn, "order": work.case.order_no}
    return about | {"amount": f"{amount:.2f}", "account": account}


def _note(work: Work, turn: int, **values: object) -> None:
    work.update(refund, {"case_id": work.case.id, "turn": turn}, **values)


def _bank_says(it: Handling, reckoned: Reckoning, refund_no: int, attempt: int) -> FinanceAnswered | BankConfirmed:
    """Wait for the finance system's answer, and for the bank's list, which alone counts where that was only taken."""
    due, waits = working_days("bank"), watched(it, Role.FINANCE)
    turn = f"{refund_no}-{attempt}"
    system = Question(f"finance-{turn}", "财务系统付款", Role.SYSTEM, FinanceAnswered, due, REFUND, remind=waits)

    def check(form: BankConfirmed, work: Work) -> list[Problem]:
        if form.verdict is BankSaid.REFUSED:
            return reason_needed(form.reason, True, "退票时必填 is required where the bank refused")
        problems = [] if form.reference else [Problem("银行流水号 reference", "", "已付时必填 is required")]
        if form.reference and (others := used_in(work, form)):
            expected = f"已用于 {others[0]} 的收付款 has confirmed another payment"
            problems.append(Problem("银行流水号 reference", form.reference, expected))
        since = shanghai_day(work.case.opened_at)
        if form.paid_on is None or not since <= form.paid_on <= work.today:
            expected = f"应在立案日 {since} 与今天 {work.today} 之间 must lie between the case's day and today"
            problems.append(Problem("入账日期 paid on", form.paid_on or "", expected))
        return problems

    def record(form: BankConfirmed, work: Work) -> None:
        """Use this line of the bank's list, which pays once; the others of the same sheet see it."""
        if form.verdict is BankSaid.PAID:
            _note(work, refund_no, bank_line=form.reference)
            used_in(work, form).append(work.case.number)

    bank = gate(
        f"bank-{turn}", "银行回单", Role.FINANCE, BankConfirmed, due, REFUND, lambda: [reckoned.told[-1], _to(it)],
        check=check, record=record, remind=waits, barred=it.barred,
    )  # fmt: skip
    _, said = ask_first(it.case, system, bank)
    return ask(it.case, bank) if isinstance(said, FinanceAnswered) and said.state is FinanceState.ACCEPTED else said


@step("付款结果", link=REFUND)
def note_payment(
    work: Work, said: FinanceAnswered | BankConfirmed, key: MessageKey, refund_no: int, turn: str
) -> BankAnswer:
    """Note what the bank did; a message that it has overtaken is sent no more."""
    refused = (
        said.state is FinanceState.REFUSED if isinstance(said, FinanceAnswered) else said.verdict is BankSaid.REFUSED
    )
    if isinstance(said, BankConfirmed):
        overtaken = {"state": OutboxState.ANSWERED, "next_at": None, "answered_at": work.now}
        work.update(outbox, {"idempotency_key": key}, **overtaken)
    if refused:
        _note(work, refund_no, state=RefundState.REFUSED)
        return BankAnswer(state=RefundState.REFUSED, reason=said.reason)
    paid_on = said.paid_on if isinstance(said, BankConfirmed) else None
    _note(work, refund_no, state=RefundState.PAID, paid_on=paid_on or work.today, reference=said.reference)
    return BankAnswer(state=RefundState.PAID)


def _account_question(it: Handling, reason: str, turn: str) -> Question[AccountCorrected]:
    """Ask for the account that is right: the payment has failed."""
    brief = [f"付款失败 payment failed: **{reason}**", _to(it)]
    remind = watched(it, Role.AGENT)
    return gate(
        f"account-{turn}", "账号更正", Role.AGENT, AccountCorrected, "account", REFUND, brief.copy, remind=remind
    )
