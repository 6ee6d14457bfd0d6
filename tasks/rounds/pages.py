"""Lists as scheduled work shows them: markdown without contact data; pure."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from tasks.privacy.rules import mask_phones
from tasks.unit.work import SHANGHAI

MOST_ROWS = 200
NOTHING = "没有 none"
_SIGNS = str.maketrans({sign: f"\\{sign}" for sign in r"\`*_[]|~#"} | {"&": "&amp;", "<": "&lt;"})


class Listing(NamedTuple):
    """A table of a page: what it lists, its headings, and a row of cells each."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[object]]


def page_of(title: str, day: date, *listings: Listing, told: Sequence[str] = ()) -> str:
    """Draw a page: what it is about, what was told to whom, and each listing with how many rows it has."""
    said = [f"- {_text(one)}" for one in told[:MOST_ROWS]] + _more(len(told))
    heard = ["\n".join([f"**提醒 told** {len(told)}", "", *said])] if told else []
    return "\n\n".join([f"### {title} · {day}", *heard, *map(_drawn, listings)])


def _drawn(listing: Listing) -> str:
    heading = f"#### {listing.title} · {len(listing.rows)}"
    if not listing.rows:
        return f"{heading}\n\n{NOTHING}"
    rows = [
        listing.headings,
        ["---"] * len(listing.headings),
        *([*map(_text, row)] for row in listing.rows[:MOST_ROWS]),
    ]
    return "\n".join([heading, "", *(f"| {' | '.join(row)} |" for row in rows), *_more(len(listing.rows))])


def _more(many: int) -> list[str]:
    return ["", f"… 另 {many - MOST_ROWS} 条 more"] if many > MOST_ROWS else []


def _text(cell: object) -> str:
    if isinstance(cell, datetime):
        return f"{cell.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    text = "" if cell is None else re.sub(r"\s+", " ", str(cell))
    return mask_phones(text).translate(_SIGNS)
