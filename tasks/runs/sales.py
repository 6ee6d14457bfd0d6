"""Sales records of the order system 销售记录同步, page after page, as if each were a sheet (DOMAIN, "Sales records"; S0).

A page is taken in, then its cursor is kept: ended in between, it comes again and changes nothing. What went back stays
told to the SUPERVISOR until it came again as it should be, or a person put it right by sheet.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import uuid4

import httpx
from sqlalchemy import Connection, Engine

from schemas.sheet_kinds import sheet_kind
from schemas.words import Role
from tasks.customers.queries import sales_changed
from tasks.cycle.rules import shanghai_day
from tasks.desk.rules import plain
from tasks.durable import clock
from tasks.outbox.feeds import next_page
from tasks.outbox.post import Undelivered
from tasks.outbox.queries import delivery_rules, feed_of, keep_feed
from tasks.outbox.steps import address_name, system_url
from tasks.rounds.pages import Listing, page_of
from tasks.rounds.queries import tell_role
from tasks.runs.job import Ended
from tasks.sheets import places
from tasks.sheets.feeds import RecordsTaken, key_of, take_records
from tasks.sheets.report import SheetReport
from tasks.unit.reading import reading

SYSTEM, KIND, NAME = "order", "sales_records", "订单系统"
MOST_PAGES = 200  # of a round; the next one goes on
NOT_SERVED = (404, 405)  # of one that has never served any: it takes orders only
NO_RECORDS = "订单系统不提供销售记录，销售记录用表格 the order system has none to give: they come by sheet"
MOST_NAMED = 20  # records that wait to be right
Waiting = Mapping[str, Mapping[str, str]]  # by order and line: the order, since when, and where their sheet lies


def follow_sales(db: Engine) -> Ended:
    """Take in what changed since the last round; says so where no order system is set, serves them or answers."""
    if not system_url(SYSTEM):
        why = f"未设置 {address_name(SYSTEM)}，销售记录用表格 no order system is set: sales records come by sheet"
        return Ended("未设置", why)
    reports, fault = list[SheetReport](), ""
    try:
        for report in _pages(db):
            reports.append(report)
    except Undelivered as error:
        fault = str(error)
        if error.status in NOT_SERVED and not _has_served(db):
            return Ended("未提供", f"{address_name(SYSTEM)}/{KIND} {fault}：{NO_RECORDS}")
    _settle(db)
    whole = SheetReport(NAME, [table for report in reports for table in report.tables])
    if fault:
        return Ended("未取到", f"{fault}；{whole.line}", _page(reports, whole, fault), failed=True)
    return Ended(whole.word, whole.line, _page(reports, whole)) if reports else Ended("没有变化", "nothing has changed")


def _has_served(db: Engine) -> bool:
    with reading(db) as connection:
        cursor, _ = feed_of(connection, SYSTEM, KIND)
    return bool(cursor)


def _pages(db: Engine) -> Iterator[SheetReport]:
    """Take page after page in; raises Undelivered where none is to be had."""
    with reading(db) as connection:
        rules, (cursor, _) = delivery_rules(connection), feed_of(connection, SYSTEM, KIND)
    with httpx.Client() as client:
        for _ in range(MOST_PAGES):
            page, since = next_page(client, SYSTEM, KIND, cursor, rules), clock.now()
            taken = take_records(db, sheet_kind("sales"), page.records, NAME, places.here().reports / uuid4().hex)
            with db.begin() as connection:
                _, waiting = feed_of(connection, SYSTEM, KIND)
                _keep(connection, page.cursor, waiting, _waiting_with(waiting, taken, since))
            cursor = page.cursor
            if page.records:
                yield taken.report
            if not page.more:
                return


def _waiting_with(waiting: Waiting, taken: RecordsTaken, since: datetime) -> Waiting:
    """Say what waits to be right once a page was taken in."""
    sheet = taken.report.reject_sheet
    back = {"since": since.isoformat(), "sheet": places.here().link(sheet) if sheet else ""}
    others = {key: one for key, one in waiting.items() if key not in taken.right}
    return others | {key: back for key, right in taken.right.items() if not right}


def _settle(db: Engine) -> None:
    """Wait no more for what a person has put right by sheet."""
    with db.begin() as connection:
        cursor, waiting = feed_of(connection, SYSTEM, KIND)
        orders = {key.partition(key_of("", ""))[0] for key in waiting}
        changed = {key_of(*sale): at for sale, at in sales_changed(connection, orders).items()}
        left = {key: one for key, one in waiting.items() if not _is_right(changed.get(key), one)}
        if left != waiting:
            _keep(connection, cursor, waiting, left)


def _keep(connection: Connection, cursor: str, before: Waiting, waiting: Waiting) -> None:
    """Keep how far we are and what waits to be right; tell the SUPERVISOR, where that is not what was told before."""
    now = clock.now()
    keep_feed(connection, SYSTEM, KIND, cursor, waiting, now)
    if waiting != before:
        tell_role(connection, KIND, Role.SUPERVISOR, shanghai_day(now), _told(waiting), now)


def _is_right(changed: datetime | None, waits: Mapping[str, str]) -> bool:
    return changed is not None and changed > datetime.fromisoformat(waits["since"])


def _told(waiting: Waiting) -> str:
    if not waiting:
        return ""
    said = f"订单系统有 {len(waiting)} 行销售记录退回，请更正或确认 sales records of the order system went back, see to them"
    named = [
        f"{plain(key)} [退回表 reject sheet]({one['sheet']})" if one["sheet"] else plain(key)
        for key, one in list(waiting.items())[:MOST_NAMED]
    ]
    return f"{said}: {'；'.join(named)}{' …' if len(waiting) > MOST_NAMED else ''}"


def _page(reports: Sequence[SheetReport], whole: SheetReport, fault: str = "") -> str:
    sheets = [f"[退回表 reject sheet]({places.here().link(one.reject_sheet)})" for one in reports if one.reject_sheet]
    rows = [(outcome.number, outcome.reason) for outcome in whole.rejected]
    listed = [Listing("退回 Sent back", ("订单 · 行 Order, line", "原因 Why"), rows)] if rows else []
    said = [f"**未取到** {plain(fault)}"] if fault else []
    page = page_of("销售记录同步", shanghai_day(clock.now()), *listed)
    return "\n\n".join([page, *said, whole.line, *sheets])
