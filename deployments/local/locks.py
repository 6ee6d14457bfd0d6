"""Lock the doors of our Prefect server: who does not hold its auth string reads nothing and changes nothing.

A page of another origin gets neither answers (CORS) nor tokens (CSRF). What the environment says of these things
in Prefect's own variables stands, here and in every child. docs/security.md says what is not protected.
"""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress

from deployments.settings import AUTH_FILE, HOST, SURVEY_FILE, Settings, prepare_home
from tasks.surveys.links import SurveyLinks

SURVEY = "AFTERSALES_SURVEY_SECRET"
AUTH = "PREFECT_SERVER_API_AUTH_STRING"
CHOSEN = (  # what begins so is the user's choice; the last two say where browsers find the API behind a proxy
    AUTH,
    "PREFECT_SERVER_API_CORS_",
    "PREFECT_SERVER_API_CSRF_",
    "PREFECT_SERVER_CORS_",
    "PREFECT_SERVER_CSRF_",
    "PREFECT_SERVER_UI_API_URL",
    "PREFECT_UI_API_URL",
)


def chosen() -> dict[str, str]:
    """Return the security settings that the environment holds."""
    return {name: value for name, value in os.environ.items() if value and name.startswith(CHOSEN)}


def auth_string(settings: Settings) -> str:
    """Give what opens the server, `user:password`: the environment's, or that of the home, made at the first call."""
    return os.environ.get(AUTH) or _kept(settings, AUTH_FILE, lambda: f"aftersales:{secrets.token_urlsafe(24)}")


def survey_links(settings: Settings) -> SurveyLinks:
    """Give what makes customers' links: the environment's secret, or that of the home, made at the first call."""
    secret = os.environ.get(SURVEY) or _kept(settings, SURVEY_FILE, lambda: secrets.token_urlsafe(32))
    return SurveyLinks(settings.survey_url, secret)


def _kept(settings: Settings, name: str, make: Callable[[], str]) -> str:
    """Give a secret of the home, made at the first call."""
    path = settings.home / name
    if not (path.exists() and path.read_text("utf-8").strip()):  # an empty string would lock nothing
        prepare_home(settings)
        path.unlink(missing_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")  # so that nobody reads half of it
        draft.touch(mode=0o600)
        draft.write_text(f"{make()}\n", "utf-8")
        with suppress(FileExistsError):  # another has made it meanwhile
            os.link(draft, path)
        draft.unlink()
    return path.read_text("utf-8").strip()


def to_paste(settings: Settings, terminal: bool) -> str:
    """Say what opens the pages and where it stands; not to a log, which others may read."""
    where = f"${AUTH}" if os.environ.get(AUTH) else str(settings.home / AUTH_FILE)
    return f"{auth_string(settings)}  ({where})" if terminal else where


def server_locks(settings: Settings) -> dict[str, str]:
    """Return the variables that lock the server; the environment's choice comes last."""
    origins = ",".join(f"http://{name}:{settings.port}" for name in (HOST, "localhost"))
    ours = {
        AUTH: auth_string(settings),
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": origins,
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
    }
    return ours | chosen()
