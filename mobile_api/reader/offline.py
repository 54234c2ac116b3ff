"""Who may sign in while the gateway is away: what this terminal saw itself, sealed under its key.

Cards are kept as keyed hashes, PINs as argon2id, both under a pepper that comes out of the terminal's key. Nothing is
remembered that the gateway gave no stamp for, or that came over an open wire; what is old, or dated in the future, is
good for nothing. Whoever takes the box away has the file and the key in it: that is why it holds three cards and three
PINs of each person who used this one box lately, and no more.
"""

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MOST = 3  # cards, and PINs, of one person
MOST_PEOPLE = 2000
CLOCK_SLACK = 60.0
TRIES, LOCK_SECONDS = 5, 300.0
_HOUR, _DAY = 3600.0, 86400.0
_NONCE = 12
_TIMES = ("hours", "days", "synced_at", "wish_seconds")
_AAD = b"papertap offline 1"


@dataclass(kw_only=True, slots=True)
class Entry:
    """`both`: this person signs in with card and PIN, never with one of them."""

    name: str
    cards: list[str] = field(default_factory=list)
    pins: list[tuple[str, str]] = field(default_factory=list)
    both: bool = False
    used_at: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """Who it is, and what was shown; with `second` set, whose PIN is still to be typed."""

    stamp: str
    name: str
    second: bool = False
    proof: str = "card"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """A tap that waits for contact: `key` names it for ever, so that the gateway does it once."""

    key: str
    name: str
    at: float
    proof: str


