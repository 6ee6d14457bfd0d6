"""The monthly 奖罚评分表 of call audits, for the MANAGER before payday (S2): scores by agent and by rule, deductions."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row

from schemas.forms.audits import CRITERIA, CallScored
from tasks.reports.calls_queries import advice_given, scores_counted
from tasks.reports.registry import About, report
from tasks.reports.rules import share
from tasks.reports.shapes import Chart, KeyFigure, Kind, Look, Report, ReportColumn, ReportSection, Value
from tasks.rounds.rules import Cadence

CONVENTION = (
    "期间内生效的稽核；得分=做到的条数÷涉及的条数×100，禁语按次扣款 "
    "audits that came into force in these days; score = rules kept ÷ rules asked for × 100, each forbidden answer costs"
)
AGENT = ReportColumn("agent", "坐席 Agent", Kind.TEXT)
AGENTS = (
    AGENT,
    ReportColumn("audits", "稽核 Audits"),
    ReportColumn("score", "平均得分 Mean score", Kind.DAYS),
    ReportColumn("forbidden", "禁语 Forbidden answers"),
    ReportColumn("deduction", "扣款 Deduction (CNY)", Kind.MONEY),
)
TOPICS = (
    ReportColumn("topic", "规范 Rule", Kind.TEXT),
    ReportColumn("met", "做到 Kept"),
    ReportColumn("lost", "未做到 Not kept"),
    ReportColumn("rate", "做到率 Rate", Kind.RATE),
)
ADVICE = (
    AGENT,
    ReportColumn("call", "通话 Call", Kind.TEXT),
    ReportColumn("score", "得分 Score"),
    ReportColumn("advice", "建议 Advice", Kind.TEXT),
)
SCORES, RULES = Chart(Look.BARS, "agent", ("score",)), Chart(Look.BARS, "topic", ("rate",))
TITLES = {name: str(CallScored.model_fields[name].title) for name in CRITERIA}


@report("call-scores", "奖罚评分表 Call scores", Cadence.MONTH)
def call_scores(connection: Connection, about: About) -> Report:
    """Count a month's call audits by agent and by rule of the hotline."""
    rows = scores_counted(connection, about.period)
    audits, cost = sum(int(row.audits) for row in rows), sum((row.deduction for row in rows), Decimal(0))
    topics = [_topic(rows, name) for name in CRITERIA]
    kept, lost = (sum(topic[which] for topic in topics) for which in ("met", "lost"))
    measures = (
        KeyFigure("audits", "稽核通话 Audited calls", audits, Kind.COUNT),
        KeyFigure("kept", "规范做到率 Rules kept", share(kept, kept + lost)),
        KeyFigure("deduction", "扣款 Deductions (CNY)", float(cost), Kind.MONEY),
    )
    advice = [row._asdict() for row in advice_given(connection, about.period)]
    sections = (
        ReportSection("agents", "各坐席 Agents", AGENTS, [_agent(row) for row in rows], SCORES),
        ReportSection("topics", "各项规范 Rules", TOPICS, topics if rows else [], RULES),
        ReportSection("advice", "改进建议 Advice", ADVICE, advice),
    )
    return Report(*about, CONVENTION, f"{audits:,} 个通话 calls", measures, sections)


def _agent(row: Row[Any]) -> dict[str, Value]:
    score = None if row.score is None else round(float(row.score), 1)
    counts: dict[str, Value] = {name: int(getattr(row, name)) for name in ("audits", "forbidden")}
    return counts | {"agent": row.agent, "score": score, "deduction": row.deduction}


def _topic(rows: Sequence[Row[Any]], name: str) -> dict[str, Any]:
    """Count how often a rule was kept by all agents, of the calls that asked for it."""
    met, lost = (sum(getattr(row, f"{name}_{which}") for row in rows) for which in ("met", "not"))
    return {"topic": TITLES[name], "met": met, "lost": lost, "rate": share(met, met + lost)}
