"""The rows of one-time links, and of permanent delegations."""

from typing import Protocol

from gateway.domain.delegation import Delegation
from gateway.domain.share import Share


class ShareStore(Protocol):
    """Links by the hash of their token. Using one is a compare-and-set: of many at once, one wins."""

    async def add_share(self, share: Share) -> Share: ...
    async def share_by_token(self, token_hash: str) -> Share | None: ...
    async def shares_of(self, job_id: int) -> list[Share]:
        """All of one job, also used and revoked ones, newest first."""

    async def use_share(self, share_id: int, *, by: str, at: float) -> bool:
        """Marks it used; False when it was used, revoked or expired by then."""

    async def give_share_back(self, share_id: int) -> None:
        """What it was used for did not happen."""

    async def revoke_share(self, share_id: int, *, job_id: int, at: float) -> bool:
        """False when it is not of this job, or was used or revoked before."""

    async def purge_shares(self, *, before: float, limit: int = 500) -> int:
        """Deletes links that were made before that time."""


class DelegationStore(Protocol):
    """Who may handle whose jobs. Names compare without case."""

    async def save_delegation(self, delegation: Delegation) -> Delegation:
        """One row for each owner and delegate: saving again replaces its rights."""

    async def delegations_of(self, owner: str) -> list[Delegation]:
        """What an owner granted, in the order of the delegates' names, users first."""

    async def delegations_to(self, user: str, groups: tuple[str, ...]) -> list[Delegation]:
        """What was granted to a user, by name or through a group."""

    async def delete_delegation(self, delegation_id: int, owner: str) -> bool: ...
    async def delete_delegations_of(self, user: str) -> int:
        """All that a user granted or was granted by name."""
