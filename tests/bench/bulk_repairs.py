"""Repairs of one line in the office's paint room from sheet rows to closed, for the bulk benchmark."""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import TextClause, text

from deployments.database import join
from deployments.demo.sensible import filled_in, sensible
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.durable.database import use
from tasks.durable.stage import CHUNK
from tasks.sheets.crew import Crew, crew
from tests.bench.load import OFFICES, Stage
from tests.books import books_balance

Apply = Callable[[Crew, str, Sequence[dict[str, Any]]], list[str]]
Play = Callable[[Crew, Sequence[int]], None]
GATES = {  # the sheet of each gate: its form, who signs (the office where nobody is named), what is said
    "repair-review": ("RepairReview", "E1001", {"维修地点": "办事处漆房"}),
    "appraisal": ("Appraisal", "", {}),
    "plan": ("PlanDecision", "E1004", {"行号": 1, "来源": "本厂生产", "生产单位": "PAINT"}),
    "repair-report": ("RepairReport", "", {"修理费": 0}),
    "inspection": ("QualityInspection", "E1022", {}),
    "handover": ("HandedOver", "", {}),
}
_SOLD = text("""
    INSERT INTO sales_record (order_no, line_no, office, customer_name, customer_phone, customer_address, model,
        model_name, factory, quantity, price_paid, factory_date, channel, custom_made, custom_confirmed)
    SELECT 'SO-REPAIR-' || n, 1, 'BJ', '客户' || n, '139' || n, '松涛里', 'BD-201', '软包床', '一厂', 1, 4000,
        CAST(:made AS date), 'shop', false, false FROM generate_series(0, :many) n""")
_WAITING = text("SELECT count(*) FROM service_case WHERE process = :process AND closed_at IS NULL")
_STEPS = text("""
    SELECT count(*)::float / count(DISTINCT c.id) FROM ledger l JOIN service_case c ON c.id = l.case_id
    WHERE c.process = :process""")


def rate(here: Stage, apply: Apply, play_parts: Play, cases: int) -> tuple[float, float]:
    """Give repairs a second, and how many rows a repair's ledger has for each of a parts application's."""
    return measured(here, apply, play_parts, cases, play, _SOLD, "RR")


def measured(
    here: Stage,
    apply: Apply,
    play_parts: Play,
    cases: int,
    play: Callable[[Crew, Apply, Iterable[int]], None],
    sold: TextClause,
    code: str,
) -> tuple[float, float]:
    """Give cases of a process a second, of what was `sold`, and how many rows of the ledger each has for one of PA's."""
    with here.fresh() as db:
        use(db, partial(join, db.url.render_as_string(hide_password=False)))
        with db.begin() as connection:
            connection.execute(sold, {"made": shanghai_day(clock.now()), "many": 2 * cases})
        with crew(db, max(1, cases // CHUNK)) as helpers:
            play_parts(helpers, range(6))
            play(helpers, apply, range(cases, cases + 6))
            begun = time.perf_counter()
            play(helpers, apply, range(cases))
            seconds = time.perf_counter() - begun
        books_balance(db)
        with db.connect() as connection:
            ours, theirs = (connection.execute(_STEPS, {"process": one}).scalar_one() for one in (code, "PA"))
            waiting = connection.execute(_WAITING, {"process": code}).scalar_one()
    assert not waiting, f"{waiting} of {code} wait"
    return cases / seconds, ours / theirs


def play(helpers: Crew, apply: Apply, cases: Iterable[int]) -> None:
    """Send the sheets of all repairs, stage by stage, from the applications to the customers' signatures."""
    office, applicant = OFFICES[0]
    line = {"配件名称": "P-PT-004", "数量": 1, "原因": "质量问题", "损坏原因": "掉漆"}
    own = {"办事处": office, "申报人工号": applicant} | line
    applied = [own | {"申报单号": f"R-{n}", "订单号": f"SO-REPAIR-{n}"} for n in cases]
    numbers = apply(helpers, "repairs", applied)
    for kind, (form, staff, said) in GATES.items():
        filled = filled_in({}, sensible(form, said), staff or applicant)
        apply(helpers, kind, [{"单号": number} | filled for number in numbers])
