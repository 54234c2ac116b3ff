"""Directories as people look after them, their schedule, and sign-in by their passwords."""

from dataclasses import dataclass, field

import pytest

from gateway.domain.directory import FieldMap, GraphSettings, LdapSettings, RunEnd, Secrets
from gateway.domain.person import Entry, Gone, Person
from gateway.domain.rights import Role
from gateway.errors import BadRequest, Conflict, NotAuthenticated, NotFound, NotPossible, Throttled, Unavailable
from gateway.services.directories import DirectoryBook
from gateway.services.directory_sign_in import DirectorySignIn
from gateway.services.identity import Identity
from gateway.settings import Identity as IdentitySettings
from gateway.settings import Registration
from tests.fakes import FakeHasher
from tests.gateway.services.people_house import PeopleHouse

SETTINGS = LdapSettings(urls=("ldaps://ldap.example",), bind_dn="cn=p", base="dc=x")
FIELDS = FieldMap(groups="", email="mail")
HOUR, DAY = 3600.0, 86400.0


def people(count: int) -> list[Entry]:
    return [Person(external_id=f"id-{n}", name=f"u{n}", full_name="", email=f"u{n}@example.org") for n in range(count)]


@dataclass(kw_only=True)
class House(PeopleHouse):
    settings: Registration = field(default_factory=lambda: Registration(enabled=True))

    async def open(self, **more: object) -> "House":
        await self.identity.add_user("olga", email="olga@example.org", role=Role.ADMINISTRATOR)
        await self.book.add("school", SETTINGS, Secrets(password="secret"), fields=FIELDS, **more)
        self.source.people = people(3)
        self.source.passwords = {"u1": "right"}
        self.elsewhere = DirectorySignIn(
            book=self.book, store=self.fake.directories, hasher=FakeHasher(), clock=self.clock
        )
        self.front = Identity(
            users=self.users,
            hasher=FakeHasher(),
            clock=self.clock,
            settings=IdentitySettings(),
            elsewhere=self.elsewhere,
        )
        return self

    @property
    def book(self) -> DirectoryBook:
        return self.fake.book

    @property
    def source(self):  # type: ignore[no-untyped-def]  # noqa: ANN201
        return self.fake.makers.one


@pytest.fixture
async def house() -> House:
    return await House().open()


async def test_secrets_are_sealed_in_the_row_and_opened_for_the_source_alone(house: House) -> None:
    directory = await house.book.get("school")
    assert directory.secret is not None
    assert b"secret" not in directory.secret
    await house.book.test("school")
    assert house.fake.makers.secrets == Secrets(password="secret")
    kept = await house.book.change("school", info="The school")
    assert kept.secret == directory.secret
    await house.book.change("school", secrets=Secrets())
    assert (await house.book.get("school")).secret is None


@pytest.mark.parametrize("name", ["", "csv", "A", "a b", "-a", "x" * 32, "../etc"])
async def test_names_that_cannot_be(house: House, name: str) -> None:
    with pytest.raises(BadRequest):
        await house.book.add(name, SETTINGS, Secrets(), fields=FIELDS)


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        (LdapSettings(urls=()), FIELDS),
        (LdapSettings(urls=("https://x",)), FIELDS),
        (LdapSettings(urls=("ldap://x",), user_filter="objectClass=*"), FIELDS),
        (LdapSettings(urls=("ldap://x",), user_filter="(a=b))(c=d"), FIELDS),
        (LdapSettings(urls=("ldap://x",), page=0), FIELDS),
        (SETTINGS, FieldMap(name="")),
        (SETTINGS, FieldMap(external_id="")),
        (SETTINGS, FieldMap(cards="a)(b=*")),
        (GraphSettings(tenant="", client_id="c"), FIELDS),
        (GraphSettings(tenant="t", client_id="c", graph="http://graph.example"), FIELDS),
    ],
)
async def test_settings_that_make_no_sense(
    house: House, settings: LdapSettings | GraphSettings, fields: FieldMap
) -> None:
    for refused in (
        house.book.add("other", settings, Secrets(), fields=fields),
        house.book.try_out(settings, Secrets(), fields),
    ):
        with pytest.raises(BadRequest):
            await refused


