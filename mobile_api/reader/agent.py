"""Puts readers, link and cache together: a tap goes to the gateway, what it says to the reader; without it, the cache."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, Final

from mobile_api.reader.keyfile import Account
from mobile_api.reader.link import Link, Message, Revoked
from mobile_api.reader.offline import Cache, Match
from mobile_api.reader.sources import Source

REPEAT_SECONDS = 1.5  # a card that lies on the reader is one tap
OFFLINE_SECONDS = 2.0  # a tap without an answer for so long is looked up here
HELD_SECONDS = 60.0
MOST_STAMPS = 500  # of one question
WISH_SECONDS = 5.0  # between looks at wishes that wait for contact
_MARK: Final = "PIN:"  # begins a line of standard input, or of a reader with keys, that is a PIN

Hook = Callable[[str, str, str], None]


@dataclass(kw_only=True)
class _Proofs:
    """What was shown since the last sign-in: only the gateway's yes turns it into something to remember."""

    card: str | None = None
    pin: str | None = None


class Agent:
    """`say(code, tone, text)` shows feedback: on the screen, by a program that makes sound and light."""

    def __init__(
        self,
        *,
        account: Account,
        sources: list[Source],
        say: Hook,
        cache: Cache | None = None,
        polling: bool = False,
        now: Callable[[], float] = time.time,
        patience: float = OFFLINE_SECONDS,
    ) -> None:
        self._sources = sources
        self._say = say
        # A key that crossed an open wire seals nothing.
        self._cache = cache if account.secure else None
        self._now = now
        self._patience = patience
        self._last = ("", 0.0)
        self._proofs = _Proofs()
        self._held: tuple[Match, float] | None = None
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._from: Source | None = None
        self._telling: set[asyncio.Task[None]] = set()
        self.link = Link(account, self.heard, polling=polling)
        self.next_sync = 60.0
        self._asked: dict[str, list[str]] = {}

    async def run(self) -> None:
        """Until cancelled, or until the key is void: then everything that was remembered is gone."""
        void: Revoked | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.link.run())
                if self._cache is not None:
                    group.create_task(self._sync())
                    group.create_task(self._deliver())
                for source in self._sources:
                    group.create_task(source.run(self.tapped))
        except* Revoked as revoked:
            void = Revoked(str(revoked.exceptions[0]))
        if void is not None:
            if self._cache is not None:
                self._cache.wipe()
            raise void

    async def tapped(self, raw: str, source: Source) -> None:
        """A card, or a PIN after "PIN:"."""
        self._from = source
        if raw.upper().startswith(_MARK):
            self.pin(raw[len(_MARK) :].strip())
            return
        last, at = self._last
        now = time.monotonic()
        self._last = (raw, now)
        if raw != last or now - at >= REPEAT_SECONDS:
            self.card(raw)

    def card(self, raw: str) -> None:
        self._proofs = _Proofs(card=raw)
        self._ask("card", lambda: self._offline_card(raw), raw=raw)

    def pin(self, pin: str) -> None:
        self._proofs.pin = pin
        self._ask("pin", lambda: self._offline_pin(pin), pin=pin)

    def heard(self, message: Message) -> None:
        waiting = self._waiting.pop(message.get("re", ""), None)
        if waiting is not None:
            waiting.cancel()
        match message["type"]:
            case "feedback":
                self._tell(message["code"], message["tone"], message["text"])
                if "remember" in message:
                    self._remember(message)
            case "signed-in":
                self._remember(message)
            case "sync" if self._cache is not None:
                self.next_sync = float(message["next"])
                self._cache.synced(
                    message["keep"],
                    asked=self._asked.pop(message["re"], []),
                    hours=float(message["hours"]),
                    days=float(message["days"]),
                    now=self._now(),
                    wish_seconds=float(message.get("wish_seconds", 0.0)),
                )
            case "wish" if self._cache is not None:
                self._cache.forget_wish(message["key"])
            case "code":
                self._tell("code", "ask", f"{message['link']} {message['number']}")
            case "error":
                self._tell(message["kind"], "bad", message["text"])
            case _:
                pass

    def deliver(self) -> None:
        """Sends the wishes that wait, each under its key: the gateway does it once, however often it comes."""
        if self._cache is None:
            return
        for wish in self._cache.overdue(self._now()):
            self._tell("too-late", "bad", f"{wish.name}: there was no contact in time, and nothing was printed.")
        if self.link.online.is_set():
            for stamp, wish in self._cache.wishes.items():
                self.link.send("wish", key=wish.key, stamp=stamp, at=ceil(wish.at), proof=wish.proof)

    def sync(self) -> None:
        """Asks whether those who are remembered are still good."""
        stamps = list(self._cache.entries) if self._cache is not None else []
        self._asked = {}
        for start in range(0, max(1, len(stamps)), MOST_STAMPS):
            some = stamps[start : start + MOST_STAMPS]
            self._asked[self.link.send("sync", stamps=some)] = some

    # -- within

    def _ask(self, kind: str, otherwise: Callable[[], None], **fields: str) -> None:
        """To the gateway; where it does not answer in time, here."""
        name = self.link.send(kind, **fields)
        self._waiting[name] = asyncio.create_task(self._lose_patience(name, otherwise))

    async def _lose_patience(self, name: str, otherwise: Callable[[], None]) -> None:
        if self.link.online.is_set():
            await asyncio.sleep(self._patience)
        if self._cache is None or self.link.online.is_set():
            await asyncio.sleep(self._patience)
        self._waiting.pop(name, None)
        self.link.forget(name)
        otherwise()

    def _offline_card(self, raw: str) -> None:
        match = self._cache.by_card(raw, self._now()) if self._cache is not None else None
        self._held = (match, time.monotonic()) if match is not None and match.second else None
        if match is not None and match.second:
            self._tell("second-proof", "ask", "Card read. Now your PIN.")
        else:
            self._offline(match)

    def _offline_pin(self, pin: str) -> None:
        held, self._held = self._held, None
        of = held[0].stamp if held is not None and time.monotonic() - held[1] < HELD_SECONDS else None
        self._offline(self._cache.by_pin(pin, self._now(), of=of) if self._cache is not None else None)

    def _offline(self, match: Match | None) -> None:
        if match is None:
            self._tell("offline", "bad", "The print server does not answer. Try again in a moment.")
        elif self._cache is not None and self._cache.wish(match, self._now()):
            minutes = max(1, round(self._cache.wish_seconds / 60))
            self._tell(
                "wish-waiting",
                "ask",
                f"Hello, {match.name}. No contact to the print server. What waits for you prints as soon as there is,"
                f" if that is within {minutes} min. Stay here, or hold your card again later.",
            )
        else:
            self._tell(
                "offline-signed-in", "ask", f"Hello, {match.name}. No contact to the print server: nothing prints."
            )

    def _remember(self, message: Message) -> None:
        proofs, self._proofs = self._proofs, _Proofs()
        if self._cache is not None and message.get("remember"):
            self._cache.remember(
                message["remember"], message["name"], card=proofs.card, pin=proofs.pin, now=self._now()
            )

    def _tell(self, code: str, tone: str, text: str) -> None:
        self._say(code, tone, text)
        if self._from is not None:
            line = " ".join(f"{tone.upper()} {code} {text}".split())
            task = asyncio.create_task(self._from.tell(line))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _sync(self) -> None:
        assert self._cache is not None
        while True:
            await self.link.online.wait()
            self.sync()
            await asyncio.sleep(self.next_sync)

    async def _deliver(self) -> None:
        while True:
            self.deliver()
            await asyncio.sleep(WISH_SECONDS)


def cache_of(path: Path, account: Account, **cost: Any) -> Cache:
    return Cache(path.with_suffix(".offline"), account.key, **cost)


__all__ = ["Agent", "Hook", "cache_of"]
