"""The links by which customers answer: signed, so that nobody can make one or guess another's; the form says how long."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple
from uuid import UUID

from itsdangerous import BadSignature, Signer

from schemas.problems import Unavailable


class SurveyLinks(NamedTuple):
    """Where customers' pages are served, and what signs their links."""

    url: str
    secret: str

    def of(self, form: UUID) -> str:
        """Give the link of a form."""
        return f"{self.url.rstrip('/')}/s/{self.token(form)}"

    def token(self, form: UUID) -> str:
        """Sign a form's id."""
        return self._signer.sign(urlsafe_b64encode(form.bytes).rstrip(b"=")).decode()

    def form_of(self, token: str) -> UUID | None:
        """Give the form that a link was signed for; None where it was not signed by us."""
        try:
            return UUID(bytes=urlsafe_b64decode(self._signer.unsign(token.encode("ascii")) + b"=="))
        except (BadSignature, ValueError):
            return None

    @property
    def _signer(self) -> Signer:
        return Signer(self.secret, salt="survey-form", digest_method=hashlib.sha256)


_links: list[SurveyLinks] = []


def set_up(links: SurveyLinks) -> None:
    """Make these the links of this process."""
    _links[:] = [links]


def links_here() -> SurveyLinks:
    """Give the links of this process; Unavailable where none were set."""
    if not _links:
        raise Unavailable("未设置问卷链接 no links of surveys are set: start through `aftersales up`")
    return _links[0]
