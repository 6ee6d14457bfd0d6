"""Serve customers the forms of surveys: by signed links, without a login, and nothing else.

A link opens one form until it is answered or its time is over. What is no link of ours never reaches the database;
whoever asks too often is told to wait. No cookie, no script, no contact data; a page of another site cannot send a form
in, for its sender would have to know the link.
"""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from anyio.to_thread import run_sync
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from deployments.database import reached
from deployments.local.locks import survey_links
from deployments.local.postgres import Databases
from deployments.local.processes import Child
from deployments.settings import HOST, Settings
from flows import load
from schemas.forms.surveys import SurveyDoor
from schemas.problems import AftersalesError, BadInput
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.surveys import pages
from tasks.surveys.answers import keep_answer
from tasks.surveys.links import SurveyLinks
from tasks.surveys.queries import form_by_id, questions_on

STOP_GRACE = 3.0  # seconds
MOST_BYTES = 32_768  # of what a customer sends in
MOST_FIELDS = 100
MINUTE, MOST_A_MINUTE, MOST_CLIENTS = 60.0, 60, 50_000  # requests of one address; addresses that are counted
SAFE = (
    "Content-Security-Policy:default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options:nosniff",
    "X-Robots-Tag:noindex, nofollow",
    "Referrer-Policy:no-referrer",  # the link is what opens the form
    "Cache-Control:no-store",
)
QUIET = ("--no-access-log", "--no-server-header", "--log-level=warning", "--timeout-graceful-shutdown=1")
ITS_OWN = {"", "same-origin", "none"}  # of the browser's Sec-Fetch-Site


def survey_child(settings: Settings, databases: Databases) -> Child:
    """Return the server of the surveys as a child of `up`, not started yet."""
    survey_links(settings)  # so that the secret is there before anybody needs it
    where = ("--factory", f"{__name__}:site", f"--host={HOST}", f"--port={settings.survey_port}")
    limits = ("--limit-concurrency=200", "--h11-max-incomplete-event-size=16384")
    words = ["-m", "uvicorn", *where, *limits, *QUIET, *(f"--header={header}" for header in SAFE)]
    variables = settings.variables | {"AFTERSALES_DATABASE_URL": databases.ours}
    return Child("surveys", words, variables, settings, STOP_GRACE)


def site() -> Starlette:
    """Serve an installation's surveys."""
    settings = Settings()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> Any:
        load()  # what a customer says may open a complaint
        with reached(str(settings.database_url), threads=4) as db:
            app.state.db = db
            yield

    return app_of(survey_links(settings), lifespan=lifespan)


def app_of(links: SurveyLinks, **more: Any) -> Starlette:
    """Serve the forms that links open; `state.db` is the database."""

    async def form(request: Request) -> Response:
        form_id = links.form_of(request.path_params["token"])
        if form_id is None:
            return _message(pages.UNKNOWN, HTTPStatus.NOT_FOUND)
        given: dict[str, str] | None = None
        if request.method == "POST":
            if request.headers.get("sec-fetch-site", "") not in ITS_OWN:
                return _message(pages.UNKNOWN, HTTPStatus.FORBIDDEN)
            if (given := await _sent_in(request)) is None:
                return _message(pages.TOO_LONG, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return await run_sync(_answer, request.app.state.db, form_id, given, request.url.path)

    def lost(_request: Request, _error: Exception) -> Response:
        return _message(pages.UNKNOWN, HTTPStatus.NOT_FOUND)

    def failed(_request: Request, _error: Exception) -> Response:
        return _message(pages.FAULT, HTTPStatus.SERVICE_UNAVAILABLE)

    routes = [Route("/s/{token}", form, methods=["GET", "POST"])]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Limited)],
        exception_handlers={404: lost, 405: lost, AftersalesError: failed, Exception: failed},
        **more,
    )


def _answer(db: Engine, form_id: Any, given: dict[str, str] | None, path: str) -> Response:
    """Show a form, or take it in; what cannot be any more is said."""
    now = clock.now()
    with db.connect() as connection:
        form = form_by_id(connection, form_id)
        if form is None:
            return _message(pages.UNKNOWN, HTTPStatus.NOT_FOUND)
        questions = questions_on(connection, shanghai_day(form.sent_at))
    if form.answered_at:
        thanks = given is None and form.door == SurveyDoor.PAGE
        return _message(pages.THANKS if thanks else pages.ANSWERED, HTTPStatus.OK if thanks else HTTPStatus.CONFLICT)
    if now >= form.links_until:
        return _message(pages.EXPIRED, HTTPStatus.GONE)
    if given is None:
        return HTMLResponse(pages.survey_page(form, questions))
    said, problems = pages.read_form(given)
    try:
        if problems:
            raise BadInput(problems)
        became = keep_answer(db, form_id, said, SurveyDoor.PAGE)
    except BadInput as wrong:
        page = pages.survey_page(form, questions, given, wrong.problems)
        return HTMLResponse(page, HTTPStatus.UNPROCESSABLE_ENTITY)
    if not became.new:
        return _message(pages.ANSWERED, HTTPStatus.CONFLICT)
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)  # so that a page that is loaded anew sends nothing again


async def _sent_in(request: Request) -> dict[str, str] | None:
    """Read the fields of a form; None where it is longer than any customer's."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return None
    try:
        return dict(parse_qsl(body.decode("utf-8"), max_num_fields=MOST_FIELDS))
    except ValueError:
        return {}


def _message(words: tuple[str, str], status: HTTPStatus) -> HTMLResponse:
    headers = {"Retry-After": "60"} if status is HTTPStatus.TOO_MANY_REQUESTS else None
    return HTMLResponse(pages.message_page(*words), status, headers)


class Limited:
    """Lets each address ask so often a minute; the others do not notice."""

    def __init__(self, app: ASGIApp, now: Callable[[], float] = time.monotonic) -> None:
        self.app, self.now, self.since = app, now, now()
        self.asked: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or say that there were too many."""
        if scope["type"] == "http" and self._too_often((scope.get("client") or ("",))[0]):
            await _message(pages.BUSY, HTTPStatus.TOO_MANY_REQUESTS)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _too_often(self, address: str) -> bool:
        if self.now() - self.since >= MINUTE or len(self.asked) > MOST_CLIENTS:
            self.asked, self.since = Counter(), self.now()
        self.asked[address] += 1
        return self.asked[address] > MOST_A_MINUTE
