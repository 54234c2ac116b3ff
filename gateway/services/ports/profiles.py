"""Configuration profiles for Apple's systems."""

from collections.abc import Sequence
from typing import Protocol

from gateway.domain.queue import Destination


class Profiles(Protocol):
    """Makes signed profiles that also carry the certificate to trust, where there is one of our own."""

    async def air_print(self, destinations: Sequence[Destination], *, key: str, name: str, text: str) -> bytes:
        """A .mobileconfig that adds these printers, DER.

        `key` tells one profile from another (letters, digits, dash, dot): a phone replaces the profile that it has
        under the same key. `name` and `text` are what the phone shows of it.
        """
        ...
