"""Users by a CSV file: added, completed, previewed, and what a hostile or broken file does."""

from collections.abc import AsyncIterator

import pytest

from gateway.domain.directory import FieldMap, LdapSettings, Secrets
from gateway.domain.person import Person
from gateway.errors import BadRequest, NotFound, TooLarge
from gateway.services import kept_files
from gateway.services.csv_import import Choice, CsvImports, Mode
from gateway.services.directory_report import Report
from gateway.services.kept_files import KEPT_SECONDS, MOST_KEPT
from tests.gateway.services.people_house import PeopleHouse

FILE = "Login;Name;E-Mail;Karte;PIN;Gruppen;Gesperrt\nann;x;ann@x.example;04:A2;271828;staff, choir;\nbob;y;;;;;ja\n"
KNOWN = Choice(mode=Mode.KNOWN)


async def chunks(text: str | bytes) -> AsyncIterator[bytes]:
    yield text if isinstance(text, bytes) else text.encode()


@pytest.fixture
def house() -> PeopleHouse:
    return PeopleHouse()


def of(house: PeopleHouse) -> CsvImports:
    return house.fake.people.imports


async def run(house: PeopleHouse, text: str, choice: Choice | None = None, *, dry: bool = False) -> Report:
    return await of(house).run_stream(chunks(text), choice or Choice(), dry=dry)


async def test_a_file_brings_users_with_cards_and_pins(house: PeopleHouse) -> None:
    with pytest.raises(BadRequest, match="user names"):
        await run(house, "Mail;Karte\na;b\n")
    text = FILE.replace("Name;", "Voller Name;")
    assert (await run(house, text, dry=True)).summary == "2 added, 2 groups added"
    assert await house.users.user("ann") is None
    assert (await run(house, text)).summary == "2 added, 2 groups added"
    ann, bob = await house.identity.get("ann"), await house.identity.get("bob")
    assert (ann.full_name, ann.email, ann.groups, ann.source) == ("x", "ann@x.example", ("choir", "staff"), "csv")
    assert (bob.disabled, bob.email) == (True, None)
    assert (await house.identity.sign_in_pin("271828", address="192.0.2.1")).name == "ann"
    assert (await house.identity.sign_in_card("04A2", address="192.0.2.1")).name == "ann"
    assert (await run(house, text)).summary == "2 unchanged"


async def test_only_a_whole_list_disables_who_is_not_in_it(house: PeopleHouse) -> None:
    await run(house, "name\nann\nbob\n")
    assert (await run(house, "name\nann\n")).summary == "1 unchanged"
    assert (await run(house, "name\nann\n", Choice(whole=True))).summary == "1 disabled, 1 unchanged"
    await house.identity.add_user("local")
    assert not (await house.identity.get("local")).disabled


async def test_local_users_are_taken_over_only_when_that_was_said(house: PeopleHouse) -> None:
    await house.identity.add_user("ann", full_name="Own")
    report = await run(house, "name,full name\nann,New\n")
    assert (report.summary, (await house.identity.get("ann")).full_name) == ("1 problem", "Own")
    assert (await run(house, "name,full name\nann,New\n", Choice(adopt=True))).summary == "1 moved"


async def test_a_file_completes_users_of_a_directory_with_cards_and_pins(house: PeopleHouse) -> None:
    house.fake.makers.one.people = [Person(external_id="id", name="ann", full_name="Ann", email="ann@x.example")]
    await house.fake.book.add("school", LdapSettings(urls=("ldaps://x",)), Secrets(), fields=FieldMap(groups=""))
    await house.fake.book.run("school", by="test")
    await house.identity.add_user("local")
    report = await run(house, "name,card,pin\nANN,04AA,271828\nlocal,04BB,\nnobody,04CC,\n", KNOWN)
    assert (report.summary, report.problems[0].what) == ("2 changed, 1 problem", "There is no user with this name.")
    ann = await house.identity.get("ann")
    assert (ann.source, ann.external_id, ann.email, len(ann.cards)) == ("school", "id", "ann@x.example", 1)
    assert (await house.identity.get("local")).source == ""
    assert (await house.fake.book.run("school", by="test")).message == "1 unchanged"
    assert (await run(house, "name,card,pin\nann,04AA,271828\n", KNOWN)).summary == "1 unchanged"
    assert (await run(house, "name,card\nann,04DD\n", KNOWN, dry=True)).lines[0].what == "cards"


