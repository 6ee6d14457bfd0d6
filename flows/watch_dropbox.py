"""The drop folder 投件: sheets that people or programs lay there are taken in, looked for each minute."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

import flows.parts_application  # noqa: F401  the rows move cases, so their processes must be known
from tasks.runs.drop_folder import run_take_in, run_watch


@flow(name="投件巡检", retries=0, persist_result=False)
def watch_dropbox() -> State[Any]:
    """投件巡检 Look for new sheets in the drop folder and start taking them in."""
    return run_watch()


@flow(name="投件导入", retries=0, persist_result=False)
def take_in_dropbox() -> State[Any]:
    """投件导入 Take in what lies in the drop folder; each file goes to done/ or rejected/ with its report."""
    return run_take_in()
