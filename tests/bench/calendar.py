"""Working time between a million pairs of moments: all at once, by a plain loop, and by pandas' business hours."""

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.offsets import CustomBusinessHour

from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import Calendar
from tasks.cycle.worktime import working_seconds, working_time
from tests.bench.figure import Figure
from tests.bench.load import stage

INTERVALS, OF_PLAIN, OF_PANDAS, RUNS = 1_000_000, 20_000, 200, 3
LONGEST = 30  # days, as cases take


def run() -> list[Figure]:
    """Measure; medians of three runs. The others take a sample, for their rate does not hang on the number."""
    with stage() as here, here.fresh() as db, db.connect() as connection:
        calendar = calendar_today(connection)
    chance = random.Random(20260101)
    first = datetime(2025, 1, 1, tzinfo=UTC)
    begun = [first + timedelta(seconds=chance.randrange(2 * 365 * 86_400)) for _ in range(INTERVALS)]
    pairs = [(one, one + timedelta(seconds=chance.randrange(LONGEST * 86_400))) for one in begun]
    begins, ends = (np.array([pair[at].replace(tzinfo=None) for pair in pairs], "datetime64[s]") for at in (0, 1))
    found = working_seconds(calendar, begins, ends)
    plain = [working_time(calendar, *pair).total_seconds() for pair in pairs[:OF_PLAIN]]
    assert found[:OF_PLAIN].tolist() == plain, "the two say different things"
    hours = _business_hours(calendar)
    whole_hours = [_by_pandas(hours, *pair) for pair in pairs[:OF_PANDAS]]
    assert all(abs(found[n] / 3600 - whole_hours[n]) <= 1 for n in range(OF_PANDAS)), "pandas says something else"
    at_once = _rate(lambda: working_seconds(calendar, begins, ends), INTERVALS)
    by_loop = _rate(lambda: [working_time(calendar, *pair) for pair in pairs[:OF_PLAIN]], OF_PLAIN)
    by_pandas = _rate(lambda: [_by_pandas(hours, *pair) for pair in pairs[:OF_PANDAS]], OF_PANDAS)
    ratio = at_once / max(by_loop, by_pandas)
    return [
        Figure("intervals_per_s", at_once),
        Figure("plain_loop_per_s", by_loop),
        Figure("pandas_per_s", by_pandas),
        Figure("ratio", ratio, "≥ 20", ratio >= 20),
    ]


def _rate(work: Callable[[], Any], many: int) -> float:
    seconds = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return many / statistics.median(seconds)


def _business_hours(calendar: Calendar) -> Any:
    """Give pandas' own calendar of the same hours: every day is one of work but those that are not worked."""
    worked = [
        calendar.exceptions.get(day.date(), day.weekday() < 5) for day in pd.date_range("2024-12-01", "2027-03-01")
    ]
    days = pd.date_range("2024-12-01", "2027-03-01")[~np.array(worked)]
    return CustomBusinessHour(
        start=calendar.start, end=calendar.end, weekmask="Mon Tue Wed Thu Fri Sat Sun", holidays=list(days)
    )


def _by_pandas(hours: Any, begins: datetime, ends: datetime) -> float:
    """Count the business hours between two moments as pandas does: step by step."""
    one, other = (pd.Timestamp(moment).tz_convert("Asia/Shanghai").tz_localize(None) for moment in (begins, ends))
    return len(pd.date_range(one, other, freq=hours)) if one < other else 0
