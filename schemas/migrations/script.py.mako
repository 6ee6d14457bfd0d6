<%!
    def plain(operations):
        """Leave out Alembic's own remarks."""
        return "\n".join(line for line in operations.splitlines() if "###" not in line).strip()
%>\
"""${message.capitalize()}."""

# ruff: noqa: E501, RUF100  a CHECK lists its words in one line

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
% if imports:
${imports}
% endif

revision: str = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}
branch_labels: str | Sequence[str] | None = ${repr(branch_labels)}
depends_on: str | Sequence[str] | None = ${repr(depends_on)}


def upgrade() -> None:
    ${plain(upgrades) or "pass"}


def downgrade() -> None:
    ${plain(downgrades) or "pass"}
