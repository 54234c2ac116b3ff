"""Codes that change on a station's screen: who scans one stands there (row 166).

A code is signed with a key outside of the database, belongs to one enrolled screen and what it stands at, is good for a
minute and for one person. A photo of it helps nobody later; the two digits beside it, which the phone is not told, make
a code that was sent on elsewhere a guess. When the clock jumps, everything that was shown before is void.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace

from gateway.domain.phone import Screen
from gateway.domain.user import Actor
from gateway.errors import NotAuthenticated, NotFound
from gateway.services.ports import Clock, Hasher, ScreenStore

SHOWN_SECONDS = 30.0  # how long a screen shows one code
VALID_SECONDS = 60.0  # from when it was made until it must be scanned
CHOOSING_SECONDS = 120.0  # from the scan to the tap
JUMP_SECONDS = 2.0  # a clock that moved more than this against the monotonic one has jumped
SEEN_STEP = 60.0  # the last sign of a screen is written at most this often
PURGE_SECONDS = 60.0
CHOICES = 3
_ISSUED, _NONCE, _TAG, _SEAL = 4, 8, 8, 16
_SIZE = _ISSUED + _NONCE + _TAG + _SEAL
AGAIN = "This code is not good any more. Scan the one that the screen shows now."
ELSEWHERE = "This code is of another printer. Scan the one on the screen in front of you."
WRONG = "That is not the number beside the code. Scan the code that the screen shows now."


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownCode:
    """What a screen shows, and for how many seconds."""

    code: str
    number: int
    seconds: float = SHOWN_SECONDS


@dataclass(frozen=True, kw_only=True, slots=True)
class ScannedCode:
    """A code that somebody holds now; one of `choices` stands beside it on the screen."""

    code: str
    choices: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parts:
    issued: int
    nonce: bytes
    tag: str
    seal: bytes


class PresenceCodes:
    """Makes and takes codes. Every failure is NotAuthenticated with a sentence that says what to scan."""

    def __init__(self, *, store: ScreenStore, hasher: Hasher, clock: Clock) -> None:
        self._store = store
        self._hasher = hasher
        self._clock = clock
        self._epoch = secrets.token_hex(8)
        self._offset = clock.now() - clock.monotonic()
        self._purged_at = clock.monotonic()
        self._shown: dict[str, tuple[float, str, ShownCode]] = {}

    # -- screens

    async def enrol(self, station: str, by: Actor) -> str:
        """What the screen's browser keeps from now on: 256 random bits."""
        secret, now = secrets.token_urlsafe(32), self._clock.now()
        screen = Screen(id_hash=_digest(secret), station=station, by=by.user or by.claimed, created_at=now, seen_at=now)
        await self._store.save_screen(screen)
        return secret

    async def screen(self, secret: str, station: str) -> Screen | None:
        """The enrolled screen of that station; None for any other browser."""
        found = await self._store.screen(_digest(secret)) if secret else None
        if found is None or found.station != station:
            return None
        if abs(self._clock.now() - found.seen_at) >= SEEN_STEP:
            found = replace(found, seen_at=self._clock.now())
            await self._store.save_screen(found)
        return found

    async def screens(self) -> list[Screen]:
        return await self._store.screens()

    async def remove(self, tag: str) -> Screen:
        """The screen shows nothing more, and what it shows now is void at once."""
        found = await self._tagged(tag)
        if found is None or not await self._store.remove_screen(found.id_hash):
            raise NotFound("This screen is gone already.")
        return found

    # -- codes

    def show(self, screen: Screen) -> ShownCode:
        """The same for 30 seconds, unless somebody scanned it meanwhile."""
        self._watch_clock()
        now = self._clock.monotonic()
        at, epoch, known = self._shown.get(screen.id_hash, (0.0, "", None))
        if known is not None and epoch == self._epoch and now - at < SHOWN_SECONDS:
            return replace(known, seconds=SHOWN_SECONDS - (now - at))
        shown = self._made(screen)
        self._shown[screen.id_hash] = (now, self._epoch, shown)
        return shown

    def _made(self, screen: Screen) -> ShownCode:
        issued, nonce = int(self._clock.now()), secrets.token_bytes(_NONCE)
        body = issued.to_bytes(_ISSUED, "big") + nonce + bytes.fromhex(screen.tag)
        code = base64.urlsafe_b64encode(body + self._seal(body, screen)).decode()
        return ShownCode(code=code, number=self._numbers(nonce)[0])

    async def scan(self, code: str, place: str, holder: str) -> ScannedCode:
        """Binds the code to who scanned it: nobody else can use it, and its holder may load the page again."""
        parts = await self._checked(code, place)
        until = parts.issued + VALID_SECONDS + CHOOSING_SECONDS
        age = self._clock.now() - parts.issued
        if age >= VALID_SECONDS:
            raise NotAuthenticated(AGAIN)
        if not await self._store.bind_code(parts.nonce.hex(), holder, until=until):
            raise NotAuthenticated(AGAIN)
        for screen, (_at, _epoch, shown) in list(self._shown.items()):
            if shown.code == code:
                del self._shown[screen]  # the next person gets another
        return ScannedCode(code=code, choices=tuple(sorted(self._numbers(parts.nonce))))

    async def take(self, code: str, place: str, holder: str, number: str) -> None:
        """Uses the code up, whether `number` is right or not."""
        parts = await self._checked(code, place)
        if not await self._store.use_code(parts.nonce.hex(), holder, self._clock.now()):
            raise NotAuthenticated(AGAIN)
        if number.strip() != str(self._numbers(parts.nonce)[0]):
            raise NotAuthenticated(WRONG)

    async def purge(self) -> int:
        if self._clock.monotonic() - self._purged_at < PURGE_SECONDS:
            return 0
        self._purged_at = self._clock.monotonic()
        return await self._store.purge_codes(self._clock.now())

    # -- within

    async def _checked(self, code: str, place: str) -> _Parts:
        """The parts of a code that this process made for a screen which still stands at `place`."""
        self._watch_clock()
        parts = _read(code)
        screen = None if parts is None else await self._tagged(parts.tag)
        if parts is None or screen is None:
            raise NotAuthenticated(AGAIN)
        body = parts.issued.to_bytes(_ISSUED, "big") + parts.nonce + bytes.fromhex(parts.tag)
        if not hmac.compare_digest(parts.seal, self._seal(body, screen)):
            raise NotAuthenticated(AGAIN)
        if screen.station != place:
            raise NotAuthenticated(ELSEWHERE)
        age = self._clock.now() - parts.issued
        if not -JUMP_SECONDS <= age < VALID_SECONDS + CHOOSING_SECONDS:
            raise NotAuthenticated(AGAIN)
        return parts

    async def _tagged(self, tag: str) -> Screen | None:
        return next((screen for screen in await self._store.screens() if screen.tag == tag), None)

    def _seal(self, body: bytes, screen: Screen) -> bytes:
        text = f"{self._epoch}\0{screen.station}\0{screen.id_hash}\0{body.hex()}"
        return bytes.fromhex(self._hasher.lookup("presence-code", text))[:_SEAL]

    def _numbers(self, nonce: bytes) -> list[int]:
        """The number beside the code, then two others; only the key knows which from what."""
        numbers: list[int] = []
        for turn in range(1000):
            digest = self._hasher.lookup("presence-number", f"{self._epoch}\0{nonce.hex()}\0{turn}")
            number = int(digest[:8], 16) % 90 + 10
            if number not in numbers:
                numbers.append(number)
            if len(numbers) == CHOICES:
                break
        return numbers

    def _watch_clock(self) -> None:
        """After a jump a used code might look new again: none from before it is good any more."""
        offset = self._clock.now() - self._clock.monotonic()
        if abs(offset - self._offset) > JUMP_SECONDS:
            self._epoch = secrets.token_hex(8)
        self._offset = offset


def _read(code: str) -> _Parts | None:
    try:
        octets = base64.b64decode(code.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    if len(octets) != _SIZE:
        return None
    tag_at = _ISSUED + _NONCE
    return _Parts(
        issued=int.from_bytes(octets[:_ISSUED], "big"),
        nonce=octets[_ISSUED:tag_at],
        tag=octets[tag_at : tag_at + _TAG].hex(),
        seal=octets[tag_at + _TAG :],
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(b"screen\0" + secret.encode("utf-8", "surrogatepass")).hexdigest()
