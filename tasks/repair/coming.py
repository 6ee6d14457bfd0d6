"""How goods come back: by a list, appraised by a workshop, what differs confirmed by the office (DOMAIN 2)."""

from collections.abc import Sequence
from typing import Any

from schemas.forms.repairs import (
    Appraisal,
    Arbitration,
    ArbitrationFound,
    Grade,
    OfficeWord,
    Owner,
    Place,
    ReceiptConfirmed,
)
from schemas.forms.return_lists import GoodsArrived, GoodsShipped, GoodsState, ListSent
from schemas.forms.sales import YesNo
from schemas.problems import Problem
from schemas.words import Role
from tasks.branches.beside import Branch
from tasks.cycle.terms import Due, calendar_days, overdue, working_days
from tasks.durable.signals import TimedOut
from tasks.policies.queries import setting
from tasks.repair.queries import waiting_here
from tasks.repair.rules import wanted
from tasks.repair.shapes import RepairGoods
from tasks.repair.way import ARRIVED, Way
from tasks.unit.work import Work


def list_due(goods: RepairGoods) -> Due:
    """Due every 15 days, or at once when an office has collected 3 m³ (S3 §3 1.5)."""

    def due(work: Work) -> Any:
        others = waiting_here(work)
        collected = goods.volume + sum(one.volume for one in others if one.case_id != goods.case_id)
        return work.now if collected >= setting(work, "rr.list.volume") else calendar_days("list")(work)

    return due


def travelling(way: Way) -> Branch[GoodsArrived | None]:
    """制作返件清单 → 确认物流信息 → 提货验货: a list takes the goods; None where none does within 30 days."""
    asked = way.question(
        "list", "待列返件清单", Role.SYSTEM, ListSent, list_due(way.goods), "制作返件清单",
        expires=calendar_days("list_expiry"), remind=overdue(Role.OFFICE),
    )  # fmt: skip
    try:
        yield asked
    except TimedOut:
        return None
    way.passed.add("list")
    return (yield from arriving(way))


def leaving(way: Way) -> Branch[GoodsArrived | None]:
    """Let goods of the office's paint room go by a list to another repairer; None where no list takes them in time."""
    way.put_back()
    way.place = Place.OUTSIDE
    return (yield from travelling(way))


def arriving(way: Way, turn: str = "") -> Branch[GoodsArrived]:
    """Wait until a list that was sent has told of the goods that they are on their way, and have arrived."""
    if "shipped" not in way.passed:
        due, link = working_days("shipping"), "确认物流信息"
        sent: GoodsShipped = yield way.question(
            f"shipped{turn}", "待发运", Role.SYSTEM, GoodsShipped, due, link, remind=None
        )
        way.passed.add("shipped")
        way.carrier = f"{sent.carrier} {sent.tracking}"
    due, link = working_days("arrival"), "提货验货"
    came: GoodsArrived = yield way.question(
        f"arrived{turn}", "待到货", Role.SYSTEM, GoodsArrived, due, link, remind=None
    )
    way.passed.add(ARRIVED)
    way.quantity = came.counted
    return came


def appraising(way: Way, came: GoodsArrived | None) -> Branch[Appraisal]:
    """提货验货 → 修正确认: the workshop appraises, the office confirms what differs; silence is consent."""

    def check(form: Appraisal, _work: Work) -> list[Problem]:
        pays = form.misuse == YesNo.YES or way.charged
        wants_fee = form.grade == Grade.REPAIRABLE and pays
        return [*wanted(form, "fee", wants_fee), *wanted(form, "photos", form.differs == YesNo.YES)]

    arrived = [f"实收 counted {came.counted:f} · {came.state.zh} {came.photos}"] if came else []
    role = Role.OFFICE if way.here else Role.WORKSHOP
    found: Appraisal = yield way.question(
        "appraise", "返件鉴定", role, Appraisal, "appraisal", "提货验货", arrived, check
    )
    as_listed = came is None or (came.state == GoodsState.AS_LISTED and came.counted == way.goods.quantity)
    counted_with_customer = way.case.request.owner == Owner.SENT_BY_CUSTOMER and not way.here
    if not as_listed or found.differs == YesNo.YES or counted_with_customer:
        found = yield from confirming_receipt(
            way, found, [*arrived, f"鉴定 {found.grade.zh} {found.photos} {found.note}"]
        )
    way.misused = found.misuse == YesNo.YES
    if found.grade == Grade.REPAIRABLE and way.charged and not found.fee:  # QUALITY has ruled so
        found = yield from _pricing(way, found)
    return found


def _pricing(way: Way, found: Appraisal) -> Branch[Appraisal]:
    """Have the workshop price what the appraisal did not see as a repair that the customer pays for."""
    ruled = {"鉴定类别": found.grade.option, "使用不当": found.misuse.option}

    def check(form: Appraisal, _work: Work) -> list[Problem]:
        other = (form.grade, form.misuse) != (found.grade, found.misuse)
        problems = [Problem("鉴定类别 class", form.grade.zh, f"已裁定为{found.grade.zh} was ruled")] if other else []
        return problems + wanted(form, "fee")

    priced: Appraisal = yield way.question(
        "appraise/priced", "返件定价", Role.WORKSHOP, Appraisal, "appraisal", "修正确认", (), check, ruled
    )
    return priced


def confirming_receipt(way: Way, found: Appraisal, brief: Sequence[str]) -> Branch[Appraisal]:
    """修正确认: the office confirms within 2 wd, a customer's parcel with the customer; an objection goes to QUALITY."""

    def check(form: ReceiptConfirmed, _work: Work) -> list[Problem]:
        return wanted(form, "reason", form.verdict == OfficeWord.OBJECT)

    term = working_days("confirm")
    try:
        said = yield way.question(
            "confirm", "修正确认", Role.OFFICE, ReceiptConfirmed, term, "修正确认", brief, check, expires=term
        )
    except TimedOut:
        return found
    if said.verdict == OfficeWord.CONFIRM:
        return found
    now = {"鉴定类别": found.grade.option, "使用不当": found.misuse.option}
    more = [*brief, f"办事处异议 objection: **{said.reason}**"]
    ruled = yield way.question(
        "objection", "异议裁定", Role.QUALITY, ArbitrationFound, "objection", "修正确认", more, prefill=now
    )
    if ruled.verdict == Arbitration.APPRAISAL:
        return found
    return found.model_copy(update={"grade": ruled.grade, "misuse": ruled.misuse})
