"""A directory that is read by LDAP, and asked whether a password is right (rows 97, 100 and 106).

Groups are read first, since nobody's groups are known before all are; then people as a stream, page by page. A run of
changes alone asks for entries that changed since the last one; as soon as a group has changed it becomes a full one,
because the people in it are written nowhere else. Referrals are followed nowhere.
"""

import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.adapters.devices.egress import Egress
from gateway.adapters.directory.ldap_groups import GroupBook, changed_filter, newest
from gateway.adapters.directory.ldap_process import LdapEntry, LdapFault, LdapProcess, ldap_process
from gateway.adapters.directory.ldap_reach import check_reach, pinned
from gateway.adapters.directory.ldap_values import SWITCHES, aliases, escaped, identifier, is_disabled
from gateway.domain.directory import FieldMap, LdapSettings, Membership, Secrets
from gateway.domain.person import Broken, Entry, GroupEntry, Person
from gateway.services.ports.directories import Step

IN_CHAIN = "1.2.840.113556.1.4.1941"  # MS-ADTS section 3.1.1.3.4.4.3: members of members, found by the server
ACTIVE_DIRECTORY = "1.2.840.113556.1.4.800"  # ... section 3.1.1.3.2.4, in supportedCapabilities
_GROWING = re.compile(r"[0-9]{1,20}|[0-9]{14}(\.[0-9]+)?Z(#[0-9A-Fa-f]+#[0-9A-Fa-f]+#[0-9A-Fa-f]+)?")


@dataclass(kw_only=True, slots=True)
class LdapReading:
    """gateway.services.ports.directories.Reading over one open connection."""

    process: LdapProcess
    settings: LdapSettings
    fields: FieldMap
    server: str
    chain: bool
    since: str
    full: bool = True
    groups: Sequence[GroupEntry] = ()
    book: GroupBook = field(default_factory=GroupBook)
    newest: str = ""

    @property
    def cursor(self) -> str:
        """Good with the same server only: each Active Directory controller numbers changes by itself."""
        if not self.settings.changed or not self.newest:
            return ""
        return json.dumps({"server": self.server, "since": self.newest})

    async def prepare(self) -> None:
        """Reads the groups; with a change among them this becomes a full reading."""
        self.full = not self.since or await self._groups_changed()
        self.newest = "" if self.full else self.since
        if self.settings.membership is Membership.NONE:
            return
        async for entry in self._search(self._group_base, self.settings.group_filter, self._group_attributes):
            self._seen(entry)
            name = entry.text(self.settings.group_name)
            listed = entry.texts(self.settings.group_member if self._by_group else self.fields.groups)
            if name:
                self.book.add(
                    entry.dn,
                    name,
                    members=listed if self._by_group else (),
                    member_of=() if self._by_group else listed,
                )
        self.groups = self.book.tree()

    async def entries(self) -> AsyncIterator[Entry]:
        base = self._person_filter()
        wanted = base if self.full else changed_filter(self.settings.changed, escaped_growing(self.since), base)
        async for entry in self._search(self.settings.base, wanted, self._person_attributes):
            self._seen(entry)
            if self._is_member(entry):
                yield self._person(entry)

    # -- within

    async def _groups_changed(self) -> bool:
        if self.settings.membership is Membership.NONE:
            return False
        changed = False
        since = changed_filter(self.settings.changed, escaped_growing(self.since), self.settings.group_filter)
        async for entry in self._search(self._group_base, since, (self.settings.changed,)):
            # What was the newest last time is at or after itself.
            changed = changed or newest(entry.text(self.settings.changed), self.since) != self.since
        return changed

    def _person(self, entry: LdapEntry) -> Entry:
        fields, name = self.fields, entry.text(self.fields.name)
        external_id = identifier(entry, fields.external_id)
        if not name or not external_id:
            missing = fields.name if not name else fields.external_id
            return Broken(place=entry.dn, why=f"It has no {missing}, or the service account may not read it.")
        return Person(
            external_id=external_id,
            name=name,
            full_name=entry.text(fields.full_name) if fields.full_name else None,
            email=entry.text(fields.email) if fields.email else None,
            department=entry.text(fields.department) if fields.department else None,
            cost_centre=entry.text(fields.cost_centre) if fields.cost_centre else None,
            language=entry.text(fields.language) if fields.language else None,
            groups=self._groups_of(entry, name) if self._tells_groups else None,
            cards=entry.texts(fields.cards) if fields.cards else None,
            pin=entry.text(fields.pin) if fields.pin else None,
            aliases=aliases(entry.texts(fields.aliases)) if fields.aliases else None,
            disabled=is_disabled(entry),
            place=entry.dn,
        )

    @property
    def _tells_groups(self) -> bool:
        return self.settings.membership is not Membership.NONE and bool(self.fields.groups)

    def _groups_of(self, entry: LdapEntry, name: str) -> tuple[str, ...]:
        if self._by_group:
            return self.book.of(entry.dn, name)
        return self.book.of(direct=entry.texts(self.fields.groups))

    def _is_member(self, entry: LdapEntry) -> bool:
        top = self.settings.only_group
        if not top or self.chain:
            return True
        direct = () if self._by_group else entry.texts(self.fields.groups)
        return self.book.within(top, entry.dn, entry.text(self.fields.name), direct=direct)

    def _person_filter(self) -> str:
        """With Active Directory the server itself finds members of members."""
        if not self.settings.only_group or not self.chain:
            return self.settings.user_filter
        return f"(&{self.settings.user_filter}(memberOf:{IN_CHAIN}:={escaped(self.settings.only_group)}))"

    def _seen(self, entry: LdapEntry) -> None:
        value = entry.text(self.settings.changed)
        if value and _GROWING.fullmatch(value):
            self.newest = newest(value, self.newest)

    def _search(self, base: str, wanted: str, attributes: Sequence[str]) -> AsyncIterator[LdapEntry]:
        return self.process.search(base, wanted=wanted, attributes=attributes, page=self.settings.page)

    @property
    def _by_group(self) -> bool:
        return self.settings.membership is Membership.GROUP

    @property
    def _group_base(self) -> str:
        return self.settings.group_base or self.settings.base

    @property
    def _group_attributes(self) -> tuple[str, ...]:
        listed = self.settings.group_member if self._by_group else self.fields.groups
        return tuple(filter(None, (self.settings.group_name, listed, self.settings.changed)))

    @property
    def _person_attributes(self) -> tuple[str, ...]:
        return attributes_of(self.fields, self.settings)


