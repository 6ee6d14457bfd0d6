"""Take the pictures of docs/reports.md anew: `.venv/bin/python -m tests.system.report_pictures`.

A year of history and a month of cases are made up; the reports are published and looked at in Chromium.
"""

import tempfile
from pathlib import Path

import time_machine
from playwright.sync_api import Browser
from sqlalchemy import Engine, text

import flows
from deployments.settings import PROJECT
from schemas.forms.periods import PeriodWanted
from tasks.control.watch import watch_cycles
from tasks.desk.reports.publishing import PUBLISHED, lay_out, rounds_of
from tasks.durable import clock
from tasks.notices.watch import watch_deadlines
from tasks.reports.cycle import cycle
from tasks.reports.satisfaction import satisfaction
from tasks.rounds.steps import do_rounds
from tests.bench.load import stage
from tests.flows.cycles import planned
from tests.play import Play, line
from tests.system.staff import chromium

PICTURES = PROJECT / "docs" / "img"
MOST_BYTES = 250_000
DESK, PHONE, TALLEST = 1280, 390, 1900  # pixels
LINES = (  # what is asked for, and how many days after its plan it is finished
    (line("P-PB-001", 5), 6),
    (line("P-PB-005", 2), 13),
    (line("P-PT-001", 3), 12),
    (line("P-PT-004", 2), 19),
    (line("P-UP-001", 2), 17),
    (line("P-CU-005", 1), 20),
)
OFFICES = ("BJ", "SH", "GZ", "CD")
HISTORY = text("""
    INSERT INTO past_case
    SELECT 'H-' || n, (ARRAY['PA', 'RR'])[1 + n % 2], (ARRAY['北京办事处', '上海办事处', '广州办事处'])[1 + n % 3],
           (ARRAY['板式车间', '油漆车间', '软体车间'])[1 + n * 7 % 3], (ARRAY['板件', '油漆件', '软包'])[1 + n * 7 % 3],
           promised - interval '9 days', promised, promised + interval '1 hour' * (abs(hashint4(n)) % (70 + n / 60) - 62),
           least(5, 3 + abs(hashint4(n * 3)) % 4 - n % 13 / 12)
    FROM (SELECT n, timestamptz '2025-11-03 10:00+08' + interval '1 hour' * (n * 8.6) AS promised
          FROM generate_series(1, 1000) AS n) line""")


def main() -> None:
    """Make up a month, publish its reports, take the pictures."""
    flows.load()
    with tempfile.TemporaryDirectory() as folder:
        _publish(Path(folder))
        room = Path(folder) / PUBLISHED
        with chromium() as browser:
            for kind in (cycle, satisfaction):
                (page,) = room.glob(f"{kind.code}/*/1.html")
                _take(browser, page, f"report-{kind.code}", DESK)
            (page,) = room.glob("cycle/*/1.html")
            _take(browser, page, "report-phone", PHONE)
            _take(browser, room / "index.html", "report-index", DESK)


def _publish(folder: Path) -> None:
    with stage() as here, here.fresh() as db, time_machine.travel("2026-10-09T10:00:00+08:00", tick=False) as today:
        _play_october(db, today)
        for kind in (cycle, satisfaction):
            do_rounds(db, rounds_of(kind), PeriodWanted())
        lay_out(db, folder)


def _play_october(db: Engine, today: time_machine.Traveller) -> None:
    play = Play(db)
    with db.begin() as connection:
        connection.execute(HISTORY)
    cases = [(planned(play, asked, office=office), days) for office in OFFICES for asked, days in LINES]
    watch_cycles(db)
    for day in range(5, 21):
        today.move_to(f"2026-10-{9 + day:02d}T11:00:00+08:00")
        for case, _ in (one for one in cases[:-2] if one[1] == day):
            assert play.finish(case) == "delivered"
        watch_cycles(db)
        watch_deadlines(db, clock.now())
    today.move_to("2026-11-02T09:00:00+08:00")
    watch_cycles(db)
    watch_deadlines(db, clock.now())


def _take(browser: Browser, page: Path, name: str, width: int) -> None:
    window = browser.new_page(viewport={"width": width, "height": 900})
    window.goto(page.as_uri())
    tall = min(TALLEST, int(window.evaluate("document.documentElement.scrollHeight")))
    picture = PICTURES / f"{name}.png"
    window.screenshot(path=picture, clip={"x": 0, "y": 0, "width": width, "height": tall}, full_page=True)
    assert picture.stat().st_size < MOST_BYTES, f"{picture.name} has {picture.stat().st_size} bytes"
    window.close()


main()
