"""Notices by e-mail: one address a message; sent again it bears the same Message-ID, by which mail systems know it."""

import asyncio
import os
from datetime import timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit
from uuid import NAMESPACE_URL, uuid5

import aiosmtplib
from sqlalchemy import Row

from tasks.outbox.post import Undelivered
from tasks.outbox.rules import digest_text

SERVER, SENDER = "AFTERSALES_SMTP_URL", "AFTERSALES_SMTP_FROM"
MOST_BYTES = 200_000
PORTS = {"smtp": 587, "smtps": 465}


def send_mail(message: Row[Any], timeout: timedelta) -> dict[str, Any]:
    """Send a digest to one address; each phase may take `timeout`, the whole four times that. Raises Undelivered."""
    server, sender = _setting(SERVER), _setting(SENDER)
    try:
        mail, where = _written(message, sender), _server(server)
        return {"reply": asyncio.run(_send(mail, where, timeout.total_seconds()))}
    except (ValueError, IndexError, MessageError) as error:  # as email parses; its text may tell the password
        wrong = f"地址或设置有误 the address, {SERVER} or {SENDER} is wrong"
        raise Undelivered(f"{wrong}: {type(error).__name__}") from None
    except aiosmtplib.SMTPRecipientsRefused as refused:
        raise _refusal(refused.recipients[0]) from None
    except aiosmtplib.SMTPResponseException as refused:
        raise _refusal(refused) from None
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        why = f"邮件服务器无应答 no answer from the mail server: {type(error).__name__} {error}"
        raise Undelivered(why, silent=True) from error


async def _send(mail: EmailMessage, server: SplitResult, timeout: float) -> str:
    """Hand a mail over; it is the server's once that said so, whatever becomes of the connection."""
    secure = server.scheme == "smtps"
    client = aiosmtplib.SMTP(
        hostname=server.hostname,
        port=server.port or PORTS[server.scheme],
        use_tls=secure,
        start_tls=False if secure else (True if server.username else None),  # a password never goes in the clear
        username=unquote(server.username) if server.username else None,
        password=unquote(server.password or "") if server.username else None,
        local_hostname=_domain(mail),
        timeout=timeout,
    )
    try:
        async with asyncio.timeout(4 * timeout):
            await client.connect()
            _, reply = await client.send_message(mail)
        return reply
    finally:
        if isinstance(
            client.transport, asyncio.Transport
        ):  # under TLS a close waits for the other side, and this loop ends
            client.transport.abort()
        client.close()
        await asyncio.sleep(0)  # the loop closes the socket in its next turn, and this may be its last


def _written(message: Row[Any], sender: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, Address(addr_spec=message.address)
    mail["Subject"] = message.payload["title"]
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = f"<{uuid5(NAMESPACE_URL, message.idempotency_key)}@{_domain(mail)}>"
    mail["Auto-Submitted"] = "auto-generated"  # nobody's absence answers it
    mail.set_content(digest_text(message.id, message.payload, MOST_BYTES))
    return mail


def _domain(mail: EmailMessage) -> str:
    """Name the sender's house; ValueError where it has none."""
    if not (domain := str(mail["From"].addresses[0].domain)):
        raise ValueError(mail["From"])
    return domain


def _server(url: str) -> SplitResult:
    server = urlsplit(url)
    if server.scheme not in PORTS or not server.hostname or server.port == 0:
        raise ValueError(url)
    return server


def _setting(name: str) -> str:
    if not (value := os.environ.get(name)):
        raise Undelivered(f"未设置 {name} is not set")
    return value


def _refusal(said: aiosmtplib.SMTPResponseException) -> Undelivered:
    """Give up what will never be taken; a wrong password may be set right."""
    for_good = said.code >= 500 and not isinstance(said, aiosmtplib.SMTPAuthenticationError)
    return Undelivered(f"SMTP {said.code}: {said.message}", None if for_good else timedelta(0))
