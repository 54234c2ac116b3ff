"""The process that speaks LDAP: `python -m gateway.adapters.directory.ldap_child`, JSON lines in and out.

libldap cannot be waited for inside of the gateway: a server that takes the connection and says nothing stops the whole
interpreter, with a TLS handshake for ever. Here it stops nobody, and whoever asked ends this process when the time is
up. What the server sends is decoded here, too, and leaves as plain values.

Orders: open, search, bind. Values of attributes go as Latin-1, one character an octet, since some are no text.
"""

import json
import os
import ssl
import sys
from collections.abc import Mapping
from typing import Any

import bonsai
from bonsai.errors import (
    AuthenticationError,
    ConnectionError,  # noqa: A004 - bonsai's name
    InsufficientAccess,
    InvalidDN,
    LDAPError,
    NoSuchObjectError,
    SizeLimitError,
    TimeoutError,  # noqa: A004 - bonsai's name
)

MOST_EMPTY = 100  # pages in a row: filtered ones may be empty, but not for ever
SCOPES = {"base": 0, "one": 1, "sub": 2}
KINDS: tuple[tuple[type[LDAPError], str], ...] = (
    (AuthenticationError, "credentials"),
    (InsufficientAccess, "access"),
    (NoSuchObjectError, "no-such-object"),
    (InvalidDN, "no-such-object"),
    (SizeLimitError, "limit"),
    (ConnectionError, "away"),
    (TimeoutError, "away"),
)
_files: list[int] = []  # open as long as this process: libldap reads certificates by name


def serve() -> None:
    connection: Any = None
    given: Mapping[str, Any] = {}
    for line in sys.stdin:
        order = json.loads(line)
        try:
            if order["do"] == "open":
                given = order
                connection = _connect(order, order["dn"], order["password"], external=order["external"])
            elif order["do"] == "search":
                _search(connection, order)
            else:
                _connect(given, order["dn"], order["password"], external=False).close()
        except LDAPError as error:
            kind = next((name for cls, name in KINDS if isinstance(error, cls)), "other")
            _say({"error": kind, "text": str(error)[:300]})
        except (ValueError, TypeError, OSError) as error:
            _say({"error": "other", "text": str(error)[:300]})
        else:
            _say({"ok": True})


def _connect(given: Mapping[str, Any], dn: str, password: str, *, external: bool) -> Any:
    client = bonsai.LDAPClient(given["url"], given["starttls"])
    client.set_server_chase_referrals(False)
    client.set_ignore_referrals(True)
    client.set_auto_page_acquire(False)
    client.set_raw_attributes(list({name.lower(): name for name in given["raw"]}.values()))
    if given["starttls"] or given["url"].startswith("ldaps"):
        client.set_cert_policy("demand")
        client.set_ca_cert(_file(given["ca"]) if given["ca"] else _trusted())
        if given["certificate"]:
            client.set_client_cert(_file(given["certificate"]))
            client.set_client_key(_file(given["key"]))
    if external:
        client.set_credentials("EXTERNAL")
    elif dn:
        client.set_credentials("SIMPLE", dn, password)
    return client.connect(is_async=False, timeout=given["seconds"])


def _search(connection: Any, order: Mapping[str, Any]) -> None:
    """Page by page. A server that gives the same page again and again is told so instead of being read for ever."""
    result = connection.paged_search(
        order["base"],
        SCOPES[order["scope"]],
        order["filter"],
        attrlist=order["attrs"],
        timeout=order["seconds"],
        page_size=order["page"],
    )
    left, before, empty = order["most"], "", 0
    while True:
        first = ""
        for entry in result:
            name = str(entry.dn)
            first = first or name
            _say({"dn": name, "attrs": {key.lower(): _values(value) for key, value in entry.items() if key != "dn"}})
            left -= 1
            if left < 0:
                raise ValueError(f"The server gives more than {order['most']} entries.")
        if first and first == before:
            raise ValueError("The server gives the same page of its answer again and again.")
        before = first or before
        message = result.acquire_next_page()
        if message is None:
            return
        empty = 0 if first else empty + 1
        if empty > MOST_EMPTY:
            raise ValueError("The server promises more pages and gives none.")
        result = connection.get_result(message, order["seconds"])


def _values(values: Any) -> list[str]:
    return [value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in values]


def _file(pem: str) -> str:
    """A name for octets that are on no disk."""
    descriptor = os.memfd_create("papertap")
    _files.append(descriptor)
    os.write(descriptor, pem.encode())
    return f"/proc/{os.getpid()}/fd/{descriptor}"


def _trusted() -> str:
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.openssl_cafile


def _say(answer: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    if "dn" not in answer:
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
