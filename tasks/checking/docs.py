"""Data Docs: the page that Great Expectations draws of a check, made to stand alone.

The library's page fetches styles, scripts and pictures from other houses, and prints values as they are. Ours
opens without the internet and tells nobody: what points elsewhere is taken out, a plain style put in, and values
are made harmless.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

TITLE = "Expectation Validation Result"
SHOWN, LONGEST = 20, 200  # values of a sentence that the page shows, characters of each
_REMOTE = re.compile(
    r"<script\b.*?</script>|<style\b.*?</style>|<link\b[^>]*>|<img\b[^>]*>|<nav\b.*?</nav>|<footer\b.*?</footer>",
    re.DOTALL,
)
_LINK = re.compile(r"<a\b[^>]*>(.*?)</a>", re.DOTALL)  # to pages that a single page does not have
STYLE = """<style>
body{font:15px/1.5 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;max-width:1100px;margin:2rem auto;
padding:0 1rem;color:#1f2937}
table{border-collapse:collapse;width:100%;margin:.5rem 0}
td,th{border:1px solid #d1d5db;padding:.3rem .6rem;text-align:left;vertical-align:top}
.badge{background:#e5e7eb;border-radius:.3rem;padding:0 .4rem;margin-right:.2rem}
.fa-times,.text-danger{color:#dc2626}.fa-check-circle,.text-success{color:#059669}
.fa-times::before{content:"✕"}.fa-check-circle::before{content:"✓"}
nav,footer,.modal,.card,.collapse,.lead,[id*="collapse"]{display:none}
</style></head>"""


def data_docs(result: Any, title: str) -> str:
    """Draw the result of a check; what is drawn is cut down in `result` itself, so read it before."""
    renderers = import_module("great_expectations.render.renderer")
    for one in result.results:
        _cut_down(one.result)
    drawn = _view().render(renderers.ValidationResultsPageRenderer().render(result))
    alone = _LINK.sub(r"\1", _REMOTE.sub("", drawn)).replace("</head>", STYLE, 1)
    return alone.replace(TITLE, f"{title} {TITLE}").replace("Show more info...", "")


@cache
def _view() -> Any:
    """Give what draws pages; it compiles its many templates once."""
    return import_module("great_expectations.render.view").DefaultJinjaPageView()


def keys_of(row: Mapping[str, object]) -> str:
    """Say which row it is that a query found: its keys and figures; what is empty is left out."""
    return " ".join(str(value) for value in row.values() if value not in (None, ""))


def _cut_down(found: dict[str, Any]) -> None:
    """Keep a few values, as harmless texts."""
    if rows := found.pop("details", {}).get("unexpected_rows"):
        keys = "；".join(str(_harmless(keys_of(row))) for row in rows[:SHOWN])
        found["observed_value"] = f"{found['observed_value']}: {keys}"
    for name in ("unexpected_list", "unexpected_index_list", "unexpected_index_query"):
        found.pop(name, None)
    for name in ("partial_unexpected_list", "partial_unexpected_index_list"):
        if name in found:
            found[name] = [_harmless(value) for value in found[name][:SHOWN]]
    if "partial_unexpected_counts" in found:
        counts = [one for one in found["partial_unexpected_counts"][:SHOWN] if "value" in one]
        found["partial_unexpected_counts"] = [one | {"value": _harmless(one["value"])} for one in counts]


def _harmless(value: object) -> object:
    """Write a value so that no browser takes it for a tag; numbers stay."""
    if isinstance(value, int | float):
        return value
    return str(value)[:LONGEST].replace("&", "＆").replace("<", "‹").replace(">", "›")
