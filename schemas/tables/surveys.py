"""Satisfaction surveys: what is asked, whom, and what they answered (DOMAIN, "Scheduled work"; S3 §8 5.8)."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, ForeignKey, Identity, Integer, Text
from sqlalchemy.schema import UniqueConstraint
from sqlalchemy.types import Uuid

from schemas.tables.base import Json, Moment, codes_of, each, in_force, named, of_case, table, word_of

MARKS = ("very", "rather", "basically", "hardly", "not")

store = table("store", *named(12, unique=True), *codes_of("office"), Column("phone", Text, nullable=False))

survey_question = table(
    "survey_question",
    Column("code", Text, primary_key=True, comment="a topic is a letter, a question of it has a number: c, c2"),
    Column("text", Text, nullable=False),
    *in_force(),
)

survey = table(
    "survey",
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("origin", Text, nullable=False, unique=True),
    *word_of(["repairs", "parts", "returns", "complaints", "stores"], "about", 12),
    *each(Date, "first", "last"),
    Column("seed", BigInteger, nullable=False, comment="of the random sample"),
    *each(Integer, "population", "sent"),
    Column("sent_at", Moment, nullable=False),
    *each(Moment, "closes_at", "links_until"),
    Column("policy_version", ForeignKey("policy_version.version"), nullable=False),
    Column("staff", ForeignKey("staff.code"), comment="who wanted it; empty: it was due"),
    Column("closed_at", Moment, comment="when it was counted; what comes later is kept and not counted"),
    CheckConstraint("first <= last", name="in_order"),
    CheckConstraint("sent BETWEEN 0 AND population", name="sent"),
)

survey_form = table(
    "survey_form",
    Column("id", Uuid, primary_key=True, comment="what the customer's link is signed for"),
    Column("survey", ForeignKey("survey.id"), nullable=False, index=True),
    Column("no", Integer, nullable=False),
    of_case("about", index=True),
    *codes_of("store", nullable=True),
    *codes_of("office"),
    Column("unit", ForeignKey("production_unit.code"), comment="that it is about; empty: the department itself"),
    UniqueConstraint("survey", "no"),
    CheckConstraint("(about IS NULL) <> (store IS NULL)", name="about_one"),
)

survey_answer = table(
    "survey_answer",
    Column("form", ForeignKey("survey_form.id"), primary_key=True),
    Column("answered_at", Moment, nullable=False),
    *word_of(["page", "sheet", "agent"], "door", 8),
    Column("staff", ForeignKey("staff.code"), comment="who entered it; empty: the customer"),
    *word_of(MARKS, "overall", 12, nullable=True),
    *each(Json, "marks", "remarks"),
    Column("wants_reply", Boolean, nullable=False),
    of_case("complaint", index=True),
)
