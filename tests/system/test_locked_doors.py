"""A page of another origin, open in a browser where somebody is logged in, reads nothing and changes nothing."""

import functools
import json
import threading
from collections.abc import Iterator
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import BrowserContext
from sqlalchemy import inspect, text

from deployments.database import connect
from deployments.local.locks import auth_string
from deployments.local.postgres import running_database
from deployments.settings import AUTH_FILE, POSTGRES, Settings
from tests.system.product import Product
from tests.system.staff import REBOUND

pytestmark = pytest.mark.system

ATTACK = """async ([api, run, origins]) => {
  const read = [], sent = [];
  const tries = {filter: ['POST', '/flow_runs/filter', {}], run: ['GET', `/flow_runs/${run}`],
    settings: ['GET', '/admin/settings'], token: ['GET', '/csrf-token?client=evil'],
    resume: ['POST', `/flow_runs/${run}/resume`, {run_input: {'经办人工号': 'E1001', '审核结论': '通过 approve'}}],
    cancel: ['POST', `/flow_runs/${run}/set_state`, {state: {type: 'CANCELLED'}, force: true}],
    remove: ['DELETE', `/flow_runs/${run}`]};
  const kinds = [{}, {mode: 'no-cors'}, {credentials: 'include'},
    {headers: {Authorization: 'Basic Og==', 'Prefect-Csrf-Token': 'x', 'Prefect-Csrf-Client': 'evil'}}];
  for (const base of origins) for (const [name, [method, path, body]] of Object.entries(tries)) for (const kind of kinds) {
    const text = body && {body: new Blob([JSON.stringify(body)], {type: 'text/plain'})};
    try {
      const answer = await fetch(base + path, {method, ...kind, ...text});
      sent.push(name);
      if (answer.type !== 'opaque') read.push([name, answer.status, await answer.text()]);
    } catch (refused) { sent.push(name); }
  }
  for (const protocols of [[], ['prefect']]) await new Promise(done => {
    const socket = new WebSocket(api.replace('http', 'ws') + '/events/out', protocols);
    socket.onopen = () => {
      socket.send(JSON.stringify({type: 'auth', token: ''}));
      socket.send(JSON.stringify({type: 'filter', filter: {}}));
    };
    socket.onmessage = message => read.push(['socket', message.data]);
    socket.onclose = done;
    setTimeout(done, 10000);
  });
  return {read, sent: sent.length};
}"""


@pytest.fixture
def evil(tmp_path: Path) -> Iterator[str]:
    """The address of a page of somebody else."""
    (tmp_path / "index.html").write_text("<title>evil</title>")

    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, *words: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/index.html"
        server.shutdown()


@pytest.fixture
def waiting(product: Product) -> Iterator[str]:
    """A run that waits for its reviewer; afterwards it must wait there still, undecided."""
    number = product.apply([{"配件名称": "柜门板(左)", "数量": 1, "原因": "缺件"}])
    before = product.wait_at(number, "review-1")
    yield str(before["id"])
    after = product.run(before["id"])
    assert after is not None
    assert after["state_id"] == before["state_id"]
    decided = "SELECT 1 FROM decision d JOIN service_case c ON c.id = d.case_id WHERE number = :n"
    assert product.rows(decided, n=number) == []


def attacked(desk: BrowserContext, page_at: str, run_id: str, *apis: str) -> list[list[Any]]:
    """Open a page and let it try all; gives what it could read."""
    page = desk.new_page()
    page.goto(page_at)
    tried = page.evaluate(ATTACK, [apis[0], run_id, apis])
    page.close()
    assert tried["sent"] == len(apis) * 7 * 4
    return list(tried["read"])


def test_a_foreign_page_reads_0_and_changes_0_states(
    product: Product, desk: BrowserContext, evil: str, waiting: str
) -> None:
    api = product.settings.api_url
    assert attacked(desk, evil, waiting, api, api.replace("127.0.0.1", "localhost")) == []


def test_a_page_whose_name_was_turned_to_us_is_told_that_it_may_not(
    product: Product, desk: BrowserContext, waiting: str
) -> None:
    """DNS rebinding: the browser takes our server for the attacker's own, and lets it read what we answer."""
    theirs = f"http://{REBOUND}:{product.settings.port}"
    answers = attacked(desk, f"{theirs}/ui-settings", waiting, f"{theirs}/api")
    assert {status for _, status, _ in answers} == {401, 403}
    told = {"Unauthorized", "Missing CSRF token.", "Invalid CSRF token or client identifier."}
    assert {value for _, _, said in answers for value in json.loads(said).values()} == told


def test_the_auth_string_stands_in_its_file_alone(product: Product) -> None:
    secret = auth_string(product.settings).partition(":")[2]
    home, rooms = product.settings.home, (product.settings.home / POSTGRES, product.settings.home / AUTH_FILE)
    written = [path for path in home.rglob("*") if path.is_file() and not path.is_relative_to(rooms[0])]
    assert [path for path in written if secret.encode() in path.read_bytes()] == [rooms[1]]
    started = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    assert [words for words in started if secret in words] == []
    assert list(tables_with(product.settings, secret)) == []


def tables_with(settings: Settings, words: str) -> Iterator[str]:
    """Find the tables, ours and Prefect's, that hold some words."""
    with running_database(settings) as databases:
        for url in (databases.ours, databases.prefect):
            db = connect(url, threads=1)
            with db.connect() as connection:
                for table in inspect(connection).get_table_names():
                    found = text(f'SELECT 1 FROM "{table}" AS row WHERE row::text LIKE :words LIMIT 1')
                    if connection.scalar(found, {"words": f"%{words}%"}):
                        yield table
            db.dispose()
