"""出入库单 by hand: small purchases, own use and leftovers, provisional receipts, new items (DOMAIN, "Stock"; S3 §2, §3)."""

from schemas.forms.slips import PapersSay, SlipKind, SlipRequest
from schemas.processes.stock import SlipEnding
from schemas.shapes import LinkWait
from schemas.words import LinkKind, Role, Verdict
from tasks.durable.process import Case, Closing
from tasks.keeping.queries import goods_table
from tasks.keeping.slips import (
    accept_slip,
    book_back_leftovers,
    book_checked,
    book_slip,
    check_slip,
    code_items,
    enter_items,
    match_papers,
)
from tasks.people.rights import applicant_until
from tasks.runs.process import process

BOOKED = "已记账，用红字单更正 it is booked: a red slip corrects it"
NOTHING = "实际数量为零，不制票 nothing was counted: no slip"
ENDS_AS = {
    PapersSay.MATCH: SlipEnding.MATCHED,
    PapersSay.DIFFER: SlipEnding.CORRECTED,
    PapersSay.REFUSED: SlipEnding.SENT_BACK,
}


@process(
    code="GS",
    title="手工出入库",
    chain="物料建码 → 仓管核准 → 记账制票 → 核对单据",
    waits={
        "物料建码": LinkWait(LinkKind.GATE, Role.PARTS_REVIEWER, "code.days"),
        "仓管核准": LinkWait(LinkKind.GATE, Role.WAREHOUSE, "check.days"),
        "核对单据": LinkWait(LinkKind.EVENT, Role.WAREHOUSE, "papers.days"),
    },
    endings=SlipEnding,
    request=SlipRequest,
    parameter="出入库申请单",
    accept=accept_slip,
    begin=lambda _form, _work: None,
    end=lambda _work: None,
    lines=goods_table,
    may_withdraw=applicant_until(never=[book_slip, book_back_leftovers], why=BOOKED),
)
def goods_slip(case: Case) -> Closing:
    """手工出入库 Book goods in or out by a slip of their own; what came before its papers is matched with them."""
    items = code_items(case, case.request)  # 物料建码
    slip = enter_items(case, case.request, items)
    booked, turn = None, 0
    while booked is None:  # others may take the goods between 核准 and 记账
        turn += 1
        said = check_slip(case, slip, turn)  # 仓管核准
        if said.verdict == Verdict.REJECT:
            return Closing(SlipEnding.REFUSED, said.reason)
        if not any(line.counted for line in said.lines):
            return Closing(SlipEnding.REFUSED, NOTHING)
        booked = book_checked(case, slip, said, turn)  # 记账制票
    if case.request.kind != SlipKind.PROVISIONAL:
        return Closing(SlipEnding.BOOKED)
    papers = match_papers(case, booked)  # 核对单据
    return Closing(ENDS_AS[papers.verdict], papers.reason)
