"""The end of a demo: how each case ended, what the books say, and if both ways left the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from rich.text import Text
from sqlalchemy import select, text

from deployments.cli.output import case_parts, table
from deployments.cli.sheets import view_of
from deployments.demo.player import Player
from schemas.tables import service_case
from tasks.books.queries import ALWAYS, AT_REST, untrue
from tasks.desk.links import Links
from tasks.desk.queries import ending_of

TOLD_ABOUT = "SY-01"  # the story whose case is shown at the end
ENDINGS = ("单号 Case", "申报 Application", "经过 Story", "应为 Expected", "结果 Ending")
AT_THE_END = {
    "无多余预留 nothing is kept for closed cases": """
        SELECT warehouse, part, reserved FROM stock_balance WHERE reserved <> 0""",
    "外发消息均已答复 every message is answered": """
        SELECT case_id, kind, state FROM outbox WHERE state <> 'answered'""",
}
FIGURES = {
    "单据 cases": "service_case",
    "记录 ledger entries": "ledger",
    "决定 decisions": "decision WHERE accepted",
    "被拒 refused": "decision WHERE NOT accepted",
    "票据 documents": "document",
    "库存变动 stock movements": "stock_movement WHERE case_id IS NOT NULL",
    "外发 outbox": "outbox",
}
ALIKE = ("单据 cases", "决定 decisions", "票据 documents", "库存变动 stock movements", "外发 outbox")


@dataclass(frozen=True)
class End:
    """How a demo ended: the run and ending of each case, what every way of playing must leave alike, what is wrong."""

    runs: Mapping[UUID, str]
    left: Mapping[str, str]
    problems: list[str]


def show_end(player: Player, apart: str = "") -> End:
    """Show one case, the endings and the books; what was planned is not missed `apart` from gates of that name."""
    player.note_unsaid(apart)
    sentences, console = {**ALWAYS, **AT_REST, **AT_THE_END}, player.screen.console
    with player.db.connect() as connection:
        rows = {row.number: row for row in connection.execute(select(service_case))}
        untold = untrue(connection, sentences)
        figures = {name: connection.scalar(text(f"SELECT count(*) FROM {kept}")) or 0 for name, kept in FIGURES.items()}
    found = {number: ending_of(row.process, row.ending) for number, row in rows.items()}
    ended = {number: ending.zh if ending else "未结案 open" for number, ending in found.items()}
    endings = [
        (one.case, one.story.key, one.story.title, one.story.ending.zh, ended.get(one.case, "没有 none"))
        for one in player.stories
    ]
    told_about = next(one.case for one in player.stories if one.story.key == TOLD_ABOUT)
    for part in case_parts(view_of(player.db, told_about), Links()):
        console.print(part)
    shown = [(*told, due, _mark(became, due == became)) for *told, due, became in endings]
    console.print("\n结案 Endings", table(*ENDINGS, rows=shown), sep="\n")
    checked = [(sentence, _mark(str(untold.get(sentence, [""])[0]), sentence not in untold)) for sentence in sentences]
    console.print("\n账目核对 Audit", table("账目 Books", "", rows=checked), sep="\n")
    console.print("  ".join(f"{name} {count}" for name, count in figures.items()))
    problems = [*player.problems, *(f"账目不平 not true: {sentence}: {wrong}" for sentence, wrong in untold.items())]
    problems += [f"{key} {number}: {became} ≠ {due}" for number, key, _, due, became in endings if became != due]
    runs = {row.run_id: ended[number] for number, row in rows.items() if row.run_id}
    left = {key: became for _, key, _, _, became in endings} | {name: str(figures[name]) for name in ALIKE}
    return End(runs, left, problems)


def _mark(text: str, right: bool) -> Text:
    return Text(f"{'✓' if right else '✗'} {text}", "green" if right else "red")


def differences(ends: Sequence[End]) -> list[str]:
    """Say in what several ways of playing the same stories ended differently."""
    return [
        f"两种办法结果不同 the two ways differ: {what}: {value} ≠ {other.left[what]}"
        for other in ends[1:]
        for what, value in ends[0].left.items()
        if other.left[what] != value
    ]
