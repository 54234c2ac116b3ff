"""What staff does to people's accounts, by page, API and command line: each change is checked against the rights of
both, and written down (rows 101 to 103).

Whoever can set somebody's PIN can sign in as them. Nobody therefore touches an account that has more rights than their
own, and what is given with a role or a group is never more than the giver has.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any
from uuid import UUID

from gateway.domain.letter import one_line
from gateway.domain.rights import Permission, Role
from gateway.domain.user import Actor, User
from gateway.errors import BadRequest, Conflict, Forbidden, NotFound
from gateway.services.audit import Audit
from gateway.services.cards import Card, Cards
from gateway.services.groups import Groups
from gateway.services.identity import Identity
from gateway.services.pins import Pins
from gateway.services.ports import UserStore
from gateway.services.privacy import Privacy
from gateway.services.roles import Roles
from gateway.services.second_factor import SecondFactors

PAGE = 50
GRAVE = frozenset({"role", "disabled", "groups"})
TEXTS = {"full_name": 100, "department": 100, "cost_centre": 60, "language": 5}
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """How an account shall be; these fields and no others are ever taken from a form."""

    full_name: str = ""
    email: str = ""
    role: Role = Role.USER
    disabled: bool = False
    groups: tuple[str, ...] = ()
    department: str = ""
    cost_centre: str = ""
    language: str = ""


_FIELDS = frozenset(field.name for field in fields(Wish))


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One field that would be another: for people to look at before it is."""

    field: str
    before: str
    after: str


