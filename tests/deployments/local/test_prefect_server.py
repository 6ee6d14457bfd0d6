import os
import socket
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from prefect.settings import PREFECT_API_URL
from prefect.settings import Settings as PrefectSettings
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from deployments.local.locks import auth_string, to_paste
from deployments.local.postgres import Databases
from deployments.local.prefect_server import check_port, client_env, pointed_at, server_child, server_env, worker_env
from deployments.local.processes import child_environment
from deployments.settings import AUTH_FILE, HOST, Settings
from schemas.problems import UpError


def holder(settings: Settings) -> tuple[str, str]:
    user, _, password = auth_string(settings).partition(":")
    return user, password


def test_the_server_is_ours_alone(settings: Settings, toy_deployments: dict[str, UUID]) -> None:
    assert httpx.get(f"{settings.api_url}/health").json() is True
    shown = httpx.get(f"http://{HOST}:{settings.port}/ui-settings").json()
    assert shown["api_url"] == settings.api_url
    told = httpx.get(f"{settings.api_url}/admin/settings", auth=holder(settings))
    admin = told.json()["server"]
    assert admin["ui"]["show_promotional_content"] is False
    assert admin["analytics_enabled"] is False
    assert admin["services"]["pause_expirations"]["enabled"] is False
    assert "postgresql+asyncpg" not in told.text
    assert auth_string(settings) not in told.text


def test_who_does_not_hold_the_auth_string_reads_and_changes_nothing(
    settings: Settings, toy_deployments: dict[str, UUID]
) -> None:
    foreign = {"Origin": "http://evil.example", "Content-Type": "text/plain"}  # sent by browsers without a question
    wanted = f"{settings.api_url}/deployments/filter"
    for answer in (
        httpx.post(wanted, content="{}", headers=foreign),
        httpx.post(wanted, content="{}", headers=foreign, auth=("aftersales", "guess")),
        httpx.get(f"{settings.api_url}/csrf-token?client=me", headers=foreign),
        httpx.get(f"{settings.api_url}/admin/settings", headers=foreign, auth=("", "")),
    ):
        assert answer.status_code in {401, 403}
        assert "access-control-allow-origin" not in answer.headers


def test_who_holds_it_needs_a_token_too_and_only_our_pages_get_answers(
    settings: Settings, toy_deployments: dict[str, UUID]
) -> None:
    with httpx.Client(base_url=settings.api_url, auth=holder(settings)) as client:
        assert client.post("/deployments/filter", json={}).status_code == 403
        token = client.get("/csrf-token", params={"client": "me"}).json()["token"]
        client.headers.update({"Prefect-Csrf-Client": "me", "Prefect-Csrf-Token": token})
        ours = client.post("/deployments/filter", json={}, headers={"Origin": f"http://localhost:{settings.port}"})
        assert len(ours.json()) == len(toy_deployments)
        assert ours.headers["access-control-allow-origin"] == f"http://localhost:{settings.port}"
        theirs = client.post("/deployments/filter", json={}, headers={"Origin": "http://127.0.0.1:1"})
        assert "access-control-allow-origin" not in theirs.headers


def test_no_socket_opens_without_the_auth_string(settings: Settings, toy_deployments: dict[str, UUID]) -> None:
    address = settings.api_url.replace("http:", "ws:") + "/events/out"
    evil = Origin("http://evil.example")
    with pytest.raises(WebSocketException), connect(address, origin=evil):
        pytest.fail("it is open")
    for first in ('{"type": "auth", "token": "guess"}', '{"type": "auth"}', '{"type": "filter", "filter": {}}'):
        with connect(address, origin=evil, subprotocols=[Subprotocol("prefect")]) as socket:
            socket.send(first)
            with pytest.raises(ConnectionClosed):
                socket.recv()


def test_a_name_that_leads_to_us_opens_nothing(settings: Settings, toy_deployments: dict[str, UUID]) -> None:
    """DNS rebinding: for the browser it is the attacker's own origin, where nobody has logged in."""
    named = {"Host": f"evil.example:{settings.port}", "Origin": f"http://evil.example:{settings.port}"}
    for method, path in (("GET", "/admin/settings"), ("GET", "/csrf-token?client=me"), ("POST", "/flow_runs/filter")):
        answer = httpx.request(method, f"{settings.api_url}{path}", headers=named)
        assert answer.status_code in {401, 403}, path
    shown = httpx.get(f"http://{HOST}:{settings.port}/ui-settings", headers=named)
    assert shown.json()["api_url"] == settings.api_url  # no string, no token
    assert auth_string(settings) not in shown.text


