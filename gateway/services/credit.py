"""Prepaid credit for people: what somebody has, and what staff adds, takes, gives back and allows (rows 111 and 118).

Releases are no business of this module: they reserve and charge in the transactions of the jobs' rows. What staff does
is written into the audit log, and no entry is ever changed or taken away: a mistake gets an entry of its own.
"""

import hashlib
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import uuid4

from gateway.domain.credit import Balance, Entry, EntryKind, Rules, parse_amount, refund_of, written
from gateway.domain.letter import one_line
from gateway.domain.price import FREE
from gateway.domain.rights import Permission
from gateway.domain.user import Actor, User, is_guest
from gateway.errors import BadRequest, Forbidden, NotFound
from gateway.services.audit import Audit
from gateway.services.identity import Identity
from gateway.services.ports import Clock, CreditStore
from gateway.settings import Settings

PAGE = 50
LONGEST = 200  # characters of a reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A balance, and what of it may be spent now, the overdraft included."""

    balance: Balance
    free: Decimal
    overdraft: Decimal


class Credit:
    """In the site's currency, as it is now. Forbidden for whoever takes no money."""

    def __init__(
        self, *, store: CreditStore, identity: Identity, audit: Audit, clock: Clock, settings: Settings
    ) -> None:
        self._store = store
        self._identity = identity
        self._audit = audit
        self._clock = clock
        self._settings = settings

    @property
    def enabled(self) -> bool:
        return self._settings.credit.enabled

    @property
    def currency(self) -> str:
        return self._settings.site.currency

    @property
    def rules(self) -> Rules:
        return Rules(overdraft=self._settings.credit.overdraft, low=self._settings.credit.low_balance)

    # -- for the owner, and what is shown of somebody

    async def of(self, owner: str | None) -> Standing | None:
        """None where there is nothing to show: credit is off, or guests and strangers, who pay at the desk."""
        if not self.enabled or owner is None or is_guest(owner):
            return None
        return self._standing(await self._store.balance(owner, self.currency))

    async def statement(self, owner: str, *, before_id: int | None = None, limit: int = PAGE) -> list[Entry]:
        """Newest first, in all currencies."""
        return await self._store.entries(owner, before_id=before_id, limit=limit)

    # -- for staff

    def may_take(self, actor: Actor) -> bool:
        """Whether this actor sees balances and takes money for them."""
        return self.enabled and actor.may_somewhere(Permission.CASH)

    def may_correct(self, actor: Actor) -> bool:
        """Adjustments, refunds and overdrafts: whoever takes money everywhere, and not at one site alone."""
        return self.enabled and actor.may(Permission.CASH)

    async def look(self, actor: Actor, name: str) -> Standing:
        user = await self._found(actor, name)
        return self._standing(await self._store.balance(user.name, self.currency))

    async def history(self, actor: Actor, name: str, *, before_id: int | None = None, limit: int = PAGE) -> list[Entry]:
        user = await self._found(actor, name)
        return await self.statement(user.name, before_id=before_id, limit=limit)

    async def top_up(self, actor: Actor, name: str, amount: str, *, text: str = "", key: str = "") -> Entry:
        """Money that came in: `amount` as typed. The same `key` again adds nothing."""
        user = await self._found(actor, name)
        added = parse_amount(amount, self.currency)
        if not added:
            raise BadRequest("Type how much is added, for example 5 or 5.50.")
        entry = self._entry(actor, user, added, EntryKind.TOP_UP, key)
        return await self._kept(actor, replace(entry, text=_reason(text)))

    async def adjust(self, actor: Actor, name: str, amount: str, *, text: str, key: str = "") -> Entry:
        """Adds, or with a minus takes away, and says why."""
        self._check_corrects(actor)
        user = await self._found(actor, name)
        changed = parse_amount(amount, self.currency, signed=True)
        if not changed:
            raise BadRequest("Type by how much the balance changes, for example 5 or -5.50.")
        entry = self._entry(actor, user, changed, EntryKind.ADJUSTMENT, key)
        return await self._kept(actor, replace(entry, text=_reason(text, needed=True)))

    async def refund(self, actor: Actor, entry_id: int, *, text: str, owner: str | None = None) -> Entry:
        """All of one charge, once: asked for again, it is the same entry. NotFound unless it is the `owner`'s, if given."""
        self._check_corrects(actor)
        charge = await self._store.entry(entry_id)
        if charge is None or (owner is not None and charge.owner.casefold() != owner.casefold()):
            raise NotFound(f"There is no entry {entry_id}.")
        reason = _reason(text, needed=True)
        back = refund_of(charge, at=self._clock.now(), by=actor.user or actor.claimed, text=reason)
        return await self._kept(actor, back)

    async def set_overdraft(self, actor: Actor, name: str, overdraft: str | None) -> Standing:
        """How far below nothing this one may go; None: as the site's setting says."""
        self._check_corrects(actor)
        user = await self._found(actor, name)
        limit = None if overdraft is None else parse_amount(overdraft, self.currency)
        found = await self._store.set_overdraft(user.name, self.currency, limit)
        told = "as the site" if limit is None else written(limit, self.currency)
        await self._audit.note(actor, "credit.overdraft", f"user {user.name}", overdraft=told)
        return self._standing(found)

    # -- within

    async def _found(self, actor: Actor, name: str) -> User:
        if not actor.may_somewhere(Permission.CASH):
            raise Forbidden("Only who takes money for accounts sees the credit of others.")
        if not self.enabled:
            raise NotFound("This site does not work with credit. Set credit.enabled in its settings first.")
        return await self._identity.get(name.strip())

    def _check_corrects(self, actor: Actor) -> None:
        if not actor.may(Permission.CASH):
            raise Forbidden("Only who takes money for the whole house may correct balances.")

    def _entry(self, actor: Actor, user: User, amount: Decimal, kind: EntryKind, key: str) -> Entry:
        by = actor.user or actor.claimed
        return Entry(
            owner=user.name,
            amount=amount,
            currency=self.currency,
            kind=kind,
            key=hashlib.sha256(f"{by}:{key}".encode()).hexdigest() if key else uuid4().hex,  # holds no name
            at=self._clock.now(),
            by=by,
        )

    async def _kept(self, actor: Actor, entry: Entry) -> Entry:
        kept = await self._store.post(entry)
        await self._audit.note(
            actor,
            f"credit.{kept.kind.value}",
            f"user {kept.owner}",
            kept.text,
            amount=written(kept.amount, kept.currency),
            balance=written(kept.balance, kept.currency),
            entry=kept.id,
        )
        return kept

    def _standing(self, balance: Balance) -> Standing:
        overdraft = self.rules.overdraft if balance.overdraft is None else balance.overdraft
        return Standing(balance=balance, free=max(FREE, balance.free(self.rules)), overdraft=overdraft)


def _reason(text: str, *, needed: bool = False) -> str:
    reason = one_line(text, LONGEST)
    if needed and len(reason) < 3:
        raise BadRequest("Write why, in a few words: its owner reads it.")
    return reason
