"""销售记录同步 against an order system over HTTP: that fails, repeats itself and talks nonsense; as a plain function."""

import gzip
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import time_machine
from prefect.client.schemas.objects import State
from sqlalchemy import Engine

from flows.jobs.sales_records import take_in_sales
from schemas.sheet_kinds import sheet_kind
from schemas.words import Role
from tasks.outbox.feeds import TRIES, FeedPage, next_page
from tasks.outbox.post import Undelivered
from tasks.outbox.rules import DeliveryRules
from tasks.rounds.queries import told_by_rounds
from tasks.sheets import places
from tasks.sheets.importing import import_file
from tests.play import Play
from tests.tasks.sheets.workbooks import fill_in

TIMEOUT = 0.3
DOCS = Path(__file__).parents[3] / "docs" / "order-system.md"
SOLD: dict[str, Any] = json.loads(DOCS.read_text("utf-8").split("```")[1].removeprefix("json"))["records"][0]
SOLD |= {"order_no": "SO-NEW-1", "price_paid": "4731.50", "custom_made": True, "colour_of_the_van": "white"}
PHONE = SOLD["customer_phone"]
PACKED = {"packed": "gzip", "torn": "gzip", "twice": "gzip, gzip"}  # packed twice, some kilobytes are gigabytes


class OrderSystem(ThreadingHTTPServer):
    """An order system: pages by cursor, the last one again and again; each request takes the next of `faults`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.pages: list[Any] = []
        self.asked: list[dict[str, str]] = []
        self.faults: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/"

    def page_after(self, cursor: str) -> Any:
        """Give the page after the n-th; where there is none, that nothing changed."""
        at = int(cursor.removeprefix("c") or 0)
        if at >= len(self.pages):
            return {"records": [], "cursor": cursor or "c0", "more": False}
        page = self.pages[at]
        if not isinstance(page, list):
            return page
        return {"records": page, "cursor": f"c{at + 1}", "more": at + 1 < len(self.pages)}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hung up."""


