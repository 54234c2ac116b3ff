"""One engine for everything that brings many users: LDAP, Microsoft Entra, CSV. It compares, and writes what differs.

The source is a stream and the rows are read in pages; of each row only a fingerprint is kept, so that a hundred
thousand people cost some tens of megabytes. Whoever is to be disabled is kept until all has been read: when that would
be more than the directory's limit, nobody is, and somebody is asked.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

from gateway.domain.person import (
    Broken,
    Entry,
    Gone,
    Outcome,
    Wanted,
    applied,
    difference,
    disabled,
    fingerprint,
    fingerprint_of,
    outcome,
)
from gateway.domain.user import User
from gateway.errors import BadRequest
from gateway.services.directory_entries import Reader
from gateway.services.directory_report import Report
from gateway.services.ports import Clock, Hasher, Holder, UserChange, UserRows, UserStore

BATCH = 500
PAGE = 2000
FEW = 5  # so many may always be disabled at once: one leaver of a small house is no disaster
NAME_TWICE = "Another entry of this directory has this user name."
TAKEN = "Its name, card or PIN is another user's, or somebody changed it at this moment."


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What a run may do. `fields`: what the source tells of; `full`: whoever is not in it is gone.

    `adopt`: users of our own with the same name become the source's, which otherwise stay as they are and are named.
    `most_disabled`: in percent of those that are enabled; `force` disables however many.
    """

    source: str
    fields: frozenset[str]
    full: bool = True
    dry: bool = False
    adopt: bool = False
    most_disabled: float = 10.0
    force: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    """What is kept of a row during a run."""

    uuid: UUID
    name: str
    mark: bytes
    pin: str
    off: bool
    off_there: bool


@dataclass(kw_only=True, slots=True)
class _Run:
    """One run's memory. `held` are to be disabled, `late` had the name of an entry that may turn out to be gone."""

    order: Order
    reader: Reader
    report: Report
    known: dict[str, _Known]
    held: dict[UUID, str] = field(default_factory=dict)
    late: list[Wanted] = field(default_factory=list)


