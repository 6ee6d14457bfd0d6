"""The books: sentences that must be true of every operations database (DOMAIN, "data quality").

Each sentence has a query that finds what contradicts it. ALWAYS holds after every commit, AT_REST when no leg runs.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from tasks.books.stock import STOCK
from tasks.books.trades import TRADES

ALWAYS = (
    {
        "库存不为负，预留不超库存 no stock is negative, and no more is reserved than is there": """
        SELECT warehouse, part, on_hand, reserved FROM stock_balance
        WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand""",
        "库存 = 出入库合计 in - out = stock": """
        SELECT warehouse, part, on_hand, moved
        FROM stock_balance FULL JOIN (
            SELECT warehouse, part, sum(quantity) AS moved FROM stock_movement GROUP BY warehouse, part
        ) m USING (warehouse, part)
        WHERE coalesce(on_hand, 0) <> coalesce(moved, 0)""",
        "预留数 = 预留记录合计 what is reserved is what reservations hold": """
        SELECT warehouse, part, reserved, held
        FROM stock_balance FULL JOIN (
            SELECT warehouse, part, sum(quantity) AS held FROM reservation
            WHERE state = 'held' GROUP BY warehouse, part
        ) r USING (warehouse, part)
        WHERE coalesce(reserved, 0) <> coalesce(held, 0)""",
        "编号连续，没有取而未用的 numbers are gapless per kind or process and year, and none was drawn for nothing": """
        SELECT name, coalesce(numbers, 0) AS numbers, first, last, value FROM (
            SELECT 'document:' || kind || ':' || year AS name, count(*) AS numbers, min(serial) AS first, max(serial) AS last
            FROM document GROUP BY kind, year UNION ALL
            SELECT 'case:' || process || ':' || year, count(*), min(serial), max(serial)
            FROM (SELECT process, split_part(number, '-', 2) AS year, split_part(number, '-', 3)::int AS serial
                  FROM service_case) c GROUP BY process, year) carried FULL JOIN counter USING (name)
        WHERE first IS DISTINCT FROM 1 OR last <> numbers OR value IS DISTINCT FROM last""",
        "票据编号与类别、年份、序号一致 a document's number tells its kind, year and serial": """
        SELECT id, number FROM document
        WHERE number <> kind || '-' || year || '-' || lpad(serial::text, 6, '0')""",
        "入出库单与库存变动一致 a slip lists what its step moved": """
        SELECT case_id, step_key, line_no, sum(listed) AS listed, sum(moved) AS moved
        FROM (
            SELECT case_id, step_key, line_no, CASE kind WHEN 'RK' THEN quantity ELSE -quantity END AS listed, NULL AS moved
            FROM document, json_to_recordset(content -> 'lines') AS line (line_no int, quantity numeric)
            WHERE kind IN ('RK', 'CK', 'DB')
            UNION ALL SELECT case_id, step_key, line_no, NULL, quantity FROM stock_movement WHERE case_id IS NOT NULL
        ) line
        GROUP BY 1, 2, 3 HAVING coalesce(sum(listed), 0) <> coalesce(sum(moved), 0)""",
        "每次冲销有一张红字单，与原单相抵 every reversal has one red slip, the mirror of the slip or of what came back of it": """
        SELECT red.case_id, red.step_key, red.number AS red, black.number AS reversed
        FROM (SELECT case_id, step_key FROM ledger
              WHERE kind = 'undo' AND step_key ~ '^undo-(release-goods|collect-goods|hold-parcel)' AND output IS NOT NULL) undo
        FULL JOIN (SELECT * FROM document  -- goods that come back (退库) have a red slip too, which reverses none
                   WHERE reverses IS NOT NULL OR (content ->> 'red' = 'true' AND content ->> 'category' <> '退库')) red
             USING (case_id, step_key)
        LEFT JOIN document black ON black.id = red.reverses
        WHERE (undo.step_key IS NULL AND red.step_key NOT LIKE 'book-back-%')
           OR black.id IS NULL OR black.kind <> red.kind
           OR EXISTS (
               SELECT line ->> 'line_no', line ->> 'part'
               FROM (SELECT json_array_elements(red.content -> 'lines') AS line
                     UNION ALL SELECT json_array_elements(black.content -> 'lines')) both_slips
               GROUP BY 1, 2 HAVING sum((line ->> 'quantity')::numeric) <> 0
                   AND (undo.step_key IS NOT NULL OR sum((line ->> 'quantity')::numeric) < 0))""",
        "维修和报废只出自残次品仓 what is repaired or scrapped leaves a damaged warehouse": """
        SELECT case_id, step_key, warehouse, m.kind FROM stock_movement m JOIN warehouse w ON w.code = m.warehouse
        WHERE m.kind IN ('repair_out', 'scrap_out') AND w.kind <> 'damaged'""",
        "已结案的单无待办、无预留、无在制、无未结行 nothing of a closed case waits, is held, is being made or is open": """
        SELECT number, holder, ready_at, fault FROM service_case c
        WHERE closed_at IS NOT NULL AND (
            holder IS NOT NULL OR due_at IS NOT NULL OR ready_at IS NOT NULL OR fault IS NOT NULL
            OR EXISTS (SELECT 1 FROM work_item WHERE case_id = c.id AND closed_at IS NULL)
            OR EXISTS (SELECT 1 FROM reservation WHERE case_id = c.id AND state = 'held')
            OR EXISTS (SELECT 1 FROM production_order WHERE case_id = c.id AND state = 'open')
            OR EXISTS (SELECT 1 FROM case_line WHERE case_id = c.id AND open))""",
        "同订单同配件同原因只有一行未结 no two open lines have the same order, part and reason": """
        SELECT order_no, part, reason, count(*) AS lines FROM case_line WHERE open AND NOT again
        GROUP BY order_no, part, reason HAVING count(*) > 1""",
        "每单的记录从 1 起连续 a case's ledger counts from 1 without a gap": """
        SELECT number, seq, coalesce(entries, 0) AS entries, first, last
        FROM service_case LEFT JOIN (
            SELECT case_id AS id, count(*) AS entries, min(seq) AS first, max(seq) AS last FROM ledger GROUP BY case_id
        ) l USING (id)
        WHERE seq <> coalesce(entries, 0) OR coalesce(last, 0) <> seq OR coalesce(first, 1) <> 1""",
        "每个决定记一次，由同一人办理 each accepted decision is the ledger's, by the same person": """
        SELECT case_id, step_key, d.actor AS decided, l.actor AS recorded
        FROM (SELECT case_id, step_key, actor FROM decision WHERE accepted) d
        FULL JOIN (SELECT case_id, step_key, kind, actor FROM ledger
                   WHERE kind IN ('decision', 'withdrawn', 'timed_out')) l USING (case_id, step_key)
        WHERE d.actor IS DISTINCT FROM l.actor  -- an embedded counterpart answers without one
          AND NOT (d.actor IS NULL AND l.kind = 'decision' AND l.actor = 'SYSTEM')""",
        "退款分项不超实付，退货不超售出 per part no more is given back than was paid, and no more comes back than was sold": """
        SELECT order_no, goods, delivery, price, fee FROM (
            SELECT c.order_no, sum(r.goods) AS goods, sum(r.delivery) AS delivery
            FROM refund r JOIN service_case c ON c.id = r.case_id GROUP BY 1) given
        CROSS JOIN LATERAL (
            SELECT sum(refunded) AS refunded, sum(fee_refunded) AS fee_refunded, sum(price_paid + paid_more) AS price,
                   sum(delivery_fee) AS fee, bool_and(returned <= quantity) AS fits
            FROM sales_record WHERE order_no = given.order_no) s
        WHERE goods > refunded OR delivery > fee_refunded OR refunded > price OR fee_refunded > fee OR NOT fits""",
        "每笔退款付一次 a refund is sent to be paid by one message, and is paid by the bank's word": """
        SELECT r.case_id, r.turn, r.state, count(o.id) AS messages FROM refund r LEFT JOIN outbox o
            ON o.case_id = r.case_id AND o.kind = 'pay_refund' AND (o.payload ->> 'refund')::int = r.turn
        GROUP BY r.case_id, r.turn HAVING count(o.id) > 1 OR (count(o.id) = 0 AND r.state <> 'granted')""",
        "已办的待办注明如何办结 an item that was answered says how": """
        SELECT case_id, step_key, state,
               (SELECT kind FROM ledger l WHERE (l.case_id, l.step_key) = (i.case_id, i.step_key)) AS recorded
        FROM work_item i LEFT JOIN (SELECT case_id, step_key, kind FROM ledger
                                    WHERE kind IN ('decision', 'withdrawn', 'timed_out')) said USING (case_id, step_key)
        WHERE (state IN ('decided', 'withdrawn', 'timed_out')
               AND kind IS DISTINCT FROM CASE state WHEN 'decided' THEN 'decision' ELSE state END)
           OR (state IN ('open', 'dropped')
               AND EXISTS (SELECT 1 FROM ledger l WHERE (l.case_id, l.step_key) = (i.case_id, i.step_key)))""",
        "结案是每单的最后一条记录 a case is closed by its last entry": """
        SELECT number, link FROM service_case c
        LEFT JOIN (SELECT case_id, seq FROM ledger WHERE step_key = 'close') last ON (case_id, last.seq) = (c.id, c.seq)
        WHERE (closed_at IS NOT NULL) <> (case_id IS NOT NULL)""",
        "每次入库、出库、发货有且只有应有的单据 every receipt, delivery and dispatch has its slips, one of each": """
        SELECT case_id, step_key, slips FROM (
            SELECT case_id, step_key, 'RK' AS slips FROM ledger WHERE kind = 'step' AND step_key LIKE 'book-goods-in-%'
            UNION ALL SELECT case_id, step_key, 'CK' FROM ledger WHERE kind = 'step' AND step_key LIKE 'release-goods-%'
            UNION ALL SELECT case_id, step_key, 'FH,ZX' FROM ledger WHERE kind = 'step' AND step_key LIKE 'dispatch-goods-%'
        ) wanted
        LEFT JOIN (SELECT DISTINCT case_id, step_key, true AS moved FROM stock_movement
                   WHERE step_key LIKE 'book-goods-in-%') m USING (case_id, step_key)
        LEFT JOIN document d USING (case_id, step_key)
        GROUP BY case_id, step_key, slips, moved  -- a count of zero issues no slip
        HAVING CASE WHEN slips <> 'RK' OR moved THEN slips END IS DISTINCT FROM string_agg(d.kind, ',' ORDER BY d.kind)""",
        "每单最多下一次订单 an order goes out once": """
        SELECT case_id, count(*) AS orders FROM outbox WHERE kind = 'place_order' GROUP BY 1 HAVING count(*) > 1""",
        "没有人审批自己的单或审批两次 nobody approves an own case, or one case twice": """
        WITH asked AS MATERIALIZED (  -- what was decided takes long to read, so it is read of few
            SELECT number, applicant, case_id, step_key, actor, count(*) OVER (PARTITION BY case_id, actor) AS times
            FROM work_item JOIN ledger USING (case_id, step_key) JOIN service_case c ON c.id = case_id
            WHERE (form LIKE '%ApprovalDecision' OR form LIKE '%ReviewDecision' OR form LIKE '%EarlyRelease')
              AND kind = 'decision')
        SELECT number, asked.actor, count(*) AS approvals FROM asked JOIN ledger l USING (case_id, step_key)
        WHERE (times > 1 OR asked.actor = applicant) AND output ->> 'verdict' IN ('approve', 'release')
        GROUP BY case_id, number, applicant, asked.actor HAVING count(*) > 1 OR asked.actor = applicant""",
        "未结案的单有待办，随首个待办到期 an open case waits, is due with its first item, or a leg has work": """
        SELECT number, holder, due_at FROM service_case c
        WHERE closed_at IS NULL AND ready_at IS NULL AND (
            due_at > (SELECT min(due_at) FROM work_item i WHERE i.case_id = c.id AND i.closed_at IS NULL)
            OR NOT EXISTS (
                SELECT 1 FROM work_item i
                WHERE i.case_id = c.id AND i.closed_at IS NULL AND i.role = c.holder AND i.due_at = c.due_at))""",
    }
    | STOCK
    | TRADES
)
AT_REST = {
    "没有未尽之事，没有故障 no leg has work to do, and none came to a fault": """
        SELECT number, holder, ready_at, fault FROM service_case c
        WHERE closed_at IS NULL AND (ready_at IS NOT NULL OR fault IS NOT NULL)"""
}


def untrue(
    connection: Connection, sentences: Mapping[str, str] = ALWAYS, most: int = 5
) -> dict[str, list[tuple[Any, ...]]]:
    """Give what contradicts each sentence, at most so many rows of it; a true sentence is left out."""
    found = {sentence: connection.execute(text(query)).fetchmany(most) for sentence, query in sentences.items()}
    return {sentence: [tuple(row) for row in rows] for sentence, rows in found.items() if rows}
