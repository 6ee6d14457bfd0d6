"""The end of a demo: how each case ended, what the books say, and if both ways left the same."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rich.text import Text
from sqlalchemy import Connection, Row, select, text

from deployments.cli.output import case_parts, table
from deployments.cli.sheets import view_of
from deployments.demo.plan import Story
from deployments.demo.player import Player, Progress
from schemas.tables import service_case
from tasks.books.queries import ALWAYS, AT_REST, untrue
from tasks.desk.links import Links
from tasks.desk.queries import ending_of
from tasks.desk.views import CaseView
from tasks.durable.process import PROCESSES

TOLD_ABOUT = "SY-01"  # the story whose case is shown at the end
ENDINGS = ("单号 Case", "申报 Application", "经过 Story", "应为 Expected", "结果 Ending")
COUNTED = "SELECT case_id, count(*) AS n FROM {} GROUP BY case_id"
NEVER = {"timed_out"}  # every process has it; none of the house's lets a time run out without saying how it goes on
AT_THE_END = {
    "无多余预留 nothing is kept for closed cases": """
        SELECT warehouse, part, reserved FROM stock_balance WHERE reserved <> 0""",
    "外发消息均已答复 every message is answered": """
        SELECT case_id, kind, state FROM outbox WHERE state <> 'answered'""",
    "特殊订货收支相符：交付即付清，撤回不退定金，我方违约加倍 a special order is paid for, or given back what is due": """
        SELECT number, ending, price, paid, deposit, back FROM (
            SELECT c.number, c.ending, coalesce(sum(p.amount) FILTER (WHERE p.kind <> 'returned'), 0) AS paid,
                   coalesce(sum(p.amount) FILTER (WHERE p.kind = 'deposit'), 0) AS deposit,
                   coalesce(-sum(p.amount) FILTER (WHERE p.kind = 'returned'), 0) AS back,
                   (SELECT sum(price * quantity) FROM case_line l WHERE l.case_id = c.id) AS price
            FROM service_case c LEFT JOIN payment p ON p.case_id = c.id WHERE c.process = 'SO' GROUP BY c.id) money
        WHERE CASE WHEN ending IN ('delivered', 'replaced') THEN back <> 0 OR paid <> price
                   WHEN ending = 'withdrawn' THEN back <> paid - deposit
                   WHEN ending = 'cannot_be_made' THEN back < paid + deposit
                   ELSE back <> paid END""",
    "计划生产的行均受管控 all that was to be made was controlled": """
        SELECT case_id, turn, line_no FROM production_order WHERE cycle_id IS NULL""",
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
ALIKE = ("决定 decisions", "票据 documents", "库存变动 stock movements", "外发 outbox")


@dataclass(frozen=True)
class End:
    """How a demo ended.

    runs      how each case ended that has a run
    left      what every way of playing a story must leave alike, by story and what
    ended     how many cases of a process ended how
    """

    runs: Mapping[UUID, str]
    left: Mapping[str, str]
    ended: Counter[tuple[str, str]]
    problems: list[str]


@dataclass(frozen=True)
class StoryEnd:
    """What became of a story: its case, all that were opened because of it, how many rows of each figure it left."""

    story: Story
    case: Row[Any]
    opened: Sequence[Row[Any]]
    counts: Mapping[str, int]

    @property
    def shown(self) -> Text:
        """How it ended, and whether that is right."""
        return _mark(_ended(self.case), self.case.ending == self.story.ending)

    @property
    def left(self) -> dict[str, str]:
        """What every way of playing it must leave alike."""
        opened = " ".join(sorted({f"{row.process} {_ended(row)}" for row in self.opened}))
        told = {"结果 ending": _ended(self.case), "关联 opened": opened} | {k: str(n) for k, n in self.counts.items()}
        return {f"{self.story.key} {what}": value for what, value in told.items()}

    def problems(self, view: CaseView) -> list[str]:
        """Say what is not as it is told, or not on the case's sheet."""
        number, found = self.case.number, {(row.process, row.ending) for row in self.opened}
        wrong = [f"{_ended(self.case)} ≠ {self.story.ends.zh}"] if self.case.ending != self.story.ending else []
        missing = [
            f"没有 there is no {code} {end}" for code, end in self.story.opened.items() if (code, end) not in found
        ]
        named = {other.number for other in view.related}
        own = [row.number for row in self.opened if row.parent_id == self.case.id and row.number not in named]
        unnamed = [f"未列出 its sheet does not name {other}" for other in own]
        return [f"{self.story.key} {number}: {problem}" for problem in (*wrong, *missing, *unnamed)]


