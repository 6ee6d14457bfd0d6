"""Make a database as it was before a test, in milliseconds: what that wrote and deleted is found, and put right.

`prepare(connection)` keeps what stands in a database now, in its schema `pristine`. `AS_IT_WAS` says whether all stands
so again; it does not where somebody changed reference data or the schema, or has left locks or connections behind. It
wants a connection for which no trigger fires and no foreign key is checked.
"""

from sqlalchemy import Connection, text

from schemas.tables import STAMPED

AS_IT_WAS = "SELECT pristine.restored(%s)"
TABLES = text("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
COLUMNS = text("""
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''""")
SEQUENCES = text("SELECT sequencename, last_value, start_value FROM pg_sequences WHERE schemaname = 'public'")
KEEP = """
CREATE SCHEMA pristine;
CREATE TABLE pristine.kept AS SELECT stamp, 0::bigint AS since, false AS other_schema FROM public.reference_stamp;
CREATE FUNCTION pristine.changed() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN UPDATE pristine.kept SET other_schema = true; END $$
"""
RESTORED = """
CREATE FUNCTION pristine.restored(connections bigint) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE begun bigint := (SELECT since FROM pristine.kept);
BEGIN
    IF (SELECT other_schema OR stamp IS DISTINCT FROM (SELECT stamp FROM public.reference_stamp) FROM pristine.kept)
        OR (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()) > connections
        OR EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory'
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
    THEN
        RETURN false;
    END IF;
    {}
    UPDATE pristine.kept SET since = pg_current_xact_id()::text::bigint + 1;
    RETURN true;
END $$
"""
WATCH_SCHEMA = "CREATE EVENT TRIGGER pristine_schema ON ddl_command_end EXECUTE FUNCTION pristine.changed()"
WATCH_DROPS = "CREATE EVENT TRIGGER pristine_drops ON sql_drop EXECUTE FUNCTION pristine.changed()"
EMPTY = "IF EXISTS (SELECT FROM public.{0}) THEN DELETE FROM public.{0}; END IF;"
REFILL = """
    IF (SELECT count(*) <> {rows} OR max(xmin::text::bigint) >= begun FROM public.{table}) THEN
        DELETE FROM public.{table};
        INSERT INTO public.{table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM pristine.{table};
    END IF;"""


def prepare(connection: Connection) -> None:
    """Keep what stands in the database now."""
    run = connection.exec_driver_sql
    run(KEEP)
    acts = [_as_it_was(connection, table) for table in connection.execute(TABLES).scalars() if table not in STAMPED]
    acts += [
        f"PERFORM setval('public.{name}', {last or start}, {bool(last)});"
        for name, last, start in connection.execute(SEQUENCES)
    ]
    run(RESTORED.format("\n".join(acts)))
    run(WATCH_SCHEMA)
    run(WATCH_DROPS)


def _as_it_was(connection: Connection, table: str) -> str:
    """Say in SQL how a table becomes as it is; what fills it now is kept."""
    rows = connection.exec_driver_sql(f"SELECT count(*) FROM public.{table}").scalar()
    if not rows:
        return EMPTY.format(table)
    connection.exec_driver_sql(f"CREATE TABLE pristine.{table} AS TABLE public.{table}")
    columns = connection.execute(COLUMNS, {"table": f"public.{table}"}).scalar()
    return REFILL.format(table=table, rows=rows, columns=columns)
