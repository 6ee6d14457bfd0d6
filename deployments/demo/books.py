"""The demo's audit: sentences that must be true of the books, each with a query for what contradicts it."""

from sqlalchemy import Connection, text

SENTENCES = {
    "库存 = 出入库合计 stock is what came in minus what went out": """
        SELECT warehouse, part, on_hand, moved FROM stock_balance
        FULL JOIN (SELECT warehouse, part, sum(quantity) AS moved FROM stock_movement GROUP BY 1, 2) m
        USING (warehouse, part)
        WHERE coalesce(on_hand, 0) <> coalesce(moved, 0)""",
    "库存从不为负，无多余预留 no stock is negative, nothing is kept for closed cases": """
        SELECT warehouse, part, on_hand, reserved FROM stock_balance WHERE on_hand < 0 OR reserved <> 0
        UNION ALL SELECT warehouse, part, quantity, quantity FROM reservation WHERE state = 'held'""",
    "单据编号连续 documents are numbered without a gap": """
        SELECT kind, year, count(*), max(serial) FROM document GROUP BY 1, 2
        HAVING min(serial) <> 1 OR max(serial) <> count(*) OR count(DISTINCT serial) <> count(*)""",
    "单号连续 cases are numbered without a gap": """
        SELECT process, count(*), max(number) FROM service_case GROUP BY 1
        HAVING max(right(number, 6)::int) <> count(*)""",
    "每次入库有且只有一张入库单 every receipt has its 入库单": """
        SELECT case_id, step_key FROM ledger l WHERE kind = 'step' AND step_key LIKE 'book-goods-in-%'
        AND 1 <> (SELECT count(*) FROM document d
                  WHERE d.case_id = l.case_id AND d.step_key = l.step_key AND d.kind = 'RK')""",
    "每次出库有出库单 every delivery has its 出库单": """
        SELECT case_id, step_key FROM ledger l WHERE kind = 'step' AND step_key LIKE 'release-goods-%'
        AND 1 <> (SELECT count(*) FROM document d
                  WHERE d.case_id = l.case_id AND d.step_key = l.step_key AND d.kind = 'CK')""",
    "每次发货有发货单和装箱单 every dispatch has its 发货单 and 装箱单": """
        SELECT l.case_id, l.step_key FROM ledger l WHERE l.step_key LIKE 'dispatch-goods-%'
        AND 'FH,ZX' IS DISTINCT FROM (SELECT string_agg(d.kind, ',' ORDER BY d.kind) FROM document d
                                      WHERE d.case_id = l.case_id AND d.step_key = l.step_key)""",
    "入出库单与库存变动一致 slips list what was moved": """
        SELECT case_id, step_key, listed, moved FROM (
            SELECT case_id, step_key, sum(abs((line ->> 'quantity')::numeric)) AS listed
            FROM document, json_array_elements(content -> 'lines') line
            WHERE kind IN ('RK', 'CK') GROUP BY 1, 2) d
        FULL JOIN (SELECT case_id, step_key, sum(abs(quantity)) AS moved FROM stock_movement
                   WHERE case_id IS NOT NULL GROUP BY 1, 2) m USING (case_id, step_key)
        WHERE coalesce(listed, 0) <> coalesce(moved, 0)""",
    "红字单各冲销一张蓝字单 every red slip takes one slip back": """
        SELECT red.number FROM document red LEFT JOIN document black ON black.id = red.reverses
        WHERE (red.content ->> 'red') = 'true' AND (black.id IS NULL OR black.kind <> red.kind)""",
    "外发消息均已答复，每单只发一次订单 every message is answered, every order went out once": """
        SELECT case_id, kind, state, count(*) FROM outbox GROUP BY 1, 2, 3
        HAVING state <> 'answered' OR (kind = 'place_order' AND count(*) <> 1)""",
    "已结案的单无待办、无在制 nothing of a closed case waits or is being made": """
        SELECT number, link FROM service_case c WHERE closed_at IS NOT NULL AND (
            EXISTS (SELECT 1 FROM work_item i WHERE i.case_id = c.id AND i.state = 'open')
            OR EXISTS (SELECT 1 FROM production_order o WHERE o.case_id = c.id AND o.state = 'open'))""",
    "每步只记一次，每个决定有一人负责 each decision counts once": """
        SELECT case_id, step_key, count(*) FROM decision WHERE accepted GROUP BY 1, 2 HAVING count(*) <> 1""",
    "没有人审批自己的单或审批两次 nobody approves an own case, or one case twice": """
        SELECT c.number, d.actor FROM decision d JOIN service_case c ON c.id = d.case_id
        JOIN work_item i ON i.case_id = d.case_id AND i.step_key = d.step_key
        WHERE d.accepted AND i.form LIKE '%ApprovalDecision' AND (d.actor = c.applicant OR EXISTS (
            SELECT 1 FROM decision e JOIN work_item j ON j.case_id = e.case_id AND j.step_key = e.step_key
            WHERE e.accepted AND e.case_id = d.case_id AND e.actor = d.actor AND e.id < d.id
              AND (j.form LIKE '%ApprovalDecision' OR e.form ->> '审核结论' LIKE '通过%')))""",
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


def audit(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Check every sentence; gives what contradicts each, nothing where it is true."""
    return {
        sentence: [tuple(row) for row in connection.execute(text(query)).fetchmany(5)]
        for sentence, query in SENTENCES.items()
    }


def figures(connection: Connection) -> dict[str, int]:
    """Count what the demo left in the books."""
    return {name: int(connection.execute(text(query)).scalar_one()) for name, query in FIGURES.items()}
