"""The tree of groups: teams, departments and cost centres, and who is in them (row 104).

Who is put into a group gets what the group and all above it have. Nobody can therefore put anybody, or any group, to
where more rights are than they have themselves.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import uuid4

from gateway.domain.group import DEEPEST, Group, GroupKind
from gateway.domain.letter import one_line
from gateway.domain.rights import Permission
from gateway.domain.user import Actor, User
from gateway.errors import BadRequest, Conflict, Forbidden, NotFound
from gateway.services.audit import Audit
from gateway.services.ports import Clock, GroupStore, UserStore
from gateway.services.roles import Roles

LONGEST = 100
PAGE = 50
_CHANGEABLE = frozenset({"label", "kind", "parent", "cost_centre"})


class Groups:
    def __init__(self, *, store: GroupStore, users: UserStore, roles: Roles, audit: Audit, clock: Clock) -> None:
        self._store = store
        self._users = users
        self._roles = roles
        self._audit = audit
        self._clock = clock

    # -- seeing

    async def get(self, name: str) -> Group:
        found = await self._store.group(name)
        if found is None:
            name = one_line(name, 80)
            raise NotFound(f'There is no group "{name}".')
        return found

    async def search(self, text: str, actor: Actor, *, after: str = "", limit: int = PAGE) -> list[Group]:
        """By a part of name, label or cost centre, in the order of names; "" finds all."""
        _check_sees(actor)
        return await self._store.groups(contains=one_line(text, LONGEST), after=after, limit=limit)

    async def below(self, parent: str, actor: Actor, *, after: str = "", limit: int = PAGE) -> list[Group]:
        """Right below `parent`; "" is the top."""
        _check_sees(actor)
        return await self._store.children(parent, after=after, limit=limit)

    async def path_of(self, group: Group) -> list[Group]:
        """All above it, the topmost first."""
        known = {found.name.casefold(): found for found in await self._store.above([group.name])}
        path: list[Group] = []
        above = known.get(group.parent.casefold())
        while above is not None and above not in path:
            path.append(above)
            above = known.get(above.parent.casefold())
        return path[::-1]

    async def members(self, name: str, actor: Actor, *, after: str = "", limit: int = PAGE) -> list[User]:
        _check_sees(actor)
        return await self._store.members(name, after=after, limit=limit)

    async def member_counts(self, names: Sequence[str]) -> dict[str, int]:
        """Direct members of each, by folded name."""
        return await self._store.member_counts(names)

    async def cost_centre_of(self, groups: Collection[str]) -> str:
        """What somebody in these groups is charged to: the nearest in the tree, "" where none says."""
        known = {found.name.casefold(): found for found in await self._store.above(list(groups))}
        for name in sorted(group.casefold() for group in groups):
            here, seen = known.get(name), set[str]()
            while here is not None and here.name not in seen:
                if here.cost_centre:
                    return here.cost_centre
                seen.add(here.name)
                here = known.get(here.parent.casefold())
        return ""

    # -- changing

    async def add(
        self,
        actor: Actor,
        name: str,
        *,
        label: str = "",
        kind: GroupKind = GroupKind.GROUP,
        parent: str = "",
        cost_centre: str = "",
    ) -> Group:
        """BadRequest for a bad name, Conflict when there is one, NotFound for an unknown parent."""
        _check_changes(actor)
        name = check_group_name(name)
        if await self._store.group(name) is not None:
            raise Conflict(f'There is a group "{name}" already.')
        draft = Group(
            name=name,
            uuid=uuid4(),
            kind=kind,
            label=_text(label),
            parent=await self._parent(actor, name, parent),
            cost_centre=_text(cost_centre),
            created_at=self._clock.now(),
        )
        saved = await self._store.save_group(draft)
        await self._audit.note(actor, "group.added", f"group {saved.name}", parent=saved.parent, kind=kind.value)
        return saved

    async def change(
        self, actor: Actor, name: str, /, *, version: int | None = None, **changes: str | GroupKind
    ) -> Group:
        """label, kind, parent, cost_centre; Conflict when the group no longer has that version."""
        _check_changes(actor)
        if set(changes) - _CHANGEABLE:
            raise BadRequest(f"A group's {', '.join(sorted(set(changes) - _CHANGEABLE))} cannot be changed.")
        group = await self.get(name)
        if version is not None and version != group.version:
            raise Conflict(f"{group.title} was changed by somebody else. Read it again and repeat the change.")
        values = {key: _text(value) if key in {"label", "cost_centre"} else value for key, value in changes.items()}
        if "parent" in values:
            values["parent"] = await self._parent(actor, group.name, str(values["parent"]))
        after = replace(group, **values)  # type: ignore[arg-type]  # reason: the names were checked above
        if after == group:
            return group
        saved = await self._store.save_group(after)
        told = {key: str(value) for key, value in values.items() if getattr(group, key) != value}
        await self._audit.note(actor, "group.changed", f"group {saved.name}", **told)
        return saved

    async def delete(self, actor: Actor, name: str) -> None:
        """Its groups move up; its members are in it no more."""
        _check_changes(actor)
        group = await self.get(name)
        for child in await self._store.children(group.name, limit=1):
            await self._check_rights(actor, [group.parent] if group.parent else [], f"groups below {child.parent}")
        await self._check_rights(actor, [group.name], group.title)
        await self._store.delete_group(group.name)
        await self._audit.note(actor, "group.deleted", f"group {group.name}")

    # -- members

    async def add_member(self, actor: Actor, name: str, user_name: str) -> User:
        group, user = await self.get(name), await self._user(user_name)
        await self._roles.check_may_touch(actor, user)
        await self._check_rights(actor, [group.name], group.title)
        if group.name.casefold() in {own.casefold() for own in user.groups}:
            return user
        saved = await self._users.save_user(replace(user, groups=(*user.groups, group.name)))
        await self._audit.note(actor, "group.member-added", f"group {group.name}", user=user.name)
        return saved

    async def remove_member(self, actor: Actor, name: str, user_name: str) -> User:
        user = await self._user(user_name)
        await self._roles.check_may_touch(actor, user)
        left = tuple(own for own in user.groups if own.casefold() != name.casefold())
        if left == user.groups:
            return user
        saved = await self._users.save_user(replace(user, groups=left))
        await self._audit.note(actor, "group.member-removed", f"group {name}", user=user.name)
        return saved

    async def check_may_join(self, actor: Actor, groups: Collection[str]) -> None:
        """Forbidden where one of these, or one above it, has rights that the actor has not."""
        await self._check_rights(actor, list(groups), ", ".join(sorted(groups)))

    # -- within

    async def _user(self, name: str) -> User:
        user = await self._users.user(name)
        if user is None:
            name = one_line(name, 80)
            raise NotFound(f'There is no user "{name}".')
        return user

    async def _parent(self, actor: Actor, name: str, parent: str) -> str:
        """The parent's own writing of its name, after everything that may not be was ruled out."""
        if not parent:
            return ""
        found = await self.get(parent)
        path = [*await self.path_of(found), found]
        if name.casefold() in {above.name.casefold() for above in path}:
            raise BadRequest(f"{found.title} is below this group itself. Choose another group above it.")
        if len(path) >= DEEPEST:
            raise BadRequest(f"Groups lie at most {DEEPEST} deep. Choose a group further up.")
        await self._check_rights(actor, [found.name], found.title)
        return found.name

    async def _check_rights(self, actor: Actor, names: list[str], title: str) -> None:
        above = {group.name for group in await self._store.above(names)} | set(names)
        for name in sorted(above):
            for given in await self._roles.given_to(name, group=True):
                if not actor.covers(given.grant):
                    raise Forbidden(f"{title} gives rights that you do not have. Ask somebody who has them.")


def check_group_name(text: str) -> str:
    """As it is kept; BadRequest says what is wrong with it."""
    name = " ".join(text.split())
    if not name or len(name) > LONGEST or not name.isprintable():
        raise BadRequest(f"Write the name of a group, at most {LONGEST} characters.")
    return name


def _text(text: object) -> str:
    return one_line(str(text), LONGEST)


def _check_sees(actor: Actor) -> None:
    if not actor.may_somewhere(Permission.USERS):
        raise Forbidden("Only who manages users sees the groups.")


def _check_changes(actor: Actor) -> None:
    if not actor.may(Permission.USERS):
        raise Forbidden("Only who manages users of the whole house changes groups.")