class LdapDirectory:
    """gateway.services.ports.DirectorySource. DirectoryAway says what is wrong."""

    def __init__(
        self, settings: LdapSettings, fields: FieldMap, secrets: Secrets, *, egress: Egress | None = None
    ) -> None:
        self._settings = settings
        self._egress = egress or Egress()
        self._fields = fields
        self._secrets = secrets

    @asynccontextmanager
    async def read(self, cursor: str) -> AsyncIterator[LdapReading]:
        async with self._connected() as (process, url):
            root = await self._root(process)
            server = _server(root, url)
            since = _since(cursor, server) if self._settings.changed else ""
            reading = LdapReading(
                process=process,
                settings=self._settings,
                fields=self._fields,
                server=server,
                chain=ACTIVE_DIRECTORY in root.texts("supportedCapabilities"),
                since=since,
            )
            await reading.prepare()
            yield reading

    async def verify(self, name: str, external_id: str, password: str) -> bool:
        """The entry is found as the service account, then its DN tries the password on a connection of its own."""
        if not password:
            return False
        wanted = f"(&{self._settings.user_filter}({self._fields.name}={escaped(name)}))"
        async with self._connected() as (process, _url):
            found = [
                entry
                async for entry in process.search(
                    self._settings.base,
                    wanted=wanted,
                    attributes=(self._fields.name, self._fields.external_id, *SWITCHES),
                )
            ]
            mine = [entry for entry in found if identifier(entry, self._fields.external_id) == external_id]
            if len(mine) != 1 or is_disabled(mine[0]):
                return False
            return await process.bind(mine[0].dn, password)

    async def test(self) -> Sequence[Step]:
        settings, wrong = await pinned(self._settings, self._egress)
        steps = list(await check_reach(settings, self._secrets)) if settings.urls else list(wrong)
        if all(step.ok for step in steps):
            await self._try(steps)
        return steps

    # -- within

    async def _try(self, steps: list[Step]) -> None:
        what = "Sign-in of the service account"
        try:
            async with self._connected() as (process, _url):
                steps.append(Step(what=what, ok=True, text=self._settings.bind_dn or "without a name"))
                what = "Users"
                people = [
                    entry async for entry in self._first(process, self._settings.base, self._settings.user_filter)
                ]
                steps.append(_found(what, people, self._fields.name, self._fields.external_id))
                if self._settings.membership is Membership.NONE:
                    return
                what = "Groups"
                base = self._settings.group_base or self._settings.base
                groups = [entry async for entry in self._first(process, base, self._settings.group_filter)]
                steps.append(_found(what, groups, self._settings.group_name, ""))
        except LdapFault as fault:
            steps.append(Step(what=what, ok=False, text=str(fault)))

    def _first(self, process: LdapProcess, base: str, wanted: str) -> AsyncIterator[LdapEntry]:
        names = attributes_of(self._fields, self._settings)
        return process.search(base, wanted=wanted, attributes=(*names, self._settings.group_name), page=200)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[LdapProcess, str]]:
        """The first server that answers; a refusal of one that does is final."""
        raw = (*attributes_of(self._fields, self._settings), *_ROOT, self._settings.group_name)
        raw = (*raw, self._settings.group_member)
        settings, wrong = await pinned(self._settings, self._egress)
        fault = LdapFault("away", wrong[0].text) if wrong else None
        for url in settings.urls:
            opened = ldap_process(settings, self._secrets, url=url, raw=raw)
            try:
                process = await opened.__aenter__()
            except LdapFault as error:
                if error.kind != "away":
                    raise
                fault = error
                continue
            try:
                yield process, url
            finally:
                await opened.__aexit__(None, None, None)
            return
        raise fault or LdapFault("other", "no address of a server is given")

    async def _root(self, process: LdapProcess) -> LdapEntry:
        """RFC 4512 section 5.1; a server that tells nothing of itself is one without capabilities."""
        try:
            found = [
                entry
                async for entry in process.search("", wanted="(objectClass=*)", attributes=_ROOT, scope="base", page=1)
            ]
        except LdapFault as fault:
            if fault.kind == "away":
                raise
            found = []
        return found[0] if found else LdapEntry(dn="", attributes={})


