"""Whether a mail is from whom it says (DKIM by dkimpy, SPF, DMARC's alignment): the author's own domain vouches for it.

A signature proves who wrote a mail, not to whom it was sent: whoever got one from Ada could send it on to our printers.
So it counts only for a mail that names one of our addresses in a signed To or Cc, and none that signs but a part.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import lru_cache

import dkim  # type: ignore[import-untyped]  # dkimpy ships no types
from authheaders.dmarc_lookup import (  # type: ignore[import-untyped]  # authheaders ships no types
    DMARCException,
    get_org_domain,
    lookup_receiver_record,
)

from emailprint import results
from emailprint.headers import Heading, address_of
from emailprint.policy import Standing
from emailprint.resolver import DnsTrouble, Resolver
from emailprint.spf import Spf, check_host
from gateway.domain.mail import Envelope

MAX_SIGNATURES = 5
MIN_KEY = 1024
TOGETHER = 2  # at once: each holds its message in memory
_NEEDED = frozenset({"from"})

logging.getLogger("dkim").setLevel(logging.CRITICAL)  # what strangers sign wrongly is no event of ours


class SenderProof:
    """`is_ours` tells whether an address in To or Cc is one that mail to our printers is sent to."""

    def __init__(self, *, resolver: Resolver) -> None:
        self._resolver = resolver
        self._turns = asyncio.Semaphore(TOGETHER)

    async def check(
        self,
        envelope: Envelope,
        heading: Heading,
        load: Callable[[], Awaitable[bytes]],
        is_ours: Callable[[str], bool],
    ) -> Standing:
        """FORGED when the author cannot be told or the domain disowns the mail; UNPROVEN when nobody says anything."""
        author = heading.author
        if author is None:
            return Standing.FORGED
        if envelope.authorities:
            return _of_authority(envelope, heading, author, is_ours)
        async with self._turns:
            message = await load()
            return await asyncio.to_thread(self._check, envelope, heading, author, message, is_ours)

    def _check(
        self, envelope: Envelope, heading: Heading, author: str, message: bytes, is_ours: Callable[[str], bool]
    ) -> Standing:
        domain = author.rpartition("@")[2]
        addressed = _addressed(heading, is_ours)
        try:
            record = dmarc_record(self._resolver, domain)
            vouched = self._signed(heading, message, domain, record) or self._sent(envelope, domain, record)
        except DnsTrouble:
            return Standing.UNPROVEN
        if vouched:
            return Standing.PROVEN if addressed else Standing.UNPROVEN
        return Standing.FORGED if policy_of(record, domain) in {"quarantine", "reject"} else Standing.UNPROVEN

    def _signed(self, heading: Heading, message: bytes, domain: str, record: dict[str, str]) -> bool:
        strict = record.get("adkim") == "s"
        for number, value in enumerate(heading.all("dkim-signature")[:MAX_SIGNATURES]):
            tags = _tags(value)
            signer = tags.get("d", "").lower().rstrip(".")
            names = {name.strip().lower() for name in tags.get("h", "").split(":")}
            receivers = {name for name in ("to", "cc") if heading.all(name)}
            if (
                "l" in tags
                or not names >= _NEEDED
                or not names & receivers
                or not aligned(signer, domain, strict=strict)
            ):
                continue
            if any(len(heading.all(name)) > 1 for name in ("from", "to", "cc", "subject", "date")):
                continue  # one of two was not signed, and who knows which is read
            if "subject" not in names and heading.all("subject"):
                continue
            if self._verified(message, number):
                return True
        return False

    def _verified(self, message: bytes, number: int) -> bool:
        def txt(name: bytes, timeout: int = 5) -> bytes | None:  # noqa: ARG001 - dkimpy's signature
            found = self._resolver.ask(name.decode("ascii", "replace").rstrip("."), "TXT")
            return found[0].encode() if found else None

        try:
            return bool(dkim.DKIM(message, minkey=MIN_KEY).verify(number, dnsfunc=txt))
        except DnsTrouble:
            raise
        except Exception:  # noqa: BLE001 - foreign keys and signatures raise anything; none of it is a proof
            return False

    def _sent(self, envelope: Envelope, domain: str, record: dict[str, str]) -> bool:
        """SPF of the envelope's sender, from a host that we saw ourselves."""
        sender = envelope.sender
        sender_domain = sender.rpartition("@")[2].lower().rstrip(".")
        strict = record.get("aspf") == "s"
        if not envelope.direct or not sender or not aligned(sender_domain, domain, strict=strict):
            return False
        found = check_host(
            self._resolver, address=envelope.address, domain=sender_domain, sender=sender, helo=envelope.helo
        )
        if found is Spf.TEMPERROR:
            raise DnsTrouble("SPF")
        return found is Spf.PASS


def _of_authority(envelope: Envelope, heading: Heading, author: str, is_ours: Callable[[str], bool]) -> Standing:
    domain = author.rpartition("@")[2]
    found = results.read(heading, envelope.authorities)
    if results.contradicts(heading, envelope.authorities):
        return Standing.FORGED
    passed = any(result == "pass" and of == domain for result, of in found.dmarc)
    if not found.dmarc or all(result in {"none", "bestguesspass"} for result, _ in found.dmarc):
        vouching = (*found.dkim, *found.spf)
        passed = any(result == "pass" and aligned(of, domain, strict=False) for result, of in vouching)
    return Standing.PROVEN if passed and _addressed(heading, is_ours) else Standing.UNPROVEN


def _addressed(heading: Heading, is_ours: Callable[[str], bool]) -> bool:
    """Whether the mail itself says that it is for our printers."""
    receivers = ",".join((*heading.all("to"), *heading.all("cc")))[:4000]
    single = (address_of(one) for one in receivers.split(","))
    return any(is_ours(address) for address in single if address is not None)


def dmarc_record(resolver: Resolver, domain: str) -> dict[str, str]:
    """RFC 7489 section 6.6.3: the domain's own, else its organization's; empty for none or two."""

    def txt(name: str) -> str | None:
        found = [text for text in resolver.ask(name, "TXT") if text.lower().startswith("v=dmarc1")]
        return found[0] if len(found) == 1 else None

    for name in dict.fromkeys((domain, organization(domain))):
        try:
            record: dict[str, str] = lookup_receiver_record(name, txt)
        except (DMARCException, ValueError, IndexError):
            record = {}
        if record.get("p"):
            return record | {"of": name}
    return {}


def policy_of(record: dict[str, str], domain: str) -> str:
    """What the domain wants done with a mail that is not its own; "" for nothing."""
    own = record.get("p", "")
    return own if record.get("of", domain) == domain else record.get("sp", own)


def aligned(found: str, domain: str, *, strict: bool) -> bool:
    """RFC 7489 section 3.1: the same domain, or unless strict the same organization."""
    if not found or "." not in found:
        return False
    return found == domain or (not strict and organization(found) == organization(domain))


@lru_cache(maxsize=4096)
def organization(domain: str) -> str:
    """The organizational domain: one label below the public suffix. A suffix that no list knows has one label."""
    found = str(get_org_domain(domain) or "").rstrip(".")
    return found if "." in found else ".".join(domain.split(".")[-2:])


def _tags(value: str) -> dict[str, str]:
    """Of a DKIM-Signature; of two under one name the field is worth nothing."""
    tags: dict[str, str] = {}
    for part in value.split(";"):
        name, equals, text = part.partition("=")
        name = name.strip().lower()
        if equals and name in tags:
            return {}
        tags[name] = "".join(text.split())
    return tags
