"""The end of a demo: how each case ended, what the books say, and if both ways left the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine, select

from deployments.cli.output import case_parts
from deployments.demo.books import audit, figures
from deployments.demo.player import Progress
from deployments.demo.screen import Screen
from schemas.tables import service_case
from tasks.desk.queries import case_view
from tasks.durable.process import ending_of

TOLD_ABOUT = "SY-01"  # the story whose case is shown at the end
ALIKE = ("单据 cases", "决定 decisions", "票据 documents", "库存变动 stock movements", "外发 outbox")


@dataclass(frozen=True)
class End:
    """How a demo ended: the run and ending of each case, endings by story, what is in the books."""

    runs: Mapping[UUID, str]
    endings: Mapping[str, str]
    figures: Mapping[str, int]
    problems: Sequence[str]


def show_end(db: Engine, stories: Sequence[Progress], screen: Screen) -> End:
    """Show one case, the endings and the books, and note what is wrong with them."""
    with db.connect() as connection:
        rows = {row.number: row for row in connection.execute(select(service_case))}
        found, counted = audit(connection), figures(connection)
        told = next(one.case for one in stories if one.story.key == TOLD_ABOUT)
        view = case_view(connection, rows[told].id)
    endings_of = {number: ending_of(row.process, row.ending) for number, row in rows.items()}
    ended = {number: ending.zh if ending else "未结案 open" for number, ending in endings_of.items()}
    endings = [
        (one.case, one.story.key, one.story.title, one.story.ending.zh, ended.get(one.case, "没有 none"))
        for one in stories
    ]
    screen.case(case_parts(view))
    screen.endings(endings)
    screen.books(found, counted)
    problems = [f"账目不平 not true: {sentence}: {wrong}" for sentence, wrong in found.items() if wrong]
    problems += [f"{key} {number}: {became} ≠ {due}" for number, key, _, due, became in endings if became != due]
    runs = {row.run_id: ended[number] for number, row in rows.items() if row.run_id}
    return End(runs, {key: became for _, key, _, _, became in endings}, counted, problems)


def differences(ends: Sequence[End]) -> list[str]:
    """Say in what several ways of playing the same stories ended differently."""
    shown = [{**end.endings, **{name: end.figures[name] for name in ALIKE}} for end in ends]
    return [
        f"两种办法结果不同 the two ways differ: {what}: {value} ≠ {other[what]}"
        for other in shown[1:]
        for what, value in shown[0].items()
        if other[what] != value
    ]
