"""Cases, their ledger, what waits for people, the documents that came of it, and the messages to other systems."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    func,
    literal_column,
)
from sqlalchemy.types import BigInteger, Boolean, Date, Integer, String, Text, Uuid

from schemas.tables.base import Json, Moment, Money, Quantity, codes_of, each, index, of_case, table, word_of
from schemas.words import Channel, DocumentKind, EntryKind, ItemState, OutboxState

service_case = table(
    "service_case",
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("number", String(20), nullable=False, unique=True),
    *each(String(8), "process", "urgency"),
    Column("version", Integer, nullable=False),
    Column("origin", Text, nullable=False, unique=True),
    Column("channel", String(12), nullable=False, server_default=Channel.SYSTEM, comment="by which it came"),
    Column("parent_id", ForeignKey("service_case.id"), index=True, comment="the case that opened this one"),
    *codes_of("office"),
    Column("applicant", ForeignKey("staff.code"), nullable=False),
    *each(Text, "customer_address", "model", "remark", server_default=""),
    *each(Text, "customer_name", "customer_phone", "order_no", server_default="", index=True),
    Column("link", Text, nullable=False, comment="of the process's chain: where the case stands, or stood at its end"),
    *each(Text, "step", "ending_reason", server_default=""),
    Column("holder", String(20)),
    *each(Moment, "due_at", "closed_at", nullable=True),
    Column("ending", Text),
    Column("policy_version", ForeignKey("policy_version.version"), nullable=False),
    Column("request", Json, nullable=False),
    Column("opened_at", Moment, nullable=False, comment="when it was received"),
    Column("seq", Integer, nullable=False, server_default="0", comment="of the last ledger row"),
    Column("ready_at", Moment, comment="set while a leg has work to do, cleared when the case waits"),
    Column("fault", Text, comment="why the last leg could not go on"),
    Column("faults", Integer, nullable=False, server_default="0", comment="in a row, since something was done last"),
    Column("run_id", Uuid, comment="the Prefect run that shows this case"),
    Column("run_item", Text, comment="the work item that this run shows; the others have runs of their own"),
    Column("run_generation", Integer, nullable=False, server_default="0"),
    Column("run_seq", Integer, nullable=False, server_default="-1", comment="ledger sequence that the run shows"),
    Column(
        "watched_seq", Integer, comment="ledger sequence that its cycles' control knows; empty: nobody controls any"
    ),
    CheckConstraint("(ending IS NULL) = (closed_at IS NULL)", name="ending_when_closed"),
    CheckConstraint("closed_at >= opened_at", name="closed_after_opened"),
)
_case_open, _case_shown = service_case.c.closed_at.is_(None), service_case.c.run_id.is_not(None)
_case_behind = (service_case.c.run_seq != service_case.c.seq) & (_case_open | _case_shown)
index("ix_service_case_ready", service_case.c.ready_at, where=service_case.c.ready_at.is_not(None))
index("ix_service_case_behind", service_case.c.id, where=_case_behind)
index("ix_service_case_open", service_case.c.id, where=_case_open)
Index(None, service_case.c.process, service_case.c.opened_at)  # whose reports count a period
index("ix_service_case_closed", service_case.c.closed_at, where=service_case.c.closed_at.is_not(None))
index("ix_service_case_unwatched", service_case.c.id, where=service_case.c.watched_seq != service_case.c.seq)

case_line = table(
    "case_line",
    of_case(primary_key=True),
    Column("line_no", Integer, primary_key=True),
    *codes_of("part"),
    *each(Text, "order_no", "part_name"),
    *each(Text, "specification", "colour", server_default=""),
    Column("quantity", Quantity, nullable=False),
    Column("price", Money, nullable=False),
    Column("fee", String(12)),
    Column("reason", String(20), nullable=False),
    Column("unit", ForeignKey("production_unit.code")),
    Column("open", Boolean, nullable=False, server_default="true"),
    Column("again", Boolean, nullable=False, server_default="false", comment="of a case that another opened: no twin"),
    Column("unpaid", Boolean, nullable=False, server_default="false", comment="nor does what replaces it leave"),
    Column("replaced", Quantity, nullable=False, server_default="0", comment="how many were ordered again"),
    *each(Date, "warranty_start", "warranty_end", nullable=True),
    Column("warranty_rule", Text, nullable=False, server_default=""),
    *each(Date, "promised", "planned", "made_on", "in_on", "out_on", "picked_on", nullable=True),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("price >= 0", name="price"),
)
_twin = (case_line.c.order_no, case_line.c.part, case_line.c.reason)
index("ix_case_line_unpaid", case_line.c.case_id, where=case_line.c.unpaid)
index("uq_case_line_open", *_twin, where=case_line.c.open & ~case_line.c.again, unique=True)
index("ix_case_line_order_no", case_line.c.order_no, where=case_line.c.open)

charge = table(
    "charge",
    Column("id", BigInteger, Identity(), primary_key=True),
    of_case(nullable=False, index=True),
    Column("step_key", Text, nullable=False),
    Column("party_kind", String(12), nullable=False),
    Column("party", Text, nullable=False, comment="its code; empty: the department itself"),
    Column("amount", Money, nullable=False, comment="CNY; a charge that moves to another party is taken back"),
    Column("source", Text, nullable=False, index=True, comment="the number of the case whose line it is about"),
    Column("line_no", Integer, nullable=False),
    Column("kind", String(20), nullable=False, comment="of the anomaly; a delay is charged once, here or as a penalty"),
    Column("charged_at", Moment, nullable=False),
    CheckConstraint("amount <> 0", name="amount"),
)

line_correction = table(
    "line_correction",
    of_case(primary_key=True),
    Column("step_key", Text, primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("field", String(20), primary_key=True),
    *each(Text, "before", "after"),
)

ledger = table(
    "ledger",
    of_case(primary_key=True),
    Column("step_key", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    *word_of(EntryKind, "kind", 12),
    *each(Text, "title", "actor"),
    Column("link", Text, nullable=False, comment="of the process's chain"),
    Column("output", Json),
    Column("channel", String(12), nullable=False),
    Column("run_id", Uuid),
    *each(Moment, "started_at", "finished_at"),
    UniqueConstraint("case_id", "seq"),
)
_key, _answers = (ledger.c.case_id, ledger.c.step_key), ledger.c.kind.in_(["decision", "withdrawn", "timed_out"])
index("ix_ledger_answers", *_key, where=_answers, include=["kind", "actor"])
# a step of all cases, by how its name begins, in whatever order the server's language has
index("ix_ledger_step", *reversed(_key), ops={"step_key": "text_pattern_ops"}, include=["seq", "kind"])

work_item = table(
    "work_item",
    of_case(nullable=False),
    Column("step_key", Text, nullable=False),
    *word_of(ItemState, "state", 12, server_default="open"),
    *each(Text, "title", "form"),
    Column("link", Text, nullable=False, comment="of the process's chain"),
    Column("role", String(20), nullable=False),
    Column("also", String(20), comment="another role that may answer"),
    *codes_of("office", nullable=True),
    Column("unit", ForeignKey("production_unit.code")),
    Column("line", Integer, comment="the case's line that it is about, where it is about one"),
    Column("brief", Json, nullable=False, comment="what the decider must see, in lines of markdown"),
    Column("prefill", Json, nullable=False),
    Column("schedule", Json, nullable=False, comment="[Reminder]: reminders and escalations, each once"),
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("refused_because", Text, nullable=False, server_default=""),
    *each(Moment, "opened_at", "due_at"),
    Column("expires_at", Moment, comment="SYSTEM answers with a time-out then"),
    Column(
        "look_at", Moment, comment="when the watch looks at it next: something may be due to be said, or it expires"
    ),
    Column("closed_at", Moment),
    Column("run_id", Uuid, comment="the Prefect run that shows this item beside its case's own"),
    # whether each item was answered rightly is asked each night: of the key alone, for the rows are wide
    PrimaryKeyConstraint("case_id", "step_key", postgresql_include=["state", "form"]),
    CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed_at"),
)
_waiting, _waiting_also = work_item.c.closed_at.is_(None), work_item.c.also.is_not(None)
index("ix_work_item_waiting", work_item.c.role, work_item.c.due_at, where=_waiting)
index("ix_work_item_also", work_item.c.also, work_item.c.due_at, where=_waiting & _waiting_also)
index("ix_work_item_open_case", work_item.c.case_id, where=_waiting)
index("ix_work_item_due", work_item.c.due_at, where=_waiting)
index("ix_work_item_look", work_item.c.look_at, where=_waiting)

decision = table(
    "decision",
    Column("id", BigInteger, Identity(), primary_key=True),
    of_case(nullable=False, index=True),
    *each(Text, "step_key", "actor"),
    Column("channel", String(12), nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("reason", Text, nullable=False, server_default="", comment="why it was refused"),
    Column("form", Json, nullable=False),
    Column("given_at", Moment, nullable=False),
    CheckConstraint("accepted OR reason <> ''", name="refusal_has_reason"),
)
_decided = (decision.c.case_id, decision.c.step_key)
index("uq_decision_accepted", *_decided, where=decision.c.accepted, unique=True, include=["actor"])

sheet_row = table(
    "sheet_row",
    Column("id", Uuid, primary_key=True, comment="made of the row's content: sent again, it is known"),
    of_case(nullable=False),
    Column("step_key", Text, nullable=False),
)

notice = table(
    "notice",
    of_case(primary_key=True),
    Column("step_key", Text, primary_key=True, comment="of the item, or the name of the term that items share"),
    Column("kind", String(40), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("sent_at", Moment, nullable=False),
    Column("passed_at", Moment, comment="on to whoever hears of it by a message, if anybody does"),
)
index("ix_notice_to_pass", notice.c.sent_at, where=notice.c.passed_at.is_(None))

letter = table(
    "letter",
    of_case(primary_key=True),
    Column("key", Text, primary_key=True, comment="the question that it answers; empty: whatever the case waits for"),
    *word_of(EntryKind, "kind", 12),
    Column("body", Json, nullable=False),
    Column("sent_at", Moment, nullable=False),
    Column("read_at", Moment),
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
    of_case(index=True, comment="empty: of no case"),
    Column("step_key", Text, nullable=False),
    *word_of(DocumentKind, "kind", 4),
    *each(Integer, "year", "serial"),
    Column("number", String(20), nullable=False, unique=True),
    Column("content", Json, nullable=False),
    Column("reverses", ForeignKey("document.id")),
    Column("issued_at", Moment, nullable=False),
    UniqueConstraint("kind", "year", "serial"),
    CheckConstraint("serial > 0", name="serial"),
)
_tracking, _red = (document.c.content.op("->>")(literal_column(f"'{name}'")) for name in ("tracking", "red"))
index("ix_document_tracking", func.upper(_tracking), where=_tracking.is_not(None))
index("ix_document_red", document.c.id, where=_red == literal_column("'true'"))
index("uq_document_reverses", document.c.reverses, where=document.c.reverses.is_not(None), unique=True)

# what leaves the house (law 6): one row per message, sent by the dispatcher
outbox = table(
    "outbox",
    Column("id", BigInteger, Identity(), primary_key=True),
    of_case(index=True, comment="empty: of no case"),
    Column("step_key", Text, nullable=False, server_default=""),
    Column("idempotency_key", Text, nullable=False, unique=True),
    Column("destination", String(20), nullable=False),
    Column("address", Text, nullable=False, server_default="", comment="who gets it there"),
    Column("kind", String(40), nullable=False),
    Column("hours", Json, comment="[from, to] by Shanghai's clock, in which it may be sent; empty: at any time"),
    Column("payload", Json, nullable=False),
    Column("answers", Text, comment="key of the event that the answer decides, if one waits for it"),
    *word_of(OutboxState, "state", 12),
    Column("attempts", Integer, nullable=False, server_default="0"),
    *each(Moment, "next_at", "answered_at", nullable=True),
    Column("last_error", Text, nullable=False, server_default=""),
    Column("answer", Json),
    Column("created_at", Moment, nullable=False),
    CheckConstraint("(state = 'pending') = (next_at IS NOT NULL)", name="next_at"),
)
index("ix_outbox_pending", outbox.c.next_at, outbox.c.id, where=outbox.c.state == "pending")
_of_no_case = outbox.c.case_id.is_(None) & (outbox.c.state == "pending")
index("ix_outbox_address", outbox.c.destination, outbox.c.address, outbox.c.id, where=_of_no_case)
index("ix_outbox_dead", outbox.c.id, where=outbox.c.state == "dead")

counter = table("counter", Column("name", Text, primary_key=True), Column("value", BigInteger, nullable=False))
