"""Jobs as plain functions, on a database of their own and without Prefect."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from tasks.durable import database
from tasks.runs import job


@pytest.fixture
def shown(db: Engine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the jobs show as their pages, while `db` is this process's database."""
    pages: list[str] = []

    def show(markdown: str, **_more: Any) -> None:
        pages.append(markdown)

    monkeypatch.setattr(job, "create_markdown_artifact", show)
    monkeypatch.setattr(job, "this_run", lambda: SimpleNamespace(id=uuid4(), run_count=1))
    monkeypatch.setattr(database, "_ours", [(db, None)])
    return pages
