"""Group robots of WeCom and DingTalk, and plain webhooks; their URLs are secrets that only the environment holds.

A robot knows no idempotency key: where we died between its answer and our note, the group sees a message twice. Both
bear the same number, by which people see that it is one. A webhook is given the key.
"""

import hmac
import os
from base64 import b64encode
from datetime import datetime, timedelta
from typing import Any

import httpx
from pydantic import BaseModel, ValidationError
from sqlalchemy import Row

from schemas.problems import problems_of
from schemas.words import NoticeWay
from tasks.durable import clock
from tasks.outbox.post import Undelivered, post
from tasks.outbox.rules import digest_text

MOST_BYTES = 2_000  # of a text; WeCom takes 2,048


class _Said(BaseModel):
    errcode: int
    errmsg: str = ""


def send_to_robot(client: httpx.Client, message: Row[Any], timeout: timedelta) -> dict[str, Any]:
    """Show a digest to a group. What the robot did not take is tried again: it may be for being too often."""
    name = secret_name(message.destination, message.address)
    text = {"msgtype": "text", "text": {"content": digest_text(message.id, message.payload, MOST_BYTES)}}
    url = _secret(name)
    if message.destination == NoticeWay.DINGTALK and (key := os.environ.get(f"{name}_SECRET")):
        url = signed(url, key, clock.now())
    answered = post(client, url, text, message.idempotency_key, timeout, named=name)
    try:
        said = _Said.model_validate_json(answered.body)
    except ValidationError as error:
        raise answered.not_understood("; ".join(map(str, problems_of(error)))) from None
    if said.errcode:
        raise Undelivered(f"机器人未接收 the robot did not take it: {said.errcode} {said.errmsg}")
    return said.model_dump()


def send_to_webhook(client: httpx.Client, message: Row[Any], timeout: timedelta) -> dict[str, Any]:
    """Give a digest to a program, whatever that answers with a status of success."""
    name = secret_name(message.destination, message.address)
    told = {"id": message.idempotency_key, "sent_at": message.created_at.isoformat(), **message.payload}
    return {"status": post(client, _secret(name), told, message.idempotency_key, timeout, named=name).status}


def signed(url: str, key: str, now: datetime) -> str:
    """Sign the URL of a DingTalk robot (加签): its secret over the moment in milliseconds, which may be an hour off."""
    moment = f"{now.timestamp() * 1000:.0f}"
    sign = b64encode(hmac.digest(key.encode(), f"{moment}\n{key}".encode(), "sha256")).decode()
    return str(httpx.URL(url).copy_merge_params({"timestamp": moment, "sign": sign}))


def secret_name(way: str, address: str) -> str:
    """Name the environment variable with the URL of a robot or webhook: AFTERSALES_WECOM_DESK."""
    return f"AFTERSALES_{way.upper()}_{address}"


def _secret(name: str) -> str:
    if not (url := os.environ.get(name)):
        raise Undelivered(f"未设置地址 {name} is not set")
    return url
