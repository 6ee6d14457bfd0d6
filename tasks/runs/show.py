"""Show a case in Prefect: the run's name and tags, and the case sheet as an artifact."""

from prefect import get_client
from prefect.client.schemas.objects import FlowRun
from sqlalchemy import Engine

from schemas.words import Role
from tasks.desk.publish import publish_case
from tasks.desk.queries import CaseView, case_view
from tasks.desk.rules import run_name, run_tags, waiting_tag
from tasks.runs.queries import Shown, note_runs


def show_case(db: Engine, case_id: int, run: FlowRun, anew: bool = False) -> CaseView:
    """Bring name, tags and case sheet of a run up to date where they are not; gives the view behind them.

    `anew` where something may have happened that left the ledger as it was, such as a refusal.
    """
    with db.connect() as connection:
        view = case_view(connection, case_id)
    name, tags = run_name(view), run_tags(view)
    if not anew and view.case.run_seq == view.case.seq and (run.name, set(run.tags)) == (name, set(tags)):
        return view
    with get_client(sync_client=True) as client:
        client.update_flow_run(run.id, name=name, tags=tags)
    run.name, run.tags = name, list(tags)
    publish_case(view, run.id)
    if view.case.closed_at is None:  # the watch has the last word on closed cases: their run must end
        with db.begin() as connection:
            note_runs(connection, [Shown(case_id, run.id, view.case.run_generation, view.case.seq)])
    return view


def show_draft(title: str, run: FlowRun) -> None:
    """Put an application that came back on the offices' worklist under a name of its own."""
    name, tags = f"草稿 draft · {title}", [title, "草稿", waiting_tag(Role.OFFICE)]
    if (run.name, set(run.tags)) != (name, set(tags)):
        with get_client(sync_client=True) as client:
            client.update_flow_run(run.id, name=name, tags=tags)
        run.name, run.tags = name, tags
