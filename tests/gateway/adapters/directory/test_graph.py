"""Microsoft Entra by Graph against a service of its shape: pages, delta, patience, and links that lead away."""

from dataclasses import replace

import pytest

from gateway.adapters.directory.graph import LONGEST_WAIT, TRIES, GraphDirectory
from gateway.domain.directory import FieldMap, GraphSettings, Secrets, UserName
from gateway.domain.directory_presets import PRESETS
from gateway.domain.person import Broken, Entry, Gone, Person
from gateway.services.directory_groups import DirectoryGroups
from gateway.services.directory_report import Report
from gateway.services.directory_sync import Order
from gateway.services.ports.directories import DirectoryAway
from tests.fakes import FakeClock, MemoryUserStore
from tests.fakes_house import MemoryRights
from tests.peers.graph import CLIENT, GRAPH, LOGIN, SECRET, TENANT, Graph, user

SETTINGS = GraphSettings(tenant=TENANT, client_id=CLIENT, login=LOGIN, graph=GRAPH)
FIELDS = replace(PRESETS["entra"].fields, cards="onPremisesExtensionAttributes.extensionAttribute1")


class _Clock(FakeClock):
    """Does not make a test wait, and remembers for how long it was asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.tick(seconds)


def member(number: int) -> dict[str, str]:
    return {"@odata.type": "#microsoft.graph.user", "id": f"id-{number:03d}"}


def group(key: str, *members: dict[str, str]) -> dict[str, object]:
    return {"id": key, "displayName": f"Group {key}", "members@delta": list(members)}


@pytest.fixture
def graph() -> Graph:
    nested = {"@odata.type": "#microsoft.graph.group", "id": "a"}
    ring = {"@odata.type": "#microsoft.graph.group", "id": "c"}
    return Graph(
        groups=[
            group("a", member(0), member(1)),
            group("b", nested, ring),
            {"id": "a", "members@delta": [member(2)]},  # the rest of a large group, in a part of its own
            group("c", {"id": "b"}),
            {"id": "gone", "@removed": {"reason": "deleted"}},
        ]
    )


def directory(graph: Graph, settings: GraphSettings = SETTINGS, fields: FieldMap = FIELDS) -> GraphDirectory:
    return GraphDirectory(settings, fields, Secrets(password=SECRET), clock=_Clock(), transport=graph)


async def read(source: GraphDirectory, cursor: str = "") -> tuple[list[Entry], str, bool]:
    async with source.read(cursor) as reading:
        entries = [entry async for entry in reading.entries()]
        return entries, reading.cursor, reading.full


async def test_its_groups_go_into_the_tree_and_a_run_of_changes_tells_of_none(graph: Graph) -> None:
    rights, report = MemoryRights(MemoryUserStore()), Report(dry=False, full=True)
    async with directory(graph).read("") as reading:
        assert [entry async for entry in reading.entries()]
        groups = DirectoryGroups(store=rights, clock=FakeClock())
        await groups.follow(Order(source="entra", fields=FIELDS.told), reading.groups, report)
        cursor = reading.cursor
    assert {one.name: one.parent for one in await rights.groups()} == {
        "Group a": "Group b",
        "Group b": "",
        "Group c": "Group b",
    }
    async with directory(graph).read(cursor) as reading:
        assert (reading.full, reading.groups) == (False, ())


async def test_all_users_with_card_aliases_language_and_nested_groups(graph: Graph) -> None:
    entries, cursor, full = await read(directory(graph))
    assert (len(entries), full, bool(cursor)) == (7, True, True)
    assert entries[1] == Person(
        external_id="id-001",
        name="u1@corp.example",
        full_name="Person 1",
        email="person1@corp.example",
        department="Sales",
        language="fr-CH",
        groups=("Group a", "Group b", "Group c"),
        cards=("04000001",),
        aliases=("person1@corp.example", "p1@old.example"),
        place="u1@corp.example",
    )
    assert entries[2].groups == ("Group a", "Group b", "Group c")  # type: ignore[union-attr]
    assert entries[3].groups == ()  # type: ignore[union-attr]
    assert graph.tokens == 1


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        (UserName.PRINCIPAL, "u1@corp.example"),
        (UserName.LOCAL_PART, "u1"),
        (UserName.NICKNAME, "nick1"),
        (UserName.SAM, "SAM1"),
    ],
)
async def test_which_name_is_the_login_is_chosen(graph: Graph, choice: UserName, name: str) -> None:
    entries, _, _ = await read(directory(graph, replace(SETTINGS, user_name=choice)))
    assert entries[1].name == name  # type: ignore[union-attr]


async def test_guests_disabled_and_nameless_accounts(graph: Graph) -> None:
    graph.users = [
        user(0, userType="Guest"),
        user(1, accountEnabled=False),
        user(2, onPremisesSamAccountName=None),
        user(3, displayName=None, onPremisesExtensionAttributes=None, proxyAddresses=None),
        {"value": 1},
    ]
    entries, _, _ = await read(directory(graph, replace(SETTINGS, user_name=UserName.SAM)))
    assert [type(entry) for entry in entries] == [Person, Broken, Person]
    assert entries[0].disabled  # type: ignore[union-attr]
    assert (entries[2].full_name, entries[2].cards, entries[2].aliases) == ("", (), ())  # type: ignore[union-attr]
    entries, _, _ = await read(directory(graph, replace(SETTINGS, guests=True)))
    assert len(entries) == 4


async def test_changes_alone_until_a_group_changes(graph: Graph) -> None:
    _, cursor, _ = await read(directory(graph))
    graph.changes["users"] = [user(1, displayName="New"), {"id": "id-002", "@removed": {"reason": "deleted"}}]
    entries, cursor, full = await read(directory(graph), cursor)
    assert (full, entries[1]) == (False, Gone(external_id="id-002"))
    assert entries[0].full_name == "New"  # type: ignore[union-attr]
    assert entries[0].groups is None, "no group has changed: everybody keeps theirs"  # type: ignore[union-attr]
    graph.changes["groups"] = [group("a", member(3))]
    entries, _, full = await read(directory(graph), cursor)
    assert (full, len(entries)) == (True, 7)


@pytest.mark.parametrize("kind", ["users", "groups"])
async def test_a_link_that_is_too_old_reads_everything_again(graph: Graph, kind: str) -> None:
    _, cursor, _ = await read(directory(graph))
    graph.expired = {kind}
    entries, _, full = await read(directory(graph), cursor)
    assert (full, len(entries)) == (True, 7)


@pytest.mark.parametrize("cursor", ["x", "[]", "{}", '{"graph": "https://evil.example", "users": "a", "groups": "b"}'])
async def test_what_is_no_cursor_of_ours_is_a_full_run(graph: Graph, cursor: str) -> None:
    assert (await read(directory(graph), cursor))[2]


async def test_throttling_is_waited_for_as_long_as_it_says(graph: Graph) -> None:
    graph.faults = [(429, {"retry-after": "17"}), (503, {}), (504, {"retry-after": "soon"})]
    source = directory(graph)
    assert len((await read(source))[0]) == 7
    assert source._clock.slept == [17.0, 2.0, 4.0]  # type: ignore[attr-defined]


@pytest.mark.parametrize("faults", [[(429, {})] * TRIES, [(429, {"retry-after": f"{LONGEST_WAIT + 1:.0f}"})]])
async def test_patience_has_an_end(graph: Graph, faults: list[tuple[int, dict[str, str]]]) -> None:
    graph.faults = faults
    with pytest.raises(DirectoryAway):
        await read(directory(graph))


@pytest.mark.parametrize(
    "lie",
    [
        "https://evil.example/v1.0/users/delta?$skiptoken=3",
        "https://graph.example.evil.example/v1.0/users",
        "http://graph.example/v1.0/users/delta",
        "https://graph.example/v1.0@evil.example/",
        "//evil.example",
    ],
)
async def test_our_token_goes_nowhere_else(graph: Graph, lie: str) -> None:
    graph.lie = lie
    with pytest.raises(DirectoryAway, match="another address"):
        await read(directory(graph))
    assert not [url for url in graph.asked if "evil" in url.split("/")[2]]


async def test_pages_that_never_end_are_noticed(graph: Graph) -> None:
    graph.lie = f"{GRAPH}/groups/delta?$skiptoken=0"
    with pytest.raises(DirectoryAway, match="again and again"):
        await read(directory(graph))


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404])
async def test_answers_that_are_none_are_told_in_words(graph: Graph, status: int) -> None:
    source = directory(graph)
    async with source._client() as client:
        await client.token()
        graph.faults = [(status, {})]
        if status == 200:
            assert await client.get(f"{GRAPH}/users") == {"error": {"code": "fault"}}
            return
        with pytest.raises(DirectoryAway):
            await client.get(f"{GRAPH}/users")


async def test_the_test_button_says_what_is_wrong(graph: Graph) -> None:
    steps = await directory(graph).test()
    assert [(step.what, step.ok) for step in steps] == [
        ("Sign-in of the application", True),
        ("Users", True),
        ("Groups", True),
    ]
    wrong = GraphDirectory(SETTINGS, FIELDS, Secrets(password="wrong"), clock=_Clock(), transport=graph)
    [step] = await wrong.test()
    assert (step.ok, "Invalid client secret" in step.text) == (False, True)
    graph.users = []
    assert not (await directory(graph).test())[1].ok


async def test_passwords_are_microsofts_business_alone(graph: Graph) -> None:
    assert not await directory(graph).verify("u1@corp.example", "id-001", "anything")
    assert graph.asked == []