class DirectorySync:
    """`progress` of a run is called with the number of entries that were read."""

    def __init__(self, *, rows: UserRows, users: UserStore, hasher: Hasher, clock: Clock) -> None:
        self._rows = rows
        self._users = users
        self._hasher = hasher
        self._clock = clock

    async def run(
        self, order: Order, entries: AsyncIterator[Entry], *, progress: Callable[[int], None] = lambda _: None
    ) -> Report:
        """Whatever `entries` raises ends the run before anybody is disabled; what was written before stays."""
        run = await self._begun(order, known=await self._known(order))
        async for batch in _batches(entries):
            await self._batch(run, batch)
            run.report.entries += len(batch)
            progress(run.report.entries)
        await self._made_anew(run)
        if order.full:
            self._vanished(run)
        await self._disable(run)
        return run.report

    async def complete(
        self, order: Order, entries: AsyncIterator[Entry], *, owned: Callable[[str], Awaitable[frozenset[str]]]
    ) -> Report:
        """Fills in `order.fields` of users that are there, wherever they come from; adds and disables nobody.

        `owned` says what a directory tells of its users: that is not filled in beside it.
        """
        run = await self._begun(order, known={})
        async for batch in _batches(entries):
            wanted = [one for entry in batch if (one := self._read(run, entry)) is not None]
            rows = await self._rows.by_names([one.person.name for one in wanted]) if wanted else []
            users = {user.name.casefold(): user for user in rows}
            changes = []
            for one in wanted:
                user = users.get(one.person.name.casefold())
                clash = order.fields & await owned(user.source) if user is not None and user.source else frozenset()
                if user is None:
                    run.report.add(Outcome.PROBLEM, one.person.name, "There is no user with this name.")
                elif clash:
                    told = ", ".join(sorted(name.replace("_", " ") for name in clash))
                    run.report.add(Outcome.PROBLEM, user.name, f"This comes from {user.source}: {told}.")
                else:
                    changes.append(UserChange(before=user, after=_completed(user, one)))
            await self._write(run, changes)
            run.report.entries += len(batch)
        return run.report

    # -- reading

    async def _begun(self, order: Order, *, known: dict[str, _Known]) -> _Run:
        reader = Reader(hasher=self._hasher, users=await self._users.user_count())
        return _Run(order=order, reader=reader, report=Report(dry=order.dry, full=order.full), known=known)

    async def _known(self, order: Order) -> dict[str, _Known]:
        known: dict[str, _Known] = {}
        after = ""
        while page := await self._rows.of_source(order.source, after=after, limit=PAGE):
            for user in page:
                known[user.external_id] = _Known(
                    user.uuid,
                    user.name,
                    fingerprint(user, order.fields),
                    user.pin_lookup or "",
                    user.disabled,
                    user.given.disabled,
                )
            after = page[-1].external_id
        return known

    async def _batch(self, run: _Run, batch: list[Entry]) -> None:
        added: list[Wanted] = []
        changed: dict[UUID, Wanted] = {}
        for entry in batch:
            wanted = self._read(run, entry)
            if wanted is None:
                continue
            known = run.known.get(wanted.person.external_id)
            if known is None:
                added.append(wanted)
            elif _same(known, wanted, run.order.fields):
                run.report.add(Outcome.UNCHANGED, known.name)
                run.report.named.update(wanted.person.groups or ())
            else:
                changed[known.uuid] = wanted
        changes = await self._free(run, added)
        for user in await self._rows.by_uuids(list(changed)) if changed else []:
            changes.append(self._change(run, user, changed[user.uuid]))
        await self._write(run, changes)

    def _read(self, run: _Run, entry: Entry) -> Wanted | None:
        """None for what needs no row to be looked at."""
        if isinstance(entry, Broken):
            run.report.add(Outcome.PROBLEM, entry.place, entry.why)
            return None
        if isinstance(entry, Gone):
            known = run.known.get(entry.external_id)
            if known is not None and not known.off:
                run.held[known.uuid] = known.name
            return None
        label = entry.name or entry.place
        try:
            return run.reader.read(entry, lambda why: run.report.warn(label, why))
        except BadRequest as error:
            run.report.add(Outcome.PROBLEM, label, f"{error.message} ({entry.place})" if entry.place else error.message)
            return None

    async def _free(self, run: _Run, added: list[Wanted]) -> list[UserChange]:
        """Those whose names are nobody's; the others are taken over where that was allowed, else named."""
        if not added:
            return []
        rows = await self._rows.by_names([one.person.name for one in added])
        holders = {user.name.casefold(): user for user in rows}
        changes = []
        for wanted in added:
            holder = holders.get(wanted.person.name.casefold())
            if holder is None or (holder.source == "" and run.order.adopt):
                changes.append(self._change(run, holder, wanted))
            elif holder.source == run.order.source:
                run.late.append(wanted)
            else:
                run.report.add(Outcome.PROBLEM, wanted.person.name, _whose(holder))
        return changes

    def _change(self, run: _Run, before: User | None, wanted: Wanted) -> UserChange:
        blank = User(name=wanted.person.name, uuid=uuid4(), created_at=self._clock.now())
        return UserChange(before=before, after=applied(before or blank, wanted, run.order.source))

    async def _made_anew(self, run: _Run) -> None:
        """An entry that was deleted and made again has another identifier and the same name: it is the same person."""
        for begin in range(0, len(run.late), BATCH):
            late = run.late[begin : begin + BATCH]
            rows = await self._rows.by_names([one.person.name for one in late])
            holders = {user.name.casefold(): user for user in rows}
            changes = []
            for wanted in late:
                holder = holders.get(wanted.person.name.casefold())
                if not run.order.full or (holder is not None and run.reader.saw(holder.external_id)):
                    run.report.add(Outcome.PROBLEM, wanted.person.name, NAME_TWICE)
                    continue
                if holder is not None:
                    run.held.pop(holder.uuid, None)
                    run.known.pop(holder.external_id, None)
                changes.append(self._change(run, holder, wanted))
            await self._write(run, changes)

    def _vanished(self, run: _Run) -> None:
        for external_id, known in run.known.items():
            if not known.off and not run.reader.saw(external_id):
                run.held[known.uuid] = known.name

    # -- writing

    async def _write(self, run: _Run, changes: list[UserChange]) -> None:
        """What others hold is left out, and named; whoever is to be disabled has the rest written, and waits."""
        ready = []
        for change in await self._without_taken(run, changes):
            before, after = change.before, change.after
            if before is not None and after.disabled and not before.disabled:
                run.held[after.uuid] = after.name
                given = replace(after.given, disabled=before.given.disabled)
                after = replace(after, disabled=False, given=given)
            if before is None or before != after:
                ready.append(UserChange(before=before, after=after))
            elif after.uuid not in run.held:
                run.report.add(Outcome.UNCHANGED, after.name)
        run.report.named.update(group for change in ready for group in change.after.given.groups)
        refused = [] if run.order.dry or not ready else await self._rows.save_users(ready)
        failed = {change.after.uuid for change in refused}
        for change in ready:
            if change.after.uuid in failed:
                run.report.add(Outcome.PROBLEM, change.after.name, TAKEN)
            else:
                _tell(run.report, change)

    async def _without_taken(self, run: _Run, changes: list[UserChange]) -> list[UserChange]:
        cards = [card for change in changes for card in _new_cards(change)]
        pins = [pin for change in changes if (pin := _new_pin(change)) is not None]
        holders = await self._rows.holders(cards=cards, pins=pins) if cards or pins else {}
        return [_without(run.report, change, holders) for change in changes] if holders else changes

    async def _disable(self, run: _Run) -> None:
        """All of them or none."""
        order, held = run.order, list(run.held)
        active = sum(not known.off for known in run.known.values())
        most = max(FEW, active * order.most_disabled / 100)
        empty = order.full and active > 0 and run.report.entries == 0
        if held and not order.force and (len(held) > most or empty):
            run.report.held_back = len(held)
            return
        for begin in range(0, len(held), BATCH):
            users = await self._rows.by_uuids(held[begin : begin + BATCH])
            changes = [UserChange(before=user, after=disabled(user)) for user in users if not user.disabled]
            refused = [] if order.dry else await self._rows.save_users(changes)
            failed = {change.after.uuid for change in refused}
            for change in changes:
                if change.after.uuid in failed:
                    run.report.add(Outcome.PROBLEM, change.after.name, TAKEN)
                else:
                    run.report.add(Outcome.DISABLED, change.after.name)


