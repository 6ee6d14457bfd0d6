"""The tables as they stand in `schemas.tables`, and their guards: what was recorded never changes. Changes of
reference data give it a new stamp (`tasks.unit.kept`).

Nothing is released yet, so this first revision follows the tables; with the first release it is written out once
(`schemas.migrations.revise` drafts it) and every later change is a revision of its own.

Rows of the record may be changed or deleted by a session that says `SET aftersales.maintenance = on`: by jobs
that remove what need not be kept any longer. Nothing lets a closed case or a finished work item start again.
"""

from collections.abc import Sequence

from alembic import op

from schemas.tables import STAMPED, metadata

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

AT_WORK = "current_setting('aftersales.maintenance', true) IS DISTINCT FROM 'on'"

REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END
$$
"""


NEW_STAMP = """
CREATE FUNCTION new_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reference_stamp VALUES (true, gen_random_uuid()) ON CONFLICT (one) DO UPDATE SET stamp = excluded.stamp;
    RETURN NULL;
END
$$
"""
CHANGES = "INSERT OR UPDATE OR DELETE OR TRUNCATE"


_RECORDED = ("ledger", "document", "stock_movement", "sales_change", "charge", "payment")
_CLOSED = ("stock_closing", "stock_closed", "stock_day", "safety_stock")
APPEND_ONLY = (*_RECORDED, "report_edition", "survey_answer", *_CLOSED)
SAME = "its rows never change"
ACCEPTED_STAYS = "an accepted decision never changes, a refused one is never accepted"
OPENED_AGAIN = (
    "OLD.closed_at IS NOT NULL AND (NEW.link, NEW.ending, NEW.ending_reason, NEW.closed_at) "
    "IS DISTINCT FROM (OLD.link, OLD.ending, OLD.ending_reason, OLD.closed_at)"
)


def upgrade() -> None:
    metadata.create_all(op.get_bind())
    op.execute(REFUSE)
    for table in APPEND_ONLY:
        guard("never_changes", "UPDATE OR DELETE", table, AT_WORK, SAME)
    for table in (*APPEND_ONLY, "decision"):
        guard("never_emptied", "TRUNCATE", table, AT_WORK, SAME)
    accepted = f"(OLD.accepted OR NEW.accepted) AND {AT_WORK}"
    guard("accepted_never_changes", "UPDATE", "decision", accepted, ACCEPTED_STAYS)
    guard("accepted_never_goes", "DELETE", "decision", f"OLD.accepted AND {AT_WORK}", ACCEPTED_STAYS)
    closed_stays = "a closed case never opens again and its ending never changes"
    guard("closed_stays_closed", "UPDATE", "service_case", OPENED_AGAIN, closed_stays)
    begun_again = "OLD.state <> 'open' AND NEW.state <> OLD.state"
    finished_stays = "a work item that is not open keeps its state"
    guard("finished_stays_finished", "UPDATE", "work_item", begun_again, finished_stays)
    confirmed_stays = "a settlement that FINANCE has confirmed never changes"
    guard(
        "confirmed_stays",
        "UPDATE OR DELETE",
        "settlement",
        f"OLD.confirmed_at IS NOT NULL AND {AT_WORK}",
        confirmed_stays,
    )
    op.execute(NEW_STAMP)
    for table in STAMPED:
        op.execute(f"CREATE TRIGGER stamped AFTER {CHANGES} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION new_stamp()")
    signed_stays = "a journal that was signed for never changes"
    guard("signed_stays", "UPDATE OR DELETE", "stock_journal", f"OLD.signed_at IS NOT NULL AND {AT_WORK}", signed_stays)


def guard(name: str, event: str, table: str, condition: str, message: str) -> None:
    """Refuse `event` on a table where `condition` holds."""
    each = "STATEMENT" if event == "TRUNCATE" else "ROW"
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
        f"FOR EACH {each} WHEN ({condition}) EXECUTE FUNCTION refuse('{message}')"
    )


def downgrade() -> None:
    metadata.drop_all(op.get_bind())
    op.execute("DROP FUNCTION refuse()")
    op.execute("DROP FUNCTION new_stamp()")
