"""What may be uploaded through the pages, from where, how large and how often (rows 22, 27 and 28)."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from gateway.domain.formats import AUTO_SENSE, normalized
from gateway.domain.user import Actor, is_guest
from gateway.errors import BadRequest, Forbidden, FormatError, FormatNotSupported, StorageFull, TooLarge
from gateway.services.formats import check_format
from gateway.services.guests import Guests
from gateway.services.limits import Kind, Limit, Limits, subscriber, upload_policies
from gateway.services.ports import Clock, Spool
from gateway.services.printers import Printers
from gateway.services.rehearsals import is_rehearsing
from gateway.settings import MIB, Settings

# What browsers do not know of names, and call application/octet-stream or nothing.
_BY_ENDING = {"md": "text/markdown", "csv": "text/csv", "heic": "image/heic", "eml": "message/rfc822"}


class UploadRules:
    """`check` before anything is kept; each refusal says what to do instead."""

    def __init__(
        self,
        *,
        printers: Printers,
        guests: Guests,
        spool: Spool,
        limits: Limits,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._printers = printers
        self._guests = guests
        self._spool = spool
        self._limits = limits
        self._settings = settings
        self._clock = clock
        limits.table |= upload_policies(settings.uploads)

    async def check(self, actor: Actor, printer: str, name: str, media_type: str, size: int | None) -> str:
        """The media type. Forbidden, Throttled, TooLarge, FormatError, FormatNotSupported, StorageFull, NotFound.

        `size` None: it is not known before the end, and the limit holds while it arrives.
        """
        if not is_rehearsing(actor):  # the gateway asks itself, and stands in nobody's network
            self.check_address(actor.address)
        self._limits.take(Limit(kind=Kind.UPLOAD, key=(subscriber(actor.address),)))
        if is_guest(actor.user):
            self._guests.check_allowed(self._printers.get(printer))
        found = self.media_type(name, media_type)
        if size is not None:
            self._check_size(size, self.largest(actor))
            space = await self._spool.space()
            if space.free <= size:
                raise StorageFull("This file does not fit on the gateway's disk at the moment. Try again later.")
        return found

    def check_address(self, address: str) -> None:
        """Forbidden from outside of the networks that may upload."""
        if not _within(address, self._settings.uploads.networks):
            raise Forbidden("Documents cannot be uploaded from this network. Join the network of the house first.")

    def largest(self, actor: Actor) -> int:
        """Octets of one file."""
        own = self._settings.uploads.max_file
        return min(own, self._settings.guests.max_file) if is_guest(actor.user) or actor.user is None else own

    def media_type(self, name: str, claimed: str) -> str:
        """The normalized type of what a browser calls `claimed`; FormatNotSupported when it is not taken here."""
        plain = normalized(claimed)
        ending = name.rpartition(".")[2].lower()
        if plain in {AUTO_SENSE, "text/plain"} or not plain:
            plain = _BY_ENDING.get(ending, plain)
        found = check_format(plain)
        for refused in self._settings.uploads.refused_types:
            if found == refused or (refused.endswith("/*") and found.startswith(refused[:-1])):
                raise FormatNotSupported(f'Documents of the type "{found}" are not taken here. Save it as PDF first.')
        return found

    def _check_size(self, size: int, largest: int) -> None:
        if size < 0:
            raise BadRequest("A file cannot be smaller than nothing.")
        if not size:
            raise FormatError("The file is empty. Choose another.")
        if size > largest:
            raise TooLarge(f"The file is larger than the {largest // MIB} MiB that are taken here. Split it.")


def _within(address: str, networks: Sequence[str]) -> bool:
    if not networks:
        return True
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return any((mapped or parsed) in ip_network(network, strict=False) for network in networks)
