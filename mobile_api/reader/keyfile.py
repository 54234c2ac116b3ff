"""What the agent knows of its gateway: address, key, and the authority that its certificate comes from."""

import hashlib
import json
import os
import ssl
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

SECONDS = 15.0
MOST = 64 * 1024
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class NotEnrolled(Exception):
    """The message is a sentence for whoever stands at the reader."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """`url` is https://host:port; `ca` the PEM text of an authority to trust beside none other, "" for the system's."""

    url: str
    key: str
    terminal: str
    station: str
    ca: str = ""

    @property
    def secure(self) -> bool:
        return self.url.startswith("https://")

    def context(self) -> ssl.SSLContext | None:
        return _context(self.ca) if self.secure else None


def enrol(url: str, code: str, *, ca_file: Path | None = None, ca_sha256: str = "") -> Account:
    """Hands the administrator's code in for a key. NotEnrolled says what to do. Blocks."""
    url = url.rstrip("/")
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
        raise NotEnrolled("A key is sent over https only. Write https://NAME:8443.")
    ca = ca_file.read_text(encoding="ascii") if ca_file is not None else ""
    if not ca and ca_sha256:
        ca = _fetch_authority(url, ca_sha256)
    body = json.dumps({"code": code}).encode()
    request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
        f"{url}/terminals/v1/enrol", data=body, headers={"Content-Type": "application/json"}
    )
    found = json.loads(_open(request, _context(ca) if parts.scheme == "https" else None))
    return Account(url=url, key=found["key"], terminal=found["terminal"], station=found["station"], ca=ca)


def read(path: Path) -> Account:
    """NotEnrolled when there is no such file, or others may read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise NotEnrolled(f"{path} is open to other users of this machine. Close it: chmod 0600 {path}")
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotEnrolled(
            f"{path} does not exist: this reader is not enrolled. An administrator gets a code with "
            "`papertap terminal add`; then run `papertap reader enrol`."
        ) from None
    return Account(**kept)


def write(path: Path, account: Account) -> None:
    """Whole or not at all, readable by its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(asdict(account), out, indent=2)
    temporary.replace(path)


def _fetch_authority(url: str, sha256: str) -> str:
    """The authority's certificate from whoever answers, believed only if it has the fingerprint that was read to us."""
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    request = urllib.request.Request(f"{url}/ca.pem")  # noqa: S310 - the scheme was looked at
    pem = _open(request, unverified).decode("ascii", "replace")
    try:
        found = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    except ValueError as error:
        raise NotEnrolled(f"{url} shows no authority. Give its certificate with --ca FILE.") from error
    if found != sha256.replace(":", "").lower():
        raise NotEnrolled(
            "The gateway that answered has another fingerprint than the one you gave. Check it: somebody may be in between."
        )
    return pem


def _context(ca: str) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=ca or None)


def _open(request: urllib.request.Request, context: ssl.SSLContext | None) -> bytes:
    try:
        with urllib.request.urlopen(request, timeout=SECONDS, context=context) as answer:  # noqa: S310 - see above
            octets: bytes = answer.read(MOST)
            return octets
    except HTTPError as error:
        try:
            detail = json.loads(error.read(MOST)).get("detail", "")
        except ValueError:
            detail = ""
        raise NotEnrolled(detail or f"The gateway answered {error.code}.") from error
    except (URLError, OSError) as error:
        raise NotEnrolled(f"{request.full_url} does not answer: {getattr(error, 'reason', error)}") from error
