"""What a directory says of people, and what that makes of a user here: pure comparison, the same for every source.

A field that a source does not tell of is None and stays as it is here; one that it tells of is its own, also where it
is empty. Cards, groups and addresses of one's own stay beside those that the directory gave.
"""

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from gateway.domain.user import User

TEXTS: Final = ("full_name", "department", "cost_centre", "language")
FIELDS: Final = (*TEXTS, "email", "groups", "cards", "pin", "aliases")
"""What a source may tell of, beside the name and whether somebody is disabled."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One entry. `external_id` never changes; `name` is the login here; `cards` and `pin` are as the source has them.

    `groups` are names, those that others contain resolved. `place` says where the entry stands: a DN, or a line.
    """

    external_id: str
    name: str
    full_name: str | None = None
    email: str | None = None
    department: str | None = None
    cost_centre: str | None = None
    language: str | None = None
    groups: tuple[str, ...] | None = None
    cards: tuple[str, ...] | None = None
    pin: str | None = None
    aliases: tuple[str, ...] | None = None
    disabled: bool = False
    place: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gone:
    """An entry that a source which tells of changes alone says is no more."""

    external_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """An entry that cannot be used, and why; the others go on."""

    place: str
    why: str


Entry = Person | Gone | Broken


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupEntry:
    """A group of a directory and the names of the groups that it is a member of."""

    name: str
    parents: tuple[str, ...] = ()


class Outcome(StrEnum):
    """What a run does with one entry. MOVED: another login, or it comes from another place now. PROBLEM: left alone."""

    ADDED = "added"
    CHANGED = "changed"
    MOVED = "moved"
    DISABLED = "disabled"
    ENABLED = "enabled"
    UNCHANGED = "unchanged"
    REMOVED = "removed"  # of groups alone: people are disabled
    PROBLEM = "problem"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A person whose secrets are hashed as rows keep them: what is compared and written."""

    person: Person
    cards: tuple[str, ...] | None = None
    pin_lookup: str | None = None


def applied(user: User, wanted: Wanted, source: str) -> User:
    """The user as the source wants it; the same value when nothing differs."""
    person, given = wanted.person, user.given
    texts = {name: value for name in TEXTS if (value := getattr(person, name)) is not None}
    changed = replace(user, name=person.name, source=source, external_id=person.external_id, **texts)
    if person.email is not None:
        changed = replace(changed, email=person.email or None)
    if person.groups is not None:
        changed = replace(changed, groups=_beside(user.groups, given.groups, person.groups))
        given = replace(given, groups=person.groups)
    if wanted.cards is not None:
        changed = replace(changed, cards=_beside(user.cards, given.cards, wanted.cards))
        given = replace(given, cards=wanted.cards)
    if person.aliases is not None:
        given = replace(given, addresses=person.aliases)
    if wanted.pin_lookup is not None and wanted.pin_lookup != user.pin_lookup:
        changed = replace(changed, pin_lookup=wanted.pin_lookup, pin_hash=None)
    return _switched(replace(changed, given=given), off=person.disabled)


def disabled(user: User) -> User:
    """Whoever is no more in the directory is no more let in here."""
    return _switched(user, off=True)


def _switched(user: User, *, off: bool) -> User:
    """Who was disabled here stays so, whatever the directory says; who was disabled there may come back."""
    if off and not user.disabled:
        return replace(user, disabled=True, given=replace(user.given, disabled=True))
    if not off and user.given.disabled:
        return replace(user, disabled=False, given=replace(user.given, disabled=False))
    return user


def outcome(before: User, after: User) -> Outcome:
    """Of the most telling thing that differs."""
    if before == after:
        return Outcome.UNCHANGED
    if before.disabled != after.disabled:
        return Outcome.DISABLED if after.disabled else Outcome.ENABLED
    where = ("name", "source", "external_id")
    if any(getattr(before, name) != getattr(after, name) for name in where):
        return Outcome.MOVED
    return Outcome.CHANGED


_SAID: Final = ("name", *TEXTS, "email", "groups", "source")


def difference(before: User, after: User) -> str:
    """What a preview says of a change; cards and PINs are named, never shown."""
    said = [
        f"{name.replace('_', ' ')}: {_text(getattr(before, name))} -> {_text(getattr(after, name))}"
        for name in _SAID
        if getattr(before, name) != getattr(after, name)
    ]
    said += [label for name, label in (("cards", "cards"), ("pin_lookup", "PIN")) if _differs(before, after, name)]
    if before.given.addresses != after.given.addresses:
        said.append("further addresses")
    return "; ".join(said)


def fingerprint(user: User, fields: frozenset[str]) -> bytes:
    """Of what `fields` say of a user: equal to that of a person exactly when nothing would change but being disabled."""
    given = user.given
    values: dict[str, object] = {name: getattr(user, name) for name in TEXTS}
    values |= {
        "email": user.email or "",
        "groups": tuple(one for one in given.groups if one in user.groups),
        "cards": tuple(one for one in given.cards if one in user.cards),
        "pin": user.pin_lookup or "",
        "aliases": given.addresses,
    }
    return _digest(user.name, values, fields)


def fingerprint_of(wanted: Wanted, fields: frozenset[str], *, pin_lookup: str) -> bytes:
    """`pin_lookup` stands for a PIN that the source does not tell of."""
    person = wanted.person
    values: dict[str, object] = {name: getattr(person, name) or "" for name in TEXTS}
    values |= {
        "email": person.email or "",
        "groups": person.groups or (),
        "cards": wanted.cards or (),
        "pin": pin_lookup if wanted.pin_lookup is None else wanted.pin_lookup,
        "aliases": person.aliases or (),
    }
    return _digest(person.name, values, fields)


def _digest(name: str, values: dict[str, object], fields: frozenset[str]) -> bytes:
    told = (name, *(values[field] for field in FIELDS if field in fields))
    return hashlib.blake2b(repr(told).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _beside(now: tuple[str, ...], before: tuple[str, ...], given: tuple[str, ...]) -> tuple[str, ...]:
    """What is somebody's own, then what is given; in a stable order and each once."""
    own = [one for one in now if one not in before]
    return tuple(dict.fromkeys((*own, *given)))


def _differs(before: User, after: User, name: str) -> bool:
    return bool(getattr(before, name) != getattr(after, name))


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "-"
    return str(value or "-")