def show_end(player: Player, apart: str = "") -> End:
    """Show one case, the endings and the books; what was planned is not missed `apart` from gates of that name."""
    player.note_unsaid(apart)
    sentences, console = {**ALWAYS, **AT_REST, **AT_THE_END}, player.screen.console
    with player.db.connect() as connection:
        rows = connection.execute(select(service_case).order_by(service_case.c.id)).all()
        untold = untrue(connection, sentences)
        figures = {name: connection.scalar(text(f"SELECT count(*) FROM {kept}")) or 0 for name, kept in FIGURES.items()}
        outcomes = _outcomes(connection, player.stories, rows)
    views = {outcome.story.key: view_of(player.db, outcome.case.number) for outcome in outcomes}
    for part in case_parts(views[TOLD_ABOUT], Links()):
        console.print(part)
    shown = [(one.case.number, one.story.key, one.story.title, one.story.ends.zh, one.shown) for one in outcomes]
    console.print("\n结案 Endings", table(*ENDINGS, rows=shown), sep="\n")
    checked = [(sentence, _mark(str(untold.get(sentence, [""])[0]), sentence not in untold)) for sentence in sentences]
    console.print("\n账目核对 Audit", table("账目 Books", "", rows=checked), sep="\n")
    console.print("  ".join(f"{name} {count}" for name, count in figures.items()))
    problems = [*player.problems, *(f"账目不平 not true: {sentence}: {wrong}" for sentence, wrong in untold.items())]
    problems += [problem for one in outcomes for problem in one.problems(views[one.story.key])]
    runs = {row.run_id: _ended(row) for row in rows if row.run_id}
    left = {what: value for one in outcomes for what, value in one.left.items()}
    return End(runs, left, Counter((row.process, row.ending or "") for row in rows), problems)


def _outcomes(connection: Connection, told: Sequence[Progress], rows: Sequence[Row[Any]]) -> list[StoryEnd]:
    by_number, root = {row.number: row for row in rows}, dict[int, int]()
    by_number |= {str(row.run_id): row for row in rows}  # of what was over before anybody was asked
    opened = defaultdict[int, list[Row[Any]]](list)
    for row in rows:  # who opened comes before what was opened
        root[row.id] = root.get(row.parent_id, row.id)
        if row.parent_id:
            opened[root[row.id]].append(row)
    counted = {
        name: {row.case_id: row.n for row in connection.execute(text(COUNTED.format(FIGURES[name])))} for name in ALIKE
    }
    cases = [(one.story, by_number[one.case]) for one in told]
    return [
        StoryEnd(story, case, opened[case.id], {name: counts.get(case.id, 0) for name, counts in counted.items()})
        for story, case in cases
    ]


def _ended(row: Row[Any]) -> str:
    ending = ending_of(row.process, row.ending)
    return ending.zh if ending else "未结案 open"


def endings_table(ends: Mapping[str, End]) -> tuple[Any, list[str]]:
    """Say how many cases ended how, by the way in which they were played; and which endings nobody came to."""
    rows, missing = list[tuple[object, ...]](), list[str]()
    for code, process in PROCESSES.items():
        for ending in process.endings:
            counts = [end.ended[code, ending.value] for end in ends.values()]
            if any(counts):
                rows.append((f"{process.title} {code}", f"{ending.zh} {ending.value}", *counts, sum(counts)))
            elif ending.value not in NEVER:
                missing.append(f"没有一单 no case: {process.title} {code} {ending.zh}")
    totals = [sum(end.ended.values()) for end in ends.values()]
    rows.append(("合计 all", "", *totals, sum(totals)))
    return table("流程 Process", "结果 Ending", *ends, "合计 all", rows=rows), missing


def _mark(text: str, right: bool) -> Text:
    return Text(f"{'✓' if right else '✗'} {text}", "green" if right else "red")


def doors_that_differ(ends: Sequence[End]) -> list[str]:
    """Say in what several ways of playing the same stories ended differently."""
    return [
        f"两种办法结果不同 the two ways differ: {what}: {value} ≠ {other.left[what]}"
        for other in ends[1:]
        for what, value in ends[0].left.items()
        if other.left[what] != value
    ]
