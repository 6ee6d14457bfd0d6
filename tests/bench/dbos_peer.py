"""The peer: the same parts application as a DBOS workflow, in a process of its own.

It has the same eleven steps and six gates, and it writes the rows that our engine wrote for a genuine case of the
same kind, as many in every table (`tests.bench.bulk` compares). What DBOS keeps by itself is not written twice: no
ledger, no lease, no row ids of sheets. It is given every advantage that its manual offers or that we could think of:
- each step is one transaction of its SQLAlchemyDatasource, checkpointed with the rows, READ COMMITTED as ours
  (its default, SERIALIZABLE, only adds retries on the counters and on stock);
- within a step, Core with executemany; nothing is read that can be known beforehand, no form is validated, no
  rule is judged, no due time is computed: the rows come ready from the genuine case;
- all answers lie in the mailbox before the workflow asks for them, sent by send_bulk in chunks of 200, so `recv`
  never waits; opening a gate belongs to the step before it, taking the decision to the step behind it;
- LISTEN/NOTIFY, pools as large as the threads, logs off, started directly: a queue would only add its own work;
- its best concurrency, tried on two cores that were busy with other work: 1, 2, 4, 8, 16 and 32 threads closed 2.0,
  5.0, 6.7, 7.8, 6.8 and 5.9 cases/s, async with 8 and 16 at once about half of 8 threads; a second process was a
  little faster at times, so the benchmark plays both and takes the better. Four fifths of its Python time
  are DBOS's own.
"""

import gc
import sys
from collections.abc import Callable, Sequence
from typing import Any

from dbos import DBOS, DBOSConfig, SendMessage, SetWorkflowID, SQLAlchemyDatasource
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from tests.bench.load import GATES, UNITS, form
from tests.bench.peer_steps import (
    Books,
    Genuine,
    Row,
    book_goods_in,
    confirm_cycle,
    confirm_plan,
    confirm_receipt,
    dispatch_goods,
    enter_order,
    genuine,
    place_production,
    record_production,
    register,
    release_goods,
    review,
)

CHUNK = 200
WARM_UP = 12


def register_workflow(source: SQLAlchemyDatasource) -> Callable[[int], int]:
    """Make the workflow: eleven transactions, six waits."""

    def do(n: int, case_id: int, act: Callable[..., Any], *answer: Row) -> Any:
        def write() -> Any:
            return act(Books(source.sql_session().connection(), n, case_id), *answer)

        return source.run_tx_step({"name": act.__name__, "isolation_level": "READ COMMITTED"}, write)

    @DBOS.workflow()
    def parts_application(n: int) -> int:
        case_id: int = do(n, 0, register)
        do(n, case_id, review, DBOS.recv("review"))
        do(n, case_id, enter_order)
        do(n, case_id, confirm_cycle)
        do(n, case_id, confirm_plan, DBOS.recv("plan"))
        do(n, case_id, place_production)
        do(n, case_id, record_production, DBOS.recv("produce"))
        do(n, case_id, book_goods_in, DBOS.recv("goods-in"))
        do(n, case_id, release_goods, DBOS.recv("goods-out"))
        do(n, case_id, dispatch_goods)
        do(n, case_id, confirm_receipt, DBOS.recv("pickup"))
        return case_id

    return parts_application


def launch(url: str, executor: str, threads: int) -> Callable[[int], int]:
    """Start an executor: DBOS's system database beside ours on the same server, the datasource on ours."""
    ours = make_url(url)
    system = ours.set(database=f"{ours.database}_dbos").render_as_string(hide_password=False)
    config: DBOSConfig = {
        "name": "parts-application",
        "system_database_url": system,
        "executor_id": executor,
        "sys_db_pool_size": threads + 4,
        "max_executor_threads": threads,
        "log_level": "ERROR",
    }
    DBOS(config=config)
    engine = create_engine(ours, pool_size=threads + 2)
    with engine.connect() as connection:
        genuine[:] = [Genuine(connection, n) for n in range(len(UNITS))]
    workflow = register_workflow(SQLAlchemyDatasource.create(url, engine=engine))
    DBOS.launch()
    return workflow


def play(workflow: Callable[[int], int], cases: Sequence[int]) -> None:
    """Apply, decide everything, and wait until all cases are closed."""
    handles = []
    for start in range(0, len(cases), CHUNK):
        chunk = cases[start : start + CHUNK]
        for n in chunk:
            with SetWorkflowID(f"case-{n}"):
                handles.append(DBOS.start_workflow(workflow, n))
        DBOS.send_bulk([SendMessage(f"case-{n}", form(n, gate), gate) for gate in GATES for n in chunk])
    for handle in handles:
        handle.get_result()


def main(url: str, executor: str, cases: range, threads: int) -> None:
    """Play cases when a line comes in; a dozen before that warm up. Says "ready", and "done" at the end."""
    workflow = launch(url, executor, threads)
    play(workflow, range(cases.stop, cases.stop + WARM_UP))
    gc.freeze()  # spares it the collector's walks over all that was imported
    print("ready", flush=True)
    sys.stdin.readline()
    play(workflow, cases)
    print("done", flush=True)
    DBOS.destroy()


if __name__ == "__main__":
    first, count = int(sys.argv[3]), int(sys.argv[4])
    main(sys.argv[1], sys.argv[2], range(first, first + count), int(sys.argv[5]))
