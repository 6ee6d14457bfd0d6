"""The monthly cycle report over a million lines of history, against the bare counting of the same columns."""

import json
import subprocess
import sys

from sqlalchemy import text

from tests.bench.figure import Figure
from tests.bench.fill import settle_down
from tests.bench.load import stage

LINES = 1_000_000
MOST_RATIO, MOST_MIB = 3, 1024
# a year of lines that go round units, categories, offices and processes; some are late, some not done
FILL = text("""
    INSERT INTO past_case
    SELECT 'H-' || n, (ARRAY['PA', 'RR'])[1 + n % 2], o.name,
           (ARRAY['板式车间', '油漆车间', '软体车间', '定制车间'])[1 + n * 7 % 4],
           (ARRAY['五金', '板件', '油漆件', '软包', '定制件'])[1 + n * 3 % 5], promised - interval '9 days', promised,
           CASE WHEN n % 41 > 0 THEN promised + interval '1 hour' * (hashint4(n) % 100 - 40) END, 1 + n % 5
    FROM (SELECT n, timestamptz '2025-11-01 10:00+08' + interval '1 second' * (n * 31.5) AS promised
          FROM generate_series(1, :lines) AS n) line
    JOIN (SELECT name, row_number() OVER (ORDER BY code) - 1 AS nth, count(*) OVER () AS many FROM office) o
    ON o.nth = n * 11 % o.many""")


def run() -> list[Figure]:
    """Measure both in a process of its own, medians of five; its memory is that of the report and its page."""
    with stage() as here, here.fresh() as db:
        with db.begin() as connection:
            connection.execute(FILL, {"lines": LINES})
        settle_down(db)
        url = db.url.render_as_string(hide_password=False)
        command = [sys.executable, "-m", "tests.bench.report_child", url]
        said = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    assert said["lines"] == said["bare_lines"], "the two count different lines"
    ratio = said["report_s"] / said["bare_s"]
    return [
        Figure("report_s", said["report_s"]),
        Figure("bare_s", said["bare_s"]),
        Figure("page_s", said["page_s"]),
        Figure("ratio", ratio, f"≤ {MOST_RATIO}", ratio <= MOST_RATIO),
        Figure("peak_mib", said["peak_mib"], f"≤ {MOST_MIB}", said["peak_mib"] <= MOST_MIB),
    ]
