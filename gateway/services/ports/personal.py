"""The rows of what is kept about a person; a user is named by the uuid, so that a new name changes nothing."""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from gateway.domain.personal import CardNote, Look, MailAddress, Notice, OneTimeToken, Preferences
from gateway.domain.user import User


class PersonalStore(Protocol):
    """Choices, verified addresses, one-time tokens, and what is known of cards."""

    async def preferences(self, user: UUID) -> Preferences | None: ...
    async def save_preferences(self, user: UUID, preferences: Preferences) -> None: ...

    async def addresses(self, user: UUID) -> list[MailAddress]:
        """Oldest first; `primary` is not known here."""

    async def address_holder(self, address: str) -> UUID | None:
        """Whose verified address it is; addresses compare without case."""

    async def add_address(self, user: UUID, address: str, at: float) -> None:
        """Harmless when it is theirs already; Conflict when it is another's."""

    async def remove_address(self, user: UUID, address: str) -> bool: ...

    async def put_token(self, token_hash: str, token: OneTimeToken) -> None:
        """Takes the place of an older one for the same user, purpose and subject. Expired ones go."""

    async def token(self, token_hash: str) -> OneTimeToken | None:
        """Without using it, expired or not."""

    async def use_token(self, token_hash: str, purpose: str, now: float) -> OneTimeToken | None:
        """Takes it away and returns it: of two at once one gets it. None, and nothing taken, unless it is live."""

    async def drop_tokens(self, user: UUID, purpose: str, subject: str) -> None: ...
    async def tokens(self, user: UUID, purpose: str, now: float) -> list[OneTimeToken]:
        """The live ones, oldest first."""

    async def card_notes(self, user: UUID) -> list[CardNote]: ...
    async def save_card_note(self, user: UUID, note: CardNote) -> None: ...
    async def forget_card(self, card: str) -> None: ...
    async def expired_cards(self, now: float) -> list[tuple[UUID, CardNote]]:
        """(whose, which) of those that ended at or before `now`; some, if there are many."""


class NoticeStore(Protocol):
    """What was told to whom."""

    async def told(self, job_id: int, occasion: str) -> bool: ...
    async def add_notice(self, notice: Notice) -> bool:
        """False, and nothing kept, when the job's occasion has been told."""

    async def notices(self, user: UUID, *, limit: int = 100) -> list[Notice]:
        """Those with a kind, newest first."""

    async def unread(self, user: UUID) -> int: ...
    async def mark_read(self, user: UUID, *, up_to: int, now: float) -> None:
        """All with that id or a lower one."""

    async def purge_notices(self, *, before: float, limit: int = 500) -> int: ...


class AccessLogStore(Protocol):
    """Who looked at what of whose; names compare without case."""

    async def record_look(self, look: Look) -> None: ...
    async def looks_at(self, owner: str, *, limit: int = 100) -> list[Look]:
        """Newest first."""

    async def purge_looks(self, *, before: float, limit: int = 500) -> int: ...


class PersonalData(Protocol):
    """Everything that rows tell of one person: to hand it over, and to forget it."""

    def sections(self) -> Sequence[str]:
        """Names of what can be handed over."""

    async def page(
        self, section: str, user: User, *, after: int, limit: int
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Some rows of a section as JSON values, and where the next page begins; None at the end.

        Hashes of secrets are not among them: they tell nothing and could be attacked.
        """

    async def erase(self, user: User, *, pseudonym: str, keep_name: bool) -> None:
        """In one transaction: what was counted stays under `pseudonym`, the rest goes, the account is disabled.

        With `keep_name` nobody else can take the name; without, the account's row is named by the pseudonym, too.
        """
