"""数据质量检查: Great Expectations ask the tables for the sentences of the books; who must know is told."""

from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Engine, text

from flows.jobs.data_quality import data_quality
from schemas.forms.periods import PeriodWanted
from schemas.words import Role
from tasks.books.queries import ALWAYS
from tasks.desk.links import Links
from tasks.desk.pages import inbox_page
from tasks.rounds.queries import told_by_rounds
from tasks.rounds.steps import do_rounds
from tasks.runs.quality import QUALITY
from tasks.sheets import places
from tests.play import Play

STOCK, SALE = "库存 = 出入库合计", "无未结退货的订单"


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, today: time_machine.Traveller) -> Path:
    monkeypatch.setattr(places, "_places", [places.Places(tmp_path / "reports", "http://reports", tmp_path)])
    return tmp_path / "reports"


def night(db: Engine) -> str:
    """Do what is due this night; gives the page, empty where nothing is."""
    return "".join(page for _, page in do_rounds(db, QUALITY, PeriodWanted()))


def told(db: Engine) -> list[tuple[str, str]]:
    with db.connect() as connection:
        return told_by_rounds(connection)


def docs(reports: Path) -> list[str]:
    written = sorted(reports.glob("*/data-quality.html"), key=lambda file: file.stat().st_mtime_ns)
    return [file.read_text("utf-8") for file in written]


def test_what_is_not_true_is_named_with_its_keys_and_told_once_a_night_until_it_is_mended(
    play: Play, reports: Path, today: time_machine.Traveller
) -> None:
    play.finish(play.apply())
    spoil = "UPDATE stock_balance SET on_hand = on_hand + {} WHERE part = 'P-HW-001'"
    play.run(spoil.format(1))
    play.run("UPDATE sales_record SET returned = 1, order_no = '<b>' || order_no WHERE line_no = 1")
    page = night(play.db)
    assert f"核对 sentences **{len(ALWAYS)}** · 不成立 not true **3**" in page
    assert f"✕ **{STOCK}" in page
    assert "- MAIN-GOOD P-HW-001 1857.00 1856.00" in page
    assert "- … 共" in page
    assert "<b>" not in page
    [(role, text)] = told(play.db)
    assert (role, "2026-11-18：3 句不成立" in text) == (Role.SUPERVISOR, True)
    assert text in inbox_page(Role.SUPERVISOR, [], Links(), told=[text])
    [drawn] = docs(reports)
    assert f"http://reports/{next(reports.iterdir()).name}/data-quality.html" in page
    assert all(one in drawn for one in (STOCK, SALE, "MAIN-GOOD P-HW-001 1857.00 1856.00"))
    assert "<b>" not in drawn
    assert night(play.db) == ""  # the same night again
    play.run(spoil.format(-1))
    play.run("UPDATE sales_record SET returned = 0")
    today.move_to("2026-11-25T02:30:00+08:00")  # after a week's outage: the books are looked at once, as they are now
    assert "不成立 not true **0**" in night(play.db)
    assert (told(play.db), len(docs(reports))) == ([], 2)


def test_a_person_may_ask_at_any_time_and_the_page_is_the_jobs(play: Play, reports: Path, shown: list[str]) -> None:
    state = data_quality.fn(检查期间={"起始日": "2026-11-18", "截止日": "2026-11-18"})
    assert (state.name, "不成立 not true **0**" in shown[-1]) == ("已完成", True)
    assert data_quality.fn(检查期间={}).name == "已完成"  # the night's own round is still to be done
    assert data_quality.fn(检查期间={}).name == "无需办理"


def test_a_sentence_that_cannot_be_asked_is_a_fault_and_the_night_is_not_done(db: Engine, reports: Path) -> None:
    with db.begin() as connection:
        connection.execute(text("ALTER TABLE charge RENAME TO charges"))
    with pytest.raises(RuntimeError, match="收回的异常费用"):
        night(db)
    with db.begin() as connection:
        connection.execute(text("ALTER TABLE charges RENAME TO charge"))
    assert night(db)