def _completed(user: User, wanted: Wanted) -> User:
    """What is not filled in stays: the entry is the user's own as to name, source and being disabled."""
    own = replace(wanted.person, name=user.name, external_id=user.external_id, disabled=user.disabled)
    return applied(user, replace(wanted, person=own), user.source)


def _tell(report: Report, change: UserChange) -> None:
    if change.before is None:
        report.add(Outcome.ADDED, change.after.name, change.after.full_name)
        return
    report.add(outcome(change.before, change.after), change.before.name, difference(change.before, change.after))


def _same(known: _Known, wanted: Wanted, fields: frozenset[str]) -> bool:
    """Nothing of the row would change, and so it needs not be read."""
    switched = not known.off if wanted.person.disabled else known.off_there
    return not switched and known.mark == fingerprint_of(wanted, fields, pin_lookup=known.pin)


def _new_cards(change: UserChange) -> tuple[str, ...]:
    had = change.before.cards if change.before else ()
    return tuple(card for card in change.after.cards if card not in had)


def _new_pin(change: UserChange) -> str | None:
    had = change.before.pin_lookup if change.before else None
    return change.after.pin_lookup if change.after.pin_lookup != had else None


def _without(report: Report, change: UserChange, holders: Mapping[str, Holder]) -> UserChange:
    after, before = change.after, change.before
    for card in _new_cards(change):
        holder = holders.get(card)
        if holder is not None and holder.uuid != after.uuid:
            report.warn(after.name, f"The card belongs to {holder.name}, and was left out.")
            kept = tuple(one for one in after.cards if one != card)
            given = replace(after.given, cards=tuple(one for one in after.given.cards if one != card))
            after = replace(after, cards=kept, given=given)
    pin = _new_pin(change)
    holder = None if pin is None else holders.get(pin)
    if holder is not None and holder.uuid != after.uuid:
        report.warn(after.name, "The PIN is another user's, and was left out.")
        had = (before.pin_lookup, before.pin_hash) if before else (None, None)
        after = replace(after, pin_lookup=had[0], pin_hash=had[1])
    return replace(change, after=after)


def _whose(holder: User) -> str:
    if holder.source == "":
        return "A user of our own has this name and stays as it is. Rename one of them, or allow taking over."
    return f"This name comes from {holder.source} already."


async def _batches(entries: AsyncIterator[Entry]) -> AsyncIterator[list[Entry]]:
    batch: list[Entry] = []
    async for entry in entries:
        batch.append(entry)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
