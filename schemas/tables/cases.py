"""Cases, their ledger, what waits for people, the documents that came of it, and the messages to other systems."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Integer,
    String,
    Text,
    UniqueConstraint,
    Uuid,
)

from schemas.tables.base import Json, Moment, Money, Quantity, index, of_case, one_of, table
from schemas.words import DocumentKind, EntryKind, ItemState, OutboxState

service_case = table(
    "service_case",
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("number", String(20), nullable=False, unique=True),
    Column("process", String(8), nullable=False),
    Column("version", Integer, nullable=False),
    Column("origin", Text, nullable=False, unique=True),
    Column("parent_id", ForeignKey("service_case.id"), index=True, comment="the case that opened this one"),
    Column("office", ForeignKey("office.code"), nullable=False),
    Column("applicant", ForeignKey("staff.code"), nullable=False),
    Column("customer_name", Text, nullable=False, server_default=""),
    Column("customer_phone", Text, nullable=False, server_default="", index=True),
    Column("customer_address", Text, nullable=False, server_default=""),
    Column("order_no", Text, nullable=False, server_default="", index=True),
    Column("model", Text, nullable=False, server_default=""),
    Column("urgency", String(8), nullable=False),
    Column("link", Text, nullable=False, comment="of the process's chain: where the case stands, or stood at its end"),
    Column("step", Text, nullable=False, server_default=""),
    Column("holder", String(20)),
    Column("due_at", Moment),
    Column("ending", Text),
    Column("ending_reason", Text, nullable=False, server_default=""),
    Column("policy_version", ForeignKey("policy_version.version"), nullable=False),
    Column("request", Json, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("seq", Integer, nullable=False, server_default="0", comment="of the last ledger row"),
    Column("ready_at", Moment, comment="set while a leg has work to do, cleared when the case waits"),
    Column("fault", Text, comment="why the last leg could not go on"),
    Column("run_id", Uuid, comment="the Prefect run that shows this case"),
    Column("run_item", Text, comment="the work item that this run shows; the others have runs of their own"),
    Column("run_generation", Integer, nullable=False, server_default="0"),
    Column("run_seq", Integer, nullable=False, server_default="-1", comment="ledger sequence that the run shows"),
    CheckConstraint("(ending IS NULL) = (closed_at IS NULL)", name="ending_when_closed"),
    CheckConstraint("closed_at >= opened_at", name="closed_after_opened"),
)
_case_open, _case_shown = service_case.c.closed_at.is_(None), service_case.c.run_id.is_not(None)
_case_behind = (service_case.c.run_seq != service_case.c.seq) & (_case_open | _case_shown)
index("ix_service_case_ready", service_case.c.ready_at, where=service_case.c.ready_at.is_not(None))
index("ix_service_case_behind", service_case.c.id, where=_case_behind)
index("ix_service_case_open", service_case.c.id, where=_case_open)

case_line = table(
    "case_line",
    of_case(primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("order_no", Text, nullable=False),
    Column("part", ForeignKey("part.code"), nullable=False),
    Column("part_name", Text, nullable=False),
    Column("specification", Text, nullable=False, server_default=""),
    Column("colour", Text, nullable=False, server_default=""),
    Column("quantity", Quantity, nullable=False),
    Column("price", Money, nullable=False),
    Column("fee", String(12)),
    Column("reason", String(20), nullable=False),
    Column("unit", ForeignKey("production_unit.code")),
    Column("open", Boolean, nullable=False, server_default="true"),
    Column("promised", Date),
    Column("planned", Date),
    Column("made_on", Date),
    Column("in_on", Date),
    Column("out_on", Date),
    Column("picked_on", Date),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("price >= 0", name="price"),
)
_twin = (case_line.c.order_no, case_line.c.part, case_line.c.reason)
index("uq_case_line_open", *_twin, where=case_line.c.open, unique=True)

line_correction = table(
    "line_correction",
    of_case(primary_key=True),
    Column("step_key", Text, primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("field", String(20), primary_key=True),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
)

ledger = table(
    "ledger",
    of_case(primary_key=True),
    Column("step_key", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("title", Text, nullable=False),
    Column("link", Text, nullable=False, comment="of the process's chain"),
    Column("output", Json),
    Column("actor", Text, nullable=False),
    Column("channel", String(12), nullable=False),
    Column("run_id", Uuid),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment, nullable=False),
    UniqueConstraint("case_id", "seq"),
    one_of("kind", EntryKind),
)

work_item = table(
    "work_item",
    of_case(primary_key=True),
    Column("step_key", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("link", Text, nullable=False, comment="of the process's chain"),
    Column("role", String(20), nullable=False),
    Column("also", String(20), comment="another role that may answer"),
    Column("office", ForeignKey("office.code")),
    Column("unit", ForeignKey("production_unit.code")),
    Column("form", Text, nullable=False),
    Column("brief", Json, nullable=False, comment="what the decider must see, in lines of markdown"),
    Column("prefill", Json, nullable=False),
    Column("schedule", Json, nullable=False, comment="[{at, kind, role}]: reminders and escalations, each once"),
    Column("state", String(12), nullable=False, server_default="open"),
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("refused_because", Text, nullable=False, server_default=""),
    Column("opened_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("expires_at", Moment, comment="SYSTEM answers with a time-out then"),
    Column("closed_at", Moment),
    Column("run_id", Uuid, comment="the Prefect run that shows this item beside its case's own"),
    one_of("state", ItemState),
    CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed_at"),
)
_waiting, _waiting_also = work_item.c.closed_at.is_(None), work_item.c.also.is_not(None)
index("ix_work_item_waiting", work_item.c.role, work_item.c.due_at, where=_waiting)
index("ix_work_item_also", work_item.c.also, work_item.c.due_at, where=_waiting & _waiting_also)
index("ix_work_item_open_case", work_item.c.case_id, where=_waiting)
index("ix_work_item_due", work_item.c.due_at, where=_waiting)

decision = table(
    "decision",
    Column("id", BigInteger, Identity(), primary_key=True),
    of_case(nullable=False, index=True),
    Column("step_key", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("channel", String(12), nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("reason", Text, nullable=False, server_default="", comment="why it was refused"),
    Column("form", Json, nullable=False),
    Column("given_at", Moment, nullable=False),
    CheckConstraint("accepted OR reason <> ''", name="refusal_has_reason"),
)
index("uq_decision_accepted", decision.c.case_id, decision.c.step_key, where=decision.c.accepted, unique=True)

sheet_row = table(
    "sheet_row",
    Column("id", Uuid, primary_key=True, comment="made of the row's content: sent again, it is known"),
    of_case(nullable=False),
    Column("step_key", Text, nullable=False),
)

notice = table(
    "notice",
    of_case(primary_key=True),
    Column("step_key", Text, primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("sent_at", Moment, nullable=False),
)

letter = table(
    "letter",
    of_case(primary_key=True),
    Column("key", Text, primary_key=True, comment="the question that it answers; empty: whatever the case waits for"),
    Column("kind", String(12), nullable=False),
    Column("body", Json, nullable=False),
    Column("sent_at", Moment, nullable=False),
    Column("read_at", Moment),
    one_of("kind", EntryKind),
)
index("ix_letter_unread", letter.c.case_id, where=letter.c.read_at.is_(None))

lease = table(
    "lease",
    Column("case_id", BigInteger, primary_key=True, autoincrement=False),
    Column("holder", Text, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

document = table(
    "document",
    Column("id", Uuid, primary_key=True),
    of_case(nullable=False, index=True),
    Column("step_key", Text, nullable=False),
    Column("kind", String(4), nullable=False),
    Column("year", Integer, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("number", String(20), nullable=False, unique=True),
    Column("content", Json, nullable=False),
    Column("reverses", ForeignKey("document.id")),
    Column("issued_at", Moment, nullable=False),
    UniqueConstraint("kind", "year", "serial"),
    one_of("kind", DocumentKind),
    CheckConstraint("serial > 0", name="serial"),
)
index("uq_document_reverses", document.c.reverses, where=document.c.reverses.is_not(None), unique=True)

# what leaves the house (law 6): one row per message, sent by the dispatcher
outbox = table(
    "outbox",
    Column("id", BigInteger, Identity(), primary_key=True),
    of_case(nullable=False, index=True),
    Column("step_key", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False, unique=True),
    Column("destination", String(20), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("payload", Json, nullable=False),
    Column("answers", Text, comment="key of the event that the answer decides, if one waits for it"),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Moment),
    Column("last_error", Text, nullable=False, server_default=""),
    Column("answer", Json),
    Column("created_at", Moment, nullable=False),
    Column("answered_at", Moment),
    one_of("state", OutboxState),
    CheckConstraint("(state = 'pending') = (next_at IS NOT NULL)", name="next_at"),
)
index("ix_outbox_pending", outbox.c.next_at, where=outbox.c.state == "pending")

counter = table("counter", Column("name", Text, primary_key=True), Column("value", BigInteger, nullable=False))
