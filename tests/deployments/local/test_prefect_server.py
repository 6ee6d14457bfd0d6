import os
import socket
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from prefect.settings import PREFECT_API_URL

from deployments.local.postgres import Databases
from deployments.local.prefect_server import check_port, client_env, pointed_at, server_env
from deployments.local.processes import child_environment
from deployments.settings import HOST, Settings
from schemas.problems import UpError


def test_the_server_is_ours_alone(settings: Settings, toy_deployments: dict[str, UUID]) -> None:
    assert httpx.get(f"{settings.api_url}/health").json() is True
    shown = httpx.get(f"http://{HOST}:{settings.port}/ui-settings").json()
    assert shown["api_url"] == settings.api_url
    admin = httpx.get(f"{settings.api_url}/admin/settings").json()["server"]
    assert admin["ui"]["show_promotional_content"] is False
    assert admin["analytics_enabled"] is False
    assert admin["services"]["pause_expirations"]["enabled"] is False
    assert "postgresql+asyncpg" not in httpx.get(f"{settings.api_url}/admin/settings").text


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
