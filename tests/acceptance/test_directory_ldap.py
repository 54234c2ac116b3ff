"""Directories by LDAP against a real slapd: plain, StartTLS, LDAPS and with a client certificate; and servers that lie."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.adapters.db import open_database
from gateway.adapters.devices.egress import Egress
from gateway.adapters.directory.ldap import LdapDirectory
from gateway.adapters.directory.ldap_process import LdapFault
from gateway.adapters.directory.makers import DirectoryMakers
from gateway.domain.directory import LdapSettings, Membership, RunEnd, Secrets
from gateway.domain.directory_presets import PRESETS
from gateway.domain.group import Group
from gateway.domain.person import Entry, Outcome, Person
from gateway.domain.rights import GivenRole, Role
from gateway.domain.user import Actor, in_one_of
from gateway.services.directories import DirectoryBook
from gateway.services.directory_groups import DirectoryGroups
from gateway.services.directory_sync import DirectorySync, Order
from gateway.settings import Settings
from tests.databases import sqlite_settings, sqlite_template
from tests.fakes import FakeClock, FakeHasher
from tests.fakes_directory import FakeSealer
from tests.peers.ldap import BASE, PASSWORD, SERVICE, SERVICE_PASSWORD, Slapd, group, of_group, of_person, person, slapd

__all__ = ["sqlite_settings", "sqlite_template"]
pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("slapd")]

PEOPLE = 1200
FIELDS = replace(PRESETS["openldap"].fields, cards="employeeNumber")
SECRETS = Secrets(password=SERVICE_PASSWORD)
MORE = (
    person("locked", 5001, pwdAccountLockedTime="000001010000Z")
    + person("ünï", 5002, cn="Ü", mail="no address")
    + f"dn: uid=star\\2A,ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: star*\ncn: Star\nsn: S\n\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with slapd(tmp_path_factory.mktemp("slapd"), people=PEOPLE, more=MORE) as running:
        yield running


def settings(server: Slapd, way: str = "ldap", **more: object) -> LdapSettings:
    plain = replace(
        PRESETS["openldap"].ldap,
        urls=(server.tls_url if way == "ldaps" else server.url,),
        starttls=way == "starttls",
        bind_dn=SERVICE,
        base=BASE,
        ca=server.ca,
        seconds=10.0,
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # reason: the caller names fields


async def read(directory: LdapDirectory, cursor: str = "") -> tuple[dict[str, Entry], str, bool]:
    async with directory.read(cursor) as reading:
        entries = [entry async for entry in reading.entries()]
        return {getattr(entry, "name", ""): entry for entry in entries}, reading.cursor, reading.full


@pytest.mark.parametrize("way", ["ldap", "starttls", "ldaps"])
async def test_twelve_hundred_people_and_their_nested_groups(server: Slapd, way: str) -> None:
    directory = LdapDirectory(settings(server, way), FIELDS, SECRETS)
    assert [step for step in await directory.test() if not step.ok] == []
    people, cursor, full = await read(directory)
    assert (len(people), full, bool(cursor)) == (PEOPLE + 3, True, True)
    one = people["u0"]
    assert isinstance(one, Person)
    assert (one.full_name, one.email, one.department, one.language, one.cards) == (
        *("Person 0", "u0@school.example", "D0", "de"),
        ("04000000",),
    )
    assert one.groups == ("class-0", "ring-a", "ring-b", "school", "year-0")
    last = people[f"u{PEOPLE - 1}"]
    assert isinstance(last, Person)
    assert last.groups == ("class-39", "school", "year-9")
    locked = people["locked"]
    assert isinstance(locked, Person)
    assert locked.disabled
    assert await directory.verify("u7", people["u7"].external_id, PASSWORD)  # type: ignore[union-attr]


async def test_what_no_password_is(server: Slapd) -> None:
    directory = LdapDirectory(settings(server), FIELDS, SECRETS)
    people, _, _ = await read(directory)
    seven, locked = people["u7"], people["locked"]
    assert isinstance(seven, Person)
    assert isinstance(locked, Person)
    for name, key, password in (
        ("u7", seven.external_id, ""),
        ("u7", seven.external_id, "wrong"),
        ("u7", seven.external_id, "\x00"),
        ("u7", "another", PASSWORD),
        ("*", seven.external_id, PASSWORD),
        ("u7)(uid=*", seven.external_id, PASSWORD),
        ("u*", seven.external_id, PASSWORD),
        ("nobody", seven.external_id, PASSWORD),
        ("", seven.external_id, PASSWORD),
        ("locked", locked.external_id, PASSWORD),
    ):
        assert not await directory.verify(name, key, password), (name, password)
    star = people["star*"]
    assert isinstance(star, Person)
    assert not await directory.verify("star*", star.external_id, PASSWORD), "it has none"


async def test_the_engine_takes_them_all_and_finds_nothing_new(server: Slapd, sqlite_settings: Settings) -> None:
    database = await open_database(sqlite_settings)
    sync = DirectorySync(rows=database.user_rows, users=database.users, hasher=FakeHasher(), clock=FakeClock())
    directory, order = LdapDirectory(settings(server), FIELDS, SECRETS), Order(source="s", fields=FIELDS.told)
    for expected in (Outcome.ADDED, Outcome.UNCHANGED):
        async with directory.read("") as reading:
            report = await sync.run(order, reading.entries())
        assert report.counts[expected] == PEOPLE + 3
        [problem] = report.problems
        assert (problem.name, "is not a mail address" in problem.what) == ("ünï", True)
    await database.close()


async def test_its_groups_are_the_houses_groups_with_all_that_is_given_to_them(
    server: Slapd, sqlite_settings: Settings
) -> None:
    database, clock = await open_database(sqlite_settings), FakeClock()
    groups = DirectoryGroups(store=database.groups, clock=clock)
    book = DirectoryBook(
        store=database.directories,
        makers=DirectoryMakers(clock=clock),
        sync=DirectorySync(rows=database.user_rows, users=database.users, hasher=FakeHasher(), clock=clock),
        groups=groups,
        sealer=FakeSealer(),
        clock=clock,
        worker="here",
    )
    await book.add("school", settings(server), SECRETS, fields=FIELDS)
    await database.groups.add_groups([Group(name="Printing", uuid=uuid4())])
    run = await book.run("school", by="a test")
    assert (run.end, "53 groups added" in run.message) == (RunEnd.DONE, True)
    one = await database.groups.group("class-0")
    assert one is not None
    assert (one.parent, one.source) == ("year-0", "school")
    assert len(await database.groups.children("school")) == 10

    await database.roles.add_role(GivenRole(holder="year-0", group=True, role=Role.DESK))
    year = await database.groups.group("year-0")
    assert year is not None
    await database.groups.save_group(replace(year, cost_centre="4711", parent="Printing"))
    member, other = await database.users.user("u0"), await database.users.user(f"u{PEOPLE - 1}")
    assert member is not None
    assert other is not None
    standing = await database.roles.standing(member.name, member.groups)
    assert {grant.role for grant in standing.grants} == {Role.DESK}
    assert in_one_of(("printing",), Actor(user=member.name, groups=standing.groups))
    assert not in_one_of(("printing", "year-0"), Actor(user=other.name, groups=other.groups))
    charged = {group.name: group.cost_centre for group in await database.groups.above(list(member.groups))}
    assert charged["year-0"] == "4711"

    again = await book.run("school", by="a test")
    assert "groups" not in again.message, "what people set stays, and nothing else is new"
    kept = await database.groups.group("year-0")
    assert kept is not None
    assert (kept.parent, kept.cost_centre) == ("Printing", "4711")
    await database.close()


async def test_changes_alone_until_a_group_changes(tmp_path: Path) -> None:
    with slapd(tmp_path, people=40) as server:
        directory = LdapDirectory(settings(server), FIELDS, SECRETS)
        _, cursor, _ = await read(directory)
        people, cursor, full = await read(directory, cursor)
        assert (full, set(people) <= {"u39"}) == (False, True)
        server.modify(f"dn: {of_person('u3')}\nchangetype: modify\nreplace: mail\nmail: new@school.example\n")
        people, cursor, full = await read(directory, cursor)
        assert (full, "u3" in people, len(people) <= 2) == (False, True, True)
        server.modify(f"dn: {of_group('class-1')}\nchangetype: modify\nadd: member\nmember: {of_person('u3')}\n")
        people, cursor, full = await read(directory, cursor)
        assert (full, len(people)) == (True, 40)
        three = people["u3"]
        assert isinstance(three, Person)
        assert three.groups == ("class-0", "class-1", "school", "year-0")
        for wrong in ("no cursor", "{}", '{"server": "x", "since": "1"}', cursor.replace("Z#", ")(uid=*")):
            assert (await read(directory, wrong))[2], "whatever is no cursor of this server is a full run"


async def test_only_the_members_of_one_group_also_nested_ones(server: Slapd) -> None:
    directory = LdapDirectory(settings(server, only_group=of_group("year-0")), FIELDS, SECRETS)
    people, _, _ = await read(directory)
    assert set(people) == {f"u{number}" for number in range(120)}


async def test_a_client_certificate_instead_of_a_password(tmp_path: Path) -> None:
    with slapd(tmp_path, people=3, verify="demand") as server:
        own = settings(server, "ldaps", bind_dn="", certificate=server.certificate)
        directory = LdapDirectory(own, FIELDS, Secrets(key=server.key))
        assert [step for step in await directory.test() if not step.ok] == []
        assert set((await read(directory))[0]) == {"u0", "u1", "u2"}
        with pytest.raises(LdapFault):
            await read(LdapDirectory(replace(own, certificate=""), FIELDS, Secrets()))


@pytest.mark.parametrize(
    ("more", "secrets", "what"),
    [
        ({}, Secrets(password="wrong"), "refuses the name or the password"),
        ({"base": "dc=nowhere"}, SECRETS, "no such place"),
        ({"user_filter": "(uid=nobody)"}, SECRETS, "Nothing was found"),
        ({"user_filter": "(uid=u1"}, SECRETS, "The directory says"),
        ({"group_name": "sn"}, SECRETS, "none has the attribute sn"),
        ({"urls": ("ldap://127.0.0.1:1",)}, SECRETS, "nothing listens on port 1"),
        ({"urls": ("ldap://does-not-exist.invalid",)}, SECRETS, "is not known"),
        ({"urls": ("ldap://169.254.169.254",)}, SECRETS, "leads where none may go"),
    ],
)
async def test_a_test_says_in_words_what_is_wrong(
    server: Slapd, more: dict[str, object], secrets: Secrets, what: str
) -> None:
    wrong = [step for step in await LdapDirectory(settings(server, **more), FIELDS, secrets).test() if not step.ok]
    assert len(wrong) == 1
    assert what in wrong[0].text


async def test_certificates_are_checked(server: Slapd) -> None:
    steps = await LdapDirectory(settings(server, "ldaps", ca=""), FIELDS, SECRETS).test()
    assert "not trusted" in steps[0].text
    for way in ("starttls", "ldaps"):
        with pytest.raises(LdapFault):
            await read(LdapDirectory(settings(server, way, ca=""), FIELDS, SECRETS))
    named = settings(server, "ldaps", urls=(server.tls_url.replace("127.0.0.1", "localhost"),))
    with pytest.raises(LdapFault):
        await read(LdapDirectory(named, FIELDS, SECRETS))


async def test_the_next_server_is_asked_when_one_is_away(server: Slapd) -> None:
    urls = ("ldap://127.0.0.1:1", server.url)
    assert len((await read(LdapDirectory(settings(server, urls=urls), FIELDS, SECRETS)))[0]) == PEOPLE + 3
    egress = Egress(refused=(ip_network("127.0.0.0/8"),))
    with pytest.raises(LdapFault, match="leads where none may go"):
        await read(LdapDirectory(settings(server), FIELDS, SECRETS, egress=egress))


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        kept: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    kept.append(listener.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        for one in kept:
            one.close()


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
async def test_a_server_that_says_nothing_stops_nobody(server: Slapd, silent: int, scheme: str) -> None:
    slow = settings(server, urls=(f"{scheme}://127.0.0.1:{silent}",), seconds=1.0)
    longest, ended = 0.0, asyncio.Event()

    async def watch() -> None:
        nonlocal longest
        while not ended.is_set():
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)

    watching = asyncio.create_task(watch())
    with pytest.raises(LdapFault, match="does not answer"):
        await read(LdapDirectory(slow, FIELDS, SECRETS))
    ended.set()
    await watching
    assert longest < 0.9, "the event loop stood still"


def ber(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes([tag, 0x82]) + len(body).to_bytes(2, "big") + body


@pytest.fixture
def liar() -> Iterator[int]:
    """RFC 4511 by hand: takes every bind, and gives one entry with a promise of more to every search, for ever."""

    def answer(connection: socket.socket) -> None:
        with connection:
            while octets := connection.recv(65536):
                at = octets.index(0x02)
                number = octets[at : at + 2 + octets[at + 1]]
                if b"\x60" in octets[at + 2 : at + 6]:
                    connection.sendall(ber(0x30, number, ber(0x61, b"\x0a\x01\x00\x04\x00\x04\x00")))
                elif b"\x63" in octets[at + 2 : at + 6]:
                    entry = ber(0x64, ber(0x04, b"uid=a,dc=x"), ber(0x30, b""))
                    cookie = ber(0x30, b"\x02\x01\x00", b"\x04\x04more")
                    control = ber(0x30, ber(0x04, b"1.2.840.113556.1.4.319"), ber(0x04, cookie))
                    done = ber(0x65, b"\x0a\x01\x00\x04\x00\x04\x00")
                    connection.sendall(ber(0x30, number, entry) + ber(0x30, number, done, ber(0xA0, control)))
                else:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]


async def test_pages_that_never_end_are_noticed(server: Slapd, liar: int) -> None:
    lied_to = settings(
        server, urls=(f"ldap://127.0.0.1:{liar}",), seconds=3.0, membership=Membership.NONE, bind_dn="cn=x"
    )
    with pytest.raises(LdapFault, match="again and again"):
        await read(LdapDirectory(lied_to, FIELDS, SECRETS))


def test_the_peer_has_rings_of_groups() -> None:
    assert of_group("ring-b") in group("ring-a", of_group("ring-b"))
