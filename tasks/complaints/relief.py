"""What a customer gets by a case of another process, which the complaint follows (DOMAIN 3)."""

from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from schemas.forms.base import Form
from schemas.forms.complaints import Relief
from schemas.forms.contacts import ContactRecord
from schemas.problems import IllegalTransition, Problem, problems_of
from schemas.words import Channel, Reason
from tasks.applications.accept import CUSTOMER
from tasks.durable.opening import open_child
from tasks.durable.process import PROCESSES
from tasks.durable.step import step
from tasks.unit.work import Work

OPENS = {Relief.PARTS: "PA", Relief.REPAIR: "RR", Relief.RETURN: "RF", Relief.EXCHANGE: "RF", Relief.SPECIAL: "SO"}
NOT_THERE = "尚未开通，请选其他办法 its process is not there: choose another"


def relief_problems(work: Work, relief: Relief | None, part: str, quantity: Decimal) -> list[Problem]:
    """Say why the case that a plan wants cannot be opened; nothing of a plan that opens none."""
    if relief not in OPENS:
        return []
    if (process := PROCESSES.get(OPENS[relief])) is None:
        return [Problem("处理办法 relief", relief.zh, NOT_THERE)]
    try:
        return list(process.accept(request_of(work, relief, part, quantity), work.unit, Channel.SYSTEM)[1])
    except ValidationError as wrong:
        return problems_of(wrong)


def request_of(work: Work, relief: Relief, part: str, quantity: Decimal) -> Form:
    """Fill in what opens the other case, for the customer's goods; ValidationError where something is missing."""
    case, record = work.case, ContactRecord.model_validate(work.case.request)
    code, goods = OPENS[relief], {"part": part, "quantity": quantity}
    lines: dict[str, dict[str, Any]] = {
        "PA": goods | {"reason": Reason.QUALITY},
        "RR": goods | {"reason": Reason.QUALITY, "cause": record.kind.zh},
        "SO": goods,
        "RF": {"line_no": record.order_line, "quantity": quantity, "found": record.matter},
    }
    about = {name: getattr(case, name) for name in ("office", "applicant", "order_no", "urgency", *CUSTOMER)}
    about |= {"remark": case.number, "lines": [lines[code]], "photos": case.number}
    about |= {"wish": relief.value, "ground": "defect"}
    form = PROCESSES[code].request
    return form.model_validate({name: value for name, value in about.items() if name in form.model_fields})


@step("另开单据", link="")
def open_relief(work: Work, relief: Relief, part: str, quantity: Decimal, key: str, turn: str) -> int | None:
    """Open the case of another process by which the customer is helped; None where it cannot be opened any more."""
    try:
        return open_child(work, OPENS[relief], request_of(work, relief, part, quantity), key)
    except IllegalTransition:
        return None
