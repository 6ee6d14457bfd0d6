"""The monthly 奖罚评分表 of call audits, for the MANAGER before payday (S2): scores by agent and by rule, deductions."""

from decimal import Decimal

from sqlalchemy import Connection

from schemas.forms.audits import CRITERIA, CallScored
from tasks.reports.calls_queries import advice_given, scores_counted
from tasks.reports.registry import About, report
from tasks.reports.rules import share
from tasks.reports.shapes import Chart, Kind, Look, Measure, Report, ReportColumn, Section
from tasks.rounds.rules import Cadence

CONVENTION = (
    "期间内生效的稽核；得分=做到的条数÷涉及的条数×100，禁语按次扣款 "
    "audits that came into force in these days; score = rules kept ÷ rules asked for × 100, each forbidden answer costs"
)
AGENT = ReportColumn("agent", "坐席 Agent", Kind.TEXT)
TITLES = {name: str(CallScored.model_fields[name].title) for name in CRITERIA}


@report("call-scores", "奖罚评分表 Call scores", Cadence.MONTH)
def call_scores(connection: Connection, about: About) -> Report:
    """Count a month's call audits by agent and by rule of the hotline."""
    rows = scores_counted(connection, about.period)
    agents = [
        {"agent": row.agent, "audits": int(row.audits), "forbidden": int(row.forbidden), "deduction": row.deduction}
        | {"score": None if row.score is None else round(float(row.score), 1)}
        for row in rows
    ]
    met = {name: sum(getattr(row, f"{name}_met") for row in rows) for name in CRITERIA}
    lost = {name: sum(getattr(row, f"{name}_not") for row in rows) for name in CRITERIA}
    topics = [
        {"topic": TITLES[name], "met": met[name], "lost": lost[name], "rate": share(met[name], met[name] + lost[name])}
        for name in CRITERIA
    ]
    advice = [
        {"agent": row.agent, "call": row.call, "score": row.score, "advice": row.advice}
        for row in advice_given(connection, about.period)
    ]
    audits, cost = sum(int(row.audits) for row in rows), sum((row.deduction for row in rows), Decimal(0))
    measures = (
        Measure("audits", "稽核通话 Audited calls", audits, Kind.COUNT),
        Measure("kept", "规范做到率 Rules kept", share(sum(met.values()), sum(met.values()) + sum(lost.values()))),
        Measure("deduction", "扣款 Deductions (CNY)", float(cost), Kind.MONEY),
    )
    sections = (
        Section(
            "agents",
            "各坐席 Agents",
            (
                AGENT,
                ReportColumn("audits", "稽核 Audits"),
                ReportColumn("score", "平均得分 Mean score", Kind.DAYS),
                ReportColumn("forbidden", "禁语 Forbidden answers"),
                ReportColumn("deduction", "扣款 Deduction (CNY)", Kind.MONEY),
            ),
            agents,
            Chart(Look.BARS, "agent", ("score",)),
        ),
        Section(
            "topics",
            "各项规范 Rules",
            (
                ReportColumn("topic", "规范 Rule", Kind.TEXT),
                ReportColumn("met", "做到 Kept"),
                ReportColumn("lost", "未做到 Not kept"),
                ReportColumn("rate", "做到率 Rate", Kind.RATE),
            ),
            topics if rows else [],
            Chart(Look.BARS, "topic", ("rate",)),
        ),
        Section(
            "advice",
            "改进建议 Advice",
            (
                AGENT,
                ReportColumn("call", "通话 Call", Kind.TEXT),
                ReportColumn("score", "得分 Score"),
                ReportColumn("advice", "建议 Advice", Kind.TEXT),
            ),
            advice,
        ),
    )
    return Report(*about, CONVENTION, f"{audits:,} 个通话 calls", measures, sections)