_ROOT = ("supportedCapabilities", "dsServiceName", "dnsHostName")


def attributes_of(fields: FieldMap, settings: LdapSettings) -> tuple[str, ...]:
    given = [getattr(fields, name) for name in ("name", "external_id", *sorted(fields.told))]
    return tuple(dict.fromkeys(filter(None, (*given, *SWITCHES, settings.changed))))


def escaped_growing(value: str) -> str:
    """A cursor was ours once, but it comes from a row: nothing but a number or a time goes into a filter."""
    return value if _GROWING.fullmatch(value) else escaped(value)


def _server(root: LdapEntry, url: str) -> str:
    return root.text("dsServiceName") or url


def _since(cursor: str, server: str) -> str:
    try:
        told = json.loads(cursor)
        fits = told["server"] == server and bool(_GROWING.fullmatch(told["since"]))
    except (ValueError, TypeError, KeyError):
        return ""
    return str(told["since"]) if fits else ""


def _found(what: str, entries: Sequence[LdapEntry], name: str, external_id: str) -> Step:
    if not entries:
        return Step(what=what, ok=False, text="Nothing was found there. Check the search base and the filter.")
    unnamed = sum(not entry.text(name) for entry in entries)
    if unnamed == len(entries):
        return Step(what=what, ok=False, text=f"{len(entries)} entries were found, and none has the attribute {name}.")
    if external_id and not any(identifier(entry, external_id) for entry in entries):
        return Step(what=what, ok=False, text=f"None of the entries has the lasting identifier {external_id}.")
    some = ", ".join(entry.text(name) for entry in entries[:3] if entry.text(name))
    return Step(what=what, ok=True, text=f"{len(entries)} found, such as {some}.")
