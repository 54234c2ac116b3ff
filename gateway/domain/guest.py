"""A guest: somebody without an account, whose uploads belong to nobody else (rows 27 and 59)."""

import hashlib
from dataclasses import dataclass

CODE_DIGITS = 6
GIVEN_OUT = -1
"""Instead of a masked code: other digits were given to the guest in person."""
_CODES: int = 10**CODE_DIGITS


@dataclass(frozen=True, kw_only=True, slots=True)
class Guest:
    """`name` is the owner of the jobs ("guest:..."); `label` what they called themselves; `place` the sticker's name.

    `code_lookup` is a keyed hash of the code; `code_masked` gives it back to the browser with the cookie, to nobody
    else; `cookie_hash` is the SHA-256 of the cookie's value.
    """

    name: str
    code_lookup: str
    code_masked: int
    cookie_hash: str
    csrf: str
    label: str
    place: str
    address: str
    created_at: float
    expires_at: float


def cookie_digest(cookie: str) -> str:
    return hashlib.sha256(b"guest\0" + cookie.encode("utf-8", "surrogatepass")).hexdigest()


def masked(code: str, cookie: str) -> int:
    """The code under a pad that only the cookie knows: who reads the row learns nothing of it."""
    return (int(code) + _pad(cookie)) % _CODES


def unmasked(hidden: int, cookie: str) -> str:
    return f"{(hidden - _pad(cookie)) % _CODES:0{CODE_DIGITS}d}"


def _pad(cookie: str) -> int:
    digest = hashlib.sha256(b"guest code\0" + cookie.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:16], "big") % _CODES
