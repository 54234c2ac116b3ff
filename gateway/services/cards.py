"""A person's cards: kept as keyed hashes, so that only a word and the last digits tell one from another (row 80)."""

from dataclasses import dataclass, replace

from gateway.domain.letter import one_line
from gateway.domain.personal import CardNote
from gateway.domain.user import User
from gateway.errors import NotFound
from gateway.services.identity import Identity
from gateway.services.ports import Clock, PersonalStore, UserStore
from gateway.services.proofs import normal_card

ENDING = 2  # digits that are shown: enough to tell a few cards apart, nothing to find a number with
LABEL = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """`tag` names it in forms; `added_at` None for one that was added before notes were kept."""

    tag: str
    label: str
    ending: str
    added_at: float | None


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

    async def add(self, user: User, number: str, *, label: str = "") -> User:
        """BadRequest for no card number, Conflict for another's, LimitReached with as many as one can have."""
        hashed = self._identity.card_hash(number)
        saved = await self._identity.add_card_hash(user.name, hashed, most=self.most)
        ending = normal_card(number)[-ENDING:]
        note = CardNote(card=hashed, label=one_line(label, LABEL), ending=ending, added_at=self._clock.now())
        await self._store.save_card_note(user.uuid, note)
        return saved

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
    return Card(tag=_tag(card), label=note.label, ending=note.ending, added_at=note.added_at)
