"""Microsoft Entra by Graph: users and groups with delta queries, as an application of its own (row 99).

A full run reads all users and all groups with their members; the links that Graph gives at the end ask for changes the
next time. When a group has changed it becomes a full run, because who is in it stands nowhere else. Links of answers
are followed to Graph's own address alone: they carry our token.
"""

import json
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2

from gateway.adapters.capped import CappedTransport, TooMuch
from gateway.adapters.directory.ldap_groups import GroupBook
from gateway.adapters.directory.ldap_values import aliases
from gateway.domain.directory import FieldMap, GraphSettings, Secrets, UserName
from gateway.domain.person import Broken, Entry, Gone, GroupEntry, Person
from gateway.services.ports import Clock
from gateway.services.ports.directories import DirectoryAway, Step

SECONDS = 30.0
LONGEST_ANSWER = 32 * 1024 * 1024
TRIES = 6  # of one request that is throttled or meets a fault on their side
LONGEST_WAIT = 300.0  # a longer Retry-After fails the run, and the next one comes anyway
MOST_PAGES = 20_000
PLAIN = {"Accept-Encoding": "identity"}  # compressed answers could unfold without end


class _Resync(Exception):
    """410: the link is too old, and everything has to be read again."""


@dataclass(kw_only=True, slots=True)
class GraphReading:
    """gateway.services.ports.directories.Reading."""

    client: "_Client"
    settings: GraphSettings
    fields: FieldMap
    users_link: str
    groups_link: str
    full: bool = True
    groups: Sequence[GroupEntry] = ()
    book: GroupBook = field(default_factory=GroupBook)
    _next_users: str = ""
    _next_groups: str = ""

    @property
    def cursor(self) -> str:
        if not self._next_users:
            return ""
        return json.dumps({"graph": self.settings.graph, "users": self._next_users, "groups": self._next_groups})

    async def prepare(self) -> None:
        self.full = not self.users_link or await self._groups_changed()
        if self.full:
            await self._read_groups()
            self.groups = self.book.tree()

    async def entries(self) -> AsyncIterator[Entry]:
        select = ",".join(dict.fromkeys(_selected(self.fields)))
        start = f"{self.settings.graph}/users/delta?$select={quote(select, safe=',')}"
        link = start if self.full else self.users_link
        async for page in self.client.pages(link, resync=not self.full):
            self._next_users = page.get("@odata.deltaLink", "")
            for item in _items(page):
                entry = self._entry(item)
                if entry is not None:
                    yield entry

    # -- within

    async def _groups_changed(self) -> bool:
        changed = False
        async for page in self.client.pages(self.groups_link, resync=True):
            self._next_groups = page.get("@odata.deltaLink", "")
            changed = changed or bool(_items(page))
        return changed

    async def _read_groups(self) -> None:
        """A large group comes in several parts, each with some of its members."""
        members: defaultdict[str, list[str]] = defaultdict(list)
        names: dict[str, str] = {}
        start = f"{self.settings.graph}/groups/delta?$select=displayName,members"
        async for page in self.client.pages(start):
            self._next_groups = page.get("@odata.deltaLink", "")
            for item in _items(page):
                if "@removed" in item:
                    continue
                key = str(item.get("id", ""))
                names[key] = str(item.get("displayName") or names.get(key, ""))
                listed = item.get("members@delta", [])
                members[key] += [str(one["id"]) for one in listed if isinstance(one, dict) and "@removed" not in one]
        for key, name in names.items():
            if name:
                self.book.add(key, name, members=members[key])

    def _entry(self, item: Mapping[str, Any]) -> Entry | None:
        key = str(item.get("id") or "")
        if not key:
            return None
        if "@removed" in item:
            return Gone(external_id=key)
        if not self.settings.guests and item.get("userType") == "Guest":
            return None
        name = _login(item, self.settings.user_name)
        if not name:
            place = str(item.get("userPrincipalName") or key)
            return Broken(place=place, why=f"It has no {self.settings.user_name.value}.")
        fields = self.fields
        card = None if not fields.cards else _attribute(item, fields.cards)
        return Person(
            external_id=key,
            name=name,
            full_name=_text(item, fields.full_name),
            email=_text(item, fields.email),
            department=_text(item, fields.department),
            cost_centre=_text(item, fields.cost_centre),
            language=_text(item, fields.language),
            groups=self._groups_of(key),
            cards=None if card is None else tuple(filter(None, (one.strip() for one in card.split(",")))),
            pin=_text(item, fields.pin),
            aliases=aliases(_texts(item, fields.aliases)) if fields.aliases else None,
            disabled=item.get("accountEnabled") is False,
            place=str(item.get("userPrincipalName") or key),
        )

    def _groups_of(self, key: str) -> tuple[str, ...] | None:
        """In a run of changes no group has changed, and everybody keeps the groups there are."""
        return self.book.of(key) if self.full and self.fields.groups else None