class Exchange(BaseHTTPRequestHandler):
    server: OrderSystem

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        asked = dict(parse_qsl(where.query, keep_blank_values=True))
        self.server.asked.append(asked)
        fault = self.server.faults.pop(0) if self.server.faults else ""
        body = json.dumps(self.server.page_after(asked["after"])).encode()
        if fault == "late":
            time.sleep(TIMEOUT * 2)
        status = {"busy": 429, "broken": 500, "refuse": 422, "none": 404, "no get": 405}.get(
            fault, 200 if where.path == "/api/sales_records" else 404
        )
        if fault == "bare":  # no head at all
            self.wfile.write(body + b"\r\n\r\n")
            return
        self.send_response(status, f"not for {PHONE}")
        if fault in PACKED:
            self.send_header("Content-Encoding", PACKED[fault])
            body = gzip.compress(body)
            body = {"twice": gzip.compress(body), "torn": body[:40]}.get(fault, body)
        self.send_header("Content-Length", str(len(body) + 9 * (fault == "half")))
        self.end_headers()
        self.wfile.write({"garbage": b"<html>\x00\xff"}.get(fault, body))

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> Iterator[OrderSystem]:
    with OrderSystem() as system:
        Thread(target=system.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("AFTERSALES_ORDER_SYSTEM_URL", system.url)
        yield system
        system.shutdown()


@pytest.fixture
def house(play: Play, shown: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where reports lie; who waits does so for a short time."""
    monkeypatch.setattr(places, "_places", [places.Places(tmp_path, "http://reports", tmp_path)])
    for key, value in {"timeout_s": TIMEOUT, "backoff_s": 0.01}.items():
        play.run("UPDATE policy SET value = :value WHERE key = :key", value=json.dumps(value), key=f"outbox.{key}")
    return tmp_path


def synchronise() -> State[Any]:
    state = take_in_sales.fn()
    assert isinstance(state, State)
    return state


def kept(play: Play) -> list[tuple[str, int]]:
    rows = play.rows("SELECT order_no, line_no FROM sales_record WHERE order_no LIKE 'SO-NEW%' ORDER BY 1, 2")
    return [(row.order_no, row.line_no) for row in rows]


def cursors(system: OrderSystem) -> list[str]:
    return [asked["after"] for asked in system.asked]


def told(db: Engine) -> str:
    with db.connect() as connection:
        return "\n".join(text for role, text in told_by_rounds(connection) if role == Role.SUPERVISOR)


def test_without_an_order_system_it_says_so_and_does_nothing(play: Play, house: Path, shown: list[str]) -> None:
    state = synchronise()
    assert (state.name, state.is_completed(), shown) == ("未设置", True, [])
    assert "AFTERSALES_ORDER_SYSTEM_URL" in str(state.message)


def test_what_changed_is_kept_page_by_page_and_asked_for_once(play: Play, orders: OrderSystem, house: Path) -> None:
    orders.pages = [[SOLD, SOLD | {"line_no": "2", "store": None}], [SOLD, SOLD | {"order_no": "so-new-2"}]]
    assert synchronise().name == "已导入"
    assert kept(play) == [("SO-NEW-1", 1), ("SO-NEW-1", 2), ("SO-NEW-2", 1)]
    [one, two] = play.rows("SELECT * FROM sales_record WHERE order_no = 'SO-NEW-1' ORDER BY line_no")
    assert (one.office, one.channel, one.custom_made, one.signing_date) == ("BJ", "shop", True, None)
    assert (float(one.price_paid), one.store, two.store) == (4731.5, "ZM001", None)
    changes = play.rows("SELECT order_no, staff, changes FROM sales_change ORDER BY id")
    orders_told = ["SO-NEW-1", "SO-NEW-1", "SO-NEW-2"]
    assert [tuple(row) for row in changes] == [(order, "E1001", {}) for order in orders_told]
    assert synchronise().name == "没有变化"
    orders.pages.append([SOLD | {"order_no": "SO-NEW-3"}])
    synchronise()
    assert cursors(orders) == ["", "c1", "c2", "c2"]
    assert len(kept(play)) == 4


WRONG: list[tuple[dict[str, Any], str, str, str]] = [
    ({"office": "火星办事处"}, "办事处", "火星办事处", "办事处是已有的办事处"),
    ({"store": "ZM999"}, "专卖店", "ZM999", "专卖店是已有的专卖店或经销商"),
    ({"quantity": 0}, "数量", "0", "数量是大于 0 的数"),
    ({"quantity": float("inf")}, "数量", "inf", "应为数字"),
    ({"quantity": 10**400}, "数量", "10000", "应为文字或数字"),
    ({"quantity": True}, "数量", "true", "应为文字或数字"),
    ({"model": {"code": "BD"}}, "型号", "code", "应为文字或数字"),
    ({"model": "BD\x00\ud800"}, "型号", "ud800", "应为文字或数字"),
    ({"factory_date": "03/02/2026"}, "出厂日期", "03/02/2026", "应为日期"),
    ({"staff": None}, "经办人工号", "", "每行都有经办人工号"),
    ({"channel": "market"}, "渠道", "market", "渠道是 门店、远程 之一"),
]


def test_a_wrong_record_is_told_with_order_field_value_and_what_was_expected_and_the_others_go_on(
    play: Play, orders: OrderSystem, house: Path, shown: list[str]
) -> None:
    wrong = [SOLD | record | {"order_no": f"SO-WRONG-{no}"} for no, (record, *_) in enumerate(WRONG)]
    orders.pages = [["SO-NEW-9", None, {}, *wrong, SOLD | {"order_no": "SO-NEW-2"}]]
    assert synchronise().name == "部分退回"
    assert kept(play) == [("SO-NEW-2", 1)]
    for no, (_, *said) in enumerate(WRONG):
        [row] = [line for line in shown[-1].splitlines() if f"SO-WRONG-{no} · 1 " in line]
        assert all(one in row for one in said)
    assert f"退回 Sent back · {3 + len(WRONG)}" in shown[-1]
    assert PHONE not in shown[-1]


def test_what_went_back_stays_told_until_the_order_system_sends_it_right(
    play: Play, orders: OrderSystem, house: Path, shown: list[str]
) -> None:
    orders.pages = [[SOLD | {"office": "火星"}], [SOLD | {"order_no": "SO-NEW-2", "office": "火星"}]]
    assert synchronise().name == "全部退回"
    assert all(order in told(play.db) for order in ("SO-NEW-1 · 1", "SO-NEW-2 · 1"))
    orders.pages.append([SOLD])
    synchronise()
    assert "SO-NEW-1" not in told(play.db)
    assert "SO-NEW-2 · 1" in told(play.db)


def test_a_number_that_is_too_long_is_shown_in_short(
    play: Play, orders: OrderSystem, house: Path, shown: list[str]
) -> None:
    orders.pages = [[SOLD | {"order_no": "SO-NEW-1" * 9_999}]]
    assert synchronise().name == "全部退回"
    assert len(shown[-1]) + len(told(play.db)) < 2_000


def test_a_check_that_gets_no_memory_says_so_through_the_library_that_hides_it(
    play: Play, orders: OrderSystem, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("pandas.Series.isin", fails)
    orders.pages = [[SOLD]]
    state = synchronise()
    assert (state.name, state.message) == ("故障", "MemoryError()")


def test_a_change_goes_back_as_the_sheet_s_do_until_somebody_confirms_it(
    play: Play, orders: OrderSystem, house: Path, shown: list[str], today: time_machine.Traveller
) -> None:
    later = SOLD | {"price_paid": 4600, "customer_phone": "13700001111"}
    orders.pages = [[SOLD], [later]]
    assert synchronise().name == "部分退回"
    assert "实付金额 4731.5 → 4600" in shown[-1]
    assert not any(phone in shown[-1] for phone in (PHONE, "13700001111"))
    [sheet] = house.rglob("*.rejected.xlsx")
    assert f"http://reports/{sheet.parent.name}/" in told(play.db)
    sure = fill_in(sheet, sheet_kind("sales").title, {2: {"确认": "是"}})
    today.shift(60)
    import_file(play.db, sure)
    assert synchronise().name == "没有变化"
    assert told(play.db) == ""
    orders.pages.append([later | {"price_paid": 4500, "confirmed": True}])
    assert synchronise().name == "已导入"
    [row] = play.rows("SELECT price_paid FROM sales_record WHERE order_no = 'SO-NEW-1'")
    assert float(row.price_paid) == 4500


def test_what_is_not_to_be_had_is_told_and_had_by_the_next_round(
    play: Play, orders: OrderSystem, house: Path, shown: list[str]
) -> None:
    orders.pages = [[SOLD], [SOLD | {"line_no": 2}]]
    orders.faults = ["", *["broken"] * TRIES]
    state = synchronise()
    assert (state.name, state.is_failed(), "HTTP 500" in shown[-1]) == ("未取到", True, True)
    assert cursors(orders) == ["", *["c1"] * TRIES]
    assert kept(play) == [("SO-NEW-1", 1)]
    orders.faults = ["broken"]
    assert synchronise().name == "已导入"
    assert len(kept(play)) == 2


@pytest.mark.parametrize("fault", ["none", "no get"])
def test_an_order_system_that_only_takes_orders_fails_nothing_until_it_has_served_sales_records(
    play: Play, orders: OrderSystem, house: Path, shown: list[str], fault: str
) -> None:
    orders.faults = [fault]
    state = synchronise()
    assert (state.name, state.is_completed(), len(orders.asked), shown) == ("未提供", True, 1, [])
    assert "AFTERSALES_ORDER_SYSTEM_URL/sales_records" in str(state.message)
    orders.pages = [[SOLD]]
    assert synchronise().name == "已导入"
    orders.faults = [fault]
    state = synchronise()
    assert (state.name, state.is_failed()) == ("未取到", True)


RULES = DeliveryRules(10, timedelta(seconds=TIMEOUT), timedelta(seconds=0.001))


def ask(after: str = "") -> FeedPage:
    with httpx.Client() as client:
        return next_page(client, "order", "sales_records", after, RULES)


@pytest.mark.parametrize("fault", ["busy", "broken", "half", "late", "garbage", "bare", "twice", "torn"])
def test_who_fails_is_asked_again_a_bounded_number_of_times(orders: OrderSystem, fault: str) -> None:
    orders.pages = [[SOLD]]
    orders.faults = [fault] * TRIES
    with pytest.raises(Undelivered) as failed:
        ask()
    assert len(orders.asked) == TRIES
    assert not any(secret in str(failed.value) for secret in (PHONE, "松涛里", "BD-201"))
    orders.faults = [fault] * (TRIES - 1)
    assert ask().cursor == "c1"


def test_an_answer_may_be_packed(orders: OrderSystem) -> None:
    orders.pages = [[SOLD] * 200]
    orders.faults = ["packed"]
    assert len(ask().records) == 200


def test_who_refuses_is_asked_once(orders: OrderSystem) -> None:
    orders.faults = ["refuse"]
    with pytest.raises(Undelivered, match="HTTP 422"):
        ask()
    assert len(orders.asked) == 1


@pytest.mark.parametrize(
    "page",
    [
        "nonsense",
        {"records": []},
        {"records": {"customer_phone": PHONE}, "cursor": "c1"},
        {"records": [], "cursor": ""},
        {"records": [SOLD], "cursor": "c1", "more": "perhaps"},
        {"records": [SOLD], "cursor": "c\x00"},
        {"records": [SOLD], "cursor": "c0", "more": True},
    ],
)
def test_an_answer_that_is_none_is_told_without_what_it_held(orders: OrderSystem, page: Any) -> None:
    """The last one says that more is to come after the cursor at which we are."""
    orders.pages = [page]
    with pytest.raises(Undelivered, match="unexpected body") as failed:
        ask("c0")
    assert not any(secret in str(failed.value) for secret in (PHONE, "松涛里", "BD-201"))