async def test_what_belongs_to_the_directory_is_not_filled_in_beside_it(house: PeopleHouse) -> None:
    house.fake.makers.one.people = [Person(external_id="id", name="ann", cards=("04AA",))]
    fields = FieldMap(groups="", cards="card")
    await house.fake.book.add("school", LdapSettings(urls=("ldaps://x",)), Secrets(), fields=fields)
    await house.fake.book.run("school", by="test")
    report = await run(house, "name,card\nann,04BB\n", KNOWN)
    assert report.problems[0].what == "This comes from school: cards."
    assert (await house.identity.get("ann")).cards == (house.identity.card_hash("04AA"),)


@pytest.mark.parametrize(
    "text", ["name\nann\n", "name,mail\nann,a@x.example\n", "name,card,mail\nann,04,a@x.example\n"]
)
async def test_completing_takes_only_what_it_may(house: PeopleHouse, text: str) -> None:
    with pytest.raises(BadRequest, match="complete users"):
        await run(house, text, KNOWN)


async def test_columns_can_be_said(house: PeopleHouse) -> None:
    choice = Choice(columns={"name": "Wer", "full_name": "name"})
    assert (await run(house, "Wer,name\nann,Ann Öde\n", choice)).summary == "1 added"
    assert (await house.identity.get("ann")).full_name == "Ann Öde"
    for wrong in (
        {"name": "Nobody"},
        {"password_hash": "name"},
        {"full_name": "name"},
        {"role": "Wer", "name": "name"},
    ):
        with pytest.raises(BadRequest):
            await run(house, "Wer,name\nann,Ann\n", Choice(columns=wrong))


async def test_formulas_duplicates_and_broken_lines_are_named_with_their_lines(house: PeopleHouse) -> None:
    text = (
        "name,full name,card,mail\n=cmd|' /C calc'!A0,x,,\n@sum,x,,\nann,=1+1,=HYPERLINK(0),=a\nANN,again,,\n"
        "eve,\"x,,\nbob,'=1+1,04AA,\ncid,x,04aa,\nrow,1,2,3,4\n"
    )
    report = await run(house, text)
    assert report.counts["added"] == 3  # type: ignore[index]
    whats = {line.name: line.what for line in report.problems}
    assert "line 2" in whats["=cmd|' /C calc'!A0"]
    assert "line 5" in whats["ANN"]
    assert "line 6" in whats
    assert "line 9" in whats
    assert "same as that of bob" in whats["cid"]
    assert (await house.identity.get("ann")).full_name == "=1+1", "kept as text; the export makes it harmless"
    assert (await house.identity.get("ann")).cards == ()
    assert (await house.identity.get("bob")).full_name == "=1+1"
    exported = b"".join([piece async for piece in house.fake.people.export()]).decode("utf-8-sig")
    assert exported.splitlines()[:2] == [
        "name,full name,mail,department,cost centre,language,groups,disabled,from",
        "ann,'=1+1,,,,,,,csv",
    ]


async def test_the_file_waits_sealed_for_its_own_reader_and_not_for_ever(house: PeopleHouse) -> None:
    imports = of(house)
    word = await imports.take(chunks(FILE.replace("Name;", "Voller Name;")), by="olga")
    heading = await imports.heading(word, by="olga")
    assert heading.columns["name"] == "Login"
    assert heading.sample[0][0] == "ann"
    for who, what in (("bob", word), ("olga", "guess"), ("", word)):
        with pytest.raises(NotFound):
            await imports.heading(what, by=who)
    assert (await imports.run(word, Choice(), by="olga", dry=True)).summary == "2 added, 2 groups added"
    assert (await imports.run(word, Choice(), by="olga", dry=False)).summary == "2 added, 2 groups added"
    with pytest.raises(NotFound):
        await imports.run(word, Choice(), by="olga", dry=False)
    word = await imports.take(chunks("name\nx\n"), by="olga")
    await house.clock.advance(KEPT_SECONDS + 1)
    with pytest.raises(NotFound, match="Choose it again"):
        await imports.heading(word, by="olga")


async def test_files_that_are_too_many_or_too_large(house: PeopleHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    imports = of(house)
    words = [await imports.take(chunks("name\nx\n"), by="olga") for _ in range(MOST_KEPT + 1)]
    with pytest.raises(NotFound):
        await imports.heading(words[0], by="olga")
    assert (await imports.heading(words[-1], by="olga")).headings == ("name",)
    monkeypatch.setattr(kept_files, "LARGEST", 10)
    with pytest.raises(TooLarge):
        await imports.take(chunks("name\n" + "x" * 10), by="olga")
