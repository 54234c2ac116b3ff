"""Browsers outside, and keys for them, in memory. A browser of the tests signs as the page's script does."""

import hashlib
import hmac
import json
import secrets
from dataclasses import replace
from typing import Any
from uuid import UUID

from gateway.domain.remote import RemoteBrowser
from gateway.services.remote_messages import text64


class MemoryRemoteBrowserStore:
    def __init__(self) -> None:
        self.rows: dict[str, RemoteBrowser] = {}

    async def add_browser(self, browser: RemoteBrowser) -> None:
        self.rows[browser.id] = browser

    async def browser(self, browser_id: str) -> RemoteBrowser | None:
        return self.rows.get(browser_id)

    async def browsers_of(self, user: UUID) -> list[RemoteBrowser]:
        mine = [row for row in self.rows.values() if row.user == user]
        return sorted(mine, key=lambda row: (-row.created_at, row.id))

    async def note_browser_seen(self, browser_id: str, at: float) -> None:
        if browser_id in self.rows:
            self.rows[browser_id] = replace(self.rows[browser_id], seen_at=at)

    async def delete_browser(self, browser_id: str, user: UUID) -> bool:
        mine = browser_id in self.rows and self.rows[browser_id].user == user
        if mine:
            del self.rows[browser_id]
        return mine


class FakeRemoteKeys:
    """A key is "key " and a name; its signature a digest that needs the name alone: quick, and good enough for tests."""

    public_key = b"key gateway"

    def sign(self, data: bytes) -> bytes:
        return signature_of(self.public_key, data)

    def verify(self, public_key: bytes, data: bytes, signature: bytes) -> bool:
        return self.is_key(public_key) and hmac.compare_digest(signature_of(public_key, data), signature)

    def is_key(self, public_key: bytes) -> bool:
        return public_key.startswith(b"key ")


def signature_of(public_key: bytes, data: bytes) -> bytes:
    return hmac.digest(public_key, data, hashlib.sha512)


class OutsideBrowser:
    """Writes envelopes; `now` is its own clock."""

    def __init__(self, browser: RemoteBrowser, gateway: str, now: float) -> None:
        self.browser, self.gateway, self.now = browser, gateway, now

    def says(self, wish: str, **changes: Any) -> str:
        payload = {"wish": wish, "gateway": self.gateway, "at": self.now, "nonce": secrets.token_urlsafe(16)}
        return self.signed(json.dumps(payload | changes))

    def signed(self, payload: str, *, key: bytes | None = None) -> str:
        signature = signature_of(key or self.browser.public_key, payload.encode())
        return json.dumps({"browser": self.browser.id, "payload": payload, "signature": text64(signature)})
