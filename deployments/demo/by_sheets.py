"""The demo through sheets: the same stories, everything that people do stands in workbooks; no Prefect is needed."""

from pathlib import Path

from sqlalchemy import Engine

from deployments.database import connect
from deployments.demo.end import End, show_end
from deployments.demo.intake import send_sheets
from deployments.demo.progress import Progress, unsaid
from deployments.demo.rounds import SheetStaff
from deployments.demo.screen import Screen
from deployments.demo.stories import BY_FORM, SHEET
from deployments.local.postgres import running_database
from deployments.local.serve import prepare
from deployments.settings import Settings
from flows import load

ONLY_BY_FORM = "draft"  # a sheet's application that is wrong is no draft: it comes back in the reject sheet


class SheetDemo:
    """One play from the first sheet to the audit; `problems` is what was not as it should be."""

    def __init__(self, home: Path, screen: Screen) -> None:
        self.home, self.screen = home, screen
        self.stories = [Progress(story) for story in (*SHEET, *BY_FORM)]
        self.problems: list[str] = []
        self.end: End | None = None

    def run(self) -> None:
        """Start PostgreSQL, play, and stop it."""
        settings = Settings(home=self.home, database_url=None, prefect_database_url=None, fsync=False)
        self.screen.stage("只用表格再办一遍 the same through sheets alone: starting PostgreSQL")
        with running_database(settings) as databases:
            prepare(databases.ours)
            db = connect(databases.ours)
            try:
                self.play(db)
            finally:
                db.dispose()

    def play(self, db: Engine) -> None:
        """Send the applications, let everybody work through sheets, and look at the end."""
        load()
        numbers, wrong = send_sheets(db, self.home, [one.story for one in self.stories], self.screen)
        self.problems += wrong
        for progress in self.stories:
            progress.number = numbers.get(progress.story.key, "")
        staff = SheetStaff(db, self.home, self.stories, self.screen)
        self.screen.stage("各岗位用待办表办理 every role works through its inbox workbook")
        staff.work()
        self.screen.stage(f"{staff.round} 轮 rounds, {staff.books} 份表 workbooks, {staff.answers} 次办理 answers")
        self.problems += staff.faults + unsaid(self.stories, apart=ONLY_BY_FORM)
        if not staff.told_late:
            self.problems.append("同时发表的第二人未被告知 nobody was told that a colleague was faster")
        self.end = show_end(db, self.stories, self.screen)
        self.problems += self.end.problems
