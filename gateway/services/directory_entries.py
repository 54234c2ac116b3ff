"""From what a source says to what rows keep: values in their normal form, secrets hashed, faults named.

A value that cannot be used is left out, and said so; the entry it stands in is used without it. An entry without a
name that can be a login is no use at all.
"""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from gateway.domain.letter import mail_address, one_line
from gateway.domain.person import Person, Wanted
from gateway.errors import BadRequest
from gateway.i18n import LANGUAGES
from gateway.services.ports import Hasher
from gateway.services.proofs import check_name, check_pin, normal_card

LONGEST = 200  # characters of a text
MOST = 500  # groups, cards or addresses of one person
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet program takes for the begin of a formula."""


@dataclass(kw_only=True, slots=True)
class Reader:
    """Of one run: `users` counts all, for the length of PINs. Of two entries with one login or secret the first wins."""

    hasher: Hasher
    users: int
    _names: dict[str, str] = field(default_factory=dict)
    _ids: set[str] = field(default_factory=set)
    _secrets: dict[str, str] = field(default_factory=dict)

    def read(self, person: Person, warn: Callable[[str], None]) -> Wanted:
        """BadRequest for an entry that cannot be used; `warn` is told what was left out of it."""
        name = check_name(person.name)
        if name.startswith(FORMULA[:4]):
            raise BadRequest(f'A user name does not begin with "{name[0]}".')
        if not person.external_id or len(person.external_id) > LONGEST:
            raise BadRequest("The entry has nothing that names it for ever. Check which attribute is the identifier.")
        self._once(person, name)
        groups = person.groups
        clean = replace(
            person,
            name=name,
            full_name=_text(person.full_name),
            department=_text(person.department),
            cost_centre=_text(person.cost_centre),
            language=None if person.language is None else _language(person.language),
            email=None if person.email is None else _address(person.email, warn),
            groups=None if groups is None else _group_names(groups, warn),
            aliases=None if person.aliases is None else _addresses(person.aliases),
        )
        cards = None if person.cards is None else self._cards(name, person.cards, warn)
        pin = self._pin(name, person.pin, warn) if person.pin else None
        return Wanted(person=replace(clean, cards=None, pin=None), cards=cards, pin_lookup=pin)

    def saw(self, external_id: str) -> bool:
        return external_id in self._ids

    def _once(self, person: Person, name: str) -> None:
        if person.external_id in self._ids:
            raise BadRequest("The same entry came twice.")
        other = self._names.get(name.casefold())
        if other is not None:
            raise BadRequest(f"There is another entry with this user name: {one_line(other, 120)}")
        self._ids.add(person.external_id)
        self._names[name.casefold()] = person.place or person.external_id

    def _cards(self, name: str, cards: Sequence[str], warn: Callable[[str], None]) -> tuple[str, ...]:
        kept = []
        for card in cards[:MOST]:
            try:
                hashed = self.hasher.lookup("card", normal_card(card))
                self._take(hashed, name, "card")
            except BadRequest as error:
                warn(error.message)
            else:
                kept.append(hashed)
        return tuple(dict.fromkeys(kept))

    def _pin(self, name: str, pin: str, warn: Callable[[str], None]) -> str | None:
        try:
            lookup = self.hasher.lookup("pin", check_pin(pin.strip(), users=self.users))
            self._take(lookup, name, "PIN")
        except BadRequest as error:
            warn(error.message)
            return None
        return lookup

    def _take(self, secret: str, name: str, what: str) -> None:
        holder = self._secrets.setdefault(secret, name)
        if holder != name:
            raise BadRequest(f"The {what} is the same as that of {holder}, and was left out.")


def _text(value: str | None) -> str | None:
    return None if value is None else one_line(unicodedata.normalize("NFC", value[: 4 * LONGEST]), LONGEST)


def _language(value: str) -> str:
    """Of "de-CH" or "de, en;q=0.5" what is spoken here; "" for none of that."""
    first = value.replace("_", "-").split(",")[0].split(";")[0].split("-")[0].strip().casefold()
    return first if first in LANGUAGES else ""


def _address(value: str, warn: Callable[[str], None]) -> str:
    if not value.strip():
        return ""
    try:
        return mail_address(value)
    except BadRequest as error:
        warn(error.message)
        return ""


def _addresses(values: Sequence[str]) -> tuple[str, ...]:
    """Those that can be; what else stands among aliases (X.400, telephone numbers) is none of ours."""
    found: dict[str, str] = {}
    for value in values[:MOST]:
        try:
            address = mail_address(value)
        except BadRequest:
            continue
        found.setdefault(address.casefold(), address)
    return tuple(sorted(found.values()))


def group_name(value: str) -> str:
    """As rows have it; "" for one that is nothing."""
    return one_line(unicodedata.normalize("NFC", value[:LONGEST]), 100)


def _group_names(values: Sequence[str], warn: Callable[[str], None]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for value in values[:MOST]:
        name = group_name(value)
        if name:
            found.setdefault(name.casefold(), name)
    if len(values) > MOST:
        warn(f"Only {MOST} of {len(values)} groups were taken.")
    return tuple(sorted(found.values()))
