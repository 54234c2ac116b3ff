"""From an address to a Printer and the words in it: print+bw+2s@..., find-me@..., print+room12@... (row 34)."""

from dataclasses import dataclass

from gateway.domain.printer import Printer
from gateway.errors import NotFound
from gateway.services.printers import Printers

GENERIC = "print"
"""The local part that everybody tries first: the Printer behind /ipp/print."""
MAX_ADDRESS = 254


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    printer: Printer
    words: tuple[str, ...] = ()


class AddressBook:
    """`domains` are ours; without any every domain is, as behind a relay that hands over nothing else."""

    def __init__(self, *, printers: Printers, domains: tuple[str, ...]) -> None:
        self._printers = printers
        self._domains = frozenset(domain.lower().rstrip(".") for domain in domains)

    def is_ours(self, address: str) -> bool:
        """Whether mail for its domain is taken at all; the others' is not relayed."""
        _, at, domain = address.rpartition("@")
        return bool(at) and (not self._domains or domain.lower().rstrip(".") in self._domains)

    def find(self, address: str) -> Destination:
        """NotFound for an address of nobody here."""
        local, _, _ = address.rpartition("@")
        base, *tags = local.lower().split("+")
        named = self._named(base)
        if len(address) > MAX_ADDRESS or not self.is_ours(address) or named is None:
            raise NotFound(f"There is no printer {address[:80]} here.")
        for tag in tags:
            other = self._named(tag)
            if other is not None and tag != GENERIC:
                return Destination(printer=other, words=tuple(one for one in tags if one and one != tag))
        return Destination(printer=named, words=tuple(filter(None, tags)))

    def addresses_of(self, printer: Printer) -> tuple[str, ...]:
        """Where mail for it goes, without the words; the domain is left open where we have none."""
        domain = min(self._domains) if self._domains else ""
        generic = (GENERIC,) if self._named(GENERIC) == printer else ()
        names = dict.fromkeys((*generic, printer.name, *printer.mail.aliases))
        return tuple(f"{name}@{domain}" if domain else f"{name}@…" for name in names)

    def address(self, local: str, tags: str) -> str:
        """One that `find` understands, for mails that come without one."""
        domain = min(self._domains) if self._domains else "mailbox.invalid"
        return f"{local}+{tags}@{domain}" if tags else f"{local}@{domain}"

    def _named(self, local: str) -> Printer | None:
        taking = [printer for printer in self._printers.all() if printer.mail.enabled]
        for printer in taking:
            if local == printer.name:
                return printer
        found = next((printer for printer in taking if local in printer.mail.aliases), None)
        if found is not None or local != GENERIC:
            return found
        try:
            default = self._printers.default()
        except NotFound:
            return None
        return default if default.mail.enabled else None
