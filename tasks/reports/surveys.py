"""The survey report 满意度调查报表: rates by S3's formula with sent, returned, seed and interval, by unit and question."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from schemas.forms.surveys import Mark
from tasks.cycle.rules import at, shanghai_day
from tasks.people.queries import units
from tasks.policies.queries import setting_today
from tasks.reports.registry import About, report
from tasks.reports.shapes import Chart, KeyFigure, Kind, Look, Report, ReportColumn, ReportSection, Value
from tasks.rounds.rules import Cadence, Period, months_until
from tasks.surveys.closing import DEPARTMENT, rate_among
from tasks.surveys.queries import questions_on, returned_of, surveys_counted
from tasks.surveys.rules import Rate, tally, title_of

TREND = 12  # months
FORMULA = (
    "满意率 = 总体评价基本满意及以上 ÷ 收回 × 100 %（未评总体的只计入分母；截止后收回的不计；区间为 Wilson 95 %） "
    "satisfied overall ÷ returned in time; Wilson's interval (S3 §8 5.8)"
)
COUNTS = (
    ReportColumn("sent", "发出 Sent"),
    ReportColumn("returned", "收回 Returned"),
    ReportColumn("satisfied", "满意 Satisfied"),
)
RATES = (
    ReportColumn("rate", "满意率 Satisfaction rate", Kind.RATE),
    ReportColumn("low", "95 % 下限 Lower bound", Kind.RATE),
    ReportColumn("high", "95 % 上限 Upper bound", Kind.RATE),
)
RESPONSE = ReportColumn("response", "回收率 Response rate", Kind.RATE)


@report("surveys", "满意度调查报表 Survey report", Cadence.MONTH)
def surveys(connection: Connection, about: About) -> Report:
    """Report on the surveys that closed on these days."""
    confidence, target = (float(setting_today(connection, f"survey.{name}")) for name in ("confidence", "target"))
    trend = months_until(about.period.last, TREND)
    counted = _closed(connection, trend)
    forms = returned_of(connection, [one.id for one in counted])
    now = [one for one in counted if about.period.first <= _closes_on(one) <= about.period.last]
    here = [form for form in forms if form.survey in {one.id for one in now}]
    whole = rate_among(here, confidence)
    return Report(
        *about,
        convention=FORMULA,
        of=f"本期截止的调查 {len(now)} 次，发出 {len(here)} 份 surveys that closed, forms sent",
        measures=_measures(whole, target),
        sections=(
            _trend(counted, forms, trend, confidence, target),
            _each(now, here, confidence),
            _by_unit(connection, here, confidence, target),
            _by_question(connection, now, here),
        ),
    )


def _closed(connection: Connection, period: Period) -> list[Row[Any]]:
    """Find the surveys whose last day lies in a period; what is still open is not counted."""
    after = at(period.last + timedelta(days=2))
    return [one for one in surveys_counted(connection, at(period.first), after) if _closes_on(one) <= period.last]


def _closes_on(survey: Row[Any]) -> date:
    """Give the last day of a survey."""
    return shanghai_day(survey.closes_at) - timedelta(days=1)


def _measures(whole: Rate, target: float) -> tuple[KeyFigure, ...]:
    reached = None if whole.rate is None else whole.rate >= target
    return (
        KeyFigure("rate", RATES[0].label, whole.rate, target=f"≥ {target:.0%}", reached=reached),
        KeyFigure("low", RATES[1].label, whole.low),
        KeyFigure("high", RATES[2].label, whole.high),
        KeyFigure("response", RESPONSE.label, whole.response),
        KeyFigure("sent", COUNTS[0].label, whole.sent, Kind.COUNT),
        KeyFigure("returned", COUNTS[1].label, whole.returned, Kind.COUNT),
    )


def _figures(rate: Rate) -> dict[str, Value]:
    counts: dict[str, Value] = {"sent": rate.sent, "returned": rate.returned, "satisfied": rate.satisfied}
    return counts | {"rate": rate.rate, "low": rate.low, "high": rate.high, "response": rate.response}


def _trend(
    counted: Sequence[Row[Any]], forms: Sequence[Row[Any]], period: Period, confidence: float, target: float
) -> ReportSection:
    month_of = {one.id: f"{_closes_on(one):%Y-%m}" for one in counted}
    rows = [
        {"month": month, **_figures(rate_among([f for f in forms if month_of[f.survey] == month], confidence))}
        for month in period.months
    ]
    columns = (ReportColumn("month", "截止月份 Month", Kind.TEXT), *COUNTS, RATES[0])
    return ReportSection(
        "trend", "十二个月走势 Twelve months", columns, rows, Chart(Look.TREND, "month", ("rate",), target)
    )


def _each(surveys: Sequence[Row[Any]], forms: Sequence[Row[Any]], confidence: float) -> ReportSection:
    rows = [
        {"number": one.number, "title": title_of(one.about, one.first, one.last), "seed": str(one.seed)}
        | {"population": one.population}
        | _figures(rate_among([form for form in forms if form.survey == one.id], confidence))
        for one in surveys
    ]
    columns = (
        ReportColumn("number", "调查编号 Survey", Kind.TEXT),
        ReportColumn("title", "调查 What", Kind.TEXT),
        ReportColumn("population", "对象 Population"),
        *COUNTS,
        RESPONSE,
        *RATES,
        ReportColumn("seed", "随机种子 Seed", Kind.TEXT),
    )
    return ReportSection("surveys", "各次调查 Surveys", columns, rows)


def _by_unit(connection: Connection, forms: Sequence[Row[Any]], confidence: float, target: float) -> ReportSection:
    known, codes = units(connection), sorted({form.unit or "" for form in forms})
    rows = [
        {"unit": known[code].name if code else DEPARTMENT}
        | _figures(rate_among([form for form in forms if (form.unit or "") == code], confidence))
        for code in codes
    ]
    columns = (ReportColumn("unit", "责任单位 Unit", Kind.TEXT), *COUNTS, RESPONSE, *RATES)
    return ReportSection("units", "责任单位 Units", columns, rows, Chart(Look.BARS, "unit", ("rate",), target))


def _by_question(connection: Connection, surveys: Sequence[Row[Any]], forms: Sequence[Row[Any]]) -> ReportSection:
    asked = {
        code: text for one in surveys for code, text in questions_on(connection, shanghai_day(one.sent_at)).items()
    }
    counted = tally(form.marks for form in forms if form.answered_at)
    rows: list[dict[str, Value]] = [
        {"question": f"{code} {asked.get(code, '')}"} | {mark.value: marks[mark] for mark in Mark}
        for code, marks in counted.items()
    ]
    english = ("Very", "Rather", "Basically", "Hardly", "Not at all")
    shown = [ReportColumn(mark.value, f"{mark.zh} {word}") for mark, word in zip(Mark, english, strict=True)]
    columns = (ReportColumn("question", "评价项目 Question", Kind.TEXT), *shown)
    stacked = Chart(Look.STACKED, "question", tuple(mark.value for mark in Mark))
    return ReportSection("questions", "各项评价 Questions", columns, rows, stacked)
