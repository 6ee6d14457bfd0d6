"""True sentences about what single processes keep, as those of the whole house are in `tasks.books.queries`."""

TRADES = {
    "退回逐件不多于送出 part by part no more comes back of a delivery, or from a repairer, than went there": """
        SELECT case_id, part, way, sum(quantity) AS too_many FROM (
            SELECT case_id, part, quantity, CASE WHEN kind = 'delivery_out' THEN 'delivered' ELSE 'repaired' END AS way
            FROM stock_movement WHERE kind IN ('delivery_out', 'repair_out', 'repaired_in')) moved
        GROUP BY case_id, part, way HAVING sum(quantity) > 0""",
    "在制和预留的都是本单的行 what a case has in production or kept is of a line that it has": """
        SELECT case_id, line_no FROM (SELECT case_id, line_no FROM reservation WHERE state = 'held'
                                      UNION SELECT case_id, line_no FROM production_order WHERE state = 'open') of_line
        WHERE NOT EXISTS (SELECT 1 FROM case_line l WHERE (l.case_id, l.line_no) = (of_line.case_id, of_line.line_no))""",
    "修好的不多于送修的 no more of a line is repaired than was to be": """
        SELECT case_id, line_no, done, quantity FROM (
            SELECT case_id, line_no, sum(quantity) AS done FROM repair GROUP BY 1, 2) r
        LEFT JOIN case_line l USING (case_id, line_no) WHERE done > coalesce(quantity, 0)""",
    "调入不多于调出 no more of a transfer comes in than left": """
        SELECT case_id, part, sum(quantity) AS too_many FROM stock_movement m JOIN service_case c ON c.id = m.case_id
        WHERE c.process IN ('ST', 'RL') AND kind IN ('transfer_in', 'transfer_out')
        GROUP BY case_id, part HAVING sum(quantity) > 0""",
    "盘点只在批准后改账 a count changes the books once its differences were approved": """
        SELECT c.number, m.step_key FROM stock_movement m JOIN service_case c ON c.id = m.case_id
        WHERE c.process = 'SC' AND NOT EXISTS (
            SELECT 1 FROM ledger l WHERE l.case_id = c.id AND l.kind = 'decision' AND l.step_key LIKE 'approve-%'
                AND l.output ->> 'verdict' = 'approve' AND l.actor <> c.applicant)""",
    "返件清单上的都是本办事处的返修单 a return list names repairs of its own office": """
        SELECT list.number, listed ->> 'repair' AS repair
        FROM (SELECT c.number, c.office, json_array_elements(d.content -> 'lines') AS listed
              FROM document d JOIN service_case c ON c.id = d.case_id WHERE d.kind = 'FJ') list
        LEFT JOIN service_case r ON r.number = listed ->> 'repair'
        WHERE r.process IS DISTINCT FROM 'RR' OR r.office <> list.office""",
    "每个来电有一张来电信息记录表 what a customer calls about is on one record": """
        SELECT c.number, count(d.id) AS records FROM service_case c
        JOIN ledger l ON l.case_id = c.id AND l.step_key = 'record-contact'
        LEFT JOIN document d ON d.case_id = c.id AND d.kind = 'LD'
        WHERE c.process = 'CC' GROUP BY c.id HAVING count(d.id) <> 1""",
    "已解决的投诉已归档 a complaint that is settled was filed": """
        SELECT number FROM service_case c
        WHERE process = 'CC' AND ending = 'settled' AND request ->> 'kind' = 'complaint'
          AND NOT EXISTS (SELECT 1 FROM document d WHERE d.case_id = c.id AND d.kind = 'DA')""",
    "每班一人值班，代理另有其人 a shift is one person's, and a deputy is another person": """
        SELECT day, shift, string_agg(staff, ' ' ORDER BY staff) AS people FROM duty
        GROUP BY day, shift, CASE WHEN shift = 'leave' THEN staff END
        HAVING count(*) > 1 OR bool_or(deputy = staff)""",
    "处罚只对受控后逾期完成的行 a penalty is of a line under control that was made after its promise": """
        SELECT p.case_id, p.line_no, p.turn, p.made_on, k.promised
        FROM penalty p LEFT JOIN line_cycle k USING (case_id, line_no, turn)
        WHERE k.promised IS NULL OR p.made_on <= k.promised OR p.unit <> k.unit""",
    "管控生产的是周期管控单 what controls a production order is a case of cycle control": """
        SELECT o.case_id, o.line_no, o.turn, c.number FROM production_order o JOIN service_case c ON c.id = o.cycle_id
        WHERE c.process <> 'CY' OR c.parent_id <> o.case_id""",
    "收回的异常费用是记过的，撤回的异常不留费用 no more is taken back than was charged, all of a withdrawn one": """
        SELECT number, party, sum(amount) AS charged FROM charge h JOIN service_case c ON c.id = h.case_id
        GROUP BY c.id, party_kind, party HAVING sum(amount) < 0 OR (ending = 'withdrawn' AND sum(amount) <> 0)""",
    "退款不超已付，我方违约另加定金和利息 no more goes back than was paid, the deposit again and interest": """
        SELECT number, paid, deposit, back FROM (
            SELECT c.id, c.number, coalesce(sum(p.amount) FILTER (WHERE p.kind <> 'returned'), 0) AS paid,
                   coalesce(sum(p.amount) FILTER (WHERE p.kind = 'deposit'), 0) AS deposit,
                   coalesce(sum(p.amount) FILTER (WHERE p.kind = 'prepayment'), 0) AS prepaid,
                   -coalesce(sum(p.amount) FILTER (WHERE p.kind = 'returned'), 0) AS back
            FROM service_case c JOIN payment p ON p.case_id = c.id GROUP BY c.id) money
        WHERE back > paid AND (back > paid + deposit + prepaid OR EXISTS (
            SELECT 1 FROM ledger l WHERE l.case_id = money.id AND l.kind = 'withdrawn'))""",
    "退货入库不多于申请 by a return no more comes in than it asked for": """
        SELECT case_id, came, asked FROM (
            SELECT case_id, sum(quantity) AS came FROM stock_movement WHERE kind = 'customer_return_in' GROUP BY case_id) m
        LEFT JOIN (SELECT case_id, sum(quantity) AS asked FROM case_line GROUP BY case_id) l USING (case_id)
        WHERE came > coalesce(asked, 0)""",
    "无未结退货的订单，所退均已结清 where no return of an order is open, what its sale says came back is settled": """
        SELECT order_no, line_no, returned, settled FROM sales_record s WHERE returned <> settled AND NOT EXISTS (
            SELECT 1 FROM service_case c WHERE c.order_no = s.order_no AND c.process = 'RF' AND c.closed_at IS NULL)""",
}
