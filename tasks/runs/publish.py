"""Publish pages as Prefect artifacts, one artifact a page: it is made once, then kept up to date in place.

So a page keeps its address, and Prefect's tables do not grow with every leg.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.client.schemas.filters import ArtifactCollectionFilter, FlowFilter
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_UI_URL
from sqlalchemy import Engine

from schemas.forms.periods import PeriodWanted
from tasks.cycle.publication import holidays_wanted
from tasks.desk.links import Links, RunForm, case_key, inbox_key
from tasks.desk.pages import MOST_WAITING, STAFF_ROLES, case_sheet, inbox_page, start_page
from tasks.desk.queries import inbox, open_counts
from tasks.desk.reports.publishing import index_address
from tasks.desk.rules import plain, run_name
from tasks.desk.views import CaseView
from tasks.outbox.queries import SEES_DEAD_LETTERS, dead_letters
from tasks.people.queries import offices
from tasks.rounds.queries import told_by_rounds
from tasks.runs.job import JOBS
from tasks.runs.locks import one_at_a_time
from tasks.runs.parking import prefect_client
from tasks.unit.reading import reading

START = "start"
KEPT = 20_000  # artifacts that are remembered
MOST_DEPLOYMENTS = 200


class Page(NamedTuple):
    """What is to be published: its key, its title, and its text as markdown."""

    key: str
    title: str
    text: str


class Published(NamedTuple):
    """What is known of a published page: its run, and what it says as a hash (None: not known)."""

    run_id: UUID | None
    content: int | None


class Publisher:
    """Publishes pages and remembers which; when an artifact is gone (Prefect's database was deleted), all is new."""

    def __init__(self, client: Callable[[], AbstractContextManager[SyncPrefectClient]] = prefect_client) -> None:
        self._client = client
        self._ids: dict[str, UUID] = {}  # of artifacts, by key
        self._published: dict[str, Published] = {}  # by key
        self._forms: dict[str, RunForm] = {}

    def links(self) -> Links:
        """Make links with all that is known of the UI, its artifacts and its run forms."""
        return Links(urlsplit(PREFECT_UI_URL.value() or "").path.rstrip("/") or "/v2", self._ids, self._forms)

    def publish_case(self, view: CaseView, run_id: UUID, learned: bool = False) -> None:
        """Bring a case's sheet up to date, among the artifacts of its run; `learned` by `learn` before."""
        view = replace(view, case=replace(view.case, run_id=run_id))
        page = Page(case_key(view.case.number), run_name(view), case_sheet(view, self.links()))
        with self._client() as client:
            if not learned:
                self.learn(client, [page.key])
            self._publish(client, page, run_id)

    def publish_inboxes(self, db: Engine) -> int:
        """Bring the inbox of every role up to date where it changed; gives how many did."""
        with reading(db) as connection:
            rows = inbox(connection, None, MOST_WAITING)
            counts, told = open_counts(connection), told_by_rounds(connection)
            dead = dead_letters(connection, MOST_WAITING)
        linked, pages = self.links(), list[Page]()
        for role in STAFF_ROLES:
            waiting = [row for row in rows if role in (row.role, row.also)]
            given_up = dead if role in SEES_DEAD_LETTERS else ()
            heard = [text for to, text in told if to == role]
            text = inbox_page(role, waiting, linked, counts[role].open if role in counts else 0, given_up, heard)
            pages.append(Page(inbox_key(role), f"收件箱 Inbox · {role.zh}", text))
        return self._publish_changed(db, pages)

    def publish_start_page(self, db: Engine) -> str:
        """Bring the start page up to date if it changed; gives its address, for a terminal."""
        with reading(db) as connection:
            counts = open_counts(connection)
            wanted = holidays_wanted(connection)
            places = sorted({(row.code, row.name) for row in offices(connection).values()})
        jobs = {title: job.function for title, job in JOBS.items() if job.form}
        if not self._forms:
            with self._client() as client:
                self._learn_forms(client)
        by_itself = {title for title, job in JOBS.items() if job.form and issubclass(job.form, PeriodWanted)}
        text = start_page(counts, self.links(), places, jobs, by_itself, wanted, index_address())
        self._publish_changed(db, [Page(START, "售后工作台 Aftersales desk", text)])
        host = urlsplit(PREFECT_UI_URL.value() or "")
        link = self.links().artifact(START)
        return f"{host.scheme}://{host.netloc}{link}" if host.netloc else link

    def _publish_changed(self, db: Engine, pages: Sequence[Page]) -> int:
        """Publish those pages that say something else than when they were published last.

        One process at a time: of two that begin together each would make the pages that it does not see.
        """
        known = self._published
        changed = [page for page in pages if page.key not in known or known[page.key].content != hash(page.text)]
        if changed:
            with self._client() as client, one_at_a_time(db, "pages"):
                self.learn(client, [page.key for page in changed])
                for page in changed:
                    self._publish(client, page, None)
        return len(changed)

    def _publish(self, client: SyncPrefectClient, page: Page, run_id: UUID | None) -> None:
        known, artifact = self._published.get(page.key), self._ids.get(page.key)
        if not (artifact and known and known.run_id == run_id and self._update(client, artifact, page)):
            new = ArtifactCreate(key=page.key, type="markdown", data=page.text, flow_run_id=run_id)
            artifact = self._ids[page.key] = client.create_artifact(new).id
            self._update(client, artifact, page)  # its title can link to it only now
        self._remember(page.key, artifact, Published(run_id, hash(page.text)))

    def _update(self, client: SyncPrefectClient, artifact: UUID, page: Page) -> bool:
        """Replace the text; the title links from the key's page to the artifact. False when that is gone."""
        title = f"[{plain(page.title)}]({self.links().artifact(page.key)})"
        try:
            client.update_artifact(artifact, ArtifactUpdate(data=page.text, description=title))
        except PrefectHTTPStatusError as error:
            if error.response.status_code != 404:
                raise
            self._forget()
            return False
        return True

    def _remember(self, key: str, artifact: UUID, page: Published) -> None:
        if len(self._ids) >= KEPT:
            self._forget()
        self._ids[key], self._published[key] = artifact, page

    def _forget(self) -> None:
        for known in (self._ids, self._published, self._forms):
            known.clear()

    def learn(self, client: SyncPrefectClient, keys: Sequence[str]) -> None:
        """Find the artifacts that another process has made, in one request."""
        unknown = [key for key in keys if key not in self._ids]
        if not unknown:
            return
        wanted = ArtifactCollectionFilter.model_validate({"key": {"any_": unknown}})
        for found in client.read_latest_artifacts(artifact_filter=wanted, limit=len(unknown)):
            if found.key:
                self._remember(found.key, found.latest_id, Published(found.flow_run_id, None))

    def _learn_forms(self, client: SyncPrefectClient) -> None:
        """Find the deployments with a run form of one parameter, by the name of their flow."""
        deployments = client.read_deployments(limit=MOST_DEPLOYMENTS)
        ours = FlowFilter.model_validate({"id": {"any_": [deployment.flow_id for deployment in deployments]}})
        names = {flow.id: flow.name for flow in client.read_flows(flow_filter=ours, limit=MOST_DEPLOYMENTS)}
        for deployment in deployments:
            parameters = list((deployment.parameter_openapi_schema or {}).get("properties", {}))
            if len(parameters) == 1:
                flow = names[deployment.flow_id]
                case_field = JOBS[flow].case_field if flow in JOBS else ""
                self._forms[flow] = RunForm(deployment.id, parameters[0], case_field)


PAGES = Publisher()  # of this process: legs, watch and loops share what it knows
