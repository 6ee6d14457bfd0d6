"""What must be true whatever anybody does: the books, and what else no action may break (issue of all processes at once).

The books hold stock, reservations, slips, numbers and ledgers; here stand money, what comes back, and the chain.
"""

from collections.abc import Mapping

from sqlalchemy import Engine, text

from tasks.books.queries import ALWAYS, AT_REST
from tasks.clocks.lines import line_clocks
from tasks.durable.process import PROCESSES
from tests.books import untrue_at_once

WHATEVER_HAPPENS = {
    "of a refund what is beyond price and delivery fee is freight of the way back that the customer advanced": """
        SELECT case_id, beyond, advanced FROM (
            SELECT case_id, sum(amount - goods - delivery) AS beyond FROM refund GROUP BY case_id) given
        LEFT JOIN (SELECT case_id, sum((output ->> 'freight')::numeric) AS advanced FROM ledger
                   WHERE kind = 'decision' AND step_key LIKE 'count-%' GROUP BY case_id) came USING (case_id)
        WHERE beyond > coalesce(advanced, 0)""",
    "a case that waits for another says for whom, or until when": """
        SELECT c.number, i.step_key FROM service_case c JOIN work_item i ON i.case_id = c.id AND i.state = 'open'
        WHERE c.closed_at IS NULL AND i.role = 'SYSTEM' AND i.due_at IS NULL AND i.expires_at IS NULL""",
}
AT_REST_TOO = AT_REST | WHATEVER_HAPPENS | ALWAYS
TIMELINES = text("""
    SELECT c.number, c.process, l.step_key, l.link FROM ledger l JOIN service_case c ON c.id = l.case_id
    WHERE l.step_key NOT LIKE 'engineer-%' ORDER BY c.id, l.seq""")


def wrong_now(db: Engine, sentences: Mapping[str, str] = WHATEVER_HAPPENS | ALWAYS) -> dict[str, object]:
    """Give what contradicts the sentences; after every action nothing does."""
    with db.connect() as connection:
        return dict(untrue_at_once(connection, sentences))


def off_the_chain(db: Engine) -> list[str]:
    """Give entries of timelines that no place passed before leads to: a timeline is a path of its process's chain."""
    with db.connect() as connection:
        rows = connection.execute(TIMELINES).all()
    passed, off = dict[str, set[str]](), []
    for row in rows:
        process, before = PROCESSES[row.process], passed.setdefault(row.number, {PROCESSES[row.process].links[0]})
        if row.link not in process.links:  # a step that belongs to none, such as finding an approver
            continue
        if not any(process.may_go(place, row.link) for place in before):
            off.append(f"{row.number} {row.step_key}: {row.link} after {'、'.join(sorted(before))}")
        before.add(row.link)
    return off


def clocks_that_differ(db: Engine) -> list[str]:
    """Give the lines whose clock is not what cycle control recorded."""
    with db.connect() as connection:
        controls = connection.scalars(text("SELECT DISTINCT case_id FROM line_cycle WHERE used IS NOT NULL")).all()
        clocks = [one for control in controls for one in line_clocks(connection, control)]
    differing = [one for one in clocks if one.recorded not in {None, one.clock.sums}]
    return [f"{one.line.number} {one.line.line_no}: {one.clock.sums}, recorded {one.recorded}" for one in differing]
