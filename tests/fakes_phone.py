"""Phones, personal queues, push, short numbers and codes on screens, in memory."""

from dataclasses import replace
from uuid import UUID

from gateway.domain.phone import PersonalQueue, Phone, PushSubscription, Screen


class MemoryPhoneStore:
    """`rows` by their ids."""

    def __init__(self) -> None:
        self.rows: dict[UUID, Phone] = {}

    async def phone(self, phone: UUID) -> Phone | None:
        return self.rows.get(phone)

    async def phones_of(self, user: UUID) -> list[Phone]:
        return sorted((row for row in self.rows.values() if row.user == user), key=lambda row: row.created_at)

    async def add_phone(self, phone: Phone) -> None:
        self.rows[phone.id] = phone

    async def rotate_phone(self, phone: Phone, *, expected: str) -> bool:
        if phone.id not in self.rows or self.rows[phone.id].token != expected:
            return False
        self.rows[phone.id] = phone
        return True

    async def remove_phone(self, phone: UUID, *, user: UUID) -> bool:
        found = self.rows.get(phone)
        return found is not None and found.user == user and self.rows.pop(phone) is found

    async def purge_phones(self, now: float) -> int:
        over = [key for key, row in self.rows.items() if row.expires_at <= now]
        for key in over:
            del self.rows[key]
        return len(over)


class MemoryQueueStore:
    def __init__(self) -> None:
        self.rows: dict[UUID, PersonalQueue] = {}

    async def queue(self, lookup: str) -> PersonalQueue | None:
        return next((row for row in self.rows.values() if row.lookup == lookup), None)

    async def queues_of(self, user: UUID) -> list[PersonalQueue]:
        return [row for row in self.rows.values() if row.user == user]

    async def add_queue(self, queue: PersonalQueue) -> None:
        self.rows[queue.id] = queue

    async def queue_used(self, queue: UUID, *, at: float) -> None:
        if queue in self.rows:
            self.rows[queue] = replace(self.rows[queue], used_at=at)

    async def renew_queue(self, queue: UUID, *, user: UUID, lookup: str) -> bool:
        if queue not in self.rows or self.rows[queue].user != user:
            return False
        self.rows[queue] = replace(self.rows[queue], lookup=lookup)
        return True

    async def remove_queue(self, queue: UUID, *, user: UUID) -> bool:
        found = self.rows.get(queue)
        return found is not None and found.user == user and self.rows.pop(queue) is found


class MemoryPushStore:
    def __init__(self) -> None:
        self.rows: dict[UUID, PushSubscription] = {}

    async def subscriptions_of(self, user: UUID) -> list[PushSubscription]:
        return [row for row in self.rows.values() if row.user == user]

    async def save_subscription(self, subscription: PushSubscription) -> None:
        self.rows = {key: row for key, row in self.rows.items() if row.endpoint != subscription.endpoint}
        self.rows[subscription.id] = subscription

    async def remove_subscription(self, subscription: UUID, *, user: UUID) -> bool:
        found = self.rows.get(subscription)
        return found is not None and found.user == user and self.rows.pop(subscription) is found


class MemoryPlaceNumbers:
    def __init__(self) -> None:
        self.rows: dict[UUID, int] = {}

    async def numbers(self) -> dict[UUID, int]:
        return dict(self.rows)

    async def take_number(self, of: UUID, number: int) -> bool:
        if of in self.rows or number in self.rows.values():
            return False
        self.rows[of] = number
        return True


class MemoryScreenStore:
    """`codes`: code to holder, whether it was used, and until when it is kept."""

    def __init__(self) -> None:
        self.rows: dict[str, Screen] = {}
        self.codes: dict[str, tuple[str, bool, float]] = {}

    async def screen(self, id_hash: str) -> Screen | None:
        return self.rows.get(id_hash)

    async def screens(self) -> list[Screen]:
        return sorted(self.rows.values(), key=lambda row: (row.created_at, row.id_hash))

    async def save_screen(self, screen: Screen) -> None:
        self.rows[screen.id_hash] = screen

    async def remove_screen(self, id_hash: str) -> bool:
        return self.rows.pop(id_hash, None) is not None

    async def bind_code(self, code: str, holder: str, *, until: float) -> bool:
        known = self.codes.setdefault(code, (holder, False, until))
        return known[:2] == (holder, False)

    async def use_code(self, code: str, holder: str, now: float) -> bool:
        known = self.codes.get(code)
        if known is None or known[:2] != (holder, False) or known[2] <= now:
            return False
        self.codes[code] = (holder, True, known[2])
        return True

    async def purge_codes(self, now: float) -> int:
        over = [code for code, row in self.codes.items() if row[2] <= now]
        for code in over:
            del self.codes[code]
        return len(over)
