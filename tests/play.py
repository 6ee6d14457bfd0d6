"""Play the people of process 1: apply, decide, withdraw; on the engine, without Prefect.

play = Play(db)
case = play.apply(lines=2)
play.run_to(case, "goods-out-1-1")
play.decide(case, "goods-out-1-1", 运输方式="专车", 承运商="德邦", 运费=1200, 件数=1)
assert play.finish(case) == "delivered"
books_balance(db)
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, Row, text

import flows.part_anomaly  # registers process AN
import flows.parts_application  # registers process PA
import flows.returns  # registers process RF
import flows.special_order  # noqa: F401  registers process SO
from deployments.demo import sensible
from deployments.demo.sensible import APPROVALS, OWN_VAN
from schemas.answers import Answer, Opened, Reply, Result
from schemas.words import Channel, EntryKind, Role
from tasks.durable import clock
from tasks.durable.opening import open_case
from tasks.durable.stage import advance
from tasks.runs.queries import ready_cases
from tasks.unit.reading import reading
from tests.books import books_balance

__all__ = ["LINES", "OWN_VAN", "Play", "books_balance", "cells", "line"]


def line(part: str, quantity: object = 1, reason: str = "质量问题", **more: Any) -> dict[str, Any]:
    """Fill in a line of an application."""
    return {"配件名称": part, "数量": quantity, "原因": reason, **more}


def cells(field: str, by_line: Mapping[int, object], **more: Any) -> list[dict[str, Any]]:
    """Fill in one field of a form's lines: line number → value; `more` is the same on every line."""
    return [{"行号": line_no, field: value, **more} for line_no, value in by_line.items()]


LINES = (
    line("P-HW-001", 4),  # on stock
    line("P-PB-001", 3, "缺件"),  # made by PANEL
    line("P-PT-001", 1, "运输损坏"),  # made by PAINT
    line("P-UP-001", 2),  # made by SOFT
)
TABLES_OF_A_CASE = (
    "case_line",
    "line_correction",
    "ledger",
    "document",
    "stock_movement",
    "reservation",
    "production_order",
    "line_cycle",
    "penalty",
    "outbox",
    "notice",
    "refund",
)
KEPT = {table: f"SELECT t::text FROM {table} t WHERE case_id = :case" for table in TABLES_OF_A_CASE} | {
    "service_case": "SELECT t::text FROM service_case t WHERE id = :case",
    "work_item": "SELECT (step_key, state, due_at)::text FROM work_item WHERE case_id = :case",
    "decision": "SELECT t::text FROM decision t WHERE accepted AND case_id = :case",
    "stock_balance": "SELECT t::text FROM stock_balance t",
    "counter": "SELECT t::text FROM counter t",
}
ALL_KEPT = " UNION ALL ".join(f"SELECT '{what}', kept.* FROM ({query}) kept" for what, query in KEPT.items())
HOLDERS = """
    SELECT code FROM staff WHERE active AND EXISTS (
        SELECT 1 FROM staff_role r WHERE r.staff = staff.code AND role = :role
            AND coalesce(office = :office, true) AND coalesce(unit = :unit, true))
    ORDER BY code"""


def open_to_gate(db: Engine, form: Mapping[str, Any], process: str = "PA") -> Opened:
    """Open a case for an application and let it go to its first gate."""
    opened = open_case(db, process, dict(form), f"cli:{uuid4()}", Channel.CLI)
    advance(db, opened.case_id)
    return opened


