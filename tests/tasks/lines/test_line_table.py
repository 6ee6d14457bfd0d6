"""What the case sheet says of a case's lines."""

import time_machine
from sqlalchemy import Engine

from tasks.desk.pages import case_sheet
from tasks.desk.queries import case_view
from tasks.desk.timeline import timeline_rows
from tests.play import Play, line

ORDER = "SO20260318-0042"


def test_a_case_sheet_has_total_warranty_corrections_and_what_the_office_wrote(db: Engine) -> None:
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False) as clock:
        play = Play(db)
        lines = [line("P-HW-001", 4), line("P-PB-001", 1)]
        case = play.apply(lines, 订单号=ORDER, 发现日期="2026-11-15", 备注="先打电话")
        clock.move_to("2026-11-18T15:00:00+08:00")
        first, second = play.items(case)["review-1"].prefill["明细"]
        play.decide(case, "review-1", 明细=[first | {"费用类别": "分摊", "数量": 2}, second])
        signed = play.rows("SELECT min(signing_date) FROM sales_record WHERE order_no = :order", order=ORDER)[0][0]
        with db.connect() as connection:
            view = case_view(connection, case)
    facts = dict(view.lines.facts)
    assert facts["金额 Total"] == "316.40 CNY"
    end = signed.replace(year=signed.year + 1)
    assert facts["三包 Warranty"] == f"{signed} → {end} 签收日起 from signing，12 个月 months"
    assert facts["修正 Corrected"] == "第1行 费用类别 免费(三包) → 分摊；第1行 数量 4 → 2"
    assert facts["发现日期 Found on"] == "2026-11-15"
    assert facts["备注 Remark"] == "先打电话"
    assert "| 备注 Remark | 先打电话 |" in case_sheet(view)
    first_row = timeline_rows(view)[0]
    assert (first_row.at, first_row.who, first_row.channel) == ("2026-11-18 10:00", "常北辰 E1049", "命令行")


def test_warranties_that_differ_name_their_lines(db: Engine) -> None:
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False):
        play = Play(db)
        play.run("UPDATE policy SET value = '{\"PANEL\": 24}' WHERE key = 'warranty.months_by_category'")
        lines = [line("P-HW-001", 4), line("P-PB-001", 1), line("P-HW-002", 1)]
        case = play.apply(lines, 订单号=ORDER)
        with db.connect() as connection:
            said = dict(case_view(connection, case).lines.facts)["三包 Warranty"].split("；")
    assert [(one.split(" ")[0], one.rpartition("，")[2]) for one in said] == [
        ("第1、3行", "12 个月 months"),
        ("第2行", "24 个月 months"),
    ]
