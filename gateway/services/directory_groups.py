"""The groups of a directory in the tree of groups: those that it has are there, those that it has no more go (row 97).

Who is in which group is written with each user, groups within groups resolved; that alone decides about rights. The
place in the tree is for people who look for a group, and for what is given to a whole branch. A group of a directory
may lie in several others, one of the tree in one: it goes below the nearest to the top.

Groups of one's own are never touched, also where a directory has one of the same name: its people are in that one.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from gateway.domain.group import DEEPEST, Group
from gateway.domain.person import GroupEntry, Outcome
from gateway.services.directory_entries import group_name
from gateway.services.directory_report import Report
from gateway.services.directory_sync import FEW, Order
from gateway.services.ports import Clock, GroupStore

PAGE = 2000  # rows that are read, or written in one transaction


@dataclass(frozen=True, slots=True)
class _Known:
    """What is kept of a row during a run: there may be 50,000."""

    name: str
    parent: str
    source: str


class DirectoryGroups:
    """Only what looks after directories and imports comes here: nobody's rights are asked for."""

    def __init__(self, *, store: GroupStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def follow(self, order: Order, entries: Sequence[GroupEntry], report: Report) -> None:
        """Makes the tree of `order.source` what `entries`, all of its groups, say; nothing in a run that was held back.

        Groups that are gone take the roles with them that they gave. More of them than `order` lets go stay.
        """
        if report.held_back or "groups" not in order.fields:
            return
        known = await self._known()
        wanted = _wanted(entries)
        new = {folded: name for folded, (name, _) in wanted.items() if folded not in known}
        moved = _moved(order.source, known, wanted)
        gone = [one.name for folded, one in known.items() if one.source == order.source and folded not in wanted]
        own = sum(one.source == order.source for one in known.values())
        if not order.force and len(gone) > max(FEW, own * order.most_disabled / 100):
            report.warn(
                order.source, f"{len(gone)} of its {own} groups are gone, which is too many at once: they stay."
            )
            gone = []
        if not order.dry:
            await self._add(new.values(), order.source)
            await self._move(moved)
            for name in gone:
                await self._store.delete_group(name)
        for outcome, names in (
            (Outcome.ADDED, new.values()),
            (Outcome.MOVED, [known[one].name for one in moved if one in known]),
            (Outcome.REMOVED, gone),
        ):
            report.tell_groups(outcome, names)

    async def ensure(self, names: Iterable[str], source: str, report: Report) -> None:
        """Makes those that are not there, at the top: what a file says of groups is no more than their names."""
        wanted = {name.casefold(): name for name in names}
        known = await self._known() if wanted else {}
        new = [name for folded, name in wanted.items() if folded not in known]
        if not report.dry:
            await self._add(new, source)
        report.tell_groups(Outcome.ADDED, new)

    async def _known(self) -> dict[str, _Known]:
        known: dict[str, _Known] = {}
        after = ""
        while page := await self._store.groups(after=after, limit=PAGE):
            known |= {one.name.casefold(): _Known(one.name, one.parent, one.source) for one in page}
            after = page[-1].name
        return known

    async def _add(self, names: Iterable[str], source: str) -> None:
        now, made = self._clock.now(), list(names)
        for begin in range(0, len(made), PAGE):
            part = made[begin : begin + PAGE]
            await self._store.add_groups(
                [Group(name=name, uuid=uuid4(), source=source, created_at=now) for name in part]
            )

    async def _move(self, parents: Mapping[str, str]) -> None:
        moves = list(parents.items())
        for begin in range(0, len(moves), PAGE):
            await self._store.move_groups(dict(moves[begin : begin + PAGE]))


def _wanted(entries: Sequence[GroupEntry]) -> dict[str, tuple[str, frozenset[str]]]:
    """Their names as rows have them and the folded names above them; two of one name are one."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for entry in entries:
        name = group_name(entry.name)
        above = frozenset(group_name(parent).casefold() for parent in entry.parents) - {name.casefold(), ""}
        if name:
            first, others = found.get(name.casefold(), (name, frozenset[str]()))
            found[name.casefold()] = (first, others | above)
    return found


def _moved(
    source: str, known: Mapping[str, _Known], wanted: Mapping[str, tuple[str, frozenset[str]]]
) -> dict[str, str]:
    """The new parent of each group that gets another one, by the folded name of the group.

    A group that people have put below one of another kind stays there.
    """
    placed = _placed({folded: above for folded, (_, above) in wanted.items()})
    names = {folded: one.name for folded, one in known.items()} | {
        folded: name for folded, (name, _) in wanted.items() if folded not in known
    }
    parents = {folded: one.parent.casefold() for folded, one in known.items()}
    ours = [folded for folded in placed if _movable(source, folded, known)]
    parents |= dict.fromkeys(ours, "")
    for folded in ours:
        if not _leads_back(parents, placed[folded], folded):
            parents[folded] = placed[folded]
    before = {folded: known[folded].parent.casefold() if folded in known else "" for folded in ours}
    return {folded: names.get(parents[folded], "") for folded in ours if parents[folded] != before[folded]}


def _movable(source: str, folded: str, known: Mapping[str, _Known]) -> bool:
    if folded not in known:
        return True
    if known[folded].source != source:
        return False
    above = known.get(known[folded].parent.casefold())
    return above is None or above.source == source


def _placed(above: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """One parent for each, breadth first from the top, so that it ends also where groups contain each other."""
    below: dict[str, list[str]] = {}
    for name, parents in above.items():
        for parent in parents:
            below.setdefault(parent, []).append(name)
    placed: dict[str, str] = {}
    # Those below nothing first; whoever is then still not reached is in or below a ring, or deeper than the tree may be.
    for start in sorted(above, key=lambda name: (any(parent in above for parent in above[name]), name)):
        while start not in placed:
            top = _top_of(start, above, placed)
            placed[top] = ""
            reached = deque([(top, 1)])
            while reached:
                name, depth = reached.popleft()
                for child in sorted(below.get(name, ())) if depth < DEEPEST else ():
                    if child not in placed:
                        placed[child] = name
                        reached.append((child, depth + 1))
    return placed


def _top_of(name: str, above: Mapping[str, frozenset[str]], placed: Mapping[str, str]) -> str:
    """Above `name` a group that nothing is above, or that is above itself; no further up than the tree is deep."""
    seen: set[str] = set()
    while name not in seen and len(seen) < DEEPEST:
        seen.add(name)
        name = min((parent for parent in above[name] if parent in above and parent not in placed), default=name)
    return name


def _leads_back(parents: Mapping[str, str], start: str, name: str) -> bool:
    """Whether `name` is at or above `start`, or the way up is too long to tell."""
    here = start
    for _ in range(2 * DEEPEST):
        if not here:
            return False
        if here == name:
            return True
        here = parents.get(here, "")
    return True
