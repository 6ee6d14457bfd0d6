"""Take the pictures of docs/reports.md anew: `.venv/bin/python -m tests.system.report_pictures`.

A year of history and a month of cases are made up for two of the reports; the others are of some months of the
department as tests/year simulates them, which takes minutes. All are looked at in Chromium.
"""

import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import time_machine
from playwright.sync_api import Browser
from sqlalchemy import Engine, text

import flows
from deployments.settings import PROJECT
from schemas.forms.periods import PeriodWanted
from schemas.forms.surveys import Mark, SurveyDoor
from tasks.control.watch import watch_cycles
from tasks.cycle.rules import at
from tasks.desk.reports.page import report_page
from tasks.desk.reports.publishing import PUBLISHED, lay_out, rounds_of
from tasks.durable import clock
from tasks.notices.watch import watch_deadlines
from tasks.reports.cycle import cycle
from tasks.reports.registry import known_reports
from tasks.reports.satisfaction import satisfaction
from tasks.rounds.rules import period_at
from tasks.rounds.steps import do_rounds
from tasks.surveys.answers import keep_answer
from tasks.surveys.rules import Said
from tests.bench.load import stage
from tests.flows.cycles import planned
from tests.play import Play, line
from tests.system.staff import chromium
from tests.year import people
from tests.year.applications import Incoming
from tests.year.simulation import Year

PICTURES = PROJECT / "docs" / "img"
MOST_BYTES = 150_000
DESK, PHONE, TALLEST = 1280, 390, 1300  # pixels
LINES = (  # what is asked for, and how many days after its plan it is finished
    (line("P-PB-001", 5), 6),
    (line("P-PB-005", 2), 13),
    (line("P-PT-001", 3), 12),
    (line("P-PT-004", 2), 19),
    (line("P-UP-001", 2), 17),
    (line("P-CU-005", 1), 20),
)
OFFICES = ("BJ", "SH", "GZ", "CD")
UNANSWERED = text("""
    SELECT f.id FROM survey_form f JOIN survey s ON s.id = f.survey
    WHERE s.closed_at IS NULL AND NOT EXISTS (SELECT FROM survey_answer a WHERE a.form = f.id) ORDER BY s.id, f.no""")
HISTORY = text("""
    INSERT INTO past_case
    SELECT 'H-' || n, (ARRAY['PA', 'RR'])[1 + n % 2], (ARRAY['北京办事处', '上海办事处', '广州办事处'])[1 + n % 3],
           (ARRAY['板式车间', '油漆车间', '软包车间'])[1 + n * 7 % 3], (ARRAY['板件', '油漆件', '软包'])[1 + n * 7 % 3],
           promised - interval '9 days', promised, promised + interval '1 hour' * (abs(hashint4(n)) % (70 + n / 60) - 62),
           least(5, 3 + abs(hashint4(n * 3)) % 4 - n % 13 / 12)
    FROM (SELECT n, timestamptz '2025-11-03 10:00+08' + interval '1 hour' * (n * 8.6) AS promised
          FROM generate_series(1, 1000) AS n) line""")


FIRST, LAST, CASES = date(2026, 8, 3), date(2026, 12, 4), 900  # of the simulated months
NOVEMBER, WEEK = date(2026, 11, 10), date(2026, 11, 24)  # a day of the month, and of the weeks, that are shown
SOME = ["very"] * 5 + ["rather"] * 4 + ["basically"] * 3 + ["hardly", "not"]  # marks, as often as customers give them
NOT_ALL_IS_WELL: dict[str, Sequence[tuple[float, dict[str, Any]]]] = {  # beside what the simulated year has
    "CallMade": [
        (0.15, {"回访结果": "未接通"}),
        (0.08, {"回访结果": "不满意", "反映事项": "柜门仍有异响"}),
        (0.04, {"回访结果": "拒绝回访"}),
    ],
    "CallScored": [
        (0.25, {"问候规范": "未做到", "改进建议": "先问候、报工号"}),
        (0.15, {"耐心解答": "未做到", "禁语次数": 1, "改进建议": "不打断客户"}),
    ],
    "GoodsOut": [(0.5, {"运输方式": "快递", "承运商": "中通快递", "运费": 86, "件数": 1})],
    "CauseFound": [
        (0.3, {"责任结论": "我方责任", "责任单位": "PAINT", "原因分析": "漆面未干透"}),
        (0.2, {"责任结论": "我方责任", "责任单位": "SOFT", "原因分析": "缝线跳针"}),
        (0.1, {"责任结论": "我方责任", "责任单位": "PANEL", "原因分析": "孔位偏差"}),
    ],
}


def main() -> None:
    """Make up a month and some more, look at all reports, take the pictures."""
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
            for page in _simulate(Path(folder)):
                _take(browser, page, f"report-{page.stem}", DESK)


class Months(Year):
    """Some months in which customers answer surveys, and not all is well."""

    def _open(self, day: date, applications: list[Incoming]) -> None:
        super()._open(day, applications)
        chance = Random(day.toordinal())
        with self.db.connect() as connection:
            forms = connection.execute(UNANSWERED).scalars().all()
        for form in forms:
            if chance.random() < 0.08:
                marks = {topic: Mark(chance.choice(SOME)) for topic in "abcde"}
                keep_answer(self.db, form, Said(Mark(chance.choice(SOME)), marks), SurveyDoor.PAGE)


def _simulate(folder: Path) -> list[Path]:
    """Live through some months, and write the page of each report that the made-up month is none of."""
    pages = list[Path]()
    with stage() as here, here.fresh() as db, patch.object(people, "OTHERWISE", people.OTHERWISE | NOT_ALL_IS_WELL):
        Months(db, FIRST, LAST, CASES, folder).run()
        with time_machine.travel(at(LAST) + timedelta(hours=20), tick=False):
            for code, kind in known_reports().items():
                if kind not in (cycle, satisfaction):
                    weekly = kind.cadence.startswith(("week", "day"))
                    with db.connect() as connection:
                        made = kind.made(connection, period_at(kind.cadence, WEEK if weekly else NOVEMBER))
                    pages.append(folder / f"{code}.html")
                    pages[-1].write_text(report_page(made), "utf-8")
    return pages


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
    """Take the top of a page, as much of it as makes a small picture."""
    window = browser.new_page(viewport={"width": width, "height": 300})
    window.goto(page.as_uri())
    tall = min(TALLEST, int(window.evaluate("document.documentElement.scrollHeight")))
    picture = PICTURES / f"{name}.png"
    while True:
        window.screenshot(path=picture, clip={"x": 0, "y": 0, "width": width, "height": tall}, full_page=True)
        if picture.stat().st_size <= MOST_BYTES:
            break
        tall = tall * 4 // 5
    window.close()


main()
