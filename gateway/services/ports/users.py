"""The rows of users and of their sessions."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from gateway.domain.rights import Role
from gateway.domain.user import Session, User


class UserStore(Protocol):
    """Users by any of their proofs, and their web sessions. Names and addresses compare without case."""

    async def user(self, name: str) -> User | None: ...
    async def user_by_uuid(self, uuid: UUID) -> User | None: ...
    async def user_by_email(self, address: str) -> User | None:
        """Whose address it is; None as well when it stands with several users."""

    async def user_by_pin(self, pin_lookup: str) -> User | None: ...
    async def user_by_card(self, card: str) -> User | None: ...
    async def staff(self, roles: Sequence[Role]) -> list[User]:
        """Whose own role is one of these and who is not disabled, in order of names."""

    async def users(self, *, contains: str = "", after: str = "", limit: int = 100) -> list[User]:
        """By name; `after` is the last name of the page before."""

    async def save_user(self, user: User) -> User:
        """Conflict when the name, PIN or card is another's."""

    async def delete_user(self, name: str) -> None: ...
    async def user_count(self) -> int: ...
    async def session(self, id_hash: str) -> Session | None: ...
    async def save_session(self, session: Session) -> None: ...
    async def sessions_of(self, user: str) -> list[Session]:
        """Live or not, the one seen last first."""

    async def delete_session(self, id_hash: str) -> None: ...
    async def delete_sessions_of(self, user: str) -> int: ...
    async def delete_expired_sessions(self, now: float) -> int: ...
