"""Each open work item has a run of its own: the case's own run shows one of them, the others name theirs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    shows = "the work item that this run shows; the others have runs of their own"
    op.add_column("service_case", sa.Column("run_item", sa.Text(), nullable=True, comment=shows))
    shown = "the Prefect run that shows this item beside its case's own"
    op.add_column("work_item", sa.Column("run_id", sa.Uuid(), nullable=True, comment=shown))


def downgrade() -> None:
    op.drop_column("work_item", "run_id")
    op.drop_column("service_case", "run_item")
