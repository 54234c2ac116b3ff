"""Which terminals there are, and how one proves that it is itself (row 86).

An administrator names a terminal and gets a code, good once and for a quarter of an hour. Whoever types it into the
terminal gets the terminal's key, 256 random bits of which only a hash is kept here. The key goes over TLS alone, with
each connection; taking it back is deleting the hash.
"""

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

from gateway.domain.card_numbers import parse, transformed
from gateway.domain.terminal import CodeFor, OnTap, Terminal
from gateway.errors import BadRequest, Conflict, NotAuthenticated, NotFound
from gateway.services.limits import Kind, Limit, Limits, subscriber
from gateway.services.ports import Clock, TerminalStore
from gateway.services.proofs import check_label

CODE_SECONDS = 900.0
KEY_LONGEST = 100
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that looks like something else
_CODE_DIGITS = 12
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
SEEN_STEP = 60.0  # being there is written at most this often
_UNKNOWN = "This terminal is not known here, or its key was taken back. Enrol it again."


class Terminals:
    """`check_station` raises NotFound for a name where no station can stand."""

    def __init__(
        self, *, store: TerminalStore, limits: Limits, clock: Clock, check_station: Callable[[str], object]
    ) -> None:
        self._store = store
        self._limits = limits
        self._clock = clock
        self._check_station = check_station

    async def all(self) -> list[Terminal]:
        return await self._store.terminals()

    async def get(self, name: str) -> Terminal:
        terminal = await self._store.terminal(name)
        if terminal is None:
            raise NotFound(f'There is no terminal "{name[:80]}".')
        return terminal

    async def add(self, name: str, station: str, *, info: str = "", on_tap: OnTap = OnTap.SIGN_IN) -> Terminal:
        """Without a key yet; see new_code."""
        if not _NAME.fullmatch(name):
            raise BadRequest("A terminal's name has 1 to 40 small letters, digits and dashes.")
        if await self._store.terminal(name) is not None:
            raise Conflict(f'There is a terminal "{name}" already.')
        self._check_station(station)
        terminal = Terminal(
            name=name,
            uuid=uuid4(),
            station=station,
            info=check_label(info) if info.strip() else "",
            on_tap=on_tap,
            created_at=self._clock.now(),
        )
        return await self._store.save_terminal(terminal)

    async def change(
        self, name: str, *, station: str | None = None, on_tap: OnTap | None = None, transform: str | None = None
    ) -> Terminal:
        """What is None stays. BadRequest for a transform that is none."""
        terminal = await self.get(name)
        if station is not None:
            self._check_station(station)
            terminal = replace(terminal, station=station)
        if on_tap is not None:
            terminal = replace(terminal, on_tap=on_tap)
        if transform is not None:
            parse(transform)
            terminal = replace(terminal, transform=transform.strip())
        return await self._store.save_terminal(terminal)

    async def new_code(self, name: str, code_for: CodeFor = CodeFor.KEY) -> str:
        """To be typed within a quarter of an hour; an older one is void, the key or screen in use stays until then."""
        code = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_DIGITS))
        terminal = replace(
            await self.get(name),
            code_hash=_digest("code", code),
            code_for=code_for,
            code_expires_at=self._clock.now() + CODE_SECONDS,
        )
        await self._store.save_terminal(terminal)
        return "-".join(code[start : start + 4] for start in range(0, _CODE_DIGITS, 4))

    async def enrol(self, code: str, code_for: CodeFor, *, address: str) -> tuple[str, Terminal]:
        """(the secret, which is told this once; the terminal). Whatever had the key or screen before has none now."""
        limit = Limit(kind=Kind.TERMINAL, key=(subscriber(address),))
        self._limits.take(limit)
        plain = re.sub(r"[\s-]", "", code[:40]).upper()
        terminal = await self._store.by_code(_digest("code", plain))
        now = self._clock.now()
        fresh = terminal is not None and now < terminal.code_expires_at <= now + CODE_SECONDS
        if terminal is None or not fresh or terminal.code_for is not code_for:
            raise NotAuthenticated("This code does not fit, or is over. Ask the administrator for a new one.")
        secret = secrets.token_urlsafe(32)
        hashed = _digest(code_for.value, secret)
        used = replace(terminal, code_hash=None, code_expires_at=0.0)
        changed = replace(used, key_hash=hashed) if code_for is CodeFor.KEY else replace(used, screen_hash=hashed)
        saved = await self._store.save_terminal(changed)  # Conflict: two typed it at once, and one was faster
        self._limits.give_back(limit)
        return secret, saved

    async def revoke(self, name: str) -> Terminal:
        """Key, screen and code are void from its next message on; place and settings stay."""
        terminal = await self.get(name)
        return await self._store.save_terminal(
            replace(terminal, key_hash=None, screen_hash=None, code_hash=None, code_expires_at=0.0)
        )

    async def remove(self, name: str) -> None:
        await self._store.delete_terminal((await self.get(name)).name)

    async def by_key(self, key: str, *, address: str) -> Terminal:
        """NotAuthenticated, and Throttled after twenty wrong keys of an address in a minute."""
        limit = Limit(kind=Kind.TERMINAL, key=(subscriber(address),))
        self._limits.take(limit)
        terminal = await self._store.by_key(_digest("key", key[: KEY_LONGEST + 1]))
        if terminal is None:
            raise NotAuthenticated(_UNKNOWN)
        self._limits.give_back(limit)
        await self._see(terminal, address)
        return terminal

    async def still(self, terminal: Terminal) -> Terminal:
        """As it stands now; NotAuthenticated once its key was taken back or given to another."""
        if terminal.key_hash is None:
            raise NotAuthenticated(_UNKNOWN)
        found = await self._store.by_key(terminal.key_hash)
        if found is None or found.uuid != terminal.uuid:
            raise NotAuthenticated(_UNKNOWN)
        return found

    async def by_screen(self, secret: str) -> Terminal | None:
        """Whose screen a browser's cookie says it is."""
        return await self._store.by_screen(_digest("screen", secret[: KEY_LONGEST + 1]))

    def number(self, terminal: Terminal, raw: str) -> str:
        """The card's number of what its reader sent; BadRequest says which step it does not fit."""
        return transformed(raw, parse(terminal.transform))

    async def lock(self, terminal: Terminal, alert: str) -> Terminal:
        """From now on it takes only cards that it knows."""
        current = await self.get(terminal.name)
        return await self._store.save_terminal(replace(current, locked_at=self._clock.now(), alert=alert[:500]))

    async def unlock(self, name: str) -> Terminal:
        return await self._store.save_terminal(replace(await self.get(name), locked_at=None, alert=""))

    async def _see(self, terminal: Terminal, address: str) -> None:
        now = self._clock.now()
        if terminal.seen_at is None or address != terminal.seen_address or abs(now - terminal.seen_at) >= SEEN_STEP:
            await self._store.seen(terminal.uuid, at=now, address=address)


def _digest(what: str, secret: str) -> str:
    """No slow hash: the secrets are random. `what` keeps a code from being taken for a key."""
    return hashlib.sha256(f"terminal {what}\0{secret}".encode("utf-8", "surrogatepass")).hexdigest()