@pytest.mark.parametrize(
    "more", [{"most_disabled": 0.0}, {"interval": 1.0}, {"full_hour": 24}, {"version": 9}, {"secret": b"x"}]
)
async def test_changes_that_make_no_sense(house: House, more: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        await house.book.change("school", **more)


async def test_a_name_is_taken_once_and_a_directory_that_is_none_is_not_found(house: House) -> None:
    with pytest.raises(Conflict):
        await house.book.add("school", SETTINGS, Secrets(), fields=FIELDS)
    for unknown in (house.book.get("x"), house.book.run("x", by="t"), house.book.remove("x"), house.book.preview("x")):
        with pytest.raises(NotFound):
            await unknown
    await house.book.remove("school")
    assert await house.book.all() == []


async def test_a_run_is_remembered_and_a_preview_writes_nothing(house: House) -> None:
    report = await house.book.preview("school")
    assert (report.summary, report.dry) == ("3 added", True)
    assert await house.users.user("u0") is None
    run = await house.book.run("school", by="olga")
    assert (run.end, run.message, run.full, run.counts) == (RunEnd.DONE, "3 added", True, {"added": 3})
    assert await house.book.runs(await house.book.get("school")) == [run]
    assert await house.users.user("u0") is not None


async def test_runs_of_changes_go_on_where_the_last_one_ended(house: House) -> None:
    await house.book.run("school", by="olga")
    house.source.changed = [Gone(external_id="id-0")]
    run = await house.book.run("school", by="olga", full=False)
    assert (run.full, run.counts, house.source.cursors) == (False, {"disabled": 1}, ["", "c1"])
    await house.book.change("school", fields=FieldMap(groups="", cards="card"))
    await house.book.run("school", by="olga", full=False)
    assert house.source.cursors[-1] == "", "another map reads everything anew"


async def test_a_directory_that_is_away_changes_nothing_and_is_remembered_as_failing(house: House) -> None:
    await house.book.run("school", by="olga")
    house.source.away = "It does not answer."
    run = await house.book.run("school", by="olga")
    assert (run.end, run.message) == (RunEnd.FAILED, "It does not answer.")
    state = await house.book.state(await house.book.get("school"))
    assert (state.failing_since, state.cursor) == (house.clock.now(), "")
    with pytest.raises(NotPossible, match="does not answer"):
        await house.book.preview("school")
    house.source.away = ""
    await house.book.run("school", by="olga")
    assert (await house.book.state(await house.book.get("school"))).failing_since is None


async def test_a_fault_of_ours_ends_the_run_and_not_the_worker(house: House) -> None:
    house.source.people = [object()]  # type: ignore[list-item]  # reason: a fault on purpose
    run = await house.book.run("school", by="olga")
    assert (run.end, run.message) == (RunEnd.FAILED, "It failed by a fault of ours. The log says more.")
    assert house.fake.directories.leases == {}


async def test_too_many_leavers_are_held_back_until_somebody_allows_it(house: House) -> None:
    house.source.people = people(50)
    await house.book.run("school", by="olga")
    house.source.people = people(10)
    run = await house.book.run("school", by="olga")
    assert (run.end, "40 users would be disabled" in run.message) == (RunEnd.HELD, True)
    assert (await house.book.run("school", by="olga", force=True)).counts == {"unchanged": 10, "disabled": 40}


async def test_two_runs_at_once_are_one(house: House) -> None:
    directory = await house.book.get("school")
    assert await house.fake.directories.lease(directory.uuid, "elsewhere", now=house.clock.now(), seconds=9)
    with pytest.raises(Conflict, match="goes on"):
        await house.book.run("school", by="olga")


# --- schedule


async def test_the_schedule_reads_changes_often_and_everything_once_a_day(house: House) -> None:
    schedule, source = house.fake.people.schedule, house.source
    source.changed = []
    assert [run.full for run in await schedule.look()] == [True]
    assert await schedule.look() == []
    await house.clock.advance(900.0)
    assert [(run.full, run.by) for run in await schedule.look()] == [(False, "schedule")]
    full = 0
    for _ in range(24 * 4):
        await house.clock.advance(900.0)
        full += sum(run.full for run in await schedule.look())
    assert full == 1
    await house.book.change("school", enabled=False)
    await house.clock.advance(DAY)
    assert await schedule.look() == []


async def test_a_failure_is_told_once_by_mail_and_again_after_it_was_well(house: House) -> None:
    schedule = house.fake.people.schedule
    for away, letters in (("Away.", 1), ("Away.", 1), ("", 1), ("Away.", 2)):
        house.source.away = away
        await schedule.look()
        await house.clock.advance(900.0)
        assert len(house.letters("directory-failed")) == letters
    letter = house.letters("directory-failed")[0]
    assert (letter["to"], letter["reason"]) == ("olga@example.org", "Away.")
    assert letter["url"].endswith("/admin/directories/school")


async def test_a_clock_that_ran_back_lets_nothing_wait(house: House) -> None:
    await house.fake.people.schedule.look()
    house.clock.jump(-DAY * 400)
    assert len(await house.fake.people.schedule.look()) == 1


async def test_who_has_no_pin_gets_one_by_mail_where_that_is_chosen(house: House) -> None:
    await house.fake.people.schedule.look()
    assert house.letters("new-pin") == []
    await house.book.change("school", pins=True)
    await house.fake.people.schedule.look()
    assert [letter["user"] for letter in house.letters("new-pin")] == ["u0", "u1", "u2"]
    await house.fake.people.schedule.look()
    assert len(house.letters("new-pin")) == 3
    pin = house.letters("new-pin")[0]["pin"]
    assert (await house.identity.sign_in_pin(pin, address="192.0.2.1")).name == "u0"


# --- sign-in


async def test_a_user_of_the_directory_signs_in_by_its_password(house: House) -> None:
    await house.book.run("school", by="olga")
    assert (await house.front.sign_in_password("U1", "right", address="192.0.2.1")).name == "u1"
    assert house.source.asked == [("u1", "id-1")]
    assert (await house.front.basic("u1", "right", address="192.0.2.1")).user == "u1"
    for wrong in ("wrong", "", "x" * 2000):
        with pytest.raises(NotAuthenticated):
            await house.front.sign_in_password("u1", wrong, address="192.0.2.1")
    assert ("u1", "id-1") in house.source.asked


async def test_an_empty_password_never_reaches_the_directory(house: House) -> None:
    await house.book.run("school", by="olga")
    house.source.passwords = {"u1": ""}
    with pytest.raises(NotAuthenticated):
        await house.front.sign_in_password("u1", "", address="192.0.2.1")
    assert not await house.elsewhere.verify(await house.identity.get("u1"), "")
    assert house.source.asked == []


async def test_guessing_is_counted_and_being_away_is_not(house: House) -> None:
    await house.book.run("school", by="olga")
    house.source.away = "away"
    for _ in range(20):
        with pytest.raises(Unavailable, match="another server"):
            await house.front.sign_in_password("u1", "right", address="192.0.2.1")
    house.source.away = ""
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            await house.front.sign_in_password("u1", "wrong", address="192.0.2.1")
    with pytest.raises(Throttled):
        await house.front.sign_in_password("u1", "right", address="192.0.2.1")


async def test_a_disabled_user_and_a_local_password_open_nothing(house: House) -> None:
    await house.book.run("school", by="olga")
    with pytest.raises(NotPossible, match="kept by school"):
        await house.front.set_password("u1", "a password of our own")
    await house.identity.set_password("u1", "a password of our own")
    with pytest.raises(NotAuthenticated):
        await house.front.sign_in_password("u1", "a password of our own", address="192.0.2.1")
    await house.identity.disable("u1")
    with pytest.raises(NotAuthenticated):
        await house.front.sign_in_password("u1", "right", address="192.0.2.1")
    await house.book.change("school", sign_in=False)
    await house.identity.change_user("u1", disabled=False)
    assert await house.front.sign_in_password("u1", "a password of our own", address="192.0.2.1")


@pytest.mark.parametrize(
    ("hours", "after", "believed"), [(0.0, 60.0, False), (2.0, HOUR, True), (2.0, 3 * HOUR, False)]
)
async def test_while_it_is_away_a_password_may_be_believed_for_some_hours(
    house: House, hours: float, after: float, believed: bool
) -> None:
    await house.book.change("school", remember_hours=hours)
    await house.book.run("school", by="olga")
    await house.front.sign_in_password("u1", "right", address="192.0.2.1")
    house.source.away = "away"
    await house.clock.advance(after)
    if believed:
        assert await house.front.sign_in_password("u1", "right", address="192.0.2.1")
    for wrong in ("wrong", "right")[: 1 if believed else 2]:
        with pytest.raises(Unavailable):
            await house.front.sign_in_password("u1", wrong, address="192.0.2.1")


async def test_a_remembered_password_that_was_changed_there_is_forgotten(house: House) -> None:
    await house.book.change("school", remember_hours=2.0)
    await house.book.run("school", by="olga")
    await house.front.sign_in_password("u1", "right", address="192.0.2.1")
    house.source.passwords = {"u1": "new"}
    with pytest.raises(NotAuthenticated):
        await house.front.sign_in_password("u1", "guess", address="192.0.2.1")
    assert house.fake.directories.proofs, "a stranger's guess says nothing"
    with pytest.raises(NotAuthenticated):
        await house.front.sign_in_password("u1", "right", address="192.0.2.1")
    assert not house.fake.directories.proofs
