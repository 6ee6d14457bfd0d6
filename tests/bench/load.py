"""A day's work to measure with: applications of three lines that nobody has on stock, and everybody's answers.

Case `n` is always the same: its own order, so that no twins arise, parts of one unit, an amount that the
reviewer alone may approve. So it goes through all eleven steps with six answers.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine

from deployments import database
from deployments.demo.sensible import filled_in, sensible
from deployments.local.postgres import running_database
from deployments.settings import Settings
from schemas.answers import Answer
from schemas.words import Channel
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tests.databases import Server

# unit, who reports there, part → quantity
UNITS: tuple[tuple[str, str, Mapping[str, int]], ...] = (
    ("PANEL", "E1007", {"P-PB-001": 1, "P-PB-002": 1, "P-PB-005": 2}),
    ("PAINT", "E1009", {"P-PT-004": 2, "P-PT-005": 2, "P-PT-008": 1}),
    ("SOFT", "E1010", {"P-UP-001": 1, "P-UP-011": 2, "P-UP-005": 1}),
    ("PANEL", "E1008", {"P-PB-014": 2, "P-PB-022": 3, "P-PB-015": 1}),
    ("CUSTOM", "E1012", {"P-CU-005": 1, "P-CU-007": 2, "P-CU-008": 1}),
    ("OUT1", "E1013", {"P-PT-011": 1, "P-PT-013": 1, "P-PT-014": 2}),
)
OFFICES = (("BJ", "E1049"), ("SH", "E1052"), ("GZ", "E1057"), ("WH", "E1060"), ("CD", "E1062"), ("XA", "E1065"))
REASONS = ("质量问题", "缺件", "运输损坏")
KINDS = {
    "review": "review",
    "plan": "plan",
    "produce": "production",
    "goods-in": "goods-in",
    "goods-out": "goods-out",
    "pickup": "pickup",
}  # the sheet of each gate
GATES = ("review", "plan", "produce", "goods-in", "goods-out", "pickup")


def unit_of(n: int) -> tuple[str, str, Mapping[str, int]]:
    """Give the unit of a case, who reports there, and what it makes: part → quantity."""
    return UNITS[n % len(UNITS)]


def application(n: int) -> tuple[str, dict[str, Any]]:
    """Give the origin and the form of an application."""
    office, applicant = OFFICES[n // len(UNITS) % len(OFFICES)]
    lines = [
        {"配件名称": part, "数量": quantity, "原因": REASONS[n % len(REASONS)]}
        for part, quantity in unit_of(n)[2].items()
    ]
    return f"bench:{n}", {
        "办事处": office,
        "申报人工号": applicant,
        "订单号": f"SO-BENCH-{n:07d}",
        "明细": lines,
        "客户姓名": f"客户{n}",
        "客户电话": f"138{n:08d}",
        "客户地址": f"松涛里{n}号",
    }


def key(n: int, gate: str) -> str:
    """Give the key of a case's work item."""
    unit = unit_of(n)[0].lower()
    return {
        "review": "review-1",
        "plan": "plan-1",
        "produce": f"produce-1-{unit}-1",
        "goods-in": "goods-in-1-1",
        "goods-out": "goods-out-1-1",
        "pickup": "pickup-1",
    }[gate]


def answer(n: int, gate: str) -> Answer:
    """Give the answer to a case's work item, as its sheet would."""
    return Answer(key(n, gate), form(n, gate), Channel.SHEET)


def form(n: int, gate: str) -> dict[str, Any]:
    """Fill in the form of a case's work item."""
    unit, reporter, parts = unit_of(n)
    numbered = list(enumerate(parts.values(), start=1))
    match gate:
        case "review":
            return filled_in({}, sensible("ReviewDecision", {}), "E1001")
        case "plan":
            lines = [{"行号": no, "来源": _supply(unit), "生产单位": unit} for no, _ in numbered]
            return {"经办人工号": "E1004", "明细": lines}
        case "produce":
            return {"经办人工号": reporter, "明细": [{"行号": no, "完成数量": q} for no, q in numbered]}
        case "goods-in":
            return {"经办人工号": "E1016", "明细": [{"行号": no, "实收数量": q} for no, q in numbered]}
        case "goods-out":
            return filled_in({}, sensible("GoodsOut", {}), "E1017")
        case "pickup":
            staff = OFFICES[n // len(UNITS) % len(OFFICES)][1]
            return filled_in({}, sensible("PickupConfirmation", {}), staff)
    raise ValueError(f"no gate named {gate}, there are {', '.join(GATES)}")


def application_rows(n: int) -> list[dict[str, Any]]:
    """Give the rows of an application's sheet, a line each."""
    return rows_of_form({"申报单号": f"B-{n}"}, application(n)[1])


def answer_rows(n: int, gate: str, number: str) -> list[dict[str, Any]]:
    """Give the rows of the sheet that answers a case's work item, as people fill it in: without its step."""
    day = {"日期": shanghai_day(clock.now())} if gate in ("produce", "goods-in", "goods-out") else {}
    return rows_of_form({"单号": number, **day}, form(n, gate))


def rows_of_form(own: Mapping[str, Any], filled: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the rows of a sheet: those of a form's lines, each with what concerns the whole form and its `own` key."""
    whole = {**own, **{heading: value for heading, value in filled.items() if heading != "明细"}}
    return [{**whole, **line} for line in filled.get("明细", [{}])]


def _supply(unit: str) -> str:
    return "外协" if unit == "OUT1" else "本厂生产"


@dataclass
class Stage:
    """The server that benchmarks share, and the database that each fresh one is a copy of."""

    server: Server
    template: str = field(init=False)

    def __post_init__(self) -> None:
        self.template = self.server.create()
        database.migrate(self.template)
        engine = database.connect(self.template)
        database.load_reference(engine)
        engine.dispose()

    @contextmanager
    def fresh(self) -> Iterator[Engine]:
        """Give an engine on a fresh database with schema and reference data."""
        url = self.server.create(self.template)
        engine = database.connect(url)
        try:
            yield engine
        finally:
            engine.dispose()
            self.server.drop(url)


@contextmanager
def stage() -> Iterator[Stage]:
    """Run the embedded PostgreSQL for a benchmark; as everywhere in tests, it need not survive a power cut."""
    with (
        TemporaryDirectory(prefix="aft-", ignore_cleanup_errors=True) as home,
        running_database(Settings(home=Path(home), database_url=None, fsync=False)) as urls,
        closing(Server(urls.ours)) as server,
    ):
        yield Stage(server)
