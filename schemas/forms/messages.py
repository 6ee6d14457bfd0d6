"""What is decided about messages: one that could not be sent, a customer who wants none (DOMAIN, "Scheduled work")."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.forms import fields
from schemas.forms.base import Decision
from schemas.forms.fields import label
from schemas.words import Labelled


class DeadVerdict(Labelled):
    """What becomes of a message that could not be sent."""

    AGAIN = "send_again", "重发"
    DROP = "drop", "放弃"


class DeadLetter(Decision):
    """外发失败处理: which message, what becomes of it, why."""

    first: ClassVar = ("message",)
    message: Annotated[int, Field(ge=1, le=2**53), label("发送编号", "Message", "见收件箱 in the inbox")]
    verdict: Annotated[DeadVerdict, label("如何处理", "What becomes of it")]
    reason: fields.ReasonText = ""


class MessageWish(Labelled):
    """Whether a customer wants care messages."""

    STOP = "stop", "退订"
    RESUME = "resume", "恢复"


class OptOut(Decision):
    """短信退订: whose phone, what the customer wants."""

    first: ClassVar = ("customer_phone", "wish")
    customer_phone: Annotated[fields.ContactPhone[fields.Name], Field(max_length=40)]
    wish: Annotated[MessageWish, label("客户意愿", "The customer wants")]
    reason: fields.ReasonText = ""
