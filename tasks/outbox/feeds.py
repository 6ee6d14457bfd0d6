"""What another system keeps, asked for page by page over HTTP: what changed since the cursor that it gave with the last.

Nothing of an answer is shown where something is wrong with it: it may hold contact data.
"""

import json
import random
import time
from dataclasses import replace
from itertools import count
from typing import Annotated, Any

import httpx
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from schemas.forms.fields import cleaned
from tasks.outbox.post import Posted, Undelivered, get
from tasks.outbox.rules import DeliveryRules
from tasks.outbox.steps import system_url

TRIES = 3  # of a page; the next round asks for it again
LIMIT = 500  # records that a page is asked to have
MOST_BYTES = 8 << 20  # that it may have


class FeedPage(BaseModel):
    """Records as they come, the cursor after which the next page begins, and if there is one already."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    records: list[Any]
    cursor: Annotated[str, Field(min_length=1, max_length=500), BeforeValidator(cleaned)]
    more: bool = False


def next_page(client: httpx.Client, system: str, kind: str, after: str, rules: DeliveryRules) -> FeedPage:
    """Ask a system for what changed after a cursor (empty: for all), a few times at growing pauses.

    Raises Undelivered.
    """
    url, rules = f"{system_url(system).rstrip('/')}/{kind}", replace(rules, attempts=TRIES)
    for attempt in count(1):
        try:
            return _read(get(client, url, {"after": after, "limit": LIMIT}, rules.timeout, MOST_BYTES), after)
        except Undelivered as error:
            if error.wait is None or attempt == TRIES:
                raise
            time.sleep(rules.pause(attempt, random.random(), error.wait).total_seconds())
    raise AssertionError("it is asked until it answers or is given up")


def _read(answered: Posted, after: str) -> FeedPage:
    try:
        page = FeedPage.model_validate(json.loads(answered.body))
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc']))} {one['msg']}" for one in error.errors(include_input=False)]
        raise answered.not_understood("; ".join(wrong), 0) from None
    except (ValueError, RecursionError):
        raise answered.not_understood("没有 JSON no JSON", 0) from None
    if page.more and page.cursor == after:
        raise answered.not_understood(f"cursor {after}: 还有更多，游标却没有变 more is to come, yet it stays", 0)
    return page
