"""The commands that keep the house: recover, db upgrade."""

import httpx
from sqlalchemy import Engine

from deployments.cli.as_json import show_json
from deployments.cli.output import show
from deployments.database import connect, load_reference, migrate
from deployments.local.prefect_server import is_healthy, pointed_at
from deployments.settings import Settings, UpError


def recover_runs(db: Engine, settings: Settings, as_json: bool) -> None:
    """Bring the Prefect run of every open case to its gate; UpError where no server runs."""
    if not is_healthy(settings):
        raise UpError(f"Prefect 未运行 / Prefect does not answer at {settings.api_url}: start `aftersales up`")
    with pointed_at(settings):
        from flows import load  # Prefect is imported when it is pointed at our server
        from tasks.runs.watch import recover

        load()
        try:
            report = vars(recover(db))
        except httpx.HTTPError as error:
            raise UpError(f"Prefect 出错 / Prefect failed: {' '.join(str(error).split())}") from error
    if as_json:
        show_json(report)
    else:
        show("✓ 已恢复 recovered: " + ", ".join(f"{name} {count}" for name, count in report.items()))


def upgrade_database(url: str, reference: bool) -> None:
    """Bring the database to the newest schema; where there is no reference data yet, load it if wanted."""
    migrate(url)
    show("✓ 数据库已是最新 the database has the newest schema")
    if not reference:
        return
    db = connect(url)
    if load_reference(db):
        show("✓ 已载入基础数据 the reference data was loaded")
    db.dispose()
