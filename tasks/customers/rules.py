"""What must hold of a warranty card against the sales records (DOMAIN, "Sales records"); pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from schemas.forms.sales import WarrantyCard
from schemas.problems import Problem

Sale = tuple[str, int]  # order and line
TOLD_BY_CARD = ("signing_date", "installation_date")
FOREIGN = "不是本办事处的订单 is an order of another office"


def heading(name: str) -> str:
    """Give the heading of a card's field."""
    return str(WarrantyCard.model_fields[name].alias)


def unknown_sale(order_no: str, line_no: int, lines: Sequence[int], meant: str) -> Problem:
    """Say that no such line was sold: which orders may have been meant, or which lines the order has."""
    if lines:
        known = "、".join(map(str, lines))
        return Problem(heading("line_no"), line_no, f"{order_no} 只有第 {known} 行 the order has these lines only")
    return Problem(heading("order_no"), order_no, f"销售记录中没有此订单 is not in the sales records{meant}")


def date_problems(card: WarrantyCard, sold: Any, today: date) -> list[Problem]:
    """Say which of a card's dates cannot be: before the goods were made, against the sales record, out of order."""
    problems = list[Problem]()
    for name in TOLD_BY_CARD:
        given, kept = getattr(card, name), getattr(sold, name)
        if given and given < sold.factory_date:
            expected = f"不能早于出厂日期 {sold.factory_date} must not be before the factory date"
            problems.append(Problem(heading(name), given, expected))
        elif given and kept and given != kept:
            expected = (
                f"销售记录为 {kept}，请核对，或先更正销售记录 the sales record says otherwise: correct that first"
            )
            problems.append(Problem(heading(name), given, expected))
        elif given and given > today:
            problems.append(Problem(heading(name), given, f"不能晚于今天 {today} must not be after today"))
    signed = card.signing_date or sold.signing_date or sold.factory_date
    for name in ("installation_date", "returned_on"):
        given = getattr(card, name)
        if given and given < signed:
            problems.append(Problem(heading(name), given, f"不能早于签收 {signed} must not be before the signing"))
    if card.returned_on > today:
        problems.append(
            Problem(heading("returned_on"), card.returned_on, f"不能晚于今天 {today} must not be after today")
        )
    return problems


def other_card_problem(
    card: WarrantyCard, by_sale: Mapping[Sale, str], by_number: Mapping[str, Sale]
) -> Problem | None:
    """Say that the line has another card, or the number another line; None where neither is so."""
    held = by_sale.get((card.order_no, card.line_no))
    if held and held != card.card_no:
        return Problem(heading("card_no"), card.card_no, f"本行已登记保修卡 {held} the line has this card already")
    taken = by_number.get(card.card_no)
    if taken and taken != (card.order_no, card.line_no):
        expected = f"已登记在 {taken[0]} 第 {taken[1]} 行 is registered for that line"
        return Problem(heading("card_no"), card.card_no, expected)
    return None
