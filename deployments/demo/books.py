"""The demo's audit: what must be true of every database, and what else must be true when all cases are closed."""

from typing import Any

from sqlalchemy import Connection, text

from tasks.books.queries import ALWAYS, AT_REST, untrue

AT_THE_END = {
    "无多余预留 nothing is kept for closed cases": """
        SELECT warehouse, part, reserved FROM stock_balance WHERE reserved <> 0""",
    "外发消息均已答复 every message is answered": """
        SELECT case_id, kind, state FROM outbox WHERE state <> 'answered'""",
}
FIGURES = {
    "单据 cases": "SELECT count(*) FROM service_case",
    "记录 ledger entries": "SELECT count(*) FROM ledger",
    "决定 decisions": "SELECT count(*) FROM decision WHERE accepted",
    "被拒 refused": "SELECT count(*) FROM decision WHERE NOT accepted",
    "票据 documents": "SELECT count(*) FROM document",
    "库存变动 stock movements": "SELECT count(*) FROM stock_movement WHERE case_id IS NOT NULL",
    "外发 outbox": "SELECT count(*) FROM outbox",
}


def audit(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Check every sentence; gives what contradicts each, nothing where it is true."""
    sentences = {**ALWAYS, **AT_REST, **AT_THE_END}
    return {sentence: [] for sentence in sentences} | untrue(connection, sentences)


def figures(connection: Connection) -> dict[str, int]:
    """Count what the demo left in the books."""
    return {name: int(connection.execute(text(query)).scalar_one()) for name, query in FIGURES.items()}
