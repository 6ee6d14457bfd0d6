"""The end of a demo: how each case ended, what the books say, and if both ways left the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine, select

from deployments.cli.output import case_parts
from deployments.demo.books import audit, figures
from deployments.demo.progress import Progress
from deployments.demo.screen import Screen
from schemas.tables import service_case
from schemas.words import Ending
from tasks.desk.queries import case_view

TOLD_ABOUT = "SY-01"  # the story whose case is shown at the end
ALIKE = ("单据 cases", "决定 decisions", "票据 documents", "库存变动 stock movements", "外发 outbox")


@dataclass(frozen=True)
class End:
    """How a demo ended: `cases` by number (run and ending), endings by story, what is in the books."""

    cases: Mapping[str, tuple[UUID | None, Ending | None]]
    endings: Mapping[str, Ending | None]
    figures: Mapping[str, int]
    problems: Sequence[str]


def show_end(db: Engine, stories: Sequence[Progress], screen: Screen) -> End:
    """Show one case, the endings and the books, and note what is wrong with them."""
    facts = select(service_case.c.id, service_case.c.number, service_case.c.ending, service_case.c.run_id)
    told = next(progress.number for progress in stories if progress.story.key == TOLD_ABOUT)
    with db.connect() as connection:
        rows = {row.number: row for row in connection.execute(facts)}
        found, counted = audit(connection), figures(connection)
        view = case_view(connection, rows[told].id)
    ended = {no: Ending(row.ending) if row.ending else None for no, row in rows.items()}
    screen.case(case_parts(view))
    screen.endings(stories, ended)
    screen.books(found, counted)
    problems = [f"账目不平 not true: {sentence}: {wrong}" for sentence, wrong in found.items() if wrong]
    problems += [
        f"{one.story.key} {one.number}: {ended.get(one.number)} ≠ {one.story.ending}"
        for one in stories
        if ended.get(one.number) is not one.story.ending
    ]
    cases = {no: (row.run_id, ended[no]) for no, row in rows.items()}
    return End(cases, {one.story.key: ended.get(one.number) for one in stories}, counted, problems)


def differences(ends: Sequence[End]) -> list[str]:
    """Say in what several ways of playing the same stories ended differently."""
    if not ends:
        return []
    first, *others = [{**end.endings, **{name: end.figures[name] for name in ALIKE}} for end in ends]
    return [
        f"两种办法结果不同 the two ways differ: {what}: {first[what]} ≠ {other[what]}"
        for other in others
        for what in first
        if first[what] != other[what]
    ]
