"""What all tables share: the metadata with its naming convention, and column types."""

from collections.abc import Iterable

from sqlalchemy import JSON, CheckConstraint, DateTime, MetaData, Numeric

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

Moment = DateTime(timezone=True)
Money = Numeric(14, 2)
Quantity = Numeric(12, 2)
Json = JSON(none_as_null=True)  # json, not jsonb: the text comes back as it was written, key order included


def one_of(column: str, words: Iterable[str]) -> CheckConstraint:
    """Allow only these words in a column."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
