"""What all tables share: the metadata with its naming convention, and column types."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, ColumnElement, DateTime, ForeignKey, MetaData, Numeric, Table
from sqlalchemy.schema import Index, SchemaItem

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


def table(name: str, *parts: SchemaItem) -> Table:
    """A table of the operations database."""
    return Table(name, metadata, *parts)


def one_of(column: str, words: Iterable[str]) -> CheckConstraint:
    """Allow only these words in a column."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def index(name: str, *columns: ColumnElement[Any], where: ColumnElement[bool], unique: bool = False) -> Index:
    """An index of some rows of a table."""
    return Index(name, *columns, unique=unique, postgresql_where=where)


def of_case(**more: Any) -> Column[Any]:
    """The column of rows that belong to a case; a new case's own row, whose number is drawn last, may come after them."""
    return Column("case_id", ForeignKey("service_case.id", deferrable=True, initially="DEFERRED"), **more)