class UserAdmin:
    def __init__(
        self,
        *,
        users: UserStore,
        identity: Identity,
        roles: Roles,
        groups: Groups,
        second: SecondFactors,
        cards: Cards,
        pins: Pins,
        privacy: Privacy,
        audit: Audit,
    ) -> None:
        self._users = users
        self._identity = identity
        self._roles = roles
        self._groups = groups
        self._second = second
        self._cards = cards
        self._pins = pins
        self._privacy = privacy
        self._audit = audit

    # -- seeing

    async def find(self, actor: Actor, contains: str = "", *, after: str = "", limit: int = PAGE) -> list[User]:
        _check_sees(actor)
        return await self._users.users(contains=one_line(contains, 100), after=after, limit=limit)

    async def count(self, actor: Actor) -> int:
        _check_sees(actor)
        return await self._users.user_count()

    async def by_id(self, actor: Actor, uuid: UUID) -> User:
        _check_sees(actor)
        found = await self._users.user_by_uuid(uuid)
        if found is None:
            raise NotFound("There is nobody at this address.")
        return found

    async def get(self, actor: Actor, name: str) -> User:
        _check_sees(actor)
        return await self._identity.get(name)

    async def cards_of(self, actor: Actor, user: User) -> list[Card]:
        _check_sees(actor)
        return await self._cards.of(user)

    async def may_touch(self, actor: Actor, user: User) -> bool:
        """Whether there is any sense in showing this actor forms."""
        try:
            await self._roles.check_may_touch(actor, user)
        except Forbidden:
            return False
        return True

    # -- changing

    async def add(
        self,
        actor: Actor,
        name: str,
        wish: Wish,
        *,
        password: str | None = None,
        pin: str | None = None,
        card: str | None = None,
    ) -> User:
        """Forbidden for a role or group with more rights than the actor's; else as Identity.add_user."""
        _check_manages(actor)
        self._roles.check_may_give(actor, wish.role)
        await self._check_joins(actor, wish.groups)
        made = await self._identity.add_user(
            name,
            full_name=_text("full_name", wish.full_name),
            email=wish.email,
            password=password,
            pin=pin,
            card=card,
            role=wish.role,
        )
        rest: dict[str, Any] = {
            "groups": _groups(wish.groups),
            **{name: _text(name, getattr(wish, name)) for name in TEXTS},
        }
        user = await self._identity.change_user(made.name, disabled=wish.disabled, **rest)
        await self._audit.note(actor, "user.added", f"user {user.name}", role=user.role.value)
        return user

    def changes(self, user: User, wish: Wish) -> list[Change]:
        """What would be another, in the order of the form."""
        return _differences(user, _wanted(user, asdict(wish)))

    async def change(self, actor: Actor, name: str, wish: Wish, *, version: int) -> User:
        """Conflict when the account no longer has that version; NotPossible for the last administrator."""
        return await self.amend(actor, name, version=version, **asdict(wish))

    async def amend(self, actor: Actor, name: str, *, version: int | None = None, **changes: Any) -> User:
        """As `change`, of the fields of a Wish that are named alone; `version` None is that of now."""
        user = await self._touched(actor, name)
        if version is not None and user.version != version:
            raise Conflict(f"{user.name} was changed by somebody else. Read it again and repeat the change.")
        after = _wanted(user, changes)
        told = _differences(user, after)
        if not told:
            return user
        if after.role is not user.role:
            self._roles.check_may_give(actor, after.role)
        await self._check_joins(actor, after.groups, user.groups)
        async with self._roles.keeping_an_administrator(user, after):
            values = {name: getattr(after, name) for name in ("role", "disabled", "groups", "email", *TEXTS)}
            saved = await self._identity.change_user(user.name, version=user.version, **values)
        noted = {change.field: f"{change.before or '-'} -> {change.after or '-'}" for change in told}
        await self._audit.note(actor, "user.changed", f"user {saved.name}", **noted)
        return saved

    async def new_pin(self, actor: Actor, name: str, *, mail: bool, pin: str | None = None) -> str | None:
        """A random PIN unless one is given; to be shown once, or None when it went by mail."""
        user = await self._touched(actor, name)
        made = None
        if mail:
            await self._pins.mail(user.name, pin)
        else:
            made = await self._pins.make(user.name, pin)
        await self._audit.note(actor, "user.pin-made", f"user {user.name}", by="mail" if mail else actor.via)
        return made

    async def remove_pin(self, actor: Actor, name: str) -> User:
        user = await self._touched(actor, name)
        saved = await self._identity.set_pin(user.name, None)
        await self._audit.note(actor, "user.pin-removed", f"user {user.name}")
        return saved

    def can_mail(self, user: User) -> bool:
        return self._pins.can_mail(user)

    async def new_password(self, actor: Actor, name: str) -> str:
        """A random one, to be shown once; all sessions end."""
        made = "-".join("".join(secrets.choice(_SIGNS) for _ in range(4)) for _ in range(4))
        await self.set_password(actor, name, made)
        return made

    async def set_password(self, actor: Actor, name: str, password: str | None) -> User:
        """None takes it away; all sessions end."""
        user = await self._touched(actor, name)
        saved = await self._identity.set_password(user.name, password, by_staff=True)
        what = "user.password-removed" if password is None else "user.password-made"
        await self._audit.note(actor, what, f"user {user.name}")
        return saved

    async def add_card(self, actor: Actor, name: str, number: str, *, label: str = "", days: int | None = None) -> User:
        """Lent for `days`, or for good."""
        user = await self._touched(actor, name)
        saved = await self._cards.add(user, number, label=label, days=days)
        values = {} if days is None else {"days": str(days)}
        await self._audit.note(actor, "user.card-added", f"user {user.name}", "", **values)
        return saved

    async def remove_card(self, actor: Actor, name: str, *, tag: str = "", number: str = "") -> User:
        """By its tag in a list, or by its number."""
        user = await self._touched(actor, name)
        saved = await self._cards.remove(user, tag or self._cards.tag_of(number))
        await self._audit.note(actor, "user.card-removed", f"user {user.name}")
        return saved

    async def unlock(self, actor: Actor, name: str) -> int:
        """Forgives failed tries; from how many addresses there were some."""
        user = await self._touched(actor, name)
        count = self._identity.unlock(user.name)
        await self._audit.note(actor, "user.unlocked", f"user {user.name}")
        return count

    async def end_sessions(self, actor: Actor, name: str) -> int:
        user = await self._touched(actor, name)
        count = await self._identity.close_sessions_of(user.name)
        await self._audit.note(actor, "user.signed-out", f"user {user.name}", sessions=count)
        return count

    async def reset_second_factor(self, actor: Actor, name: str) -> bool:
        return await self._second.reset(actor, await self._touched(actor, name))

    async def erase(self, actor: Actor, name: str, *, typed: str, language: str) -> str:
        """The pseudonym under which totals stay. As Privacy.erase, for somebody who asked for it."""
        user = await self._touched(actor, name)
        async with self._roles.keeping_an_administrator(user, None):
            pseudonym = await self._privacy.erase(user, typed=typed, language=language)
        await self._audit.note(actor, "user.erased", f"user {user.name}", kept_as=pseudonym)
        return pseudonym

    async def delete(self, actor: Actor, name: str) -> None:
        """The row alone; jobs and ledger rows keep the name."""
        user = await self._touched(actor, name)
        async with self._roles.keeping_an_administrator(user, None):
            await self._identity.delete_user(user.name)
        await self._audit.note(actor, "user.deleted", f"user {user.name}")

    # -- within

    async def _check_joins(self, actor: Actor, groups: Sequence[str], before: Sequence[str] = ()) -> None:
        """Forbidden where a group that is new to somebody has more rights than the actor. It need not be known yet."""
        known = {group.casefold() for group in before}
        joined = [group for group in _groups(tuple(groups)) if group.casefold() not in known]
        if joined:
            await self._groups.check_may_join(actor, joined)

    async def _touched(self, actor: Actor, name: str) -> User:
        user = await self._identity.get(name)
        await self._roles.check_may_touch(actor, user)
        return user


