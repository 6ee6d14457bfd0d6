"""A thousand cases that moved in bulk: their Prefect runs are parked at their gates by what sync-runs calls.

On a real Prefect server over the embedded PostgreSQL. Measured in three thirds, the median counts; after that
each run is looked at through the API (state, gate, dialog, case sheet), and a sample is resumed and runs its leg.
`runs_again_per_s`: the same runs, parked again after the reviewer's decisions in bulk.
"""

import statistics
import time
from collections.abc import Sequence
from contextlib import suppress

from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.exceptions import Abort, Pause
from sqlalchemy import Engine

from schemas.answers import Turn
from schemas.forms.applications import ReviewDecision
from schemas.words import Channel
from tasks.durable.opening import open_chunk
from tasks.durable.stage import CHUNK, advance_chunk
from tasks.runs.mending import bring_runs, read_runs
from tasks.runs.queries import cases_again, cases_behind
from tests.bench.figure import Figure
from tests.bench.installation import installation
from tests.bench.load import answer, application

RUNS, PARTS, SAMPLE, PAGE = 1000, 3, 20, 200


def run() -> list[Figure]:
    """Measure, and fail if a run cannot be resumed."""
    with installation() as here:
        db = here.db
        ids = _open(db, RUNS)
        first = _rate(db)
        with get_client(sync_client=True) as client:
            waiting = _check(db, client, ids, "review-1-0")
            for case in ids[:SAMPLE]:
                _resume(db, client, case)
        _decide(db, ids[SAMPLE:])
        again = _rate(db)
        with get_client(sync_client=True) as client:
            _check(db, client, ids, "plan-1-0")
    return [
        Figure("runs_per_s", first, "≥ 10", first >= 10),
        Figure("runs_again_per_s", again, "≥ 10", again >= 10),
        Figure("resumable", waiting, f"= {RUNS}", waiting == RUNS),
    ]


def _open(db: Engine, many: int) -> list[int]:
    ids: list[int] = []
    for start in range(0, many, CHUNK):
        forms = [application(n) for n in range(start, min(start + CHUNK, many))]
        opened = open_chunk(db, "PA", Channel.SHEET, forms)
        ids += [one.case_id for one in opened if not isinstance(one, Exception)]
        advance_chunk(db, [Turn(case_id) for case_id in ids[start:]])
    assert len(ids) == many
    return ids


def _decide(db: Engine, ids: Sequence[int]) -> None:
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        turns = [Turn(case_id, [answer(n, "review")]) for n, case_id in enumerate(chunk)]
        assert all(result.replies[0].accepted for result in advance_chunk(db, turns))


def _rate(db: Engine) -> float:
    """Bring all runs to their gates, the newest first; runs a second, the median of the thirds."""
    with db.connect() as connection:
        behind = cases_behind(connection, RUNS)
    rates, third = [], -(-len(behind) // PARTS)
    for start in range(0, len(behind), third):
        part = behind[start : start + third]
        begun = time.monotonic()
        report = bring_runs(db, part)
        rates.append(len(part) / (time.monotonic() - begun))
        assert report.created + report.parked == len(part), report
    return statistics.median(rates)


def _check(db: Engine, client: SyncPrefectClient, ids: Sequence[int], gate: str) -> int:
    """Look at every run as its page does: it waits at the gate, has its dialog and its case sheet."""
    found = 0
    for start in range(0, len(ids), PAGE):
        with db.connect() as connection:
            cases = cases_again(connection, ids[start : start + PAGE])
        runs = read_runs(client, cases)
        keys = [f"case-{case.row.number.lower()}" for case in cases]
        sheets = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=keys)), limit=PAGE)
        assert sorted(str(sheet.key) for sheet in sheets) == sorted(keys)
        for case in (case.row for case in cases):
            state = runs[case.run_id].state
            assert state is not None
            assert (state.name, state.state_details.pause_key) == ("Suspended", gate)
            assert runs[case.run_id].name.startswith(case.number)
            for part in ("schema", "description"):
                assert client.read_flow_run_input(case.run_id, f"suspended-{gate}-{part}")
            found += 1
    return found


def _resume(db: Engine, client: SyncPrefectClient, case_id: int) -> None:
    """Press Resume as the reviewer does, and let the leg run."""
    from deployments.worker import run_leg

    with db.connect() as connection:
        case = cases_again(connection, [case_id])[0].row
    given = ReviewDecision.model_validate(answer(0, "review").data).as_form()
    accepted = client.resume_flow_run(case.run_id, run_input=given)
    assert accepted.status.value == "ACCEPT", accepted.details
    with suppress(Pause, Abort):
        run_leg(client.read_flow_run(case.run_id), "flows.parts_application.parts_application")
