"""下单生产 around what PA's steps do: contract review, the items' prices, and how an order ends that fails (DOMAIN 7)."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from typing import Final

from schemas.forms.sales import SalesChannel
from schemas.forms.specials import CreditGrade
from schemas.parts import PartsLine
from schemas.processes.special_order import SpecialEnding
from schemas.tables import case_line, part_price, production_order, sales_change, sales_record
from schemas.words import OrderState, PaymentKind, Role
from tasks.applications.accept import CUSTOMER
from tasks.approvals.steps import Matter, approving
from tasks.branches.beside import alone, next_answer
from tasks.control.rules import shared_out
from tasks.durable.process import Case
from tasks.durable.step import step
from tasks.lines.queries import parts_of
from tasks.lines.rules import brief_lines
from tasks.lines.steps import mark_line
from tasks.logistics.shipping import Shipping
from tasks.notices.steps import tell
from tasks.people.queries import units
from tasks.policies.queries import term
from tasks.production.rules import Making
from tasks.quotes.rules import FailedBy, Paid, Settlement
from tasks.quotes.steps import giving_back, paid_by, payment_question, returning, still_owed
from tasks.specials.offers import Contract
from tasks.specials.steps import Over
from tasks.stock.moves import release
from tasks.unit.work import Work

ORDER: Final = "下单生产"


@step("合同评审人", link=ORDER)
def contract_reviewer(work: Work, credit: CreditGrade) -> Role | None:
    """Find who reviews the contract by the customer's credit grade (S4 3.2.2); None where nobody must."""
    role = term(work, "contract.reviewers")[credit]
    return Role(role) if role else None


def review_contract(case: Case, contract: Contract, credit: CreditGrade, barred: set[str]) -> None:
    """Have the contract reviewed before anything is ordered; Over where it is refused: then nothing came about."""

    def brief() -> list[str]:
        return [f"信用等级 credit: **{credit.zh}**", *brief_lines(contract.lines)]

    role = contract_reviewer(case, credit)
    if role is None:
        return
    why = alone(case, approving(case, "contract", "合同评审", role, Matter(ORDER, barred, brief), "contract"))
    if why:
        raise Over(SpecialEnding.REJECTED, why)


@step(ORDER)
def conclude(work: Work, lines: list[PartsLine]) -> list[PartsLine]:
    """Enter the agreed prices in the catalogue: from now on each item has its own, and stays until it is paid."""
    for line in lines:
        mark_line(work, line.line_no, unpaid=True)
        source = f"{work.case.number} 特殊订货"
        work.insert(part_price, part=line.part, price=line.price, valid_from=work.today, source=source)
    return lines


def pay_balance(case: Case, contract: Contract, paid: list[Paid], shipping: Shipping, made: Making) -> None:
    """Await what is owed for the goods that leave, here or ordered again; asked anew where it becomes less."""
    asked = count(1)
    number, last = 0, None
    while True:
        owed = contract.owed(
            paid, shipping.cheaper + made.cheaper, shipping.leaving, made.ordered_again, shipping.again
        )
        if not (left := still_owed(owed)):
            return let_go(case)
        number, last = next(asked) if left != last else number, left
        if answered := next_answer(case, payment_question(f"balance-{number}", left, ORDER)):
            paid.append(paid_by(answered[1]))


@step("付清放行", link=ORDER)
def let_go(work: Work) -> None:
    """Let leave what is paid for, also what was ordered again of it."""
    work.update(case_line, {"case_id": work.case.id}, unpaid=False)


@step("销售记录", link=ORDER)
def record_sale(work: Work, goods: list[PartsLine], paid: list[Paid], back: Decimal) -> list[PartsLine]:
    """Write down as sold, under the case's own number, what was made to order: the customer has signed for that.

    What was paid and not given `back` is shared out by the lines' prices; what comes by another case has no signing date yet.
    """
    shares = shared_out(sum((one.amount for one in paid), -back), [line.amount for line in goods])
    sold = {name: getattr(work.case, name) for name in ("office", *CUSTOMER)} | {"order_no": work.case.number}
    sold |= {"channel": SalesChannel.SHOP, "custom_made": True, "custom_confirmed": True}
    for line, price in zip(goods, shares, strict=True):
        known, made_by = work.read(parts_of)[work.case.id, line.line_no], work.read(units)[line.unit].name
        dates = {"delivery_date": known.out_on, "signing_date": known.picked_on}
        dates |= {"factory_date": known.made_on or known.out_on or work.today}
        what = {"model": line.part, "model_name": line.name, "quantity": line.quantity, "price_paid": price}
        work.insert(sales_record, line_no=line.line_no, **sold, **what, **dates, factory=made_by)
        signed = {"staff": work.case.applicant, "changed_at": work.now, "changes": {}}
        work.insert(sales_change, order_no=work.case.number, line_no=line.line_no, **signed)
    return goods


def give_back_rest(case: Case, contract: Contract, paid: list[Paid], shipping: Shipping, made: Making) -> Decimal:
    """Have given back, once, what was paid beyond the price of what the customer has or gets; gives how much that is."""
    less = shipping.cheaper + made.cheaper
    owed = contract.owed(paid, less, shipping.delivered, made.ordered_again, shipping.again)
    if (beyond := -owed[PaymentKind.BALANCE]) <= 0:
        return Decimal(0)
    alone(case, returning(settle_rest(case, beyond), ORDER))
    return beyond


@step("多付退还", link=ORDER)
def settle_rest(work: Work, beyond: Decimal) -> Settlement:
    """Say what the customer gets back of an order of which less was delivered than was paid for."""
    return Settlement(back=beyond, why=["未供部分的款项 paid for what was not delivered"])


@step("停止生产", link=ORDER)
def stop_order(work: Work) -> None:
    """Stop at once what is being made and let go of what is kept, before money is given back."""
    release(work)
    key = {"case_id": work.case.id, "state": OrderState.OPEN.value}
    work.update(production_order, key, state=OrderState.CANCELLED)


@step("答复结果", link="")
def tell_applicant(work: Work, ending: SpecialEnding, reason: str) -> str:
    """Tell the office how its order ended."""
    tell(work, Role.OFFICE, f"特殊订货 {ending.zh}：{reason}")
    return reason


def pay_back(case: Case, paid: Sequence[Paid], failed_by: FailedBy) -> None:
    """Stop the order and have given back what the customer gets of what was paid."""
    if paid:
        stop_order(case)
        alone(case, giving_back(case, list(paid), failed_by, ORDER))
