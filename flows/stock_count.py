"""盘点: a warehouse is counted, and the books follow what was found once that is approved (S3 §3 1.4.1, §2 6)."""

from itertools import count

from schemas.forms.counts import CountRequest
from schemas.processes.stock import CountEnding
from schemas.shapes import LinkWait
from schemas.words import LinkKind, Role
from tasks.branches.beside import side_by_side
from tasks.durable.process import Case, Closing
from tasks.keeping.counts import accept_count, agree_on_differences, book_differences, counting, may_call_off
from tasks.keeping.queries import count_table
from tasks.runs.process import process


@process(
    code="SC",
    title="盘点",
    chain="发起盘点 → 清点 → 差异审批 → 盘盈盘亏",
    returns={"差异审批": "发起盘点"},
    waits={
        "清点": LinkWait(LinkKind.EVENT, Role.WAREHOUSE, "count.days"),
        "差异审批": LinkWait(LinkKind.GATE, Role.SUPERVISOR, "approval.days"),
    },
    endings=CountEnding,
    request=CountRequest,
    parameter="盘点单",
    accept=accept_count,
    begin=lambda _form, _work: None,
    end=lambda _work: None,
    lines=count_table,
    may_withdraw=may_call_off,
)
def stock_count(case: Case) -> Closing:
    """盘点 Count a warehouse; differences have reasons and an approval before the books change."""
    case, refused = side_by_side(case), ""
    for turn in count(1):
        sheet, said, found = counting(case, case.request, turn, refused)  # 发起盘点 清点
        if not found.differences:
            return Closing(CountEnding.AGREED)
        refused = agree_on_differences(case, sheet, found, said, turn)  # 差异审批
        refused = refused or book_differences(case, sheet.place, found, turn=turn)  # 盘盈盘亏
        if not refused:
            return Closing(CountEnding.ADJUSTED, found.said)
    raise AssertionError("count() has no end")
