"""The form of sales records: what was sold to whom, line by line (DOMAIN, "Sales records")."""

from pydantic import Field

from schemas.forms.base import Day, Form, Money, Name, OptionalDay, Quantity, Remark
from schemas.words import SalesChannel, YesNo


class SalesLine(Form):
    """One line of an order as it was sold."""

    order_no: Name = Field(alias="订单号", title="订单号 Order")
    line_no: int = Field(alias="行号", title="行号 Line", ge=1, le=9999)
    office: Name = Field(alias="办事处", title="办事处 Office")
    customer_name: Name = Field(alias="客户姓名", title="客户姓名 Customer")
    customer_phone: Name = Field(alias="客户电话", title="客户电话 Phone")
    customer_address: Remark = Field(alias="客户地址", title="客户地址 Address", min_length=1)
    model: Name = Field(alias="型号", title="型号 Model")
    model_name: Name = Field(alias="品名", title="品名 Model name")
    quantity: Quantity = Field(alias="数量", title="数量 Quantity")
    price_paid: Money = Field(alias="实付金额", title="实付金额 Price paid (CNY)")
    factory: Name = Field(alias="生产工厂", title="生产工厂 Factory")
    factory_date: Day = Field(alias="出厂日期", title="出厂日期 Factory date")
    delivery_date: OptionalDay = Field(None, alias="发货日期", title="发货日期 Delivered on")
    signing_date: OptionalDay = Field(None, alias="签收日期", title="签收日期 Signed on")
    channel: SalesChannel = Field(alias="渠道", title="渠道 Channel")
    custom_made: YesNo = Field(YesNo.NO, alias="是否定制", title="是否定制 Custom-made")
