"""The engine: what a run of a source makes of the rows, and what it leaves alone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.person import (
    FIELDS,
    Broken,
    Entry,
    Gone,
    Outcome,
    Person,
    Wanted,
    applied,
    fingerprint,
    fingerprint_of,
)
from gateway.domain.user import User
from gateway.services.directory_report import MOST_LINES, Report
from gateway.services.directory_sync import DirectorySync, Order
from gateway.services.identity import Identity
from gateway.settings import Identity as IdentitySettings
from tests.builders import a_held_job, a_user
from tests.contracts.test_user_store import a_session
from tests.fakes import FakeClock, FakeHasher, MemoryJobStore, MemoryUserStore
from tests.fakes_directory import MemoryUserRows
from tests.fakes_personal import MemoryPersonalStore

ALL = frozenset(FIELDS)


def ann(**fields: object) -> Person:
    plain = Person(
        external_id="id-ann",
        name="ann",
        full_name="Ann Öde",
        email="Ann@Example.org",
        department="Physics",
        cost_centre="4711",
        language="de-CH",
        groups=("staff", "printing"),
        cards=("04:A2:19:7F",),
        pin="271828",
        aliases=("a.oede@example.org", "X400:C=de"),
        place="uid=ann",
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # reason: the caller names fields


def number(n: int, **fields: object) -> Person:
    plain = Person(external_id=f"id-{n:05d}", name=f"u{n}", full_name=f"User {n}")
    return replace(plain, **fields)  # type: ignore[arg-type]  # reason: the caller names fields


async def stream(entries: list[Entry]) -> AsyncIterator[Entry]:
    for entry in entries:
        yield entry


@dataclass(kw_only=True)
class House:
    users: MemoryUserStore = field(default_factory=MemoryUserStore)
    jobs: MemoryJobStore = field(default_factory=MemoryJobStore)
    personal: MemoryPersonalStore = field(default_factory=MemoryPersonalStore)
    clock: FakeClock = field(default_factory=FakeClock)
    order: Order = field(default_factory=lambda: Order(source="school", fields=ALL))

    def __post_init__(self) -> None:
        self.rows = MemoryUserRows(self.users, self.jobs, self.personal)
        self.sync = DirectorySync(rows=self.rows, users=self.users, hasher=FakeHasher(), clock=self.clock)
        self.identity = Identity(
            users=self.users, hasher=FakeHasher(), clock=self.clock, settings=IdentitySettings(tries=1000)
        )

    async def run(self, *entries: Entry, **changes: object) -> Report:
        order = replace(self.order, **changes)  # type: ignore[arg-type]  # reason: the caller names fields
        return await self.sync.run(order, stream(list(entries)))

    async def user(self, name: str) -> User:
        return await self.identity.get(name)


@pytest.fixture
def house() -> House:
    return House()


def told(report: Report) -> dict[str, int]:
    return {outcome.value: count for outcome, count in report.counts.items()}


async def test_a_person_becomes_a_user_who_signs_in_by_card_and_pin(house: House) -> None:
    report = await house.run(ann())
    assert told(report) == {"added": 1}
    user = await house.user("ANN")
    assert (user.full_name, user.email, user.department, user.cost_centre) == (
        "Ann Öde",
        "Ann@example.org",
        "Physics",
        "4711",
    )
    assert (user.language, user.groups, user.source, user.external_id) == (
        "de",
        ("printing", "staff"),
        "school",
        "id-ann",
    )
    assert await house.personal.address_holder("a.oede@example.org") == user.uuid
    assert (await house.identity.sign_in_card("04A2197F", address="192.0.2.1")).uuid == user.uuid
    assert (await house.identity.sign_in_pin("271828", address="192.0.2.1")).uuid == user.uuid
    assert (await house.user("ann")).pin_hash, "the slow hash is made at the first use"
    assert (await house.identity.sign_in_pin("271828", name="ann", address="192.0.2.1")).uuid == user.uuid


async def test_a_second_run_changes_nothing_and_reads_no_row_again(house: House) -> None:
    await house.run(ann(), number(1), number(2, disabled=True))
    before = [await house.user(name) for name in ("ann", "u1", "u2")]
    assert told(await house.run(ann(), number(1), number(2, disabled=True))) == {"unchanged": 3}
    assert [await house.user(name) for name in ("ann", "u1", "u2")] == before


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"full_name": "Ann Oh"}, "changed"),
        ({"email": ""}, "changed"),
        ({"department": ""}, "changed"),
        ({"cost_centre": "1"}, "changed"),
        ({"language": "fr"}, "changed"),
        ({"groups": ()}, "changed"),
        ({"cards": ("04FFFFFF",)}, "changed"),
        ({"pin": "314159"}, "changed"),
        ({"aliases": ()}, "changed"),
        ({"name": "anna"}, "moved"),
        ({"name": "Ann"}, "moved"),
        ({"disabled": True}, "disabled"),
    ],
)
async def test_each_field_is_followed(house: House, change: dict[str, object], outcome: str) -> None:
    await house.run(ann())
    changed = ann(**change)
    assert told(await house.run(changed, dry=True)) == {outcome: 1}
    assert told(await house.run(ann())) == {"unchanged": 1}, "a dry run writes nothing"
    assert told(await house.run(changed)) == {outcome: 1}
    assert told(await house.run(changed)) == {"unchanged": 1}


async def test_what_the_source_does_not_tell_of_stays_as_it_is_here(house: House) -> None:
    order = frozenset({"full_name"})
    only = Person(external_id="id-ann", name="ann", full_name="Ann")
    await house.run(only, fields=order)
    await house.identity.change_user("ann", email="own@example.org", groups=("choir",), department="Own")
    await house.identity.add_card("ann", "04A2197F")
    await house.identity.set_pin("ann", "271828")
    assert told(await house.run(only, fields=order)) == {"unchanged": 1}
    await house.run(replace(only, full_name="Ann Oh"), fields=order)
    user = await house.user("ann")
    assert (user.full_name, user.email, user.groups, user.department) == (
        "Ann Oh",
        "own@example.org",
        ("choir",),
        "Own",
    )
    assert (await house.identity.sign_in_pin("271828", address="192.0.2.1")) == user
    assert len(user.cards) == 1


async def test_own_cards_and_groups_stay_beside_those_that_are_given_and_taken(house: House) -> None:
    await house.run(ann())
    user = await house.user("ann")
    await house.identity.change_user("ann", groups=(*user.groups, "choir"))
    await house.identity.add_card("ann", "0401020304")
    assert told(await house.run(ann())) == {"unchanged": 1}
    await house.run(ann(groups=("staff",), cards=()))
    user = await house.user("ann")
    assert user.groups == ("choir", "staff")
    assert user.cards == (house.identity.card_hash("0401020304"),)


async def test_what_was_given_and_taken_away_here_is_given_again(house: House) -> None:
    await house.run(ann())
    await house.identity.change_user("ann", groups=())
    assert told(await house.run(ann())) == {"changed": 1}
    assert (await house.user("ann")).groups == ("printing", "staff")


async def test_who_is_disabled_there_is_disabled_here_and_signed_out(house: House) -> None:
    await house.run(ann(), number(1))
    await house.users.save_session(a_session("one", user="ann"))
    await house.run(ann(disabled=True), number(1))
    assert (await house.user("ann")).disabled
    assert await house.users.session("one") is None
    assert told(await house.run(ann(), number(1))) == {"enabled": 1, "unchanged": 1}
    assert not (await house.user("ann")).disabled


async def test_who_was_disabled_here_stays_so(house: House) -> None:
    await house.run(ann())
    await house.identity.disable("ann")
    assert told(await house.run(ann())) == {"unchanged": 1}
    await house.run(ann(disabled=True))
    await house.run(ann())
    assert (await house.user("ann")).disabled


async def test_who_is_gone_is_disabled_and_comes_back_the_same(house: House) -> None:
    await house.run(ann(), number(1))
    before = await house.user("ann")
    assert told(await house.run(number(1))) == {"unchanged": 1, "disabled": 1}
    assert told(await house.run(number(1))) == {"unchanged": 1}
    assert told(await house.run(ann(), number(1))) == {"enabled": 1, "unchanged": 1}
    assert (await house.user("ann")).uuid == before.uuid


async def test_a_run_of_changes_alone_disables_whom_it_names(house: House) -> None:
    await house.run(ann(), number(1), number(2))
    report = await house.run(number(1, full_name="New"), Gone(external_id="id-ann"), Gone(external_id="x"), full=False)
    assert told(report) == {"changed": 1, "disabled": 1}
    assert not (await house.user("u2")).disabled


async def test_more_than_the_limit_are_not_disabled_until_somebody_says_so(house: House) -> None:
    everybody = [number(n) for n in range(100)]
    await house.run(*everybody)
    some = [replace(one, full_name="New") if one.name == "u5" else one for one in everybody[:89]]
    report = await house.run(*some)
    assert (report.held_back, told(report)) == (11, {"unchanged": 88, "changed": 1})
    assert not [user for user in await house.users.users(limit=1000) if user.disabled]
    assert (await house.run(*some, dry=True)).held_back == 11
    assert told(await house.run(*some, most_disabled=11.0)) == {"unchanged": 89, "disabled": 11}
    assert (await house.run(*everybody[:50])).held_back == 39
    assert told(await house.run(*everybody[:50], force=True)) == {"unchanged": 50, "disabled": 39}


async def test_a_mass_of_disabled_flags_counts_as_well(house: House) -> None:
    await house.run(*[number(n) for n in range(50)])
    report = await house.run(*[number(n, disabled=n < 20, full_name="New") for n in range(50)])
    assert (report.held_back, told(report)) == (20, {"changed": 50})
    assert not (await house.user("u3")).disabled
    assert (await house.user("u3")).full_name == "New"


async def test_an_empty_directory_disables_nobody(house: House) -> None:
    await house.run(number(1), number(2))
    report = await house.run()
    assert (report.held_back, report.entries) == (2, 0)
    assert not (await house.user("u1")).disabled


async def test_a_stream_that_breaks_off_disables_nobody(house: House) -> None:
    await house.run(number(1), number(2))

    async def broken() -> AsyncIterator[Entry]:
        yield number(1, full_name="New")
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await house.sync.run(house.order, broken())
    assert not (await house.user("u2")).disabled


async def test_a_user_of_our_own_is_not_taken_over_silently(house: House) -> None:
    await house.users.save_user(a_user("Ann", full_name="Own", password_hash="hash"))
    report = await house.run(ann(), number(1))
    assert told(report) == {"problem": 1, "added": 1}
    assert "of our own" in report.problems[0].what
    assert ((await house.user("ann")).source, (await house.user("ann")).full_name) == ("", "Own")
    assert told(await house.run(ann(), number(1), adopt=True)) == {"moved": 1, "unchanged": 1}
    user = await house.user("ann")
    assert (user.source, user.full_name, user.password_hash) == ("school", "Ann Öde", "hash")


async def test_a_user_of_another_directory_is_never_taken_over(house: House) -> None:
    await house.users.save_user(a_user("ann", source="other", external_id="x"))
    report = await house.run(ann(), adopt=True)
    assert report.problems[0].what == "This name comes from other already."
    assert (await house.user("ann")).source == "other"


async def test_an_entry_that_was_made_anew_is_the_same_person(house: House) -> None:
    await house.run(ann(), number(1))
    before = await house.user("ann")
    report = await house.run(ann(external_id="id-new", full_name="New"), number(1))
    assert told(report) == {"moved": 1, "unchanged": 1}
    after = await house.user("ann")
    assert (after.uuid, after.external_id, after.disabled) == (before.uuid, "id-new", False)


async def test_in_a_run_of_changes_the_same_name_waits_for_a_full_one(house: House) -> None:
    await house.run(ann())
    assert told(await house.run(ann(external_id="id-new"), full=False)) == {"problem": 1}
    assert (await house.user("ann")).external_id == "id-ann"


async def test_with_a_new_login_go_the_jobs_and_the_old_one_is_free(house: House) -> None:
    await house.run(ann())
    [job] = await house.jobs.add([a_held_job(owner="ann")])
    report = await house.run(number(7, name="ann"), ann(name="anna"))
    assert told(report) == {"moved": 1, "added": 1}
    moved = await house.jobs.get(job.id)
    assert moved is not None
    assert moved.owner == "anna"
    assert (await house.user("ann")).external_id == "id-00007"


async def test_two_entries_with_one_name_identifier_card_or_pin(house: House) -> None:
    report = await house.run(
        number(1, cards=("04AA",), pin="271828"),
        number(2, name="U1", place="uid=2"),
        number(1, name="u3"),
        number(4, cards=("04-aa", "04BB"), pin="271828"),
    )
    assert told(report) == {"added": 2, "problem": 4}
    whats = "\n".join(line.what for line in report.problems)
    assert "another entry with this user name: id-00001" in whats
    assert "came twice" in whats
    assert "card is the same as that of u1" in whats
    assert (await house.user("u4")).cards == (house.identity.card_hash("04BB"),)
    assert (await house.user("u4")).pin_lookup is None


async def test_a_card_or_pin_of_somebody_else_is_left_out_and_named(house: House) -> None:
    await house.identity.add_user("bob", card="04AA", pin="271828")
    for dry in (True, False):
        report = await house.run(number(1, cards=("04AA", "04BB"), pin="271828"), dry=dry)
        assert told(report) == {"problem": 2, "added": 1}
        assert "belongs to bob" in report.problems[0].what
        assert "bob" not in report.problems[1].what, "whose a PIN is helps nobody but a thief"
    user = await house.user("u1")
    assert (user.cards, user.pin_lookup) == ((house.identity.card_hash("04BB"),), None)


@pytest.mark.parametrize("name", ["", " ", "a:b", "x" * 101, "=cmd()", "@sum", "+1", "-1", "a\x00b", "a\nb"])
async def test_what_can_be_no_login_is_named_and_the_others_go_on(house: House, name: str) -> None:
    report = await house.run(number(1, name=name, place="uid=1"), number(2))
    assert told(report) == {"problem": 1, "added": 1}
    assert "uid=1" in report.problems[0].what


async def test_values_that_cannot_be_are_left_out_and_the_person_is_taken(house: House) -> None:
    report = await house.run(
        number(
            1,
            email="ann@example.org\r\nBcc: all@example.org",
            cards=("no card",),
            pin="1111",
            full_name="=cmd|'/C calc'!A0\r\n\u202e",
            groups=("a\nb", "", "A B", "=x"),
            language="tlh",
        ),
        Broken(place="line 7", why="A quotation mark is not closed."),
    )
    assert told(report) == {"problem": 4, "added": 1}
    user = await house.user("u1")
    assert (user.email, user.cards, user.pin_lookup, user.language) == (None, (), None, "")
    assert (user.full_name, user.groups) == ("=cmd|'/C calc'!A0", ("=x", "a b"))


async def test_reports_stay_readable_however_much_there_is(house: House) -> None:
    entries: list[Entry] = [number(n) for n in range(1500)]
    entries += [Broken(place=f"line {n}", why="broken") for n in range(700)]
    seen: list[int] = []
    report = await house.sync.run(house.order, stream(entries), progress=seen.append)
    assert told(report) == {"added": 1500, "problem": 700}
    assert (len(report.lines), len(report.problems)) == (MOST_LINES, MOST_LINES)
    assert report.summary == "1500 added, 700 problem"
    assert seen == [500, 1000, 1500, 2000, 2200]


async def test_a_preview_shows_what_differs_and_no_secret(house: House) -> None:
    await house.run(ann())
    report = await house.run(ann(department="Art", pin="314159", cards=("04FFFFFF",), aliases=()), dry=True)
    assert report.lines[0].what == "department: Physics -> Art; cards; PIN; further addresses"


texts = st.none() | st.text(max_size=4)
names = st.none() | st.lists(st.sampled_from("abc"), max_size=3, unique=True).map(lambda x: tuple(sorted(x)))
people = st.builds(
    Person,
    external_id=st.just("id"),
    name=st.sampled_from(["a", "A", "b"]),
    full_name=texts,
    email=texts,
    department=texts,
    groups=names,
    aliases=names,
)


@given(first=people, second=people, cards=names, pin=st.none() | st.just("p"), own=names)
def test_a_fingerprint_is_equal_exactly_when_nothing_would_change(
    first: Person, second: Person, cards: tuple[str, ...] | None, pin: str | None, own: tuple[str, ...] | None
) -> None:
    user = applied(a_user("a", groups=own or ()), Wanted(person=first, cards=cards), "s")
    wanted = Wanted(person=second, cards=cards, pin_lookup=pin)
    fields = frozenset(name for name in FIELDS if name not in {"cards", "pin"} and getattr(second, name) is not None)
    fields |= {"cards"} if cards is not None else set()
    fields |= {"pin"} if pin is not None else set()
    same = fingerprint(user, fields) == fingerprint_of(wanted, fields, pin_lookup=user.pin_lookup or "")
    after = applied(user, wanted, "s")
    assert same == (_content(after) == _content(user))


def _content(user: User) -> User:
    """Where own groups stand among given ones says nothing."""
    return replace(user, groups=tuple(sorted(user.groups)))


async def test_outcomes_have_one_name_each() -> None:
    assert [outcome.value for outcome in Outcome] == [
        *("added", "changed", "moved", "disabled", "enabled", "unchanged", "removed", "problem")
    ]
