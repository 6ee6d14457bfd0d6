"""Quotes as customers answer them, and what they pay (DOMAIN-BRANCHES 2, 7)."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from schemas.forms import fields
from schemas.forms.base import Decision
from schemas.forms.fields import Cell, label, needed
from schemas.sheet_kinds import sheet
from schemas.spelling import order_number
from schemas.words import Labelled, PaymentKind

SIGNED = "同意时必填，有效期内 needed to accept, while the quote is valid"
DECLINED = "不同意时必填，可为口头 needed to decline, may be oral"
_DAY = Cell(date(2026, 5, 20), "不能晚于今天", 13)


class QuoteVerdict(Labelled):
    """What a customer says of a quote."""

    ACCEPT = "accept", "同意报价"
    DECLINE = "decline", "不同意报价"


@sheet(
    "quote-answer",
    "报价答复",
    signer=("经办人", "E1049"),
    hints=("一行一单。同意的须客户签字，填签字日期；不同意的可为口头，填原因。",),
)
class QuoteAnswer(Decision):
    """报价答复: the customer accepts a quote by signature, or declines it."""

    stops_clock: ClassVar = True
    verdict: Annotated[QuoteVerdict, label("答复", "Answer"), Cell("同意报价", "从列表中选择；空则跳过", 12)]
    signed_on: Annotated[fields.Past[fields.OptionalDay], label("签字日期", "Signed on"), needed(SIGNED), _DAY] = None
    reason: Annotated[fields.ReasonText, needed(DECLINED)] = ""


_AMOUNT = label("金额", "Amount (CNY)")
_PAID_ON = label("付款日期", "Paid on")
Reference = Annotated[
    fields.Name, AfterValidator(order_number), label("凭证号", "Reference", "银行流水或收据号 of the bank or receipt")
]


@sheet("payments", "收款登记", signer=("财务", "E1047"), decided_by=("paid_on", "reference"), hints=("一行一笔。",))
class PaymentReceived(Decision):
    """收款: a payment of a customer came in."""

    stops_clock: ClassVar = True
    kind: Annotated[PaymentKind, label("款项", "Payment"), Cell("定金", "从列表中选择", 10)]
    amount: Annotated[fields.Money, Field(gt=0), _AMOUNT, Cell(500, "元，可分次", 12)]
    paid_on: Annotated[fields.Past[fields.Day], _PAID_ON, _DAY]
    reference: Annotated[Reference, Cell("YH20260520-01", width=20)]


@sheet("give-back", "退还款项", signer=("财务", "E1047"), decided_by=("paid_on", "reference"), hints=("一行一单。",))
class PaymentGivenBack(Decision):
    """退还款项: what the customer gets back was paid, once."""

    amount: Annotated[fields.Money, _AMOUNT, Cell(2000, "元，须与核算一致", 12)]
    paid_on: Annotated[fields.Past[fields.Day], _PAID_ON, _DAY]
    reference: Annotated[Reference, Cell("YH20260601-07", width=20)]
