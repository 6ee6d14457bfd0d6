"""What the order system answers (DOMAIN 1.3)."""

from typing import Annotated

from schemas.forms.base import Form
from schemas.forms.fields import Name, label


class OrderReceived(Form):
    """The order system's answer."""

    order_number: Annotated[Name, label("系统单号", "Order number")]
