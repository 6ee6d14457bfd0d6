"""Rows of sheets that became part of a decision: sent again, they are known and nothing happens twice."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "sheet_row",
        sa.Column("id", sa.Uuid(), nullable=False, comment="made of the row's content: sent again, it is known"),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("step_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_sheet_row_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_row")),
    )


def downgrade() -> None:
    op.drop_table("sheet_row")
