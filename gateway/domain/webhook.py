"""Webhooks: what is told to other programs as it happens, how it is signed, and when it is tried again (row 180).

The signature is that of the Standard Webhooks convention: HMAC-SHA256 over id, time and body, so that whoever receives it
knows who sent it, that nobody changed it, and that it is no old one sent again.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from gateway.domain.events import Event

AUDIT: Final = "audit"
"""Entries of the audit log: users, groups, roles, settings, and whatever else staff changes."""
RECEIPT: Final = "receipt"
"""What a release made and costs, once it is known."""
PING: Final = "ping"
KINDS: Final[tuple[str, ...]] = (
    Event.JOB_CREATED.value,
    Event.JOB_STATE_CHANGED.value,
    Event.JOB_STOPPED.value,
    Event.JOB_COMPLETED.value,
    Event.PRINTER_CREATED.value,
    Event.PRINTER_CONFIG_CHANGED.value,
    Event.PRINTER_STATE_CHANGED.value,
    Event.PRINTER_DELETED.value,
    Event.DEVICE_STATE_CHANGED.value,
    RECEIPT,
    AUDIT,
)
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what secrets begin with
DAY: Final = 24 * 3600.0
DELAYS: Final = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0)
"""Seconds until the next try; the last one again and again, until a day is over."""
GIVE_UP_SECONDS: Final = DAY
GONE: Final = 410
STOP_SECONDS: Final = 3 * DAY
"""A webhook that has failed for so long, without one success, is stopped."""
ROTATION_SECONDS: Final = DAY
"""Both secrets sign for so long after a rotation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """`secret` is sealed by the key-encryption key, and so is `old_secret`, which signs as well until `old_until`.

    `made_by` is told when it stops. `failing_since` is the first failure after the last success.
    """

    id: UUID
    name: str
    url: str
    kinds: tuple[str, ...]
    secret: bytes = field(repr=False)
    old_secret: bytes | None = field(default=None, repr=False)
    old_until: float | None = None
    made_by: str = ""
    active: bool = True
    stopped: str = ""
    created_at: float = 0.0
    told_at: float | None = None
    failing_since: float | None = None
    version: int = 0


class DeliveryState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One event for one webhook. `event` is its id, the same at each try, so that a repetition can be told."""

    id: int = 0
    webhook: UUID
    event: UUID
    kind: str
    body: str
    state: DeliveryState = DeliveryState.WAITING
    created_at: float
    due_at: float
    tries: int = 0
    status: int | None = None
    answer: str = ""
    ended_at: float | None = None
    claimed_by: str | None = None
    claimed_until: float | None = None


def body_of(event: UUID, kind: str, at: str, data: Mapping[str, Any]) -> str:
    return json.dumps({"id": str(event), "type": kind, "timestamp": at, "data": dict(data)}, ensure_ascii=False)


_PEOPLE = ("owner", "charged_to", "actor")


def without_person(body: str, name: str, pseudonym: str) -> str | None:
    """The body as if its event had been `pseudonym`'s, without what tells of the person; None where it tells of another.

    Of a job the names of document and state message go, of a row of the audit log what was noted of the person.
    """
    told = json.loads(body)
    data = told.get("data")
    if not isinstance(data, dict):
        return None
    same = {key for key in _PEOPLE if str(data.get(key) or "").casefold() == name.casefold()}
    subject = str(data.get("subject", "")).casefold() == f"user {name}".casefold()
    noted = {key for key, value in dict(data.get("values") or {}).items() if str(value).casefold() == name.casefold()}
    if not same and not subject and not noted:
        return None
    data |= dict.fromkeys(same, pseudonym)
    if noted:
        data["values"] |= dict.fromkeys(noted, pseudonym)
    if subject:
        data |= {"subject": f"user {pseudonym}", "values": {}}
    if "owner" in same and "name" in data:
        data |= {"name": ""}
    data |= {key: "" for key in ("message", "text") if data.get(key)}
    return json.dumps(told, ensure_ascii=False)


def shown_secret(key: bytes) -> str:
    return SECRET_PREFIX + base64.b64encode(key).decode()


def signature(keys: Sequence[bytes], event: UUID, seconds: int, body: str) -> str:
    """One part for each key, with spaces between: whoever knows one of them can check it."""
    text = f"{event}.{seconds}.{body}".encode()
    return " ".join("v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode() for key in keys)


def delay_after(tries: int) -> float:
    return DELAYS[min(max(tries, 1), len(DELAYS)) - 1]


def after_try(webhook: Webhook, *, now: float, status: int | None, delivered: bool, why: str) -> Webhook:
    """The webhook as a try leaves it: stopped once its address is gone for good, or nothing came through for days."""
    if delivered:
        return replace(webhook, told_at=now, failing_since=None)
    since = now if webhook.failing_since is None else webhook.failing_since
    sentence = ""
    if status == GONE:
        sentence = "Its address answered that it is gone for good."
    elif now - since >= STOP_SECONDS:
        sentence = f"Nothing came through for three days. {why}"
    return replace(webhook, failing_since=since, active=webhook.active and not sentence, stopped=sentence.strip())
