"""Take the pictures of docs/day-with-sheets.md anew: `.venv/bin/python -m tests.system.sheet_pictures`.

The demo's day is played through sheets; LibreOffice draws some of its workbooks as they lay there in the end.
Needs Debian's libreoffice-calc, poppler-utils and fonts-noto-cjk.
"""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.worksheet.properties import PageSetupProperties

from deployments.database import connect, prepare
from deployments.demo.main import fresh_installation, play_sheets
from deployments.demo.screen import Screen
from deployments.local.postgres import running_database
from deployments.settings import PROJECT
from schemas.sheet_kinds import sheet_kind
from tasks.sheets.queries import template_lists
from tasks.sheets.template import write_template

APPLICATIONS = sheet_kind("applications")

PICTURES = PROJECT / "docs" / "img"
MOST_BYTES = 200_000


@dataclass(frozen=True)
class Picture:
    """A picture of a tab: the newest of the files that fit, without some columns, so many rows of it."""

    name: str
    files: str
    tab: str
    rows: int = 12
    without: tuple[str, ...] = ()
    pixels: int = 1500


ABOUT = ("紧急", "办事处名称", "销售订单")
SELDOM = ("规格", "颜色", "备注", "客户姓名", "客户电话", "客户地址")
TAKEN = (
    Picture("sheet-template", "模板.xlsx", "配件申报", 4, ("备注", "客户地址")),
    Picture("sheet-application", "配件申报.xlsx", "配件申报", 14, SELDOM),
    Picture("sheet-reject", "配件申报.rejected.xlsx", "配件申报", 9, (*SELDOM, "紧急程度", "发现日期")),
    Picture("sheet-review", "第1轮-配件审核员待办.xlsx", "审核修正", 13, (*ABOUT, "客户", "到期", "费用类别", "步骤")),
    Picture("sheet-production", "第2轮-售后车间待办.xlsx", "车间生产日报", 10, (*ABOUT, "客户", "流水号")),
    Picture("sheet-goods-in", "第1轮-仓管员待办.xlsx", "入库流水账", 9, (*ABOUT, "客户", "流水号", "步骤")),
    Picture(
        "sheet-goods-out", "第1轮-物流待办.xlsx", "出库流水账", 7, (*ABOUT, "客户", "到期", "流水号", "备注", "步骤")
    ),
    Picture("sheet-pickup", "第*-办事处售后待办.xlsx", "提货确认", 11, (*ABOUT, "到期", "步骤")),
)


def main() -> None:
    """Play a day through sheets and draw what it left."""
    with tempfile.TemporaryDirectory(prefix="aftersales-sheets-") as folder:
        home = Path(folder)
        play_day(home)
        for picture in TAKEN:
            draw(home, picture)


def play_day(home: Path) -> None:
    """Play the demo through sheets; its workbooks stay in `home`, and a template beside them."""
    with running_database(fresh_installation(home)) as databases:
        prepare(databases.ours)
        db = connect(databases.ours)
        end = play_sheets(db, home, Screen())
        with db.connect() as connection:
            write_template(home / "模板.xlsx", APPLICATIONS, template_lists(connection))
        db.dispose()
    assert end.problems == [], end.problems


def draw(home: Path, picture: Picture) -> None:
    """Draw the chosen part of a workbook."""
    source = next(path for path in sorted(home.glob(picture.files)) if _has(path, picture.tab))
    copy = home / f"{picture.name}.xlsx"
    cut_out(source, copy, picture)
    _run(
        "soffice",
        "--headless",
        f"-env:UserInstallation=file://{home}/office",
        "--convert-to",
        "pdf",
        "--outdir",
        str(home),
        str(copy),
    )
    page = ("-f", "1", "-l", "1", "-singlefile", "-scale-to-x", str(picture.pixels), "-scale-to-y", "-1")
    drawn, target = home / picture.name, PICTURES / f"{picture.name}.png"
    _run("pdftoppm", *page, str(copy.with_suffix(".pdf")), str(drawn))
    box = ink(drawn.with_suffix(".ppm").read_bytes())
    cut = [part for name, at in zip("xyWH", box, strict=True) for part in (f"-{name}", str(at))]
    _run("pdftoppm", "-png", *page, *cut, str(copy.with_suffix(".pdf")), str(target.with_suffix("")))
    assert target.stat().st_size < MOST_BYTES, f"{target.name}: {target.stat().st_size} bytes"
    print(f"{target.relative_to(PROJECT)}  {target.stat().st_size:,} bytes")


def _has(path: Path, tab: str) -> bool:
    return tab in load_workbook(path, read_only=True).sheetnames


def cut_out(source: Path, target: Path, picture: Picture) -> None:
    """Keep a tab's first rows and the columns that matter; draw it as a screen shows it, with its grid."""
    book = load_workbook(source)
    for title in [title for title in book.sheetnames if title != picture.tab]:
        book[title].sheet_state = "hidden"
    sheet: Any = book[picture.tab]
    book.active = book.sheetnames.index(picture.tab)
    sheet.auto_filter.ref = None
    for cell in sheet[1]:
        if cell.value in picture.without:
            sheet.column_dimensions[cell.column_letter].hidden = True
    sheet.print_area = f"A1:{sheet.cell(1, sheet.max_column).column_letter}{picture.rows}"
    sheet.print_options.gridLines = sheet.print_options.headings = True
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.oddHeader.center.text = sheet.oddFooter.center.text = ""
    book.save(target)


def ink(ppm: bytes) -> tuple[int, int, int, int]:
    """Find what is not white on a page: left, top, width, height."""
    _kind, wide, high, _most, data = ppm.split(maxsplit=4)
    row, white = int(wide) * 3, b"\xff"
    rows = [data[at : at + row] for at in range(0, int(high) * row, row)]
    filled = [no for no, own in enumerate(rows) if own.strip(white)]
    left = min(len(rows[no]) - len(rows[no].lstrip(white)) for no in filled) // 3
    right = max(len(rows[no].rstrip(white)) for no in filled) // 3
    return left, filled[0], right - left + 1, filled[-1] - filled[0] + 1


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    main()
