"""How an anomaly comes up, and how far it is played, for the tests of process 6."""

from typing import Any
from uuid import uuid4

from schemas.problems import BadInput
from schemas.words import Channel
from tasks.durable.opening import open_case
from tasks.durable.stage import advance
from tests.play import Play, cells, line

KEY = "anomaly-1-1-1"


def in_production(play: Play, **form: Any) -> int:
    """Bring a case of 3 doors and 2 table tops to production."""
    case = play.apply([line("P-PB-001", 3), line("P-PT-001", 2)], **form)
    play.run_to(case, "produce-1-panel-1")
    return case


def source(play: Play, **form: Any) -> int:
    """Bring a case to an anomaly: of 3 doors 1 is made, with 2 something is wrong."""
    case = in_production(play, **form)
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 1}, 异常说明="基材缺货"))
    return case


def at(play: Play, key: str, kind: str = "质量问题", **responsible: Any) -> tuple[int, int]:
    """Bring an anomaly of a kind to a gate; gives its source and itself."""
    case = source(play)
    child = play.anomaly(case, KEY)
    play.decide(child, "review", 异常类别=kind)
    if responsible:
        play.decide(child, "responsibility", **responsible)
    play.run_to(child, key)
    return case, child


def report(play: Play, case: int, **fields: Any) -> dict[str, Any]:
    """Fill in a report of somebody about a case's first line."""
    row = play.case(case)
    own = {"办事处": row.office, "申报人工号": row.applicant, "来源单号": row.number, "行号": 1}
    return own | {"异常类别": "质量问题", "数量": 1, "异常情况": "开裂"} | fields


def reported(play: Play, case: int, **fields: Any) -> int:
    """Report an anomaly by hand; gives its id."""
    child = open_case(play.db, "AN", report(play, case, **fields), f"cli:{uuid4()}", Channel.CLI).case_id
    advance(play.db, child)
    return child


def planned(play: Play, child: int, **plan: Any) -> int:
    """Bring an anomaly to its plan and decide on it, by default to make what is missing again; gives its id."""
    play.run_to(child, "plan-1")
    play.decide(child, "plan-1", **{"处理办法": "重新制作", "货物去向": "无实物"} | plan)
    return child


def refused(play: Play, case: int, **fields: Any) -> str:
    """Report what must be refused and change nothing; gives the reason."""
    before, known = play.snapshot(case), play.rows("SELECT count(*) FROM service_case")
    try:
        open_case(play.db, "AN", report(play, case, **fields), f"cli:{uuid4()}", Channel.CLI)
    except BadInput as error:
        assert play.snapshot(case) == before
        assert play.rows("SELECT count(*) FROM service_case") == known
        return str(error)
    raise AssertionError("it was accepted")


def charges(play: Play, child: int) -> list[tuple[str, str, int]]:
    """Give what was charged: kind of party, party, amount."""
    rows = play.rows("SELECT party_kind, party, amount FROM charge WHERE case_id = :case ORDER BY id", case=child)
    return [(row.party_kind, row.party, int(row.amount)) for row in rows]
