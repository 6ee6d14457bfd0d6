"""Pages as Prefect artifacts: made once, kept up to date in place, made anew when Prefect forgot them."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Barrier, BrokenBarrierError
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from httpx import Request, Response
from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import PrefectHTTPStatusError
from sqlalchemy import Engine

from tasks.desk.queries import case_view
from tasks.desk.views import CaseView
from tasks.runs.publish import Publisher
from tests.play import Play

RUN = UUID("65955a68-d56d-4d33-8439-860094f69bb9")


class FakePrefect:
    """Prefect's artifacts, in memory."""

    def __init__(self) -> None:
        self.artifacts: dict[UUID, Any] = {}
        self.calls: list[str] = []

    def create_artifact(self, new: Any) -> Any:
        self.calls.append("create")
        made = SimpleNamespace(id=uuid4(), key=new.key, data=new.data, flow_run_id=new.flow_run_id)
        self.artifacts[made.id] = made
        return made

    def update_artifact(self, artifact_id: UUID, change: Any) -> None:
        self.calls.append("update")
        if artifact_id not in self.artifacts:
            request = Request("PATCH", "http://x")
            raise PrefectHTTPStatusError("gone", request=request, response=Response(404, request=request))
        self.artifacts[artifact_id].data, self.artifacts[artifact_id].description = change.data, change.description

    def read_latest_artifacts(self, artifact_filter: Any, limit: int) -> list[Any]:
        latest = {made.key: made for made in self.artifacts.values() if made.key in artifact_filter.key.any_}
        return [SimpleNamespace(key=key, latest_id=m.id, flow_run_id=m.flow_run_id) for key, m in latest.items()]

    def read_deployments(self, limit: int) -> list[Any]:
        schema = {"properties": {"申报单": {}}}
        return [SimpleNamespace(id=RUN, flow_id=RUN, parameter_openapi_schema=schema)]

    def read_flows(self, flow_filter: Any, limit: int) -> list[Any]:
        return [SimpleNamespace(id=RUN, name="配件申报")]


@pytest.fixture
def prefect() -> FakePrefect:
    return FakePrefect()


def publisher(prefect: FakePrefect) -> Publisher:
    """What a process that has published nothing yet has."""

    @contextmanager
    def client() -> Iterator[SyncPrefectClient]:
        yield cast("SyncPrefectClient", prefect)

    return Publisher(client)


@pytest.fixture
def pages(prefect: FakePrefect) -> Publisher:
    return publisher(prefect)


@pytest.fixture
def view(db: Engine) -> CaseView:
    case = Play(db).apply()
    with db.connect() as connection:
        return case_view(connection, case)


def test_a_case_sheet_is_made_once_and_then_kept_up_to_date(
    pages: Publisher, prefect: FakePrefect, view: CaseView
) -> None:
    for _ in range(3):
        pages.publish_case(view, RUN)
    assert prefect.calls == ["create", "update", "update", "update"]  # the title links to what was created
    [sheet] = prefect.artifacts.values()
    assert (sheet.key, sheet.flow_run_id) == (f"case-{view.case.number.lower()}", RUN)
    assert pages.links().case(view.case.number) == f"/v2/artifacts/artifact/{sheet.id}"


def test_another_process_finds_the_sheet_that_is_there(prefect: FakePrefect, view: CaseView) -> None:
    for _ in range(2):
        publisher(prefect).publish_case(view, RUN)
    assert prefect.calls == ["create", "update", "update"]


def test_a_new_run_of_a_case_gets_the_sheet_among_its_own_artifacts(
    pages: Publisher, prefect: FakePrefect, view: CaseView
) -> None:
    other = uuid4()
    pages.publish_case(view, RUN)
    pages.publish_case(view, other)
    assert [made.flow_run_id for made in prefect.artifacts.values()] == [RUN, other]
    assert f"/v2/runs/flow-run/{other}" in [*prefect.artifacts.values()][-1].data


def test_inboxes_are_published_at_the_start_and_then_only_when_they_change(
    db: Engine, pages: Publisher, prefect: FakePrefect
) -> None:
    assert pages.publish_inboxes(db) == 16
    pages.publish_start_page(db)
    pages.publish_inboxes(db)  # now the link to the start page is known
    assert (pages.publish_inboxes(db), pages.publish_inboxes(db)) == (0, 0)
    Play(db).apply()
    assert pages.publish_inboxes(db) == 1
    assert len(prefect.artifacts) == 17


class Meeting(FakePrefect):
    """Where two ask at the same time what there is, each hears it before the other makes anything."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = Barrier(2)

    def read_latest_artifacts(self, artifact_filter: Any, limit: int) -> list[Any]:
        found = super().read_latest_artifacts(artifact_filter, limit)
        with suppress(BrokenBarrierError):
            self.asked.wait(0.5)
        return found


def test_processes_that_begin_at_the_same_time_make_each_page_once(db: Engine) -> None:
    prefect = Meeting()
    with ThreadPoolExecutor(2) as processes:
        published = list(processes.map(lambda _: publisher(prefect).publish_inboxes(db), range(2)))
    assert published == [16, 16]
    assert len({made.key for made in prefect.artifacts.values()}) == len(prefect.artifacts) == 16


def test_the_start_page_has_an_address_and_knows_the_run_forms(
    db: Engine, pages: Publisher, prefect: FakePrefect
) -> None:
    address = pages.publish_start_page(db)
    [page] = prefect.artifacts.values()
    assert address.endswith(f"/v2/artifacts/artifact/{page.id}")
    assert "[**配件申报**](/v2/deployments/deployment/" in page.data


def test_when_prefects_database_was_deleted_all_is_published_anew(
    db: Engine, pages: Publisher, prefect: FakePrefect, view: CaseView
) -> None:
    pages.publish_start_page(db)
    pages.publish_inboxes(db)
    prefect.artifacts.clear()
    pages.publish_case(view, RUN)
    pages.publish_start_page(db)
    while pages.publish_inboxes(db):
        continue
    assert len(prefect.artifacts) == 18


def test_the_title_of_a_page_links_to_the_page_whatever_an_office_is_called(
    pages: Publisher, prefect: FakePrefect, view: CaseView
) -> None:
    named = replace(view, case=replace(view.case, office_name="](http://evil.example) ![x](y)"))
    pages.publish_case(named, RUN)
    [sheet] = prefect.artifacts.values()
    assert sheet.description.count("](/v2/artifacts/artifact/") == 1
    assert "http://" not in sheet.description
    assert re.findall(r"(?<!\\)\]\(", sheet.description) == ["]("]
