"""Publish pages as Prefect artifacts, one artifact a page: it is made once and then kept up to date in place.

So a page keeps its address, and Prefect's tables do not grow with every leg.
"""

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.client.schemas.filters import ArtifactCollectionFilter, ArtifactCollectionFilterKey
from prefect.context import SyncClientContext
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_UI_URL
from sqlalchemy import Engine

from schemas.states import Role
from tasks.desk.links import Links, RunForm, case_key, inbox_key
from tasks.desk.pages import MOST_WAITING, STAFF_ROLES, case_sheet, inbox_page, start_page
from tasks.desk.queries import inbox, offices, open_counts
from tasks.desk.rules import run_name
from tasks.desk.views import CaseView, InboxRow, Waiting
from tasks.durable import clock

START = "start"
KEPT = 20_000  # artifacts that are remembered


class Artifact(NamedTuple):
    """A published page: its artifact, the run it belongs to, and a hash of what it says (None: not known)."""

    id: UUID
    run_id: UUID | None
    content: int | None


class Shelf:
    """The pages that this process knows of, the latest used last."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Artifact] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> Artifact | None:
        """Give what is known of a page."""
        with self._lock:
            return self._known.get(key)

    def keep(self, key: str, artifact: Artifact) -> None:
        """Remember a page; the one that was not used for longest is forgotten when there are too many."""
        with self._lock:
            self._known[key] = artifact
            self._known.move_to_end(key)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)

    def ids(self) -> dict[str, UUID]:
        """Give the ids of all known pages by key."""
        with self._lock:
            return {key: artifact.id for key, artifact in self._known.items()}


_shelf = Shelf()
