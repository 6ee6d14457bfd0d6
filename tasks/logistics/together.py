"""齐套: what was ordered again leaves with the rest of its case, each waits for the other's word (DOMAIN-BRANCHES 6)."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from schemas.forms.cases import GoodsReady
from schemas.tables import letter
from schemas.words import EntryKind, Role
from tasks.cycle.terms import escalation, working_days
from tasks.durable.process import Case, ask
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.durable.step import began, step
from tasks.lines.anomalies import end_source, report_anomaly
from tasks.unit.work import Work

# the case two above what was ordered again, by way of an anomaly's; and the other way round
_COMPANIONS = text("""
    WITH again AS NOT MATERIALIZED (SELECT id, parent_id FROM service_case WHERE request ->> 'leaving' = 'together')
    SELECT old.parent_id AS old, again.id AS new FROM service_case old JOIN again ON again.parent_id = old.id
    WHERE old.parent_id = ANY(:ids)
    UNION SELECT old.parent_id, again.id FROM again JOIN service_case old ON again.parent_id = old.id
    WHERE again.id = ANY(:ids) AND old.parent_id IS NOT NULL ORDER BY 1, 2""")


def companions(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[int]]:
    """Find, of each case, those whose goods leave with its own."""
    found: dict[int, list[int]] = {}
    for old, new in connection.execute(_COMPANIONS, {"ids": list(case_ids)}):
        found.setdefault(old, []).append(new)
        found.setdefault(new, []).append(old)
    return found


@step("齐套备齐", link="出库")
def tell_companions(work: Work) -> list[int]:
    """Tell those with whom our goods leave that they are ready; gives them."""
    return _tell(work)


def _tell(work: Work) -> list[int]:
    others = work.read(companions).get(work.case.id, [])
    for other in others:
        told = {"case_id": other, "key": f"together-{work.case.id}", "kind": EntryKind.DECISION}
        work.insert(letter, **told, body={"number": work.case.number}, sent_at=work.now)
    return others


def leave_together(case: Case) -> None:
    """Wait until those with whom our goods leave have told the same, or are at their end."""
    due = working_days("anomaly")
    for other in tell_companions(case):
        question = Question(
            f"together-{other}", "等待齐套", Role.SYSTEM, GoodsReady, due, "出库",
            expires=due, remind=escalation(Role.SUPERVISOR),
        )  # fmt: skip
        try:
            ask(case, question)
        except TimedOut:
            continue


def end_application(work: Work) -> None:
    """Let lines and anomalies end with their case, and nobody wait for its goods."""
    end_source(work)
    if not began(work, tell_companions) and (work.case.parent_id or began(work, report_anomaly)):
        _tell(work)
