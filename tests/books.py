"""The books: sentences that must be true of every operations database (DOMAIN, "data quality").

Each sentence has a query that finds what contradicts it; `books_balance` asserts that nothing does.
"""

from sqlalchemy import Engine, text

SENTENCES = {
    "no stock is negative, and no more is reserved than is there": """
        SELECT warehouse, part, on_hand, reserved FROM stock_balance
        WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand""",
    "in - out = stock": """
        SELECT warehouse, part, on_hand, moved
        FROM stock_balance FULL JOIN (
            SELECT warehouse, part, sum(quantity) AS moved FROM stock_movement GROUP BY warehouse, part
        ) m USING (warehouse, part)
        WHERE coalesce(on_hand, 0) <> coalesce(moved, 0)""",
    "what is reserved is what reservations hold": """
        SELECT warehouse, part, reserved, held
        FROM stock_balance FULL JOIN (
            SELECT warehouse, part, sum(quantity) AS held FROM reservation
            WHERE state = 'held' GROUP BY warehouse, part
        ) r USING (warehouse, part)
        WHERE coalesce(reserved, 0) <> coalesce(held, 0)""",
    "document numbers are gapless per kind and year": """
        SELECT kind, year, count(*), min(serial), max(serial), max(value)
        FROM document LEFT JOIN counter ON name = 'document:' || kind || ':' || year
        GROUP BY kind, year
        HAVING min(serial) <> 1 OR max(serial) <> count(*) OR max(value) IS DISTINCT FROM count(*)""",
    "a document's number tells its kind, year and serial": """
        SELECT id, number FROM document
        WHERE number <> kind || '-' || year || '-' || lpad(serial::text, 6, '0')""",
    "case numbers are gapless per process and year": """
        SELECT series, count(*), max(value)
        FROM (SELECT process || ':' || split_part(number, '-', 2) AS series,
                     split_part(number, '-', 3)::int AS serial FROM service_case) c
        LEFT JOIN counter ON name = 'case:' || series
        GROUP BY series
        HAVING min(serial) <> 1 OR max(serial) <> count(*) OR max(value) IS DISTINCT FROM count(*)""",
    "no number was drawn that nothing carries": """
        SELECT name, value FROM counter
        WHERE (name LIKE 'document:%' AND NOT EXISTS (
                  SELECT 1 FROM document WHERE name = 'document:' || kind || ':' || year AND serial = value))
           OR (name LIKE 'case:%' AND NOT EXISTS (
                  SELECT 1 FROM service_case
                  WHERE name = 'case:' || process || ':' || split_part(number, '-', 2)
                  AND split_part(number, '-', 3)::int = value))""",
    "a slip lists what its step moved": """
        SELECT case_id, step_key, line_no, listed, moved
        FROM (
            SELECT case_id, step_key, (line ->> 'line_no')::int AS line_no,
                   sum((line ->> 'quantity')::numeric * CASE kind WHEN 'RK' THEN 1 ELSE -1 END) AS listed
            FROM document, json_array_elements(content -> 'lines') AS line
            WHERE kind IN ('RK', 'CK') GROUP BY 1, 2, 3
        ) slip FULL JOIN (
            SELECT case_id, step_key, line_no, sum(quantity) AS moved
            FROM stock_movement WHERE case_id IS NOT NULL GROUP BY 1, 2, 3
        ) m USING (case_id, step_key, line_no)
        WHERE coalesce(listed, 0) <> coalesce(moved, 0)""",
    "every reversal has one red slip, the mirror of the slip it reverses": """
        SELECT red.case_id, red.step_key, red.number, black.number
        FROM (SELECT case_id, step_key FROM ledger
              WHERE kind = 'undo' AND step_key LIKE 'undo-release-goods%' AND output IS NOT NULL) undo
        FULL JOIN (SELECT * FROM document WHERE reverses IS NOT NULL OR content ->> 'red' = 'true') red
             USING (case_id, step_key)
        LEFT JOIN document black ON black.id = red.reverses
        WHERE undo.step_key IS NULL OR black.id IS NULL OR black.kind <> red.kind
           OR EXISTS (
               SELECT line ->> 'line_no', line ->> 'part'
               FROM (SELECT json_array_elements(red.content -> 'lines') AS line
                     UNION ALL SELECT json_array_elements(black.content -> 'lines')) both_slips
               GROUP BY 1, 2 HAVING sum((line ->> 'quantity')::numeric) <> 0)""",
    "every open case has an open item with its holder and due time": """
        SELECT number, holder, due_at FROM service_case c
        WHERE closed_at IS NULL AND (holder IS NULL OR due_at IS NULL OR NOT EXISTS (
            SELECT 1 FROM work_item i
            WHERE i.case_id = c.id AND i.state = 'open' AND i.role = c.holder AND i.due_at = c.due_at))""",
    "an open case is due with its first item, and no leg has work to do": """
        SELECT number, due_at, ready_at, fault FROM service_case c
        WHERE closed_at IS NULL AND (ready_at IS NOT NULL OR fault IS NOT NULL OR due_at <> (
            SELECT min(due_at) FROM work_item i WHERE i.case_id = c.id AND i.state = 'open'))""",
    "nothing of a closed case waits, is held, is being made or is open": """
        SELECT number, holder, ready_at, fault FROM service_case c
        WHERE closed_at IS NOT NULL AND (
            holder IS NOT NULL OR due_at IS NOT NULL OR ready_at IS NOT NULL OR fault IS NOT NULL
            OR EXISTS (SELECT 1 FROM work_item WHERE case_id = c.id AND state = 'open')
            OR EXISTS (SELECT 1 FROM reservation WHERE case_id = c.id AND state = 'held')
            OR EXISTS (SELECT 1 FROM production_order WHERE case_id = c.id AND state = 'open')
            OR EXISTS (SELECT 1 FROM case_line WHERE case_id = c.id AND open))""",
    "no two open lines have the same order, part and reason": """
        SELECT order_no, part, reason, count(*) FROM case_line WHERE open
        GROUP BY order_no, part, reason HAVING count(*) > 1""",
    "a case's ledger counts from 1 without a gap": """
        SELECT c.number, c.seq, count(l.seq), min(l.seq), max(l.seq)
        FROM service_case c LEFT JOIN ledger l ON l.case_id = c.id
        GROUP BY c.id
        HAVING c.seq <> count(l.seq) OR coalesce(max(l.seq), 0) <> c.seq OR coalesce(min(l.seq), 1) <> 1""",
    "each accepted decision is the ledger's, by the same person": """
        SELECT case_id, step_key, d.actor, l.actor
        FROM (SELECT * FROM decision WHERE accepted) d
        FULL JOIN (SELECT * FROM ledger WHERE kind IN ('decision', 'withdrawn', 'timed_out')
                   AND NOT (kind = 'decision' AND actor = 'SYSTEM')) l USING (case_id, step_key)
        WHERE d.actor IS DISTINCT FROM l.actor""",
    "an item that was answered says how": """
        SELECT case_id, step_key, i.state, l.kind
        FROM work_item i LEFT JOIN ledger l USING (case_id, step_key)
        WHERE (i.state IN ('decided', 'withdrawn', 'timed_out')
               AND l.kind IS DISTINCT FROM CASE i.state WHEN 'decided' THEN 'decision' ELSE i.state END)
           OR (i.state IN ('open', 'dropped') AND l.kind IS NOT NULL)""",
    "a case is closed by its last entry": """
        SELECT number, link FROM service_case c
        WHERE (closed_at IS NOT NULL) <> EXISTS (
            SELECT 1 FROM ledger WHERE case_id = c.id AND step_key = 'close' AND seq = c.seq)""",
}


def books_balance(db: Engine) -> None:
    """Assert every sentence; a failure names the sentence and what contradicts it."""
    with db.connect() as connection:
        wrong = {
            sentence: found
            for sentence, query in SENTENCES.items()
            if (found := [tuple(row) for row in connection.execute(text(query))])
        }
    assert not wrong, "\n".join(f"not true: {sentence}: {found}" for sentence, found in wrong.items())