class Cache:
    """`now` is the wall clock. `memory_kib` of argon2id is the gateway's own measure."""

    def __init__(self, path: Path, key: str, *, memory_kib: int = 19 * 1024) -> None:
        self._path = path
        self._cipher = AESGCM(hashlib.sha256(b"papertap offline seal\0" + key.encode()).digest())
        self._pepper = hashlib.sha256(b"papertap offline pepper\0" + key.encode()).digest()
        self._argon2 = PasswordHasher(time_cost=2, memory_cost=memory_kib, parallelism=1)
        self.entries: dict[str, Entry] = {}
        self.hours = 0.0
        self.days = 0.0
        self.synced_at = 0.0
        self.wish_seconds = 0.0
        self.wishes: dict[str, Wish] = {}
        self._failed: list[float] = []
        self._load()

    def valid(self, now: float) -> bool:
        """Within its hours since the last contact; a clock that was set back makes it void."""
        return self.hours > 0 and self.synced_at - CLOCK_SLACK <= now < self.synced_at + self.hours * _HOUR

    def remember(self, stamp: str, name: str, *, card: str | None, pin: str | None, now: float) -> None:
        """After a sign-in that the gateway took."""
        if not stamp or (card is None and pin is None):
            return
        entry = self.entries.setdefault(stamp, Entry(name=name))
        entry.name, entry.used_at, entry.both = name, now, card is not None and pin is not None
        if card is not None:
            hashed = self._keyed("card", card)
            entry.cards = [*(one for one in entry.cards if one != hashed), hashed][-MOST:]
        if pin is not None and not any(self._verifies(one, pin) for _, one in entry.pins):
            entry.pins = [*entry.pins, (self._hint(pin), self._argon2.hash(self._keyed("pin", pin)))][-MOST:]
        while len(self.entries) > MOST_PEOPLE:
            del self.entries[min(self.entries, key=lambda one: self.entries[one].used_at)]
        self._save()

    def by_card(self, card: str, now: float) -> Match | None:
        if not self.valid(now):
            return None
        hashed = self._keyed("card", card)
        for stamp, entry in self.entries.items():
            if hashed in entry.cards and self._recent(entry, now):
                return Match(stamp=stamp, name=entry.name, second=entry.both)
        return None

    def by_pin(self, pin: str, now: float, *, of: str | None = None) -> Match | None:
        """`of`: whose card was held before; else of those whose PIN is enough. None also after too many wrong ones."""
        self._failed = [at for at in self._failed if 0 <= now - at < LOCK_SECONDS]
        if not self.valid(now) or len(self._failed) >= TRIES:
            return None
        self._failed.append(now)
        hint = self._hint(pin)
        for stamp, entry in self.entries.items():
            wanted = stamp == of if of is not None else not entry.both
            if not wanted or not self._recent(entry, now):
                continue
            if any(kept == hint and self._verifies(hashed, pin) for kept, hashed in entry.pins):
                self._failed.pop()
                return Match(stamp=stamp, name=entry.name, proof="pin" if of is None else "card-pin")
        return None

    def wish(self, match: Match, now: float) -> bool:
        """Keeps what this person asks for until there is contact; a later tap takes the place of an earlier one.

        False where this box keeps none.
        """
        if self.wish_seconds <= 0:
            return False
        self.wishes[match.stamp] = Wish(key=secrets.token_hex(16), name=match.name, at=now, proof=match.proof)
        self._save()
        return True

    def forget_wish(self, key: str) -> None:
        """The gateway said what became of it."""
        self.wishes = {stamp: wish for stamp, wish in self.wishes.items() if wish.key != key}
        self._save()

    def overdue(self, now: float) -> list[Wish]:
        """Wishes that came to nothing, by any clock, and are forgotten with this."""
        over = [one for one in self.wishes.values() if not -CLOCK_SLACK <= now - one.at < self.wish_seconds]
        if over:
            self.wishes = {stamp: wish for stamp, wish in self.wishes.items() if wish not in over}
            self._save()
        return over

    def synced(
        self,
        keep: list[str],
        *,
        asked: list[str],
        hours: float,
        days: float,
        now: float,
        wish_seconds: float = 0.0,
    ) -> None:
        """What the gateway said at contact: of those that were `asked` about whoever is not among `keep` is forgotten."""
        for stamp in set(asked) - set(keep):
            self.entries.pop(stamp, None)
            self.wishes.pop(stamp, None)
        self.hours, self.days, self.synced_at, self.wish_seconds = hours, days, now, wish_seconds
        self.entries = {stamp: entry for stamp, entry in self.entries.items() if self._recent(entry, now)}
        self._save()

    def wipe(self) -> None:
        """The key was taken back, or nothing may be kept."""
        self.entries, self.wishes, self.hours, self.synced_at, self.wish_seconds = {}, {}, 0.0, 0.0, 0.0
        self._path.unlink(missing_ok=True)

    # -- within

    def _recent(self, entry: Entry, now: float) -> bool:
        return not self.days or now - entry.used_at < self.days * _DAY

    def _keyed(self, what: str, secret: str) -> str:
        return hmac.new(self._pepper, f"{what}\0{secret.strip().upper()}".encode(), hashlib.sha256).hexdigest()

    def _hint(self, pin: str) -> str:
        """Sixteen bits, so that one PIN is not tried against everybody's hash."""
        return self._keyed("pin hint", pin)[:4]

    def _verifies(self, hashed: str, pin: str) -> bool:
        try:
            return self._argon2.verify(hashed, self._keyed("pin", pin))
        except VerificationError:
            return False

    def _save(self) -> None:
        kept = {"entries": {stamp: asdict(entry) for stamp, entry in self.entries.items()}}
        kept |= {"wishes": {stamp: asdict(wish) for stamp, wish in self.wishes.items()}}
        times = {name: getattr(self, name) for name in _TIMES}
        plain = json.dumps(kept | times).encode()
        nonce = secrets.token_bytes(_NONCE)
        temporary = self._path.with_name(f".{self._path.name}-{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(nonce + self._cipher.encrypt(nonce, plain, _AAD))
            out.flush()
            os.fsync(out.fileno())  # a wish was promised to somebody
        temporary.replace(self._path)
        _sync_folder(self._path.parent)

    def _load(self) -> None:
        """A file of another key, or a damaged one, is none."""
        try:
            octets = self._path.read_bytes()
            kept: dict[str, Any] = json.loads(self._cipher.decrypt(octets[:_NONCE], octets[_NONCE:], _AAD))
        except (FileNotFoundError, InvalidTag, ValueError):
            return
        self.entries = {
            stamp: Entry(**one | {"pins": [(hint, hashed) for hint, hashed in one["pins"]]})
            for stamp, one in kept["entries"].items()
        }
        self.wishes = {stamp: Wish(**one) for stamp, one in kept.get("wishes", {}).items()}
        for name in _TIMES:
            setattr(self, name, kept.get(name, 0.0))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