def _wanted(user: User, changes: Mapping[str, Any]) -> User:
    """The user with these fields of a Wish, in the form that rows have them in."""
    if unknown := sorted(set(changes) - _FIELDS):
        raise BadRequest(f"A user's {', '.join(unknown)} cannot be changed this way.")
    values: dict[str, Any] = {name: _text(name, value) if name in TEXTS else value for name, value in changes.items()}
    if "email" in values:
        values["email"] = (values["email"] or "").strip() or None
    if "groups" in values:
        groups = _groups(tuple(values["groups"]))
        same = {group.casefold() for group in groups} == {group.casefold() for group in user.groups}
        values["groups"] = user.groups if same else groups
    return replace(user, **values)


def _differences(user: User, after: User) -> list[Change]:
    before, then = _shown(user), _shown(after)
    return [Change(field=name, before=before[name], after=then[name]) for name in before if before[name] != then[name]]


def _shown(user: User) -> dict[str, str]:
    return {
        "full_name": user.full_name,
        "email": user.email or "",
        "role": user.role.value,
        "disabled": "yes" if user.disabled else "no",
        "groups": ", ".join(sorted(user.groups, key=str.casefold)),
        "department": user.department,
        "cost_centre": user.cost_centre,
        "language": user.language,
    }


def _text(name: str, text: str) -> str:
    return one_line(text, TEXTS[name])


def _groups(names: tuple[str, ...]) -> tuple[str, ...]:
    """Each once, in the order given."""
    unique = {one_line(name, 100).casefold(): one_line(name, 100) for name in reversed(names)}
    unique.pop("", None)
    if len(unique) > 1000:
        raise BadRequest("Somebody is in at most 1000 groups.")
    return tuple(reversed(unique.values()))


def _check_sees(actor: Actor) -> None:
    if not actor.may_somewhere(Permission.USERS):
        raise Forbidden("Only who manages users sees everybody.")


def _check_manages(actor: Actor) -> None:
    if not actor.may(Permission.USERS):
        raise Forbidden("Only who manages users of the whole house may change this.")
