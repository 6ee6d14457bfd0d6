"""What was sold to whom, line by line, and the warranty cards that came back (DOMAIN, "Sales records")."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, ValidationInfo

from schemas.forms import fields
from schemas.forms.base import Decision, Form
from schemas.forms.fields import Cell, label
from schemas.sheet_kinds import sheet
from schemas.words import Labelled


class SalesChannel(Labelled):
    """Where something was sold; remote sales may be returned without reason (DOMAIN 5)."""

    SHOP = "shop", "门店"
    REMOTE = "remote", "远程"


class YesNo(Labelled):
    """Yes or no, as a sheet says it."""

    YES = "yes", "是"
    NO = "no", "否"


SIGNED = label("签收日期", "Signed on")
SIGNED_ON = Cell(date(2026, 3, 12), "可空；保修从签收起算")
CARD_SIGNED_ON = Cell(date(2026, 3, 12), "空则按销售记录")
SOLD_BY = Cell("北京朝阳专卖店", "售出的专卖店或经销商，编码或名称；可空", 18)
INSTALLED = label("安装完成日期", "Installed on")
INSTALLED_ON = Cell(date(2026, 3, 14), "可空；需安装的商品，保修从安装完成起算")
CONFIRMED_AT_PURCHASE = label("定制确认", "Custom-made confirmed", "购买时已标明定制并经客户确认 at purchase")


def _of_custom_made(said: YesNo, info: ValidationInfo) -> YesNo:
    """What was confirmed at purchase to be custom-made is custom-made; ValueError where the form says otherwise."""
    if said is YesNo.YES and info.data.get("custom_made") is not YesNo.YES:
        raise ValueError("只有定制商品才有定制确认 only custom-made goods are confirmed as such")
    return said


@sheet(
    "sales",
    "销售记录",
    key_field="order_no",
    once=("order_no", "line_no"),
    in_order=(
        ("factory_date", "delivery_date"),
        ("delivery_date", "signing_date"),
        ("factory_date", "signing_date"),
        ("delivery_date", "installation_date"),
    ),
    hints=(
        "一行是订单的一行；同一订单号和行号再次发来，没有变即不动。",
        "内容有变的先退回，写明将更正什么；核对后在“确认”列填“是”再发，才更正。",
    ),
)
class SalesLine(Form):
    """One line of an order as it was sold."""

    order_no: Annotated[fields.OrderNo, Cell("示例-SO20260318-0042", "销售订单号", 22)]
    line_no: Annotated[fields.LineNo, Field(le=9999), Cell(1, "订单中的第几行", 7)]
    office: fields.OfficeName
    customer_name: Annotated[fields.ContactName[fields.Name], Cell("凌霄", width=12)]
    customer_phone: Annotated[fields.ContactPhone[fields.Name], Cell("13800009999", width=15)]
    customer_address: Annotated[fields.ContactAddress[fields.Remark], Field(min_length=1), Cell("松涛里9栋", width=30)]
    model: Annotated[fields.Name, label("型号", "Model"), Cell("BD-201", width=12)]
    model_name: Annotated[fields.Name, label("品名", "Model name"), Cell("静谷软包床(1.8米)", width=24)]
    quantity: Annotated[fields.Quantity, label("数量", "Quantity"), Cell(1, "大于 0", 8)]
    price_paid: Annotated[fields.Money, label("实付金额", "Price paid (CNY)"), Cell(4731, "元", 12)]
    factory: Annotated[fields.Name, label("生产工厂", "Factory"), Cell("中山软体厂", width=16)]
    factory_date: Annotated[fields.Past[fields.Day], label("出厂日期", "Factory date"), Cell(date(2026, 3, 2))]
    delivery_date: Annotated[fields.OptionalDay, label("发货日期", "Delivered on"), Cell(date(2026, 3, 9))] = None
    signing_date: Annotated[fields.Past[fields.OptionalDay], SIGNED, SIGNED_ON] = None
    installation_date: Annotated[fields.Past[fields.OptionalDay], INSTALLED, INSTALLED_ON] = None
    channel: Annotated[SalesChannel, label("渠道", "Channel"), Cell("门店", "门店或远程", 8)]
    staff: Annotated[fields.StaffNo, Cell("E1001", "由谁录入的工号，例如 E1001", 12)]
    custom_made: Annotated[YesNo, label("是否定制", "Custom-made"), Cell("否", "空则为否", 10)] = YesNo.NO
    custom_confirmed: Annotated[YesNo, AfterValidator(_of_custom_made), CONFIRMED_AT_PURCHASE] = YesNo.NO
    list_price: Annotated[
        fields.Maybe[fields.Money], label("原价", "List price (CNY)"), Cell("", "空则为实付金额", 10)
    ] = None
    coupon: Annotated[fields.Money, label("券付金额", "Paid by coupon (CNY)"), Cell(0, "实付中用券的部分", 10)] = Field(
        0, validate_default=True
    )
    delivery_fee: Annotated[fields.Money, label("送货费", "Delivery fee (CNY)"), Cell(0, "另付的，元", 10)] = Field(
        0, validate_default=True
    )
    offer_from: Annotated[fields.Money, label("优惠门槛", "Offer holds from (CNY)"), Cell(0, "空则无", 10)] = Field(
        0, validate_default=True
    )
    store: Annotated[fields.Key, label("专卖店", "Store"), fields.Register.STORE, SOLD_BY] = ""
    confirmed: Annotated[YesNo, label("确认", "Confirmed"), Cell("否", "更正时填“是”；空则为否", 8)] = YesNo.NO


@sheet(
    "warranty-cards",
    "保修卡",
    key_field="card_no",
    once=("order_no", "line_no"),
    in_order=(("signing_date", "returned_on"), ("signing_date", "installation_date")),
    hints=("一行一张保修卡；登记后建立客户档案，算出三包期。同一张卡再发一次，不会登记两次。",),
)
class WarrantyCard(Form):
    """保修卡登记: a card that a customer returned; it registers the customer (S0)."""

    card_no: Annotated[fields.Name, label("保修卡号", "Card number"), Cell("示例-BX-0001", width=16)]
    order_no: fields.OrderNo
    line_no: Annotated[fields.LineNo, Field(le=9999), Cell(1, "订单中的第几行", 7)]
    customer_name: Annotated[fields.ContactName[fields.Name], Cell("凌霄", width=12)]
    customer_phone: Annotated[fields.ContactPhone[fields.Name], Cell("13800009999", width=15)]
    customer_address: Annotated[fields.ContactAddress[fields.Remark], Field(min_length=1), Cell("松涛里9栋", width=30)]
    signing_date: Annotated[fields.Past[fields.OptionalDay], SIGNED, CARD_SIGNED_ON] = None
    installation_date: Annotated[fields.Past[fields.OptionalDay], INSTALLED, INSTALLED_ON] = None
    returned_on: Annotated[fields.Past[fields.Day], label("寄回日期", "Returned on"), Cell(date(2026, 3, 20))]
    staff: Annotated[fields.StaffNo, Cell("E1001", "由谁登记的工号，例如 E1001", 12)]


class WarrantyWaiver(Decision):
    """放弃保修: a customer gives up the warranty of a line; a SUPERVISOR signs (S1 1.1.6)."""

    first: ClassVar = ("order_no", "line_no")
    order_no: fields.OrderNo
    line_no: Annotated[fields.LineNo, Field(le=9999)]
    reason: Annotated[fields.ReasonText, Field(min_length=1)]
