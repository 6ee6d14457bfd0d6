"""Tables."""

# ruff: noqa: E501, RUF100  a CHECK lists its words in one line

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "carrier",
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_carrier")),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "holiday",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_holiday")),
    )
    op.create_table(
        "office",
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_office")),
        sa.UniqueConstraint("name", name=op.f("uq_office_name")),
    )
    op.create_table(
        "part_category",
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_part_category")),
    )
    op.create_table(
        "policy_version",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policy_version")),
        sa.UniqueConstraint("valid_from", name=op.f("uq_policy_version_valid_from")),
    )
    op.create_table(
        "production_unit",
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("calendar", sa.String(length=8), nullable=False),
        sa.CheckConstraint("kind IN ('own', 'outsourced', 'supplier')", name=op.f("ck_production_unit_kind")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_production_unit")),
    )
    op.create_table(
        "staff",
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_staff")),
    )
    op.create_table(
        "cycle_standard",
        sa.Column("process", sa.String(length=8), nullable=False),
        sa.Column("category", sa.String(length=12), nullable=False),
        sa.Column("unit", sa.String(length=12), server_default="", nullable=False, comment="empty: any unit"),
        sa.Column("urgency", sa.String(length=8), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("urgency IN ('normal', 'urgent')", name=op.f("ck_cycle_standard_urgency")),
        sa.CheckConstraint("days > 0", name=op.f("ck_cycle_standard_days")),
        sa.ForeignKeyConstraint(["category"], ["part_category.code"], name=op.f("fk_cycle_standard_category")),
        sa.PrimaryKeyConstraint("process", "category", "unit", "urgency", "valid_from", name=op.f("pk_cycle_standard")),
    )
    op.create_table(
        "part",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.String(length=12), nullable=False),
        sa.Column("specification", sa.Text(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("uom", sa.Text(), nullable=False),
        sa.Column("unit", sa.String(length=12), nullable=False, comment="that usually makes it"),
        sa.Column("discontinued_on", sa.Date(), nullable=True),
        sa.Column("safety_stock", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.ForeignKeyConstraint(["category"], ["part_category.code"], name=op.f("fk_part_category")),
        sa.ForeignKeyConstraint(["unit"], ["production_unit.code"], name=op.f("fk_part_unit")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_part")),
        sa.UniqueConstraint("name", name=op.f("uq_part_name")),
    )
    op.create_table(
        "policy",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("meaning", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["version"], ["policy_version.version"], name=op.f("fk_policy_version")),
        sa.PrimaryKeyConstraint("version", "key", name=op.f("pk_policy")),
    )
    op.create_table(
        "route_price",
        sa.Column("office", sa.String(length=12), nullable=False),
        sa.Column("reference_price", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["office"], ["office.code"], name=op.f("fk_route_price_office")),
        sa.PrimaryKeyConstraint("office", "valid_from", name=op.f("pk_route_price")),
    )
    op.create_table(
        "sales_record",
        sa.Column("order_no", sa.Text(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("office", sa.String(length=12), nullable=False),
        sa.Column("customer_name", sa.Text(), nullable=False),
        sa.Column("customer_phone", sa.Text(), nullable=False),
        sa.Column("customer_address", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("price_paid", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("factory", sa.Text(), nullable=False),
        sa.Column("factory_date", sa.Date(), nullable=False),
        sa.Column("delivery_date", sa.Date(), nullable=True),
        sa.Column("signing_date", sa.Date(), nullable=True),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("custom_made", sa.Boolean(), nullable=False),
        sa.CheckConstraint("channel IN ('shop', 'remote')", name=op.f("ck_sales_record_channel")),
        sa.ForeignKeyConstraint(["office"], ["office.code"], name=op.f("fk_sales_record_office")),
        sa.PrimaryKeyConstraint("order_no", "line_no", name=op.f("pk_sales_record")),
    )
    op.create_index("ix_sales_record_customer_phone", "sales_record", ["customer_phone"], unique=False)
    op.create_table(
        "service_case",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("process", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("office", sa.String(length=12), nullable=False),
        sa.Column("applicant", sa.String(length=12), nullable=False),
        sa.Column("customer_name", sa.Text(), server_default="", nullable=False),
        sa.Column("customer_phone", sa.Text(), server_default="", nullable=False),
        sa.Column("customer_address", sa.Text(), server_default="", nullable=False),
        sa.Column("order_no", sa.Text(), server_default="", nullable=False),
        sa.Column("model", sa.Text(), server_default="", nullable=False),
        sa.Column("urgency", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("step", sa.Text(), server_default="", nullable=False),
        sa.Column("holder", sa.String(length=20), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", sa.String(length=12), nullable=True),
        sa.Column("ending_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("request", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seq", sa.Integer(), server_default="0", nullable=False, comment="of the last ledger row"),
        sa.Column(
            "ready_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="set while a leg has work to do, cleared when the case waits",
        ),
        sa.Column("fault", sa.Text(), nullable=True, comment="why the last leg could not go on"),
        sa.Column("run_id", sa.Uuid(), nullable=True, comment="the Prefect run that shows this case"),
        sa.Column("run_generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "run_seq", sa.Integer(), server_default="-1", nullable=False, comment="ledger sequence that the run shows"
        ),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_service_case_closed_at")),
        sa.CheckConstraint(
            "(state = 'closed') = (ending IS NOT NULL)", name=op.f("ck_service_case_ending_when_closed")
        ),
        sa.CheckConstraint(
            "ending IN ('delivered', 'rejected', 'withdrawn', 'replaced', 'timed_out')",
            name=op.f("ck_service_case_ending"),
        ),
        sa.CheckConstraint(
            "state IN ('received', 'review', 'returned', 'approval', 'ordering', 'planning', 'production', 'delivery', 'pickup', 'anomaly', 'closed')",
            name=op.f("ck_service_case_state"),
        ),
        sa.CheckConstraint("closed_at >= opened_at", name=op.f("ck_service_case_closed_after_opened")),
        sa.ForeignKeyConstraint(["applicant"], ["staff.code"], name=op.f("fk_service_case_applicant")),
        sa.ForeignKeyConstraint(["office"], ["office.code"], name=op.f("fk_service_case_office")),
        sa.ForeignKeyConstraint(
            ["policy_version"], ["policy_version.version"], name=op.f("fk_service_case_policy_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_case")),
        sa.UniqueConstraint("number", name=op.f("uq_service_case_number")),
        sa.UniqueConstraint("origin", name=op.f("uq_service_case_origin")),
    )
    op.create_index("ix_service_case_customer_phone", "service_case", ["customer_phone"], unique=False)
    op.create_index(
        "ix_service_case_open", "service_case", ["id"], unique=False, postgresql_where=sa.text("closed_at IS NULL")
    )
    op.create_index("ix_service_case_order_no", "service_case", ["order_no"], unique=False)
    op.create_index(
        "ix_service_case_ready",
        "service_case",
        ["ready_at"],
        unique=False,
        postgresql_where=sa.text("ready_at IS NOT NULL"),
    )
    op.create_index(
        "ix_service_case_unshown",
        "service_case",
        ["id"],
        unique=False,
        postgresql_where=sa.text("run_id IS NOT NULL AND run_seq != seq"),
    )
    op.create_table(
        "staff_role",
        sa.Column("staff", sa.String(length=12), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("office", sa.String(length=12), nullable=True, comment="empty: of every office"),
        sa.Column("unit", sa.String(length=12), nullable=True, comment="empty: of every unit"),
        sa.CheckConstraint(
            "role IN ('OFFICE', 'PARTS_REVIEWER', 'PLANNER', 'WORKSHOP', 'WAREHOUSE', 'LOGISTICS', 'QUALITY', 'AGENT', 'COMPLAINT_HANDLER', 'RESPONSIBLE_UNIT', 'SUPERVISOR', 'MANAGER', 'SALES_MANAGER', 'GENERAL_MANAGER', 'FINANCE', 'SYSTEM', 'ENGINEER')",
            name=op.f("ck_staff_role_role"),
        ),
        sa.ForeignKeyConstraint(["office"], ["office.code"], name=op.f("fk_staff_role_office")),
        sa.ForeignKeyConstraint(["staff"], ["staff.code"], name=op.f("fk_staff_role_staff")),
        sa.ForeignKeyConstraint(["unit"], ["production_unit.code"], name=op.f("fk_staff_role_unit")),
    )
    op.create_index(
        "uq_staff_role",
        "staff_role",
        ["staff", "role", "office", "unit"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "warehouse",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("office", sa.String(length=12), nullable=True),
        sa.CheckConstraint("kind IN ('good', 'damaged')", name=op.f("ck_warehouse_kind")),
        sa.ForeignKeyConstraint(["office"], ["office.code"], name=op.f("fk_warehouse_office")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_warehouse")),
    )
    op.create_table(
        "case_line",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("order_no", sa.Text(), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("part_name", sa.Text(), nullable=False),
        sa.Column("specification", sa.Text(), server_default="", nullable=False),
        sa.Column("colour", sa.Text(), server_default="", nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("price", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("fee", sa.String(length=12), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("unit", sa.String(length=12), nullable=True),
        sa.Column("open", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("promised", sa.Date(), nullable=True),
        sa.Column("planned", sa.Date(), nullable=True),
        sa.Column("made_on", sa.Date(), nullable=True),
        sa.Column("in_on", sa.Date(), nullable=True),
        sa.Column("out_on", sa.Date(), nullable=True),
        sa.Column("picked_on", sa.Date(), nullable=True),
        sa.CheckConstraint("price >= 0", name=op.f("ck_case_line_price")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_case_line_quantity")),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_case_line_case_id")),
        sa.ForeignKeyConstraint(["part"], ["part.code"], name=op.f("fk_case_line_part")),
        sa.ForeignKeyConstraint(["unit"], ["production_unit.code"], name=op.f("fk_case_line_unit")),
        sa.PrimaryKeyConstraint("case_id", "line_no", name=op.f("pk_case_line")),
    )
    op.create_index(
        "uq_case_line_open", "case_line", ["order_no", "part", "reason"], unique=True, postgresql_where="open"
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("step_key", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False, comment="why it was refused"),
        sa.Column("form", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("accepted OR reason <> ''", name=op.f("ck_decision_refusal_has_reason")),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_decision_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_case", "decision", ["case_id"], unique=False)
    op.create_index(
        "uq_decision_accepted", "decision", ["case_id", "step_key"], unique=True, postgresql_where="accepted"
    )
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("step_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("reverses", sa.Uuid(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('SQ', 'RK', 'CK', 'FH', 'ZX')", name=op.f("ck_document_kind")),
        sa.CheckConstraint("serial > 0", name=op.f("ck_document_serial")),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_document_case_id")),
        sa.ForeignKeyConstraint(["reverses"], ["document.id"], name=op.f("fk_document_reverses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("kind", "year", "serial", name=op.f("uq_document_kind_year_serial")),
        sa.UniqueConstraint("number", name=op.f("uq_document_number")),
    )
    op.create_index("ix_document_case", "document", ["case_id"], unique=False)
    op.create_index(
        "uq_document_reverses", "document", ["reverses"], unique=True, postgresql_where=sa.text("reverses IS NOT NULL")
    )
    op.create_table(
        "lease",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_lease_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_lease")),
    )
    op.create_table(
        "ledger",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("step_key", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("output", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('step', 'decision', 'withdrawn', 'timed_out', 'undo')", name=op.f("ck_ledger_kind")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_ledger_case_id")),
        sa.PrimaryKeyConstraint("case_id", "step_key", name=op.f("pk_ledger")),
        sa.UniqueConstraint("case_id", "seq", name=op.f("uq_ledger_case_id_seq")),
    )
    op.create_table(
        "line_correction",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("step_key", sa.Text(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_line_correction_case_id")),
        sa.PrimaryKeyConstraint("case_id", "step_key", "line_no", "field", name=op.f("pk_line_correction")),
    )
    op.create_table(
        "notice",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("step_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_notice_case_id")),
        sa.PrimaryKeyConstraint("case_id", "step_key", "kind", name=op.f("pk_notice")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("step_key", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("destination", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=False),
        sa.Column(
            "answers", sa.Text(), nullable=True, comment="key of the event that the answer decides, if one waits for it"
        ),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'pending') = (next_at IS NOT NULL)", name=op.f("ck_outbox_next_at")),
        sa.CheckConstraint("state IN ('pending', 'answered', 'dead')", name=op.f("ck_outbox_state")),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_outbox_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_outbox_idempotency_key")),
    )
    op.create_index("ix_outbox_case", "outbox", ["case_id"], unique=False)
    op.create_index(
        "ix_outbox_pending", "outbox", ["next_at"], unique=False, postgresql_where=sa.text("state = 'pending'")
    )
    op.create_table(
        "part_price",
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("price", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("price >= 0", name=op.f("ck_part_price_price")),
        sa.ForeignKeyConstraint(["part"], ["part.code"], name=op.f("fk_part_price_part")),
        sa.PrimaryKeyConstraint("part", "valid_from", name=op.f("pk_part_price")),
    )
    op.create_table(
        "production_order",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=12), nullable=False),
        sa.Column("supply", sa.String(length=12), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("made", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("scrapped", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("promised", sa.Date(), nullable=False),
        sa.Column("planned", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="open", nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('open', 'done', 'cancelled')", name=op.f("ck_production_order_state")),
        sa.CheckConstraint(
            "supply IN ('stock', 'workshop', 'outsourced', 'purchase')", name=op.f("ck_production_order_supply")
        ),
        sa.CheckConstraint("made >= 0 AND made <= quantity", name=op.f("ck_production_order_made")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_production_order_quantity")),
        sa.CheckConstraint("scrapped >= 0", name=op.f("ck_production_order_scrapped")),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_production_order_case_id")),
        sa.ForeignKeyConstraint(["part"], ["part.code"], name=op.f("fk_production_order_part")),
        sa.ForeignKeyConstraint(["unit"], ["production_unit.code"], name=op.f("fk_production_order_unit")),
        sa.PrimaryKeyConstraint("case_id", "line_no", "turn", name=op.f("pk_production_order")),
    )
    op.create_index(
        "ix_production_order_unit",
        "production_order",
        ["unit", "promised"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "reservation",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("step_key", sa.Text(), nullable=False),
        sa.Column("warehouse", sa.String(length=20), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="held", nullable=False),
        sa.CheckConstraint("state IN ('held', 'used', 'released')", name=op.f("ck_reservation_state")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_reservation_quantity")),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_reservation_case_id")),
        sa.ForeignKeyConstraint(["part"], ["part.code"], name=op.f("fk_reservation_part")),
        sa.ForeignKeyConstraint(["warehouse"], ["warehouse.code"], name=op.f("fk_reservation_warehouse")),
        sa.PrimaryKeyConstraint("case_id", "line_no", "step_key", name=op.f("pk_reservation")),
    )
    op.create_table(
        "stock_balance",
        sa.Column("warehouse", sa.String(length=20), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("on_hand", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("reserved", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_stock_balance_on_hand")),
        sa.CheckConstraint("reserved >= 0 AND reserved <= on_hand", name=op.f("ck_stock_balance_reserved")),
        sa.ForeignKeyConstraint(["part"], ["part.code"], name=op.f("fk_stock_balance_part")),
        sa.ForeignKeyConstraint(["warehouse"], ["warehouse.code"], name=op.f("fk_stock_balance_warehouse")),
        sa.PrimaryKeyConstraint("warehouse", "part", name=op.f("pk_stock_balance")),
    )
    op.create_table(
        "stock_movement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("step_key", sa.Text(), nullable=False),
        sa.Column("line_no", sa.Integer(), server_default="0", nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("warehouse", sa.String(length=20), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column(
            "quantity",
            sa.Numeric(precision=12, scale=2),
            nullable=False,
            comment="signed: in is positive, out negative, reversals the other way",
        ),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('purchase_in', 'small_purchase_in', 'damaged_in', 'repaired_in', 'production_in', 'customer_return_in', 'return_to_stock', 'transfer_in', 'count_gain', 'own_use_out', 'repair_out', 'scrap_out', 'transfer_out', 'delivery_out', 'count_loss')",
            name=op.f("ck_stock_movement_kind"),
        ),
        sa.CheckConstraint("quantity <> 0", name=op.f("ck_stock_movement_quantity")),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_stock_movement_case_id")),
        sa.ForeignKeyConstraint(["part"], ["part.code"], name=op.f("fk_stock_movement_part")),
        sa.ForeignKeyConstraint(["warehouse"], ["warehouse.code"], name=op.f("fk_stock_movement_warehouse")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movement")),
    )
    op.create_index("ix_stock_movement_case", "stock_movement", ["case_id"], unique=False)
    op.create_index("ix_stock_movement_part", "stock_movement", ["warehouse", "part"], unique=False)
    op.create_table(
        "work_item",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("step_key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("also", sa.String(length=20), nullable=True, comment="another role that may answer"),
        sa.Column("office", sa.String(length=12), nullable=True),
        sa.Column("unit", sa.String(length=12), nullable=True),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column(
            "brief",
            sa.JSON(none_as_null=True),
            nullable=False,
            comment="what the decider must see, in lines of markdown",
        ),
        sa.Column("prefill", sa.JSON(none_as_null=True), nullable=False),
        sa.Column(
            "schedule",
            sa.JSON(none_as_null=True),
            nullable=False,
            comment="[{at, kind, role}]: reminders and escalations, each once",
        ),
        sa.Column("state", sa.String(length=12), server_default="open", nullable=False),
        sa.Column("refusals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused_because", sa.Text(), server_default="", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "expires_at", sa.DateTime(timezone=True), nullable=True, comment="SYSTEM answers with a time-out then"
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name=op.f("ck_work_item_closed_at")),
        sa.CheckConstraint(
            "state IN ('open', 'decided', 'withdrawn', 'timed_out', 'dropped')", name=op.f("ck_work_item_state")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_work_item_case_id")),
        sa.ForeignKeyConstraint(["office"], ["office.code"], name=op.f("fk_work_item_office")),
        sa.ForeignKeyConstraint(["unit"], ["production_unit.code"], name=op.f("fk_work_item_unit")),
        sa.PrimaryKeyConstraint("case_id", "step_key", name=op.f("pk_work_item")),
    )
    op.create_index(
        "ix_work_item_also",
        "work_item",
        ["also", "due_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL AND also IS NOT NULL"),
    )
    op.create_index(
        "ix_work_item_due", "work_item", ["due_at"], unique=False, postgresql_where=sa.text("closed_at IS NULL")
    )
    op.create_index(
        "ix_work_item_open_case", "work_item", ["case_id"], unique=False, postgresql_where=sa.text("closed_at IS NULL")
    )
    op.create_index(
        "ix_work_item_waiting",
        "work_item",
        ["role", "due_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_work_item_waiting", table_name="work_item", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_index("ix_work_item_open_case", table_name="work_item", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_index("ix_work_item_due", table_name="work_item", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_index(
        "ix_work_item_also", table_name="work_item", postgresql_where=sa.text("closed_at IS NULL AND also IS NOT NULL")
    )
    op.drop_table("work_item")
    op.drop_index("ix_stock_movement_part", table_name="stock_movement")
    op.drop_index("ix_stock_movement_case", table_name="stock_movement")
    op.drop_table("stock_movement")
    op.drop_table("stock_balance")
    op.drop_table("reservation")
    op.drop_index("ix_production_order_unit", table_name="production_order", postgresql_where=sa.text("state = 'open'"))
    op.drop_table("production_order")
    op.drop_table("part_price")
    op.drop_index("ix_outbox_pending", table_name="outbox", postgresql_where=sa.text("state = 'pending'"))
    op.drop_index("ix_outbox_case", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("notice")
    op.drop_table("line_correction")
    op.drop_table("ledger")
    op.drop_table("lease")
    op.drop_index("uq_document_reverses", table_name="document", postgresql_where=sa.text("reverses IS NOT NULL"))
    op.drop_index("ix_document_case", table_name="document")
    op.drop_table("document")
    op.drop_index("uq_decision_accepted", table_name="decision", postgresql_where="accepted")
    op.drop_index("ix_decision_case", table_name="decision")
    op.drop_table("decision")
    op.drop_index("uq_case_line_open", table_name="case_line", postgresql_where="open")
    op.drop_table("case_line")
    op.drop_table("warehouse")
    op.drop_index("uq_staff_role", table_name="staff_role", postgresql_nulls_not_distinct=True)
    op.drop_table("staff_role")
    op.drop_index(
        "ix_service_case_unshown",
        table_name="service_case",
        postgresql_where=sa.text("run_id IS NOT NULL AND run_seq != seq"),
    )
    op.drop_index("ix_service_case_ready", table_name="service_case", postgresql_where=sa.text("ready_at IS NOT NULL"))
    op.drop_index("ix_service_case_order_no", table_name="service_case")
    op.drop_index("ix_service_case_open", table_name="service_case", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_index("ix_service_case_customer_phone", table_name="service_case")
    op.drop_table("service_case")
    op.drop_index("ix_sales_record_customer_phone", table_name="sales_record")
    op.drop_table("sales_record")
    op.drop_table("route_price")
    op.drop_table("policy")
    op.drop_table("part")
    op.drop_table("cycle_standard")
    op.drop_table("staff")
    op.drop_table("production_unit")
    op.drop_table("policy_version")
    op.drop_table("part_category")
    op.drop_table("office")
    op.drop_table("holiday")
    op.drop_table("counter")
    op.drop_table("carrier")
