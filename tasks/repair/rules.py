"""What must hold of the forms of a repair, and how a case of several lines ends; pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from schemas.forms.applications import ReviewVerdict
from schemas.forms.base import Form
from schemas.forms.repairs import Appraisal, Place, RepairReview
from schemas.forms.return_lists import GoodsState, ListReceipt
from schemas.forms.sales import YesNo
from schemas.parts import Goods
from schemas.problems import Problem
from schemas.processes.repair_return import RepairEnding

LESS = "实收少于清单，请选缺少等 less than was listed: say what is wrong"
MORE = "清单 {:f}，多出的按未申报到货登记 at most what was listed: what is more is an unannounced parcel"
PHOTOS = "损坏或不符须附照片编号 damage and mismatch need photo references"


def wanted(form: Form, name: str, when: bool = True) -> list[Problem]:
    """Check that a field is filled in where it must be; its own hint says when that is."""
    field = type(form).model_fields[name]
    missing = when and not getattr(form, name)
    return [Problem(str(field.title), "", str(field.description))] if missing else []


def review_problems(form: RepairReview) -> list[Problem]:
    """Check that an approval says where the goods are repaired, and scrapping at the office has its proof."""
    approves = form.verdict == ReviewVerdict.APPROVE
    return wanted(form, "place", approves) + wanted(form, "photos", form.place == Place.SCRAP)


def finding_of(appraised: Appraisal) -> str:
    """Say what a quote tells the customer of the appraisal."""
    told = {"主要部件损坏": appraised.main_broken, "使用不当": appraised.misuse}
    return " ".join([*(word for word, said in told.items() if said == YesNo.YES), appraised.note]).strip()


def first_ending(outcomes: Iterable[RepairEnding | None]) -> RepairEnding:
    """Say how a case ended of whose lines we know how each did: as the best of them."""
    ended = set(outcomes)
    return next(ending for ending in RepairEnding if ending in ended)


def same_piece(before: Any, order_no: str, part: str, old_no: str) -> bool:
    """Say whether goods are those that were repaired before: of one old part number, else of one order and part.

    A number that another part of another order has, too, is not theirs.
    """
    same = (before.order_no == order_no, before.part == part)
    return before.old_no == old_no and any(same) if old_no else all(same)


def expected_problems(expected: date | None, today: date) -> list[Problem]:
    """Check that what is on its way is not expected in the past."""
    early = expected is not None and expected < today
    return [Problem("预计到货 expected", expected, f"不能早于今天 {today} must not be in the past")] if early else []


def not_filed(held: Iterable[Goods], listed: Iterable[Goods]) -> list[Goods]:
    """Give what of a parcel its office has filed no repairs for."""
    filed, rest = defaultdict[str, Decimal](Decimal), list[Goods]()
    for one in listed:
        filed[one.part] += one.quantity
    for one in held:
        many = min(one.quantity, filed[one.part])
        filed[one.part] -= many
        rest += [one.of(one.quantity - many)] if many < one.quantity else []
    return rest


def receipt_problems(form: ListReceipt, sent: Mapping[int, Decimal], since: date, today: date) -> list[Problem]:
    """Check a receipt: not more than was sent, on a day since; what differs says how, by photos where it is there."""
    problems = []
    if not since <= form.received_on <= today:
        expected = f"应在发运日 {since} 与今天 {today} 之间 must lie between dispatch and today"
        problems.append(Problem("到货日期 arrived on", form.received_on, expected))
    for row, line in enumerate(form.lines, start=1):
        many, as_listed = sent[line.line_no], line.state == GoodsState.AS_LISTED
        if line.counted > many:
            problems.append(Problem("实收数量 counted", line.counted, MORE.format(many), row))
        elif as_listed and line.counted < many:
            problems.append(Problem("到货状况 found", line.state.zh, LESS, row))
        elif line.state in {GoodsState.DAMAGED, GoodsState.OTHER} and not line.photos:
            problems.append(Problem("照片编号 photos", "", PHOTOS, row))
    return problems
