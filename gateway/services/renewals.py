"""Certificates of a public authority: when one is asked for, what is said when none comes, and how that is looked after.

Nothing waits for it: until the first one has come, and while one has ended, what was served before is served.
"""

import asyncio
import logging
from dataclasses import dataclass

from gateway.domain.acme import Asked, LastTry
from gateway.errors import Throttled
from gateway.services.health import Finding
from gateway.services.ports import Clock
from gateway.services.ports.acme import Issuer, KeptCertificate, NotIssued, PublicShelf

LOOK_SECONDS = 60.0
PATIENCE = 30.0  # so long a page waits for what becomes of a try; it goes on without anybody
DAY = 86400.0
# Of an authority's sentence no more is kept: it goes into rows of a page.
_DETAIL = 400

log = logging.getLogger(__name__)

SAYINGS = {
    "unreachable": "The certificate authority does not answer: {detail}",
    "untrusted": "The certificate authority's own server is not trusted here: {detail}",
    "late": "The certificate authority was not ready in time.",
    "unfit": "What the certificate authority sent cannot be used: {detail}",
    "connection": "The certificate authority did not get through to {name} at port 80. It says: {detail}",
    "dns": "The certificate authority found no address of {name}. It says: {detail}",
    "unauthorized": "At {name} somebody else answered the certificate authority. It says: {detail}",
    "caa": "The DNS of {name} lets only other authorities sign (CAA). It says: {detail}",
    "rejectedIdentifier": "The certificate authority does not sign for these names. It says: {detail}",
    "rateLimited": "The certificate authority was asked too often. It says: {detail}",
    "externalAccountRequired": "The certificate authority wants to know whose customer this is. It says: {detail}",
    "refused": "The certificate authority refuses. It says: {detail}",
}
MENDS = {
    "unreachable": "See that this machine reaches the address in acme.directory; it is tried again by itself.",
    "untrusted": "Name the CA that signed its certificate in acme.ca_file, and set the clock of this machine.",
    "late": "It is tried again by itself.",
    "unfit": "It is tried again by itself. If it stays so, tell whoever runs the authority.",
    "connection": "Lead the name in the DNS to this gateway, its port 80 to the HTTP port here, and try now.",
    "dns": "Enter this name in the public DNS with the address of this gateway, and try now.",
    "unauthorized": "The name or its port 80 leads elsewhere: lead both to this gateway, and try now.",
    "caa": "Add this authority to the CAA records of the name, and try now.",
    "rejectedIdentifier": "Give only names in acme.names that this authority signs for: public ones, at a public one.",
    "rateLimited": "Wait: it is tried again by itself. To try things out, use the authority's directory for tests.",
    "externalAccountRequired": "Set acme.eab_kid and acme.eab_hmac_key to what the authority gave you.",
    "refused": "Put right what it names, and try now; it is tried again by itself.",
}
# RFC 8555 section 6.7: what comes to the same for whoever has to mend it.
_LIKE = {"tls": "connection", "incorrectResponse": "unauthorized", "unknownHost": "dns", "dnssec": "dns"}
# Without a name they are about the account or the order.
_OF_A_NAME = frozenset({"connection", "dns", "unauthorized", "caa"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How it stands. `certificate` is the one there is, also one that has ended; `running`: one is asked for now."""

    asked: Asked
    certificate: KeptCertificate | None
    last: LastTry | None
    finding: Finding
    running: bool = False


class Renewals:
    """Asks for the certificate of `asked`, keeps it renewed and tells what goes wrong."""

    def __init__(self, *, asked: Asked, issuer: Issuer, shelf: PublicShelf, clock: Clock) -> None:
        self._asked, self._issuer, self._shelf, self._clock = asked, issuer, shelf, clock
        self._running: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """For as long as the process serves."""
        try:
            while True:
                await self.run_once()
                await self._clock.sleep(LOOK_SECONDS)
        finally:
            if self._running is not None:
                self._running.cancel()

    async def run_once(self) -> None:
        """Asks if it is time to."""
        kept, last = await asyncio.to_thread(self._read)
        now = self._clock.now()
        if not _is_due(self._asked, kept, last, now) or (last and now < last.next_at(self._asked, now)):
            return
        if kept and now >= kept.ends:
            log.warning("the public certificate has ended: its names are shown the gateway's own until the next comes")
        await asyncio.shield(self._begin())

    async def try_now(self) -> None:
        """Asks at once, also for another before it is time; returns when that is over, or after `PATIENCE`.

        Throttled while the authority itself wants to be left alone.
        """
        last, now = await asyncio.to_thread(self._shelf.last), self._clock.now()
        if last and last.asked == self._asked and last.at <= now < last.patience:
            raise Throttled(
                "The certificate authority asks to be left alone for a while. It is tried again by itself.",
                retry_after=last.patience - now,
            )
        over, _ = await asyncio.wait({self._begin()}, timeout=PATIENCE)
        for one in over:
            one.result()

    async def standing(self) -> Standing:
        kept, last = await asyncio.to_thread(self._read)
        return Standing(
            asked=self._asked,
            certificate=kept,
            last=last,
            finding=told(self._asked, kept, last, self._clock.now()),
            running=self._running is not None and not self._running.done(),
        )

    def _read(self) -> tuple[KeptCertificate | None, LastTry | None]:
        return self._shelf.kept(), self._shelf.last()

    def _begin(self) -> asyncio.Task[None]:
        """One at a time."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._ask(), name="acme")
        return self._running

    async def _ask(self) -> None:
        before = await asyncio.to_thread(self._shelf.last)
        try:
            await self._issuer.issue(self._asked.names)
        except NotIssued as error:
            failures = before.failures + 1 if before and before.asked == self._asked else 1
            now, (text, mend) = self._clock.now(), sentences(error)
            last = LastTry(
                asked=self._asked,
                at=now,
                failures=failures,
                text=text,
                mend=mend,
                patience=now + error.retry_after if error.retry_after else 0.0,
            )
            log.warning("no public certificate for %s: %s (%s)", ", ".join(self._asked.names), text, mend)
        else:
            last = LastTry(asked=self._asked, at=self._clock.now())
            log.info("the certificate authority signed for %s", ", ".join(self._asked.names))
        await asyncio.to_thread(self._shelf.note, last)


def sentences(error: NotIssued) -> tuple[str, str]:
    """(what is wrong, what to do about it)."""
    kind = _LIKE.get(error.kind, error.kind)
    if kind not in SAYINGS or (kind in _OF_A_NAME and not error.name):
        kind = "refused"
    detail = " ".join("".join(c if c.isprintable() else " " for c in error.detail).split())[:_DETAIL]
    detail = (detail or error.kind).rstrip(".") + "."
    return SAYINGS[kind].format(name=error.name, detail=detail), MENDS[kind]


def told(asked: Asked, kept: KeptCertificate | None, last: LastTry | None, now: float) -> Finding:
    """For the list of health: printing goes on without it, so that it is never needed."""
    days = int((kept.ends - now) // DAY) if kept else 0
    if last and last.failures and last.asked == asked:
        return Finding(name="acme", ok=False, text=last.text, needed=False, mend=last.mend)
    if kept is None or not set(asked.names) <= set(kept.names):
        return Finding(name="acme", ok=True, text="It is asked for while Papertap runs.", needed=False)
    if now >= kept.ends:
        return Finding(
            name="acme",
            ok=False,
            text="It has ended, and the gateway's own certificate is served in its place.",
            needed=False,
            mend="Start Papertap: it asks for the next one.",
        )
    return Finding(name="acme", ok=True, text=f"It is good for {days} more days.", needed=False)


def _is_due(asked: Asked, kept: KeptCertificate | None, last: LastTry | None, now: float) -> bool:
    """None there, its time nearly over, or another one wanted: with further names, of another authority, or in vain so far."""
    if kept is None or kept.late or now >= kept.ends or not set(asked.names) <= set(kept.names):
        return True
    return last is not None and (last.failures > 0 or last.asked.directory != asked.directory)
