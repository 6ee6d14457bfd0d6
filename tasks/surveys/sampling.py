"""Send a survey: draw whom to ask at random, by a seed that is kept, so that anybody can draw the same again (S2)."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row

from schemas.forms.surveys import SurveyAbout
from tasks.cycle.rules import at, shanghai_day
from tasks.durable import clock
from tasks.policies.queries import policies, version_today
from tasks.rounds.rules import Period
from tasks.surveys import queries
from tasks.surveys.queries import Asked
from tasks.surveys.rules import sample_size, title_of

TERMS = (("closes_at", "closing"), ("links_until", "link"))
NOBODY = "{}：这段时间没有可调查的 there is nobody to ask"
SENT = "{} 已发出 sent: **{}** · 对象 population {} · 发出 sent {} · 随机种子 seed {} · 截止 closes {:%Y-%m-%d}"


def send_survey(
    connection: Connection, about: SurveyAbout, period: Period, origin: str, *, size: int = 0, staff: str | None = None
) -> tuple[str, str]:
    """Draw a survey's sample and make its forms, once per origin. The caller commits.

    Gives the survey's number, "" where there is nobody to ask, and what staff read of it. `size` says how many are
    asked; 0: of the stores all, else a share, as the policies say.
    """
    queries.one_survey_at_a_time(connection)
    if known := queries.survey_from(connection, origin):
        return known.number, _said(known)
    found = queries.customers_served(connection, about, period.first, period.last + timedelta(days=1))
    if not found:
        return "", NOBODY.format(title_of(about, *period))
    version, begins = version_today(connection), f"MY-{period.first:%Y%m}-"
    policy, seed = policies(connection)[version], secrets.randbits(31)
    drawn = draw(found, _how_many(about, len(found), policy, size), seed)
    row = {"number": f"{begins}{1 + queries.how_many_begin(connection, begins)}", "origin": origin, "about": about}
    days = {name: _after(policy[f"survey.{key}.days"]) for name, key in TERMS}
    counts = {"seed": seed, "population": len(found), "sent": len(drawn), "sent_at": clock.now()}
    whole = {**row, **period._asdict(), **counts, **days, "policy_version": version, "staff": staff}
    forms = [{"id": uuid4(), "no": no, **asked._asdict()} for no, asked in enumerate(drawn, start=1)]
    made = queries.keep_survey(connection, whole, forms)
    return made.number, _said(made)


def _how_many(about: SurveyAbout, population: int, policy: Mapping[str, Any], wanted: int) -> int:
    if about is SurveyAbout.STORES:
        return wanted or population
    share = Decimal(str(policy["survey.share"]))
    return sample_size(population, share, policy["survey.least"], policy["survey.most"], wanted)


def draw(found: Sequence[Asked], many: int, seed: int) -> list[Asked]:
    """Draw so many at random: the same from the same seed."""
    return sorted(
        Random(seed).sample(found, min(many, len(found))), key=lambda asked: (asked.about or 0, asked.store or "")
    )


def _after(days: int) -> datetime:
    """Give the end of the last of so many days, today not counted."""
    return at(shanghai_day(clock.now()) + timedelta(days=days + 1))


def _said(row: Row[Any]) -> str:
    title = title_of(row.about, row.first, row.last)
    last = shanghai_day(row.closes_at) - timedelta(days=1)
    return SENT.format(title, row.number, row.population, row.sent, row.seed, last)
