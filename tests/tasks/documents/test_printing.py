"""Documents print as one page of HTML."""

import re

import pytest
import time_machine
from sqlalchemy import Engine

from schemas.problems import NotFound
from tasks.documents.printing import printed
from tests.flows.returns import bring_back
from tests.play import Play, cells, line


def page(db: Engine, number: str) -> str:
    """Give the words of a printed document in order."""
    with db.connect() as connection:
        html = printed(connection, number)
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL).split())


@pytest.fixture
def case(db: Engine) -> int:
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False):
        play = Play(db)
        case = play.apply([line("P-HW-001", 4), line("P-PB-001", 2)], 备注="<b>轻放</b>")
        play.run_to(case, "goods-out-1-1")
        packed = cells("箱号", {1: "2", 2: "1"})
        how = {"运输方式": "快递", "承运商": "中通", "运费": 86, "件数": 2, "运单号": "ZT1", "明细": packed}
        play.decide(case, "goods-out-1-1", **how)
        return case


def test_a_packing_list_reads_as_the_warehouse_wants_it(db: Engine, case: int) -> None:
    said = page(db, "ZX-2026-000001")
    assert "装箱单 编号 Number ZX-2026-000001 日期 Date 2026-11-18" in said
    assert "承运商 Carrier 中通 运单号 Tracking ZT1 件数 Packages 2" in said
    assert re.search(r"1 2 P-PB-001 柜门板\(左\) .* 块 2 2 1 P-HW-001 铰链\(全盖110°\) .* 只 4", said)
    assert "收货人 Received by" in said
    assert "运费" not in said


def test_what_people_wrote_is_text_and_contact_data_is_whole(db: Engine, case: int) -> None:
    with db.connect() as connection:
        assert "&lt;b&gt;轻放&lt;/b&gt;" in printed(connection, "SQ-2026-000001")
    assert re.search(r"客户 Customer \S+ 1\d{10} ", page(db, "SQ-2026-000001"))


def test_a_red_slip_is_red_and_negative(db: Engine, case: int) -> None:
    Play(db).withdraw(case, "E1040")
    said = page(db, " ck-2026-000002 ")
    assert "出库单（红字） 编号 Number CK-2026-000002 红字 red" in said
    assert "-4" in said
    assert "蓝字 blue" in page(db, "CK-2026-000001")


def test_an_unknown_number_is_told(db: Engine) -> None:
    with db.connect() as connection, pytest.raises(NotFound, match="没有编号为 ZX-1 的票据"):
        printed(connection, "ZX-1")


def test_an_anomaly_s_report_says_of_which_case_what_is_wrong_and_what_became_of_it(db: Engine) -> None:
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False):
        play = Play(db)
        case = play.apply([line("P-PB-001", 3)])
        play.run_to(case, "pickup-1")
        play.decide(case, "pickup-1", 核对结果="损坏", 照片编号="IMG-1", 明细=cells("完好数量", {1: 2}))
        play.settle(case, "anomaly-pickup-1-1")
    said = page(db, "YC-2026-000002")
    assert "异常申报单 编号 Number YC-2026-000002" in said
    assert "来源单 Source PA-2026-000001 异常 Anomaly 损坏(包装破损) 损坏 照片 Photos IMG-1 处理结果" in said
    assert "重新制作" in said
    assert re.search(r"1 P-PB-001 柜门板\(左\) .* 块 1 ", said)
    assert "申报人 Reported by" in said


def test_the_return_sheet_has_a_red_copy_and_the_refund_note_its_rows(play: Play) -> None:
    """退换货清单 (printed with a red copy 红联 for the region's salesperson)."""
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False):
        case = bring_back(play)
        assert play.finish(case) == "refunded"
    with play.db.connect() as connection:
        sheet, note = (printed(connection, play.documents(case, kind)[0].number) for kind in ("TH", "TK"))
    assert sheet.count("<section") == 2
    assert sheet.count('<section class="red">') == 1
    assert "红联 业务员" in sheet
    assert note.count("<section") == 1
    assert "我方责任退送货费 delivery, ours" in note
