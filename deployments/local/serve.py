"""`aftersales up`: serve the product on this machine and say where to click."""

from rich.console import Console

from deployments.database import reached
from deployments.local.locks import to_paste
from deployments.local.up import Context, up
from deployments.settings import Settings
from flows import load
from tasks.cycle.publication import holidays_wanted
from tasks.reference.samples import load_samples
from tasks.runs.publish import PAGES
from tasks.sheets import places

console = Console()


def serve(settings: Settings, samples: bool = True) -> None:
    """Run everything until Ctrl-C; with `samples`, an empty installation gets a few applications to look at."""
    console.print("正在启动 starting … (PostgreSQL, Prefect, worker)")
    with up(settings) as context:
        if not context.stopping.is_set():
            _welcome(context, samples)
        context.stopping.wait()


def _welcome(context: Context, samples: bool) -> None:
    load()
    places.set_up(context.settings.places)
    with reached(context.databases.ours) as db:
        if samples and load_samples(db):
            console.print("已载入示例申报单 sample applications loaded")
        PAGES.publish_inboxes(db)
        start = PAGES.publish_start_page(db)
        with db.connect() as connection:
            wanted = holidays_wanted(connection)
    console.rule("售后流程 Aftersales Flows")
    for label, value in (
        ("开始页 Start page", start),
        ("登录口令 Paste once at Login", to_paste(context.settings, console.is_terminal)),
        ("全部单据 All cases", f"{context.settings.ui_url}/runs"),
        ("投件目录 Drop folder", context.settings.dropbox),
        ("数据目录 Data", context.settings.home),
    ):
        console.print(f"  [bold]{label}[/bold]  {value}", soft_wrap=True)
    if wanted:
        console.print(f"  [bold yellow]⚠ {wanted}[/bold yellow]", soft_wrap=True)
    console.print("  Ctrl-C 停止全部服务 stops everything; run it again and it goes on where it was")
