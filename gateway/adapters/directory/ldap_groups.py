"""Who is in which group when groups contain groups, and some of them each other (pure)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.domain.person import GroupEntry


def normal(dn: str) -> str:
    """Under which two writings of one DN are the same, as far as servers write them differently."""
    return ",".join(part.strip() for part in dn.casefold().split(","))


@dataclass(kw_only=True, slots=True)
class GroupBook:
    """`names` of groups by their DN; `parents`: of a member's DN, or login where groups list these, its groups."""

    names: dict[str, str] = field(default_factory=dict)
    parents: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _above: dict[str, frozenset[str]] = field(default_factory=dict)

    def add(self, dn: str, name: str, *, members: Iterable[str] = (), member_of: Iterable[str] = ()) -> None:
        key = normal(dn)
        self.names[key] = name
        for member in members:
            self.parents[normal(member)].append(key)
        for above in member_of:
            self.parents[key].append(normal(above))

    def of(self, *members: str, direct: Iterable[str] = ()) -> tuple[str, ...]:
        """Names of all groups of somebody with these DNs or logins, who says to be in the groups `direct`."""
        found: set[str] = set()
        for key in (*(p for member in members for p in self.parents.get(normal(member), ())), *map(normal, direct)):
            found |= self._with_above(key)
        return tuple(sorted({self.names[key] for key in found if key in self.names}))

    def within(self, top: str, *members: str, direct: Iterable[str] = ()) -> bool:
        """Whether somebody is in the group with the DN `top`, or in one that is."""
        starts = (*(p for member in members for p in self.parents.get(normal(member), ())), *map(normal, direct))
        return any(normal(top) in self._with_above(key) for key in starts)

    def tree(self) -> tuple[GroupEntry, ...]:
        return tuple(
            GroupEntry(name=name, parents=tuple(sorted({self.names[p] for p in self.parents[key] if p in self.names})))
            if key in self.parents
            else GroupEntry(name=name)
            for key, name in self.names.items()
        )

    def _with_above(self, key: str) -> frozenset[str]:
        """The group and all that contain it. Walked without recursion: a chain may be as long as somebody likes."""
        known = self._above.get(key)
        if known is not None:
            return known
        seen, todo = {key}, [key]
        while todo:
            for above in self.parents.get(todo.pop(), ()):
                if above not in seen:
                    seen.add(above)
                    todo.append(above)
        self._above[key] = frozenset(seen)
        return self._above[key]


def changed_filter(attribute: str, since: str, base: str) -> str:
    """Entries of `base` that changed at or after `since`."""
    return f"(&{base}({attribute}>={since}))"


def newest(value: str, before: str) -> str:
    """The greater of what grows: numbers by their value, times and change numbers by their text."""
    if not before:
        return value
    if value.isdigit() and before.isdigit() and not value.startswith("0"):
        return value if int(value) > int(before) else before
    return max(value, before)
