"""Sales records by sheet: kept once, corrected when they come again otherwise, sent back where they are wrong."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from schemas.sheet_kinds import sheet_kind
from tasks.sheets.importing import import_file
from tasks.sheets.outcome import Became
from tasks.sheets.report import SheetReport
from tests.play import Play
from tests.tasks.sheets.workbooks import fill_in, reasons, save

SALES = sheet_kind("sales")

SOLD: dict[str, Any] = {
    "订单号": "SO-NEW-1",
    "行号": 1,
    "办事处": "北京办事处",
    "客户姓名": "凌霄",
    "客户电话": "13800009999",
    "客户地址": "松涛里9栋",
    "型号": "BD-201",
    "品名": "静谷软包床(1.8米)",
    "数量": 1,
    "实付金额": 4731.5,
    "生产工厂": "中山软体厂",
    "出厂日期": date(2026, 3, 2),
    "发货日期": "2026/3/9",
    "签收日期": "20260312",
    "渠道": "远程",
    "是否定制": "是",
    "经办人工号": "E1001",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "销售.xlsx"


def counts(report: SheetReport) -> dict[Became, int]:
    return dict(report.counts)


def record(play: Play, line: int = 1) -> Any:
    [row] = play.rows("SELECT * FROM sales_record WHERE order_no = 'SO-NEW-1' AND line_no = :line", line=line)
    return row


def test_a_record_is_kept_as_it_was_sold(play: Play, path: Path) -> None:
    report = import_file(play.db, save(path, SALES, SOLD))
    assert counts(report) == {Became.ACCEPTED: 1}
    kept = record(play)
    assert (kept.office, kept.channel, kept.custom_made) == ("BJ", "remote", True)
    assert (kept.delivery_date, kept.signing_date) == (date(2026, 3, 9), date(2026, 3, 12))
    assert float(kept.price_paid) == 4731.5


def test_who_sold_it_is_a_store_by_code_or_name_or_nobody(play: Play, path: Path) -> None:
    rows = [SOLD | {"行号": no, "专卖店": store} for no, store in enumerate(("ZM002", "北京丰台专卖店", None), start=1)]
    assert counts(import_file(play.db, save(path, SALES, *rows))) == {Became.ACCEPTED: 3}
    assert [record(play, no).store for no in (1, 2, 3)] == ["ZM002", "ZM002", None]
    told = reasons(import_file(play.db, save(path, SALES, SOLD | {"专卖店": "ZM001"})).rejected)
    assert "专卖店 ZM002 → ZM001" in told


def test_the_same_again_changes_nothing_and_a_correction_is_counted(play: Play, path: Path) -> None:
    import_file(play.db, save(path, SALES, SOLD, SOLD | {"行号": 2}))
    assert counts(import_file(play.db, path)) == {Became.UNCHANGED: 2}
    later = SOLD | {"签收日期": None, "实付金额": "4,600", "确认": "是"}
    report = import_file(play.db, save(path, SALES, later, SOLD | {"行号": 2}, SOLD | {"行号": 3}))
    assert counts(report) == {Became.CORRECTED: 1, Became.UNCHANGED: 1, Became.ACCEPTED: 1}
    assert (record(play).signing_date, float(record(play).price_paid)) == (None, 4600)


def history(play: Play) -> list[tuple[object, ...]]:
    kept = play.rows("SELECT staff, line_no, changes FROM sales_change WHERE order_no = 'SO-NEW-1' ORDER BY id")
    return [tuple(row) for row in kept]


def test_what_would_be_changed_is_said_first_and_done_once_it_is_confirmed(play: Play, path: Path) -> None:
    import_file(play.db, save(path, SALES, SOLD))
    later = SOLD | {"实付金额": 4600, "渠道": "门店", "签收日期": "", "客户电话": "13700001111", "经办人工号": "E1002"}
    shown = import_file(play.db, save(path, SALES, later))
    assert counts(shown) == {Became.REJECTED: 1}
    why = reasons(shown.rejected)
    for told in (
        "实付金额 4731.5 → 4600",
        "渠道 远程 → 门店",
        "签收日期 2026-03-12 → 空",
        "客户电话 138****9999 → 137****1111",
    ):
        assert told in why
    assert "数量" not in why
    assert (record(play).channel, float(record(play).price_paid)) == ("remote", 4731.5)
    assert history(play) == [("E1001", 1, {})]

    sure = save(path, SALES, later | {"确认": "是"})
    assert counts(import_file(play.db, sure)) == {Became.CORRECTED: 1}
    assert (record(play).channel, float(record(play).price_paid), record(play).signing_date) == ("shop", 4600, None)
    assert counts(import_file(play.db, sure)) == {Became.UNCHANGED: 1}
    changes = {
        "customer_phone": ["13800009999", "13700001111"],
        "price_paid": ["4731.5", "4600"],
        "signing_date": ["2026-03-12", ""],
        "channel": ["远程", "门店"],
    }
    assert history(play) == [("E1001", 1, {}), ("E1002", 1, changes)]


def test_the_reject_sheet_of_a_change_is_confirmed_by_filling_it_in(play: Play, path: Path) -> None:
    import_file(play.db, save(path, SALES, SOLD))
    back = import_file(play.db, save(path, SALES, SOLD | {"数量": 3, "确认": ""})).reject_sheet
    assert back is not None
    sure = fill_in(back, SALES.title, {2: {"确认": "是"}})
    assert counts(import_file(play.db, sure)) == {Became.CORRECTED: 1}
    assert record(play).quantity == 3


def test_of_two_who_send_the_same_at_once_one_is_written_down(play: Play, path: Path) -> None:
    save(path, SALES, *(SOLD | {"行号": line} for line in range(1, 51)))
    with ThreadPoolExecutor(2) as people:
        told = list(people.map(lambda _: import_file(play.db, path), range(2)))
    assert sum((report.counts for report in told), Counter()) == {Became.ACCEPTED: 50, Became.UNCHANGED: 50}
    assert len(history(play)) == 50


def test_what_was_written_down_of_a_change_stays(play: Play, path: Path) -> None:
    import_file(play.db, save(path, SALES, SOLD))
    with pytest.raises(IntegrityError, match="its rows never change"):
        play.run("DELETE FROM sales_change")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"办事处": "火星办事处"}, "办事处是已有的办事处"),
        ({"数量": 0}, "数量是大于 0 的数"),
        ({"行号": 0}, "行号是正整数"),
        ({"实付金额": -1}, "实付金额是不小于 0 的数"),
        ({"客户姓名": " "}, "每行都有客户姓名"),
        ({"渠道": "网络"}, "渠道是 门店、远程 之一"),
        ({"签收日期": date(2126, 3, 2)}, "签收日期不晚于今天"),
        ({"签收日期": date(2026, 3, 8)}, "签收日期不早于发货日期"),
        ({"发货日期": date(2026, 3, 1)}, "发货日期不早于出厂日期"),
        ({"出厂日期": "三月"}, "应为日期"),
        ({"型号": "B" * 81}, "型号不超过 80 个字符"),
        ({"专卖店": "火星专卖店"}, "专卖店是已有的专卖店或经销商"),
        ({"经办人工号": ""}, "经办人工号"),
        ({"经办人工号": "E9999"}, "经办人工号"),
    ],
)
def test_a_wrong_record_goes_back_and_the_others_are_kept(
    play: Play, path: Path, wrong: dict[str, Any], why: str
) -> None:
    report = import_file(play.db, save(path, SALES, SOLD | wrong, SOLD | {"订单号": "SO-NEW-2"}))
    assert counts(report) == {Became.ACCEPTED: 1, Became.REJECTED: 1}
    assert why in reasons(report.rejected)
    assert play.rows("SELECT * FROM sales_record WHERE order_no = 'SO-NEW-1'") == []


def test_two_rows_for_one_line_of_an_order_both_go_back(play: Play, path: Path) -> None:
    report = import_file(play.db, save(path, SALES, SOLD, SOLD | {"数量": 2}))
    assert counts(report) == {Became.REJECTED: 2}
    assert "订单号、行号合起来不重复" in reasons(report.rejected)


def test_the_sales_records_of_the_house_are_right(play: Play, path: Path) -> None:
    from schemas.forms.sales import SalesChannel

    rows = [
        {
            "订单号": row.order_no,
            "行号": row.line_no,
            "办事处": row.office,
            "客户姓名": row.customer_name,
            "客户电话": row.customer_phone,
            "客户地址": row.customer_address,
            "型号": row.model,
            "品名": row.model_name,
            "数量": row.quantity,
            "实付金额": row.price_paid,
            "生产工厂": row.factory,
            "出厂日期": row.factory_date,
            "发货日期": row.delivery_date,
            "签收日期": row.signing_date,
            "渠道": SalesChannel(row.channel).zh,
            "是否定制": "是" if row.custom_made else "否",
            "定制确认": "是" if row.custom_confirmed else "否",
            "安装完成日期": row.installation_date,
            "原价": row.list_price,
            "券付金额": row.coupon,
            "送货费": row.delivery_fee,
            "优惠门槛": row.offer_from,
            "专卖店": row.store,
            "经办人工号": "E1001",
        }
        for row in play.rows("SELECT * FROM sales_record")
    ]
    assert counts(import_file(play.db, save(path, SALES, *rows))) == {Became.UNCHANGED: len(rows)}