def test_the_auth_string_is_made_once_and_is_the_owners_alone(make_home: Callable[[], Path]) -> None:
    first, other = Settings(home=make_home() / "new"), Settings(home=make_home())
    made = auth_string(first)
    assert (auth_string(first), (first.home / AUTH_FILE).read_text().strip()) == (made, made)
    assert auth_string(other) != made
    assert (first.home / AUTH_FILE).stat().st_mode & 0o777 == 0o600
    (other.home / AUTH_FILE).write_text("\n")
    assert len(auth_string(other)) > len("aftersales:")  # an empty string would lock nothing
    assert client_env(first)["PREFECT_API_AUTH_STRING"] == made
    assert made not in " ".join(server_child(first, Databases("ours", "theirs")).words)


def test_a_security_setting_of_the_environment_reaches_server_and_worker(
    monkeypatch: pytest.MonkeyPatch, make_home: Callable[[], Path]
) -> None:
    settings, databases = Settings(home=make_home()), Databases("ours", "theirs")
    given = {
        "PREFECT_SERVER_API_AUTH_STRING": "house:key",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": "https://desk.example",
        "PREFECT_SERVER_CSRF_TOKEN_EXPIRATION": "PT5M",
        "PREFECT_SERVER_UI_API_URL": "https://desk.example/api",
        "PREFECT_SERVER_API_CORS_ALLOWED_METHODS": "GET",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "of:another-server")
    told = server_env(settings, databases)
    assert given.items() <= told.items()
    assert told["PREFECT_SERVER_CSRF_PROTECTION_ENABLED"] == "true"
    for env in (told, worker_env(settings, databases)):
        assert env["PREFECT_API_AUTH_STRING"] == env["PREFECT_SERVER_API_AUTH_STRING"] == "house:key"
    assert not (settings.home / AUTH_FILE).exists()


def test_a_terminal_shows_what_to_paste_and_a_log_where_it_stands(
    monkeypatch: pytest.MonkeyPatch, make_home: Callable[[], Path]
) -> None:
    settings = Settings(home=make_home())
    made = auth_string(settings)
    assert to_paste(settings, terminal=True) == f"{made}  ({settings.home / AUTH_FILE})"
    assert to_paste(settings, terminal=False) == str(settings.home / AUTH_FILE)
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", "house:key")
    assert to_paste(settings, terminal=False) == "$PREFECT_SERVER_API_AUTH_STRING"


@pytest.mark.parametrize("prefix", ["PREFECT_SERVER_", "PREFECT_"])
def test_behind_a_proxy_either_of_prefects_names_says_where_browsers_find_the_api(
    monkeypatch: pytest.MonkeyPatch, make_home: Callable[[], Path], prefix: str
) -> None:
    settings = Settings(home=make_home())
    plain = server_env(settings, Databases("ours", "theirs"))
    monkeypatch.setenv(f"{prefix}UI_API_URL", "https://desk.example/api")
    for env, shown in (
        (plain, settings.api_url),
        (server_env(settings, Databases("", "")), "https://desk.example/api"),
    ):
        with monkeypatch.context() as patch:
            patch.delenv(f"{prefix}UI_API_URL")
            for name, value in env.items():
                patch.setenv(name, value)
            assert PrefectSettings().server.ui.api_url == shown


def test_clients_and_children_are_pointed_at_it(monkeypatch: pytest.MonkeyPatch, make_home: Callable[[], Path]) -> None:
    monkeypatch.setenv("PREFECT_API_KEY", "somebody else's")
    monkeypatch.setenv("NO_PROXY", "example.org")
    settings = Settings(home=make_home(), port=4999)
    env = child_environment(client_env(settings))
    assert env["PREFECT_API_URL"] == "http://127.0.0.1:4999/api"
    assert env["PREFECT_UI_URL"] == "http://127.0.0.1:4999/v2"
    assert env["NO_PROXY"] == "example.org,127.0.0.1"
    assert "PREFECT_API_KEY" not in env
    with pointed_at(settings):
        assert PREFECT_API_URL.value() == settings.api_url
    assert os.environ.get("PREFECT_API_URL") != settings.api_url


def test_only_the_server_knows_prefects_database(settings: Settings) -> None:
    name = "PREFECT_API_DATABASE_CONNECTION_URL"
    assert server_env(settings, Databases("ours", "theirs"))[name] == "theirs"
    assert name not in client_env(settings)


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UpError, match=f"port {port} is not free.*AFTERSALES_PORT"):
            check_port(port, "AFTERSALES_PORT")
