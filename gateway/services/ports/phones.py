"""The rows behind phones: where they stay signed in, their own queues, what they are told, and codes on screens."""

from typing import Protocol
from uuid import UUID

from gateway.domain.phone import PersonalQueue, Phone, PushSubscription, Screen


class PhoneStore(Protocol):
    """Browsers that stay signed in. All of a user's go with the user's row."""

    async def phone(self, phone: UUID) -> Phone | None: ...
    async def phones_of(self, user: UUID) -> list[Phone]:
        """Oldest first."""

    async def add_phone(self, phone: Phone) -> None: ...
    async def rotate_phone(self, phone: Phone, *, expected: str) -> bool:
        """Writes the row if its token is still `expected`: of two at once one gets True."""

    async def remove_phone(self, phone: UUID, *, user: UUID) -> bool:
        """False when that user has no such row, as with the other removals."""

    async def purge_phones(self, now: float) -> int:
        """Those that expired at or before `now`."""


class QueueStore(Protocol):
    """Personal queues by the keyed hash of their token. All of a user's go with the user's row."""

    async def queue(self, lookup: str) -> PersonalQueue | None: ...
    async def queues_of(self, user: UUID) -> list[PersonalQueue]:
        """Oldest first."""

    async def add_queue(self, queue: PersonalQueue) -> None: ...
    async def queue_used(self, queue: UUID, *, at: float) -> None: ...
    async def renew_queue(self, queue: UUID, *, user: UUID, lookup: str) -> bool:
        """Another token; the old one is void."""

    async def remove_queue(self, queue: UUID, *, user: UUID) -> bool: ...


class PushStore(Protocol):
    """Where browsers are told things. All of a user's go with the user's row."""

    async def subscriptions_of(self, user: UUID) -> list[PushSubscription]:
        """Oldest first."""

    async def save_subscription(self, subscription: PushSubscription) -> None:
        """Takes the place of the one with the same endpoint, whoever's it was."""

    async def remove_subscription(self, subscription: UUID, *, user: UUID) -> bool: ...


class PlaceNumberStore(Protocol):
    """Short numbers of printers and devices: never given twice, also when what they named is gone."""

    async def numbers(self) -> dict[UUID, int]: ...
    async def take_number(self, of: UUID, number: int) -> bool:
        """False, and nothing kept, when the number is taken or `of` has one."""


class ScreenStore(Protocol):
    """Screens that show codes, and codes that were scanned."""

    async def screen(self, id_hash: str) -> Screen | None: ...
    async def screens(self) -> list[Screen]:
        """Oldest first."""

    async def save_screen(self, screen: Screen) -> None: ...
    async def remove_screen(self, id_hash: str) -> bool: ...

    async def bind_code(self, code: str, holder: str, *, until: float) -> bool:
        """The first holder gets the code, and may ask again; False for everybody else, and once it was used."""

    async def use_code(self, code: str, holder: str, now: float) -> bool:
        """Once, by its holder, before `until`. The row stays until then, so that nobody gets it anew."""

    async def purge_codes(self, now: float) -> int: ...
