"""Customers fill in a form by its link; what is no link, too late, too often or too long gets a clear answer."""

from typing import Any
from uuid import uuid4

import anyio
import httpx
import pytest
from sqlalchemy import Engine, event

import flows.complaint
import flows.repair_return  # noqa: F401  what is surveyed
from deployments import database
from deployments.local.locks import survey_links
from deployments.local.postgres import Databases
from deployments.local.prefect_server import free_port
from deployments.local.survey_server import MOST_A_MINUTE, Limited, app_of, survey_child
from deployments.settings import SURVEY_FILE, Settings, prepare_home
from schemas.forms.surveys import SurveyAbout
from tasks.surveys.links import SurveyLinks
from tests.flows.complaints import Hotline
from tests.tasks.surveys.survey_cases import repaired
from tests.tasks.surveys.test_surveys import forms, send
from tests.waiting import wait_until

LINKS = SurveyLinks("http://survey.test", "a secret of this test")
CONTACT = ("客户1", "13900000001", "松涛里")


class Browser:
    """Asks the app from an address."""

    def __init__(self, app: Any, address: str) -> None:
        self.to = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 5000))

    def get(self, path: str) -> httpx.Response:
        return self.ask("GET", path)

    def post(self, path: str, **sent: Any) -> httpx.Response:
        return self.ask("POST", path, **sent)

    def ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            async with httpx.AsyncClient(transport=self.to, base_url="http://survey.test") as web:
                return await web.request(method, path, **sent)

        return anyio.run(asked)


class Customer:
    """A customer at the survey page."""

    def __init__(self, play: Hotline) -> None:
        app = app_of(LINKS)
        app.state.db = play.db
        self.play, self.app = play, app
        self.web = self.at("192.0.2.1")

    def at(self, address: str) -> Browser:
        return Browser(self.app, address)

    def link(self, no: int = 1) -> str:
        return f"/s/{LINKS.token(forms(self.play)[no - 1].id)}"

    def answers(self) -> list[Any]:
        return self.play.rows("SELECT * FROM survey_answer")


@pytest.fixture
def customer(db: Engine, today: Any) -> Customer:
    play = Hotline(db)
    repaired(db, 2)
    send(db)
    return Customer(play)


def test_a_customer_reads_the_form_fills_it_in_and_is_thanked(customer: Customer) -> None:
    page = customer.web.get(customer.link())
    assert page.status_code == 200
    for shown in ("总体评价", "外观与包装", "人员态度", "不太满意", "RR-2026-900001", "MY-202610-1-001"):
        assert shown in page.text
    assert not any(one in page.text for one in CONTACT)
    assert "<script" not in page.text
    assert customer.answers() == [], "whoever only looks has not answered"
    said = {
        "m-all": "basically",
        "m-e": "very",
        "m-e3": "not",
        "r-e": "语气不好\r\n=1+1",
        "r-f": "多点颜色",
        "reply": "yes",
    }
    sent = customer.web.post(customer.link(), data=said)
    assert (sent.status_code, sent.headers["location"]) == (303, customer.link())
    assert "谢谢您的评价" in customer.web.get(customer.link()).text
    (answer,) = customer.answers()
    assert (answer.door, answer.overall, answer.marks) == ("page", "basically", {"e": "very", "e3": "not"})
    assert answer.remarks == {"e": "语气不好\n=1+1", "f": "多点颜色"}
    customer.play.rest()
    assert "e3 人员态度" in customer.play.case(answer.complaint).request["matter"]


def test_a_form_that_was_answered_says_so_whoever_sends_it_again(customer: Customer) -> None:
    assert customer.web.post(customer.link(), data={"m-all": "very"}).status_code == 303
    again = customer.web.post(customer.link(), data={"m-all": "not"})
    assert (again.status_code, "已提交过" in again.text) == (409, True)
    assert [answer.overall for answer in customer.answers()] == ["very"]


@pytest.mark.parametrize("wrong", ["forged", "cut", "foreign", "of no form", "other"])
def test_a_link_that_is_none_of_ours_opens_nothing_and_says_so(customer: Customer, wrong: str) -> None:
    good, asked = customer.link(), list[str]()
    signed, _, signature = good.rpartition(".")
    path = {
        "forged": f"{signed}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        "cut": good[:-9],
        "foreign": f"/s/{SurveyLinks('', 'another secret').token(forms(customer.play)[0].id)}",
        "of no form": f"/s/{LINKS.token(uuid4())}",
        "other": "/admin",
    }[wrong]
    event.listen(customer.play.db, "before_cursor_execute", lambda *args: asked.append(args[2]))
    for page in (customer.web.get(path), customer.web.post(path, data={"m-all": "not"})):
        assert page.status_code == 404
        assert "链接无效" in page.text
    assert (asked == []) is (wrong != "of no form"), "nobody reaches the database without a link of ours"
    assert customer.answers() == []


