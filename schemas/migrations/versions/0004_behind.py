"""Cases whose run is behind are found by index, those that have no run yet too: thousands move in bulk."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.drop_index("ix_service_case_unshown", table_name="service_case")
    op.create_index(
        "ix_service_case_behind",
        "service_case",
        ["id"],
        unique=False,
        postgresql_where=sa.text("run_seq != seq AND (closed_at IS NULL OR run_id IS NOT NULL)"),
    )


def downgrade() -> None:
    op.drop_index("ix_service_case_behind", table_name="service_case")
    op.create_index(
        "ix_service_case_unshown",
        "service_case",
        ["id"],
        unique=False,
        postgresql_where=sa.text("run_id IS NOT NULL AND run_seq != seq"),
    )