class Play:
    """The staff of the reference data at work on one database."""

    def __init__(self, db: Engine) -> None:
        self.db = db

    # what people do

    def form(
        self,
        lines: int | Sequence[Mapping[str, Any]] = 2,
        *,
        urgency: str = "普通",
        office: str = "BJ",
        **overrides: Any,
    ) -> dict[str, Any]:
        """Fill in an application for an order that no case has yet; `overrides` by Chinese alias."""
        order = self.rows(
            "SELECT order_no FROM sales_record WHERE office = :office AND order_no NOT IN "
            "(SELECT order_no FROM service_case) ORDER BY order_no DESC LIMIT 1",
            office=office,
        )
        customer = (
            {"订单号": order[0].order_no}
            if order
            else {"订单号": f"T-{uuid4()}", "客户姓名": "凌霄", "客户电话": "13800009999", "客户地址": "松涛里9栋"}
        )
        return {
            "办事处": office,
            "申报人工号": self.holders(Role.OFFICE, office)[0],
            "紧急程度": urgency,
            "明细": [dict(line) for line in (LINES[:lines] if isinstance(lines, int) else lines)],
            **customer,
            **overrides,
        }

    def apply(
        self,
        lines: int | Sequence[Mapping[str, Any]] = 2,
        *,
        urgency: str = "普通",
        office: str = "BJ",
        **overrides: Any,
    ) -> int:
        """Send an application and let the case go to its first gate; gives its id."""
        return open_to_gate(self.db, self.form(lines, urgency=urgency, office=office, **overrides)).case_id

    def send(self, case: int, key: str, data: Mapping[str, Any]) -> Result:
        """Send an answer as it is, right or wrong."""
        return advance(self.db, case, Answer(key, dict(data), Channel.CLI))

    def decide(self, case: int, key: str, staff: str | None = None, **fields: Any) -> Result:
        """Answer an open item: what is pre-filled, over it what is sensible, then `fields`. It must be accepted."""
        outcome = self.send(case, key, self.answer(case, key, staff, **fields))
        assert outcome.reply.accepted, f"{key}: {_text(outcome.reply)}"
        return outcome

    def refused(self, case: int, key: str, staff: str | None = None, **fields: Any) -> str:
        """Give an answer that must be refused and change nothing; gives the message."""
        return self.refused_form(case, key, self.answer(case, key, staff, **fields))

    def refused_form(self, case: int, key: str, data: Mapping[str, Any]) -> str:
        """Send a form as it is, which must be refused and change nothing but the item's count of refusals."""
        before, items = self.snapshot(case), self.items(case)
        reply = self.send(case, key, data).reply
        assert not reply.accepted, f"{key} was accepted"
        message = _text(reply)
        assert self.snapshot(case) == before
        after = self.items(case)
        if key in items:
            assert (after[key].refusals, after[key].refused_because) == (items[key].refusals + 1, message)
        assert list(after) == list(items)
        return message

    def answer(self, case: int, key: str, staff: str | None = None, **fields: Any) -> dict[str, Any]:
        """Fill in the form of an open item."""
        open_items = self.items(case)
        assert key in open_items, f"{key} is not open, but {', '.join(open_items) or 'nothing'}"
        item = open_items[key]
        said = sensible.sensible(item.form.split(":")[-1], fields)
        return sensible.filled_in(item.prefill, said, staff or self.somebody(case, item))

    def withdraw(self, case: int, staff: str, reason: str = "客户取消") -> Reply:
        """Ask for the withdrawal of a case; gives what became of that."""
        data = {"经办人工号": staff, "撤回原因": reason}
        return advance(self.db, case, Answer("", data, Channel.CLI, kind=EntryKind.WITHDRAWN)).reply

    def time_out(self, case: int, key: str) -> Reply:
        """Let SYSTEM say that the time of a question is over."""
        return advance(self.db, case, Answer(key, {}, Channel.SYSTEM, kind="timed_out", actor="SYSTEM")).reply

    def run_to(self, case: int, key: str) -> Row[Any]:
        """Answer everything sensibly until the item `key` is open; gives the item."""
        while key not in (waiting := self.items(case)):
            assert waiting, f"the case ended before {key}: {self.keys(case)}"
            self.go_on(case, waiting)
        return waiting[key]

    def finish(self, case: int) -> str:
        """Answer everything sensibly to the end; gives the ending."""
        while waiting := self.items(case):
            self.go_on(case, waiting)
        return str(self.case(case).ending)

    def go_on(self, case: int, waiting: Mapping[str, Row[Any]]) -> None:
        """Answer what is answered next; where the case waits for another only, that is played to its end."""
        key = _next(waiting)
        if waiting[key].role != Role.SYSTEM:
            self.decide(case, key)
            return
        other = self.child(case, key)
        advance(self.db, other)
        if not key.startswith("together-"):
            self.finish(other)
        elif items := self.items(other):
            self.go_on(other, items)
        advance(self.db, case)

    # anomalies

    def child(self, case: int, key: str) -> int:
        """Give the case that was opened under a key, or that people opened (case-<id>)."""
        if key.startswith(("case-", "together-")):
            return int(key.partition("-")[2])
        found = self.rows("SELECT id FROM service_case WHERE origin = :origin", origin=f"case:{case}:{key}")
        return int(found[0].id)

    def anomaly(self, case: int, key: str) -> int:
        """Let the anomaly for which a case waits go to its review; gives its id."""
        child = self.child(case, key)
        advance(self.db, child)
        return child

    def rest(self) -> None:
        """Let cases that others opened come to their first gate, and letters be read, until nothing moves."""
        while True:
            with reading(self.db) as connection:
                ready = ready_cases(connection, clock.now(), 100)
            if not ready:
                break
            for case in ready:
                advance(self.db, case)

    def settle(self, case: int, key: str, remedy: str = "重新制作", **plan: Any) -> int:
        """Play an anomaly by this plan to its end, and let its source hear of it; gives the anomaly's id."""
        child = self.anomaly(case, key)
        self.run_to(child, "plan-1")
        self.decide(child, "plan-1", 处理办法=remedy, 货物去向="无实物", **plan)
        assert self.finish(child) == "settled"
        advance(self.db, case)
        return child

    def deny(self, case: int, key: str, reason: str = "不属异常") -> int:
        """Refuse an anomaly at its review, and let its source hear of it; gives the anomaly's id."""
        child = self.anomaly(case, key)
        self.decide(child, "review", 初审结论="不同意", 原因=reason)
        advance(self.db, case)
        return child

    def ordered(self, anomaly: int) -> int:
        """Give the case by which an anomaly's goods were ordered again, at its first gate."""
        (found,) = self.rows("SELECT id FROM service_case WHERE parent_id = :case", case=anomaly)
        advance(self.db, found.id)
        return int(found.id)

    # what can be seen

    def items(self, case: int) -> dict[str, Row[Any]]:
        """Give the open items of a case by key, the first due first."""
        found = self.rows(
            "SELECT * FROM work_item WHERE case_id = :case AND state = 'open' ORDER BY due_at, step_key", case=case
        )
        return {row.step_key: row for row in found}

    def next_key(self, case: int) -> str:
        """Give the open item that is answered next."""
        return _next(self.items(case))

    def case(self, case: int) -> Row[Any]:
        """Give the row of a case."""
        return self.rows("SELECT * FROM service_case WHERE id = :case", case=case)[0]

    def state(self, case: int) -> str:
        """Say at which link a case stands, or that it is closed."""
        row = self.case(case)
        return "closed" if row.closed_at else str(row.link)

    def timeline(self, case: int) -> list[Row[Any]]:
        """Give the ledger of a case in order."""
        return self.rows("SELECT * FROM ledger WHERE case_id = :case ORDER BY seq", case=case)

    def keys(self, case: int) -> list[str]:
        """Give the keys of a case's ledger in order."""
        return [row.step_key for row in self.timeline(case)]

    def lines(self, case: int) -> list[Row[Any]]:
        """Give the lines of a case."""
        return self.rows("SELECT * FROM case_line WHERE case_id = :case ORDER BY line_no", case=case)

    def orders(self, case: int) -> list[Row[Any]]:
        """Give the production orders of a case."""
        return self.rows("SELECT * FROM production_order WHERE case_id = :case ORDER BY turn, line_no", case=case)

    def documents(self, case: int, kind: str) -> list[Row[Any]]:
        """Give the documents of a case and kind (SQ, RK, CK, FH, ZX) by number."""
        return self.rows(
            "SELECT * FROM document WHERE case_id = :case AND kind = :kind ORDER BY serial", case=case, kind=kind
        )

    def moved(self, case: int, kind: str) -> dict[str, Decimal]:
        """Give what movements of a kind added up to: part → quantity."""
        found = self.rows(
            "SELECT part, sum(quantity) AS sum FROM stock_movement "
            "WHERE case_id = :case AND kind = :kind GROUP BY part",
            case=case,
            kind=kind,
        )
        return {row.part: row.sum for row in found}

    def stock(self, part: str) -> tuple[Decimal, Decimal]:
        """Give what the main warehouse has of a part, and how much of that is reserved."""
        found = self.rows(
            "SELECT on_hand, reserved FROM stock_balance WHERE warehouse = 'MAIN-GOOD' AND part = :part", part=part
        )
        return (found[0].on_hand, found[0].reserved) if found else (Decimal(0), Decimal(0))

    def snapshot(self, case: int) -> dict[str, list[str]]:
        """Give all that a refused answer must leave alone: of the case, and the counters and stock of all."""
        found: dict[str, list[str]] = {what: [] for what in KEPT}
        for what, row in self.rows(f"{ALL_KEPT} ORDER BY 1, 2", case=case):
            found[what].append(row)
        return found

    # the stage

    def holders(self, role: Role, office: str | None = None, unit: str | None = None) -> list[str]:
        """Give the active staff who may act as a role, by code."""
        return [row.code for row in self.rows(HOLDERS, role=Role(role).value, office=office or None, unit=unit or None)]

    def somebody(self, case: int, item: Row[Any]) -> str:
        """Choose who answers: of the item's role, office or unit; for OFFICE the applicant; nobody barred."""
        row, form = self.case(case), item.form.split(":")[-1]
        able = self.holders(Role(item.role), row.office if item.role == Role.OFFICE else None, item.unit)
        approved = self.rows(
            "SELECT DISTINCT l.actor, l.step_key FROM ledger l JOIN work_item i USING (case_id, step_key) "
            "WHERE case_id = :case AND l.kind = 'decision' AND l.output ->> 'verdict' IN ('approve', 'release') "
            "AND split_part(i.form, ':', 2) = ANY(:approvals)",
            case=case,
            approvals=[*APPROVALS],
        )
        own = [one.actor for one in approved]
        free = sensible.who_may(able, form, row.applicant, own)
        assert free, f"nobody may answer {item.step_key} ({item.role})"
        return free[0]

    def grant(self, staff: str, role: Role, office: str | None = None, unit: str | None = None) -> None:
        """Give somebody one more role."""
        self.run(
            "INSERT INTO staff_role (staff, role, office, unit) VALUES (:staff, :role, :office, :unit)",
            staff=staff,
            role=role.value,
            office=office,
            unit=unit,
        )

    def retire(self, *staff: str) -> None:
        """Let people leave."""
        self.run("UPDATE staff SET active = false WHERE code = ANY(:staff)", staff=list(staff))

    def rows(self, query: str, **values: Any) -> list[Row[Any]]:
        """Run a query."""
        with reading(self.db) as connection:
            return list(connection.execute(text(query), values).all())

    def run(self, statement: str, **values: Any) -> None:
        """Run a statement."""
        with self.db.begin() as connection:
            connection.execute(text(statement), values)


def _text(reply: Reply) -> str:
    return "\n".join(map(str, reply.problems))


def _next(waiting: Mapping[str, Row[Any]]) -> str:
    """Choose the item that is answered next: an early release only if nothing else waits, then another case."""
    people = [key for key in waiting if waiting[key].role != Role.SYSTEM]
    return next((key for key in people if not key.startswith("release")), (people or list(waiting))[0])
