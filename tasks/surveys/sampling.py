"""Send a survey: draw whom to ask at random, by a seed that is kept, so that anybody can draw the same again (S2)."""

import secrets
from collections.abc import Sequence
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
    """Draw a survey's sample and make its forms, once per origin; gives its number, "" where there is nobody to ask,
    and what staff read of it. The caller commits.

    size   how many are asked; 0: of the stores all, else a share, as the policies say
    """
    if known := queries.survey_from(connection, origin):
        return known.number, _said(known)
    version = version_today(connection)
    policy, now = policies(connection)[version], clock.now()
    found = queries.customers(connection, about, period.first, period.last + timedelta(days=1))
    if not found:
        return "", NOBODY.format(title_of(about, *period))
    share = 1 if about is SurveyAbout.STORES else Decimal(str(policy["survey.share"]))
    most = len(found) if about is SurveyAbout.STORES else policy["survey.most"]
    many, seed = sample_size(len(found), Decimal(share), policy["survey.least"], most, size), secrets.randbits(31)
    drawn = draw(found, many, seed)
    begins = f"MY-{period.first:%Y%m}-"
    terms = {name: _after(policy[f"survey.{key}.days"]) for name, key in TERMS}
    row: dict[str, Any] = {
        "number": f"{begins}{1 + queries.how_many_begin(connection, begins)}",
        "origin": origin,
        "about": about,
    }
    row |= {"first": period.first, "last": period.last, "seed": seed, "population": len(found), "sent": len(drawn)}
    row |= {"sent_at": now, **terms, "policy_version": version, "staff": staff}
    forms = [{"id": uuid4(), "no": no, **asked._asdict()} for no, asked in enumerate(drawn, start=1)]
    made = queries.keep_survey(connection, row, forms)
    return made.number, _said(made)


def draw(found: Sequence[Asked], many: int, seed: int) -> list[Asked]:
    """Draw so many at random: the same from the same seed."""
    return sorted(Random(seed).sample(found, many), key=lambda asked: (asked.about or 0, asked.store or ""))


def _after(days: int) -> datetime:
    """Give the end of the last of so many days, today not counted."""
    return at(shanghai_day(clock.now()) + timedelta(days=days + 1))


def _said(row: Row[Any]) -> str:
    title = title_of(row.about, row.first, row.last)
    last = shanghai_day(row.closes_at) - timedelta(days=1)
    return SENT.format(title, row.number, row.population, row.sent, row.seed, last)
