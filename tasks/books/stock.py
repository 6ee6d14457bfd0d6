"""True sentences about what is kept of stock by day and lot, as those of balances are in `tasks.books.queries`."""

STOCK = {
    "库存 = 各批次合计，批次不为负 lots add up to the stock, and none is negative": """
        SELECT warehouse, part, on_hand, lots FROM stock_balance FULL JOIN (
            SELECT warehouse, part, sum(on_hand) AS lots, min(on_hand) AS least FROM stock_lot GROUP BY 1, 2
        ) l USING (warehouse, part)
        WHERE coalesce(on_hand, 0) <> coalesce(lots, 0) OR least < 0""",
    "批次 = 该批次的收发合计 a lot is what came into it less what left it": """
        SELECT warehouse, part, came_on, expires_on, on_hand, moved FROM stock_lot FULL JOIN (
            SELECT warehouse, part, came_on, expires_on, sum(quantity) AS moved FROM stock_movement GROUP BY 1, 2, 3, 4
        ) m USING (warehouse, part, came_on, expires_on)
        WHERE coalesce(on_hand, 0) <> coalesce(moved, 0)""",
    "日结的结存 = 已结的收发合计 what closed days left is the sum of what they closed": """
        SELECT warehouse, part, closing, moved
        FROM (SELECT DISTINCT ON (warehouse, part) warehouse, part, closing FROM stock_day
              ORDER BY warehouse DESC, part DESC, day DESC) d
        FULL JOIN (SELECT warehouse, part, sum(quantity) AS moved FROM stock_closed c
                   JOIN stock_movement m ON m.id = c.movement_id GROUP BY 1, 2) m USING (warehouse, part)
        WHERE closing IS DISTINCT FROM moved""",
    "期初 = 上次日结的结存 a day opens with what was left when it last closed": """
        SELECT warehouse, part, day, opening, before FROM (
            SELECT *, lag(closing) OVER (PARTITION BY warehouse, part ORDER BY day) AS before FROM stock_day) d
        WHERE before <> opening""",
    "有收发的仓库每日一本流水账 each warehouse whose stock moved on a closed day has its journal": """
        SELECT warehouse, day, moved FROM (
            SELECT warehouse, day, count(*) AS moved FROM stock_day WHERE came <> 0 OR went <> 0 GROUP BY 1, 2) d
        LEFT JOIN stock_journal j USING (warehouse, day) WHERE j.day IS NULL""",
}
