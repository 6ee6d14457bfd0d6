"""What all tables share: the metadata with its naming convention, and column types."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import CheckConstraint, Column, ColumnElement, ForeignKey, MetaData, Table
from sqlalchemy.schema import Index, SchemaItem
from sqlalchemy.types import JSON, Date, DateTime, Numeric, String, Text

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


def each(kind: Any, *names: str, **true_of_all: Any) -> list[Column[Any]]:
    """Columns of one type, which hold a value in every row unless they are `nullable`."""
    return [Column(name, kind, **{"nullable": False, **true_of_all}) for name in names]


def word_of(words: Iterable[str], name: str, longest: int, **more: Any) -> list[SchemaItem]:
    """A column in which only these words may stand."""
    listed = ", ".join(f"'{word}'" for word in words)
    return [*each(String(longest), name, **more), CheckConstraint(f"{name} IN ({listed})", name=name)]


def named(longest: int, **more: Any) -> list[Column[Any]]:
    """A code by which others name a row, and what it is called."""
    return [Column("code", String(longest), primary_key=True), *each(Text, "name", **more)]


def codes_of(*others: str, **true_of_all: Any) -> list[Column[Any]]:
    """Columns that each hold the code of another table's row, under that table's name."""
    return [Column(other, ForeignKey(f"{other}.code"), **{"nullable": False, **true_of_all}) for other in others]


def in_force() -> list[Column[Any]]:
    """The days on which a row is in force, both included, and who says so; a newer row follows it, none is edited."""
    first, last = Column("valid_from", Date, primary_key=True), Column("valid_to", Date)
    return [first, last, Column("source", Text, nullable=False)]


def index(name: str, *columns: ColumnElement[Any], unique: bool = False, **more: Any) -> Index:
    """An index as only PostgreSQL has it: of rows `where` something holds, that can `include` what need not be looked up."""
    return Index(name, *columns, unique=unique, **{f"postgresql_{word}": value for word, value in more.items()})


def of_case(name: str = "case_id", **more: Any) -> Column[Any]:
    """The column of rows that belong to a case; a new case's own row, whose number is drawn last, may come after them."""
    return Column(name, ForeignKey("service_case.id", deferrable=True, initially="DEFERRED"), **more)


def objection() -> list[SchemaItem]:
    """Who objects, why, and what was ruled on it by whom."""
    return [
        Column("staff", ForeignKey("staff.code"), nullable=False),
        *each(Text, "reason"),
        *each(Moment, "objected_at"),
        Column("decided_by", ForeignKey("staff.code")),
        *word_of(["approve", "reject"], "verdict", 8, nullable=True),
        *each(Text, "ruling", server_default=""),
        CheckConstraint("(decided_by IS NULL) = (verdict IS NULL)", name="decided_by_somebody"),
    ]
