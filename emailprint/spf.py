"""Evaluates SPF (RFC 7208): whether a domain lets a host send mail in its name.

pyspf would do it, but it brings a resolver of its own that nobody can replace, and keeps no bound on what it asks.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import quote

from emailprint.resolver import DnsTrouble, Resolver

MAX_LOOKUPS = 10  # section 4.6.4
MAX_VOID = 2
MAX_NAMES = 10  # of one mx or ptr
_TERM = re.compile(r"([+\-~?])?([a-z0-9]+)(?::([^/\s]+))?(?:/(\d{1,3}))?(?://(\d{1,3}))?")
_IP_TERM = re.compile(r"([+\-~?])?(ip4|ip6):(\S+)")
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(\S*)", re.IGNORECASE)
_MACRO = re.compile(r"%(?:([%_-])|\{([slodiphcrtv])(\d{0,3})(r?)([.\-+,/_=]*)\})", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.-])?")

Address = IPv4Address | IPv6Address


class Spf(Enum):
    PASS = "pass"  # noqa: S105 - the RFC's word for a result
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


_QUALIFIERS = {"+": Spf.PASS, "-": Spf.FAIL, "~": Spf.SOFTFAIL, "?": Spf.NEUTRAL}


class _Invalid(Exception):
    """The record makes no sense: permerror."""


@dataclass(kw_only=True, slots=True)
class _Check:
    resolver: Resolver
    address: Address
    sender: str
    helo: str
    lookups: int = 0
    void: int = 0

    def count(self) -> None:
        self.lookups += 1
        if self.lookups > MAX_LOOKUPS:
            raise _Invalid("too many lookups")

    def ask(self, name: str, kind: str) -> list[str]:
        if not _NAME.fullmatch(name):
            raise _Invalid("a name that is none")
        found = self.resolver.ask(name, kind)
        if not found:
            self.void += 1
            if self.void > MAX_VOID:
                raise _Invalid("too many void lookups")
        return found

    def of_host(self, domain: str, record: str) -> Spf:
        """Section 4.6: terms from left to right, the first that matches decides."""
        redirect = None
        terms = record.split()[1:]
        for term in terms:
            modifier = _MODIFIER.fullmatch(term)
            if modifier is not None:
                if modifier[1].lower() == "redirect":
                    redirect = modifier[2]
                continue
            result = self.mechanism(term, domain)
            if result is not None:
                return result
        if redirect is None:
            return Spf.NEUTRAL
        self.count()
        target = self.expand(redirect, domain)
        found = _record(self.resolver, target)
        if found is None:
            raise _Invalid("redirect to nowhere")
        return self.of_host(target, found)

    def mechanism(self, term: str, domain: str) -> Spf | None:
        """What the term says where it matches, else None."""
        literal = _IP_TERM.fullmatch(term.lower())
        if literal is not None:
            try:
                network = ip_network(literal[3], strict=False)
            except ValueError as error:
                raise _Invalid("an address that is none") from error
            inside = network.version == self.address.version and self.address in network
            return _QUALIFIERS[literal[1] or "+"] if inside else None
        found = _TERM.fullmatch(term.lower())
        matches = None if found is None else _MECHANISMS.get(found[2])
        if found is None or matches is None:
            raise _Invalid("an unknown mechanism")
        target = self.expand(found[3], domain) if found[3] else domain
        bits = (int(found[4] or 32), int(found[5] or 128))
        if bits[0] > 32 or bits[1] > 128:
            raise _Invalid("a prefix that is none")
        return _QUALIFIERS[found[1] or "+"] if matches(self, target, bits) else None

    def hosts(self, name: str, bits: tuple[int, int]) -> bool:
        kind, prefix = ("A", bits[0]) if self.address.version == 4 else ("AAAA", bits[1])
        return any(self.address in ip_network(f"{text}/{prefix}", strict=False) for text in self.ask(name, kind))

    def expand(self, text: str, domain: str) -> str:
        """Macros of section 7, those that a name may have."""
        local, _, sender_domain = self.sender.rpartition("@")
        dotted = str(self.address) if self.address.version == 4 else ".".join(self.address.exploded.replace(":", ""))
        values = {
            "s": self.sender,
            "l": local or "postmaster",
            "o": sender_domain,
            "d": domain,
            "i": dotted,
            "h": self.helo,
            "v": "in-addr" if self.address.version == 4 else "ip6",
            "p": "unknown",
        }

        def value(found: re.Match[str]) -> str:
            if found[1]:
                return {"%": "%", "_": " ", "-": "%20"}[found[1]]
            letter = found[2]
            if letter.lower() not in values:
                raise _Invalid("a macro of explanations")
            parts = re.split("[" + re.escape(found[5] or ".") + "]", values[letter.lower()])
            parts = parts[::-1] if found[4] else parts
            kept = parts[-int(found[3]) :] if found[3] and int(found[3]) else parts
            joined = ".".join(kept)
            return quote(joined, safe="") if letter.isupper() else joined

        if "%" in _MACRO.sub("", text):
            raise _Invalid("a macro that is none")
        return _MACRO.sub(value, text)[-253:].rstrip(".")


def _all(_check: _Check, _target: str, _bits: tuple[int, int]) -> bool:
    return True


def _include(check: _Check, target: str, _bits: tuple[int, int]) -> bool:
    check.count()
    record = _record(check.resolver, target)
    if record is None:
        raise _Invalid("include of nothing")
    return check.of_host(target, record) is Spf.PASS


def _a(check: _Check, target: str, bits: tuple[int, int]) -> bool:
    check.count()
    return check.hosts(target, bits)


def _mx(check: _Check, target: str, bits: tuple[int, int]) -> bool:
    check.count()
    names = check.ask(target, "MX")
    if len(names) > MAX_NAMES:
        raise _Invalid("too many mail servers")
    return any(check.hosts(name, bits) for name in names)


def _exists(check: _Check, target: str, _bits: tuple[int, int]) -> bool:
    check.count()
    return bool(check.ask(target, "A"))


def _ptr(check: _Check, _target: str, _bits: tuple[int, int]) -> bool:
    """Counted and never matched: section 5.5 says not to use it, and a name that an address gives itself proves little."""
    check.count()
    return False


_MECHANISMS: dict[str, Callable[[_Check, str, tuple[int, int]], bool]] = {
    "all": _all,
    "include": _include,
    "a": _a,
    "mx": _mx,
    "exists": _exists,
    "ptr": _ptr,
}


def check_host(resolver: Resolver, *, address: str, domain: str, sender: str, helo: str) -> Spf:
    """Section 4: never raises; DNS trouble is TEMPERROR, a record without sense PERMERROR."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return Spf.NONE
    mapped = getattr(parsed, "ipv4_mapped", None)
    check = _Check(resolver=resolver, address=mapped or parsed, sender=sender, helo=helo)
    try:
        record = _record(resolver, domain)
        return Spf.NONE if record is None else check.of_host(domain, record)
    except DnsTrouble:
        return Spf.TEMPERROR
    except (_Invalid, ValueError, RecursionError):
        return Spf.PERMERROR


def _record(resolver: Resolver, domain: str) -> str | None:
    if not _NAME.fullmatch(domain) or "." not in domain:
        return None
    found = [
        text for text in resolver.ask(domain, "TXT") if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")
    ]
    if len(found) > 1:
        raise _Invalid("two records")
    return found[0] if found else None
