"""Asks the DNS for what domains say of their mail. Blocking: it is used in threads, where every question has a limit."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Protocol

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

SECONDS = 4.0


class DnsTrouble(Exception):
    """No answer now: nothing is known, and nothing is concluded from it."""


class Resolver(Protocol):
    """`kind` is TXT, A, AAAA, MX (host names, best first) or PTR; no record of that kind is an empty list."""

    def ask(self, name: str, kind: str) -> list[str]:
        """DnsTrouble when nobody answers."""


class DnsResolver:
    """`servers` are addresses; none are this machine's own."""

    def __init__(self, servers: Sequence[str] = (), *, port: int = 53, seconds: float = SECONDS) -> None:
        self._resolver = dns.resolver.Resolver(configure=not servers)
        if servers:
            self._resolver.nameservers = [str(ip_address(server)) for server in servers]
            self._resolver.port = port
        self._resolver.lifetime = seconds

    def ask(self, name: str, kind: str) -> list[str]:
        try:
            answer = self._resolver.resolve(dns.name.from_text(name), kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, UnicodeError, ValueError) as error:
            raise DnsTrouble(f"{kind} {name[:100]}: {type(error).__name__}") from error
        if kind == "TXT":
            return [b"".join(row.strings).decode("utf-8", "replace") for row in answer]
        if kind == "MX":
            ordered = sorted(answer, key=lambda row: int(row.preference))
            return [row.exchange.to_text(omit_final_dot=True) for row in ordered]
        return [row.to_text().rstrip(".") for row in answer]
