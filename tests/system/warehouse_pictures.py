"""Take the pictures of docs/stock.md and docs/warehouses.md anew: `.venv/bin/python -m tests.system.warehouse_pictures`.

Keepers send, count and close a day; two of their papers are looked at in Chromium as they are printed.
"""

import tempfile
from pathlib import Path

import time_machine
from sqlalchemy import Engine

import flows
from deployments.settings import PROJECT
from schemas.forms.periods import PeriodWanted
from tasks.closing.steps import CLOSING
from tasks.documents.printing import printed
from tasks.rounds.steps import do_rounds
from tests.bench.load import stage
from tests.flows.keeping import KEEPER, MAIN, Keepers
from tests.play import line
from tests.system.staff import chromium

PICTURES = PROJECT / "docs" / "img"
COUNTED = {"P-HW-001": -2, "P-HW-002": 0, "P-HW-003": 1}
LONG_AGO = (  # what the houses had at first was there before
    "SET LOCAL session_replication_role = replica; "
    "UPDATE stock_movement SET moved_at = '2026-10-01', came_on = '2026-10-01'; UPDATE stock_lot SET came_on = '2026-10-01'"
)
WHY = {"差异说明": "漏登", "差异责任": "仓库", "处理建议": "调账"}


def main() -> None:
    """Play a day of the keepers, print a journal and a count, take the pictures."""
    flows.load()
    with stage() as here, here.fresh() as db, tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for name, number in _play(db).items():
            page = Path(folder) / f"{name}.html"
            with db.connect() as connection:
                page.write_text(printed(connection, number), "utf-8")
            window = browser.new_page(viewport={"width": 1100, "height": 300})
            window.goto(page.as_uri())
            tall = int(window.evaluate("document.body.scrollHeight")) + 30
            clip = {"x": 0.0, "y": 0.0, "width": 1100.0, "height": float(tall)}
            window.screenshot(path=PICTURES / f"{name}.png", clip=clip, full_page=True)


def _play(db: Engine) -> dict[str, str]:
    """Let the keepers work for a day; gives the number of the paper of each picture."""
    play = Keepers(db)
    play.run(LONG_AGO)
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False) as today:
        play.sent(many=6)
        play.finish(play.apply([line("P-HW-001", 4), line("P-HW-002", 2)]))
        case = play.count(warehouse=MAIN, 明细=[{"配件名称": part} for part in COUNTED])
        rows = play.items(case)["count-1"].prefill["明细"]
        for row, by in zip(rows, COUNTED.values(), strict=True):
            row |= {"实盘数量": row["账面数量"] + by} | (WHY if by else {})
        play.decide(case, "count-1", KEEPER, 明细=rows)
        (sheet,) = play.documents(case, "PD")
        today.move_to("2026-11-18T19:00:00+08:00")
        do_rounds(db, CLOSING, PeriodWanted())
    of_main = "SELECT number FROM document WHERE kind = 'LS' AND content ->> 'warehouse' LIKE :of"
    return {"journal": play.rows(of_main, of=f"{MAIN}%")[0].number, "count-sheet": sheet.number}


main()