class GraphDirectory:
    """gateway.services.ports.DirectorySource. Sign-in is Microsoft's own page (OpenID Connect), never a password here."""

    def __init__(
        self,
        settings: GraphSettings,
        fields: FieldMap,
        secrets: Secrets,
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._fields = fields
        self._secrets = secrets
        self._clock = clock
        self._transport = transport

    @asynccontextmanager
    async def read(self, cursor: str) -> AsyncIterator[GraphReading]:
        users, groups = _links(cursor, self._settings)
        async with self._client() as client:
            reading = self._reading(client, users, groups)
            try:
                await reading.prepare()
            except _Resync:
                reading = self._reading(client, "", "")
                await reading.prepare()
            if not reading.full:
                reading = await self._still_good(client, reading)
            yield reading

    async def verify(self, name: str, external_id: str, password: str) -> bool:  # noqa: ARG002 - the port's signature
        """Always False: passwords of Entra are typed on Microsoft's page alone."""
        return False

    async def test(self) -> Sequence[Step]:
        steps: list[Step] = []
        what = "Sign-in of the application"
        try:
            async with self._client() as client:
                await client.token()
                steps.append(Step(what=what, ok=True, text=f"as {self._settings.client_id}"))
                for what, kind in (("Users", "users"), ("Groups", "groups")):
                    page = await client.get(f"{self._settings.graph}/{kind}?$top=3&$select=id,displayName")
                    names = ", ".join(str(one.get("displayName")) for one in _items(page))
                    steps.append(Step(what=what, ok=bool(names), text=names or "Nothing was found there."))
        except DirectoryAway as error:
            steps.append(Step(what=what, ok=False, text=str(error)))
        return steps

    # -- within

    def _reading(self, client: "_Client", users: str, groups: str) -> GraphReading:
        return GraphReading(
            client=client, settings=self._settings, fields=self._fields, users_link=users, groups_link=groups
        )

    async def _still_good(self, client: "_Client", reading: GraphReading) -> GraphReading:
        """The link for users may be too old although that for groups was not; better known before the first entry."""
        try:
            client.first = (reading.users_link, await client.get(reading.users_link, resync=True))
        except _Resync:
            reading = self._reading(client, "", "")
            await reading.prepare()
        return reading

    @asynccontextmanager
    async def _client(self) -> AsyncIterator["_Client"]:
        verify = ssl.create_default_context(cadata=self._settings.ca or None)
        transport = self._transport or CappedTransport(
            httpx2.AsyncHTTPTransport(verify=verify, trust_env=False), most=LONGEST_ANSWER
        )
        async with httpx2.AsyncClient(
            transport=transport, timeout=SECONDS, follow_redirects=False, headers=PLAIN
        ) as http:
            yield _Client(http=http, settings=self._settings, secret=self._secrets.password, clock=self._clock)


@dataclass(kw_only=True, slots=True)
class _Client:
    """Requests with a token, patience with a service that throttles, and links that stay at home."""

    http: httpx2.AsyncClient
    settings: GraphSettings
    secret: str
    clock: Clock
    first: tuple[str, Mapping[str, Any]] | None = None
    _token: str = ""
    _until: float = 0.0

    async def token(self) -> str:
        """RFC 6749 section 4.4."""
        if self._token and self.clock.monotonic() < self._until:
            return self._token
        url = f"{self.settings.login}/{quote(self.settings.tenant, safe='')}/oauth2/v2.0/token"
        origin = urlsplit(self.settings.graph)
        form = {
            "grant_type": "client_credentials",
            "client_id": self.settings.client_id,
            "client_secret": self.secret,
            "scope": f"{origin.scheme}://{origin.netloc}/.default",
        }
        answer = await self._send("POST", url, data=form)
        told = _json(answer)
        if answer.status_code != 200 or not isinstance(told.get("access_token"), str):
            raise DirectoryAway(_refused(told))
        self._token = told["access_token"]
        self._until = self.clock.monotonic() + max(0.0, float(told.get("expires_in", 0)) - 120)
        return self._token

    async def pages(self, link: str, *, resync: bool = False) -> AsyncIterator[Mapping[str, Any]]:
        seen: set[str] = set()
        while link:
            if link in seen or len(seen) >= MOST_PAGES:
                raise DirectoryAway("Graph gives the same page of its answer again and again.")
            seen.add(link)
            page = await self._page(link, resync=resync)
            yield page
            link = str(page.get("@odata.nextLink") or "")

    async def _page(self, link: str, *, resync: bool) -> Mapping[str, Any]:
        if self.first is not None and self.first[0] == link:
            page, self.first = self.first[1], None
            return page
        return await self.get(link, resync=resync)

    async def get(self, link: str, *, resync: bool = False) -> Mapping[str, Any]:
        if not link.startswith(f"{self.settings.graph}/"):
            raise DirectoryAway("Graph names a page at another address than its own. It was not followed.")
        headers = {"Authorization": f"Bearer {await self.token()}", "Accept": "application/json"}
        answer = await self._send("GET", link, headers=headers)
        if answer.status_code == 410 and resync:
            raise _Resync
        told = _json(answer)
        if answer.status_code != 200:
            raise DirectoryAway(_faulty(answer.status_code, told))
        return told

    async def _send(self, method: str, url: str, **given: Any) -> httpx2.Response:
        """Waits as long as it is told to when there was too much at once, or a fault on their side."""
        for attempt in range(TRIES):
            try:
                answer = await self.http.request(method, url, **given)
            except TooMuch as error:
                raise DirectoryAway("Graph's answer is larger than anything it should be.") from error
            except httpx2.HTTPError as error:
                host = urlsplit(url).hostname
                raise DirectoryAway(f"{host} cannot be reached ({type(error).__name__}). Check the network.") from error
            if answer.status_code != 429 and answer.status_code < 500:
                return answer
            await self.clock.sleep(_wait(answer, attempt))
        raise DirectoryAway("Graph had too much to do each time it was asked. The next run tries again.")


def _wait(answer: httpx2.Response, attempt: int) -> float:
    told = answer.headers.get("retry-after", "")
    seconds = float(told) if told.isdigit() else 2.0**attempt
    if seconds > LONGEST_WAIT:
        raise DirectoryAway(f"Graph wants to be asked again in {seconds:.0f} seconds only.")
    return seconds


def _json(answer: httpx2.Response) -> Mapping[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise DirectoryAway("The answer is none of Microsoft's. Check the addresses, and proxies in between.")
    return told


def _items(page: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = page.get("value")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _refused(told: Mapping[str, Any]) -> str:
    said = str(told.get("error_description") or told.get("error") or "no reason")[:200]
    return f"Microsoft does not sign the application in: {said}"


def _faulty(status: int, told: Mapping[str, Any]) -> str:
    fault = told.get("error")
    said = str(fault.get("message") or fault.get("code") if isinstance(fault, dict) else fault)[:200]
    if status == 403:
        return f"The application may not read there ({said}). Grant it User.Read.All and Group.Read.All."
    return f"Graph answers with status {status}: {said}"


def _links(cursor: str, settings: GraphSettings) -> tuple[str, str]:
    try:
        told = json.loads(cursor)
        links = (str(told["users"]), str(told["groups"])) if told["graph"] == settings.graph else ("", "")
    except (ValueError, TypeError, KeyError):
        return "", ""
    return links if all(links) else ("", "")


def _selected(fields: FieldMap) -> list[str]:
    """Properties to ask for; those inside of others are asked for by the outer one."""
    names = [getattr(fields, name) for name in sorted(fields.told) if name != "groups"]
    fixed = ["id", *(one.value for one in UserName if one is not UserName.LOCAL_PART), "accountEnabled", "userType"]
    return [*fixed, *(name.partition(".")[0] for name in names)]


def _login(item: Mapping[str, Any], choice: UserName) -> str:
    if choice is UserName.LOCAL_PART:
        return str(item.get(UserName.PRINCIPAL.value) or "").partition("@")[0]
    return str(item.get(choice.value) or "")


def _attribute(item: Mapping[str, Any], name: str) -> str:
    """Also of an inner object, as onPremisesExtensionAttributes.extensionAttribute1 is."""
    value: Any = item
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return str(value) if isinstance(value, str | int) else ""


def _text(item: Mapping[str, Any], name: str) -> str | None:
    return _attribute(item, name) if name else None


def _texts(item: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = item.get(name)
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
