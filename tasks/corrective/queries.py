"""The SQL of corrective actions: what a unit is told."""

from sqlalchemy import Connection, select

from schemas.forms.corrective import FeedbackNote
from schemas.shapes import LineTable
from schemas.tables import service_case

HEADINGS = ("评价项目 Question", "评价结果 Marks")


def feedback_table(connection: Connection, case_id: int) -> LineTable:
    """Show what customers say of a unit, question by question."""
    wanted = select(service_case.c.request).where(service_case.c.id == case_id)
    form = FeedbackNote.model_validate(connection.execute(wanted).scalar_one())
    facts = [
        ("责任单位 Unit", form.unit),
        ("通报事由 About", form.matter),
        ("整改期限 Corrected by", str(form.by or "")),
    ]
    return LineTable(HEADINGS, [(one.item, one.result) for one in form.lines], [fact for fact in facts if fact[1]])
