"""The nightly look asks over the connections that there are, and says as much as is wrong."""

import gc

import pytest
from sqlalchemy import Engine, event

from tasks.books.quality import check_books
from tasks.books.queries import ALWAYS


def test_the_books_are_asked_over_the_databases_own_connections_without_a_word(
    db: Engine, capfd: pytest.CaptureFixture[str]
) -> None:
    db.connect().close()
    pool, opened = db.pool, list[object]()

    def connected(connection: object, _record: object) -> None:
        opened.append(connection)

    event.listen(Engine, "connect", connected)
    try:
        checked = check_books(db)
    finally:
        event.remove(Engine, "connect", connected)
    gc.collect()
    assert (checked.asked, checked.untrue, opened) == (len(ALWAYS), [], [])
    assert db.pool is pool, "nor are they closed, by what the library leaves behind"
    assert capfd.readouterr() == ("", "")


def test_what_is_wrong_is_counted_and_drawn_beside_what_is_right(db: Engine) -> None:
    many = "SELECT n, '<b' AS name FROM generate_series(1, 300) n"
    checked = check_books(db, {"一": "SELECT 1 WHERE false", "二": f"{many} ORDER BY n", "三": f"{many} LIMIT 1"})
    assert [(one.sentence, one.rows_in_all, len(one.rows)) for one in checked.untrue] == [
        ("二", 300, 200),
        ("三", 1, 1),
    ]
    assert set(checked.untrue[1].rows[0]) == {"n", "name"}
    assert "Data asset: operations" in checked.docs
    assert (checked.docs.count("fa-check-circle text-success"), "‹" in checked.docs) == (1, True)
