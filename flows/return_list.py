"""返件清单: one shipment of an office's collected damaged parts, of many repairs (DOMAIN 2)."""

from schemas.forms.return_lists import ReturnList
from schemas.forms.sales import YesNo
from schemas.processes.repair_return import ListEnding
from schemas.shapes import LinkWait
from schemas.words import LinkKind, Role
from tasks.durable.process import Case, Closing
from tasks.durable.signals import TimedOut
from tasks.people.rights import applicant_until
from tasks.repair.accept import accept_list
from tasks.repair.lists import drawing_up, hold_parcel, send_list, sending_parcel_back
from tasks.repair.queries import list_table
from tasks.repair.receipts import match_parcel, receiving_list, shipping
from tasks.runs.process import process

SENT = "清单已发出，不能再改 the list was sent: it does not change any more"
NOT_FILED = "未申报的包裹，办事处逾期未补办 a parcel that nobody announced, and nobody filed in time"
NOT_RECEIVED = "逾期未到，查询为丢失 did not come, and was found to be lost"


@process(
    code="RL",
    title="返件清单",
    chain="制作返件清单 → 确认物流信息 → 提货验货",
    waits={
        "制作返件清单": LinkWait(LinkKind.EVENT, Role.OFFICE, "list.days"),
        "确认物流信息": LinkWait(LinkKind.EVENT, Role.OFFICE, "logistics.days"),
        "提货验货": LinkWait(LinkKind.EVENT, Role.WAREHOUSE, "trace_after.days"),
    },
    endings=ListEnding,
    request=ReturnList,
    parameter="返件清单",
    accept=accept_list,
    begin=lambda _form, _work: None,
    end=lambda _work: None,
    lines=list_table,
    may_withdraw=applicant_until(never=[send_list], why=SENT),
)
def return_list(case: Case) -> Closing:
    """返件清单 Send the damaged parts that an office collected, and receive them."""
    held = hold_parcel(case, list(case.request.lines)) if case.request.unannounced == YesNo.YES else None
    try:
        listed = drawing_up(case)  # 制作返件清单
    except TimedOut:
        assert held, "only what came first has to be filed in time"
        sending_parcel_back(case, held)
        return Closing(ListEnding.SENT_BACK, NOT_FILED)
    if not listed:
        return Closing(ListEnding.CANCELLED)
    expected, rest = match_parcel(case, held, listed) if held else (shipping(case, listed), None)  # 确认物流信息
    arrived = receiving_list(case, listed, expected)  # 提货验货
    if rest:
        sending_parcel_back(case, rest)
    return Closing(ListEnding.RECEIVED) if arrived else Closing(ListEnding.LOST, NOT_RECEIVED)
