"""A person's cards: kept as keyed hashes, so that only a word and the last digits tell one from another (row 80)."""

from dataclasses import dataclass, replace

from gateway.domain.letter import one_line
from gateway.domain.personal import CardNote
from gateway.domain.user import User
from gateway.errors import BadRequest, NotFound
from gateway.services.identity import Identity
from gateway.services.ports import Clock, PersonalStore, UserStore
from gateway.services.proofs import normal_card

ENDING = 2  # digits that are shown: enough to tell a few cards apart, nothing to find a number with
LABEL = 40
LENT_DAYS = (1, 7, 30)  # that a card may be lent for
_DAY = 86400.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """`tag` names it in forms; `added_at` None for one that was added before notes were kept.

    `expires_at` is when a lent one ends.
    """

    tag: str
    label: str
    ending: str
    added_at: float | None
    expires_at: float | None = None


def lent_seconds(days: int | None) -> float | None:
    """None is for good; BadRequest for a span that no card is lent for."""
    if days is not None and days not in LENT_DAYS:
        raise BadRequest("A card is lent for 1, 7 or 30 days, or for good.")
    return None if days is None else days * _DAY


def lent_days(text: str) -> int | None:
    """Of a form's field: "" is for good."""
    if text and not (text.isascii() and text.isdigit() and len(text) < 4):
        raise BadRequest("A card is lent for 1, 7 or 30 days, or for good.")
    days = int(text) if text else None
    lent_seconds(days)
    return days


class Cards:
    def __init__(self, *, store: PersonalStore, users: UserStore, identity: Identity, clock: Clock, most: int) -> None:
        self._store = store
        self._users = users
        self._identity = identity
        self._clock = clock
        self.most = most

    async def of(self, user: User) -> list[Card]:
        notes = {note.card: note for note in await self._store.card_notes(user.uuid)}
        return [_shown(card, notes.get(card)) for card in user.cards]

    async def add(self, user: User, number: str, *, label: str = "", days: int | None = None) -> User:
        """Lent for `days`, or for good.

        BadRequest for no card number, Conflict for another's, LimitReached with as many as one can have.
        """
        hashed, seconds, now = self._identity.card_hash(number), lent_seconds(days), self._clock.now()
        saved = await self._identity.add_card_hash(user.name, hashed, most=self.most)
        ending = normal_card(number)[-ENDING:]
        until = None if seconds is None else now + seconds
        note = CardNote(card=hashed, label=one_line(label, LABEL), ending=ending, added_at=now, expires_at=until)
        await self._store.save_card_note(user.uuid, note)
        return saved

    async def add_hash(self, name: str, hashed: str, *, replace_oldest: bool = False, days: int | None = None) -> User:
        """A card that was held to a reader, whose number nobody here knows; lent for `days`, or for good."""
        seconds = lent_seconds(days)
        saved = await self._identity.add_card_hash(name, hashed, most=self.most, replace_oldest=replace_oldest)
        now = self._clock.now()
        until = None if seconds is None else now + seconds
        await self._store.save_card_note(
            saved.uuid, CardNote(card=hashed, label="", ending="", added_at=now, expires_at=until)
        )
        return saved

    async def purge(self) -> int:
        """Takes back what was lent and is over; how many there were."""
        over = await self._store.expired_cards(self._clock.now())
        for holder, note in over:
            user = await self._users.user_by_uuid(holder)
            if user is not None and note.card in user.cards:
                kept = tuple(card for card in user.cards if card != note.card)
                await self._users.save_user(replace(user, cards=kept))
            await self._store.forget_card(note.card)
        return len(over)

    def tag_of(self, number: str) -> str:
        """BadRequest for what is no card number."""
        return _tag(self._identity.card_hash(number))

    async def remove(self, user: User, tag: str) -> User:
        hashed = next((card for card in user.cards if _tag(card) == tag), None)
        if hashed is None:
            raise NotFound("This is none of your cards.")
        await self._store.forget_card(hashed)
        return await self._users.save_user(replace(user, cards=tuple(card for card in user.cards if card != hashed)))


def _tag(card: str) -> str:
    return card[:16]


def _shown(card: str, note: CardNote | None) -> Card:
    if note is None:
        return Card(tag=_tag(card), label="", ending="", added_at=None)
    return Card(
        tag=_tag(card), label=note.label, ending=note.ending, added_at=note.added_at, expires_at=note.expires_at
    )