def test_a_link_holds_thirty_days_longer_than_the_survey_is_open(customer: Customer, today: Any) -> None:
    today.move_to("2026-12-18T23:59:00+08:00")
    assert customer.web.get(customer.link()).status_code == 200
    assert customer.web.post(customer.link(2), data={"m-all": "very"}).status_code == 303
    today.move_to("2026-12-19T00:00:00+08:00")
    for page in (customer.web.get(customer.link()), customer.web.post(customer.link(), data={"m-all": "very"})):
        assert (page.status_code, "已过期" in page.text) == (410, True)
    assert len(customer.answers()) == 1


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"m-all": "6"}, "请从 很满意"),
        ({"m-all": "很好"}, "请从 很满意"),
        ({"m-zz": "very"}, "没有这一题"),
        ({}, "至少评一项"),
        ({"m-all": "very", "r-f": "长" * 501}, "最多 500 字"),
    ],
)
def test_what_cannot_be_kept_comes_back_with_the_reason_and_what_was_filled_in(
    customer: Customer, said: dict[str, str], why: str
) -> None:
    page = customer.web.post(customer.link(), data={**said, "m-a": "rather"} if said else {})
    assert page.status_code == 422
    assert why in page.text
    assert ('name="m-a" value="rather" aria-label="比较满意" checked' in page.text) is bool(said)
    assert customer.answers() == []


def test_what_a_customer_writes_is_shown_as_text(customer: Customer) -> None:
    page = customer.web.post(customer.link(), data={"m-all": "6", "r-f": "</textarea><script>alert(1)</script>"})
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


def test_more_than_a_form_is_refused_unread(customer: Customer) -> None:
    for body in (b"r-f=" + b"x" * 40_000, b"\n" * 200_000):
        page = customer.web.post(customer.link(), content=body)
        assert (page.status_code, "内容太长" in page.text) == (413, True)
    many = "&".join(f"m-{no}=very" for no in range(1000))
    assert customer.web.post(customer.link(), content=many).status_code == 422
    assert customer.web.post(customer.link(), content=b"\xff\xfe").status_code == 422
    assert customer.answers() == []


def test_another_sites_page_sends_nothing_in(customer: Customer) -> None:
    page = customer.web.post(customer.link(), data={"m-all": "not"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (page.status_code, customer.answers()) == (403, [])
    assert customer.web.ask("PUT", customer.link()).status_code == 404


def test_ten_thousand_requests_a_minute_change_nothing_for_others(customer: Customer) -> None:
    link, asked, busy = customer.link(), list[str](), customer.at("192.0.2.9")
    event.listen(customer.play.db, "before_cursor_execute", lambda *args: asked.append(args[2]))
    answered = [busy.get(link).status_code for _ in range(MOST_A_MINUTE + 5)]
    assert answered == [200] * MOST_A_MINUTE + [429] * 5
    page, before = busy.get(link), len(asked)
    assert (page.headers["retry-after"], "访问太频繁" in page.text) == ("60", True)
    assert {busy.post(link, data={"m-all": "not"}).status_code for _ in range(200)} == {429}
    assert len(asked) == before
    assert customer.answers() == []
    assert customer.at("192.0.2.10").post(link, data={"m-all": "very"}).status_code == 303


def test_an_address_may_ask_again_after_a_minute_and_counting_takes_no_room() -> None:
    moments = [0.0]
    limited = Limited(app_of(LINKS), now=lambda: moments[0])
    assert [limited._too_often("a") for _ in range(MOST_A_MINUTE + 1)] == [False] * MOST_A_MINUTE + [True]
    moments[0] = 60.0
    assert not limited._too_often("a")
    for address in range(200_000):
        limited._too_often(str(address))
    assert len(limited.asked) <= 50_001


def test_stores_are_asked_by_name(customer: Customer) -> None:
    send(customer.play.db, SurveyAbout.STORES, origin="stores")
    assert "尊敬的北京朝阳专卖店" in customer.web.get(customer.link(3)).text


def test_a_database_that_is_away_is_said_politely(customer: Customer) -> None:
    link = customer.link()
    customer.app.state.db = database.create_engine("postgresql+psycopg://postgres@127.0.0.1:1/none")
    page = customer.web.get(link)
    assert (page.status_code, "暂时打不开" in page.text) == (503, True)


# the server itself


def test_the_servers_links_hold_over_a_restart_and_its_answers_are_safe(customer: Customer, make_home: Any) -> None:
    settings = Settings(home=make_home(), port=free_port(), fsync=False)
    prepare_home(settings)
    url = customer.play.db.url.render_as_string(hide_password=False)
    link = survey_links(settings).of(forms(customer.play)[0].id)
    assert (
        (settings.home / SURVEY_FILE).stat().st_mode & 0o777,
        survey_links(settings).of(forms(customer.play)[0].id),
    ) == (0o600, link)
    child = survey_child(settings, Databases(url, url))
    child.start()
    try:
        wait_until(lambda: _answers(settings.survey_url) or not child.alive)
        assert child.alive, child.log_file.read_text()
        with httpx.Client(trust_env=False) as web:
            page = web.get(link)
            assert (page.status_code, "总体评价" in page.text) == (200, True)
            assert web.get(f"{settings.survey_url}/").status_code == 404
        for name, value in (
            ("content-security-policy", "default-src 'none'"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
        ):
            assert value in page.headers[name]
        assert "set-cookie" not in page.headers
        assert "server" not in page.headers
    finally:
        child.stop()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == 404
    except httpx.ConnectError:
        return False
