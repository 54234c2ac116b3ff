"""One connection to an LDAP server, held by a process of its own that is ended when it takes too long."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.domain.directory import LdapSettings, Secrets
from gateway.services.ports.directories import DirectoryAway

LONGEST_LINE = 32 * 1024 * 1024  # one entry; a group of a large house has a member in each of its lines
SPARE_SECONDS = 5.0  # beyond libldap's own limits, before the process is ended
MOST_ENTRIES = 1_000_000
_PACKAGE_ROOT = Path(__file__).resolve().parents[3]

Attributes = Mapping[str, Sequence[bytes]]


class LdapFault(DirectoryAway):
    """What the server or the library said; `kind`: away, credentials, access, no-such-object, limit, other."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(_sentence(kind, text))
        self.kind = kind


@dataclass(frozen=True, kw_only=True, slots=True)
class LdapEntry:
    """Names of attributes are in lower case."""

    dn: str
    attributes: Attributes

    def first(self, name: str) -> bytes | None:
        values = self.attributes.get(name.lower(), ())
        return values[0] if values else None

    def texts(self, name: str) -> tuple[str, ...]:
        """Values that are text; others are passed over."""
        return tuple(_text(value) for value in self.attributes.get(name.lower(), ()) if value) if name else ()

    def text(self, name: str) -> str:
        found = self.texts(name)
        return found[0] if found else ""


@dataclass(kw_only=True, slots=True)
class LdapProcess:
    """Orders one after the other, each read to its end; LdapFault for each that fails, after which it is still good, unless it was ended."""

    seconds: float
    _process: asyncio.subprocess.Process = field(repr=False)

    async def search(
        self,
        base: str,
        *,
        wanted: str,
        attributes: Sequence[str],
        scope: str = "sub",
        page: int = 500,
    ) -> AsyncIterator[LdapEntry]:
        order = {"do": "search", "base": base, "scope": scope, "filter": wanted, "attrs": [*attributes], "page": page}
        await self._order(order | {"seconds": self.seconds, "most": MOST_ENTRIES})
        while (answer := await self._answer()) is not None:
            values = {
                name: [value.encode("latin-1", "replace") for value in found] for name, found in answer["attrs"].items()
            }
            yield LdapEntry(dn=answer["dn"], attributes=values)

    async def bind(self, dn: str, password: str) -> bool:
        """On a connection of its own; an empty password would be an anonymous bind, which always works: never asked."""
        if not password or not dn or "\0" in password:
            return False
        await self._order({"do": "bind", "dn": dn, "password": password})
        try:
            await self._answer()
        except LdapFault as fault:
            if fault.kind == "credentials":
                return False
            raise
        return True

    async def _order(self, order: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            await self._process.stdin.drain()
        except (ConnectionError, BrokenPipeError) as error:
            raise LdapFault("away", "the connection broke") from error

    async def _answer(self) -> Mapping[str, Any] | None:
        """An entry; None at the end."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(self.seconds + SPARE_SECONDS):
                line = await self._process.stdout.readline()
        except TimeoutError as error:
            self.end()
            raise LdapFault("away", f"no answer for {self.seconds:.0f} s") from error
        except ValueError as error:
            self.end()
            raise LdapFault("limit", "an entry is larger than 32 MB") from error
        if not line:
            raise LdapFault("away", "the connection broke")
        answer: Mapping[str, Any] = json.loads(line)
        if "error" in answer:
            raise LdapFault(answer["error"], answer["text"])
        return answer if "dn" in answer else None

    def end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()


@asynccontextmanager
async def ldap_process(
    settings: LdapSettings, secrets: Secrets, *, url: str, raw: Sequence[str]
) -> AsyncIterator[LdapProcess]:
    """Connected and signed in as the service account. The process is gone at the end, however it ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway.adapters.directory.ldap_child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=LONGEST_LINE,
        cwd=_PACKAGE_ROOT,
        # Nothing of the machine's or an administrator's own libldap settings: ldaprc could switch checks off.
        env={"PATH": os.environ.get("PATH", ""), "LDAPNOINIT": "1", "LC_ALL": "C.UTF-8"},
    )
    found = LdapProcess(seconds=settings.seconds, _process=process)
    try:
        certificate = settings.certificate if secrets.key else ""
        await found._order(  # noqa: SLF001 - its own factory
            {
                "do": "open",
                "url": url,
                "starttls": settings.starttls,
                "ca": settings.ca,
                "certificate": certificate,
                "key": secrets.key,
                "dn": settings.bind_dn,
                "password": secrets.password,
                "external": bool(certificate) and not settings.bind_dn,
                "raw": [*raw],
                "seconds": settings.seconds,
            }
        )
        await found._answer()  # noqa: SLF001 - its own factory
        yield found
    finally:
        found.end()
        await process.wait()


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _sentence(kind: str, text: str) -> str:
    return {
        "away": f"The directory does not answer ({text}).",
        "credentials": "The directory refuses the name or the password of the service account.",
        "access": "The service account may not read there. Give it the right to read users and groups.",
        "no-such-object": "There is no such place in the directory. Check the search base.",
        "limit": f"The directory gives no more at once ({text}). Lower the page size, or raise its limit.",
    }.get(kind, f"The directory says: {text}")
