"""Questions without a transaction: a connection keeps the plans of what it asks, and sees what others commit."""

from sqlalchemy import Engine, text

from tasks.unit.reading import reading

PLANS = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%AS asked_often%'")
OFTEN = 10  # a statement's plan is kept once it was asked some times


def test_a_connection_keeps_its_plans_after_it_only_read(db: Engine) -> None:
    db.dispose()  # so that it is one connection
    for _ in range(OFTEN):
        with reading(db) as connection:
            connection.execute(text("SELECT 1 AS asked_often")).all()
    with reading(db) as connection:
        assert connection.execute(PLANS).scalar_one() == 1


def test_nothing_stays_begun_and_the_next_transaction_is_one_again(db: Engine) -> None:
    with reading(db) as connection:
        connection.execute(text("SELECT 1"))
        idle = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid AND state = 'idle'")
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with db.connect() as other:
            assert other.execute(idle, {"pid": pid}).scalar_one() == 1
    with db.connect() as connection:
        connection.execute(text("UPDATE part SET name = name || '!'"))
        connection.rollback()
        assert connection.execute(text("SELECT count(*) FROM part WHERE name LIKE '%!'")).scalar_one() == 0
