"""Access tokens for mailboxes (RFC 6749): refreshed before they end, kept in memory alone. Blocking: used in threads."""

import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gateway.errors import StartupError
from gateway.settings import OAuth

EARLY = 60.0  # seconds before its end a token is renewed
SECONDS = 20.0
MAX_ANSWER = 100_000
LOCAL = {"127.0.0.1", "localhost", "::1"}


class NoToken(Exception):
    """The token service gave none; the message says why."""


class Tokens:
    """Of one mailbox. A refresh token that the service renews is used from then on."""

    def __init__(self, settings: OAuth, *, clock: Callable[[], float] = time.monotonic) -> None:
        parts = urlsplit(settings.token_url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL):
            raise StartupError("mailboxes.oauth.token_url must begin with https://.")
        self._settings = settings
        self._clock = clock
        self._token = ""
        self._until = 0.0
        self._renewed = ""

    def get(self) -> str:
        """NoToken when the service says no or does not answer."""
        if not self._token or self._clock() >= self._until:
            self._ask()
        return self._token

    def forget(self) -> None:
        """It was refused: the next one is a new one."""
        self._token = ""

    def _ask(self) -> None:
        given = self._settings
        secret = first_line(given.client_secret_file) or given.client_secret.get_secret_value()
        refresh = self._renewed or first_line(given.refresh_token_file)
        grant = {"grant_type": "refresh_token", "refresh_token": refresh} if refresh else _CLIENT
        fields = {"client_id": given.client_id, "client_secret": secret, "scope": given.scope} | grant
        answer = self._post({name: value for name, value in fields.items() if value})
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            raise NoToken(f"The token service refuses: {str(answer.get('error', 'no token'))[:100]}.")
        seconds = answer.get("expires_in")
        self._token = token
        self._until = self._clock() + max(0.0, (float(seconds) if isinstance(seconds, int | float) else 300.0) - EARLY)
        renewed = answer.get("refresh_token")
        self._renewed = renewed if isinstance(renewed, str) else self._renewed

    def _post(self, fields: dict[str, str]) -> dict[str, Any]:
        url = self._settings.token_url
        request = urllib.request.Request(url, data=urllib.parse.urlencode(fields).encode(), method="POST")  # noqa: S310 - https, or this machine
        trust = ssl.create_default_context(cafile=self._settings.ca_file) if url.startswith("https") else None
        try:
            with urllib.request.urlopen(request, timeout=SECONDS, context=trust) as answer:  # noqa: S310 - https, or this machine
                return _object(answer.read(MAX_ANSWER))
        except urllib.error.HTTPError as error:
            return _object(error.read(MAX_ANSWER))
        except (OSError, ValueError) as error:
            raise NoToken(f"The token service cannot be reached: {error}.") from error


_CLIENT = {"grant_type": "client_credentials"}


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def first_line(file: Path | None) -> str:
    """StartupError when a secret's file cannot be read."""
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeError) as error:
        raise StartupError(f"The file {file} of a mailbox cannot be read: {error}.") from error
