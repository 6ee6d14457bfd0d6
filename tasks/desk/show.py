"""Show a case in Prefect: the run's name and tags, and the case sheet as an artifact."""

from uuid import UUID

from prefect import get_client
from sqlalchemy import Engine

from tasks.desk.publish import publish_case
from tasks.desk.queries import CaseView, case_view
from tasks.desk.rules import run_name, run_tags
from tasks.durable.queries import note_run


def show_case(db: Engine, case_id: int, run_id: UUID) -> CaseView:
    """Bring name, tags and case sheet of a run up to date; gives the view that they were made from."""
    with db.connect() as connection:
        view = case_view(connection, case_id)
    with get_client(sync_client=True) as client:
        client.update_flow_run(run_id, name=run_name(view), tags=run_tags(view))
    publish_case(view, run_id)
    if view.case.closed_at is None:  # the watch has the last word on closed cases: their run must end
        with db.begin() as connection:
            note_run(connection, case_id, run_id, view.case.run_generation, view.case.seq)
    return view
