"""The pages of directories, imports and registrations: what staff does on them, and who may not."""

from collections.abc import AsyncIterator

import pytest

from gateway.domain.person import Person
from gateway.domain.rights import Role
from gateway.settings import Registration, Settings
from tests.webprint.visitor import SECURE, Visitor, visiting
from tests.webprint.web_house import PASSWORD, House

PAGE = "/admin/directories"
FORM = {
    "preset": "openldap",
    "name": "school",
    "info": "School",
    "urls": "ldaps://ldap.school.example",
    "base": "dc=school",
    "bind_dn": "cn=p",
    "password": "a secret of the directory",
    "user_filter": "(objectClass=inetOrgPerson)",
    "field_cards": "employeeNumber",
    "do": "add",
}


@pytest.fixture
async def house() -> House:
    registration = Registration(enabled=True)
    house = await House(settings=Settings(data="unused", registration=registration)).open()
    await house.identity.add_user("ada", password=PASSWORD, email="ada@example.org", role=Role.ADMINISTRATOR)
    house.joining.makers.one.people = [Person(external_id=f"id-{n}", name=f"u{n}", cards=()) for n in range(3)]
    return house


@pytest.fixture
async def ada(house: House) -> AsyncIterator[Visitor]:
    async with visiting(house.app(), site=SECURE) as visitor:
        assert (await visitor.sign_in("ada")).status_code == 303
        yield visitor


async def test_a_directory_is_added_by_a_preset_tried_previewed_and_read(house: House, ada: Visitor) -> None:
    assert "OpenLDAP" in (await ada.get(PAGE)).text
    form = await ada.get(f"{PAGE}/new?preset=openldap")
    assert "(objectClass=inetOrgPerson)" in form.text
    tried = await ada.post(PAGE, FORM | {"do": "test"})
    assert ("It answers." in tried.text, await house.joining.book.all()) == (True, [])
    added = await ada.post(PAGE, FORM)
    assert added.headers["location"] == f"{PAGE}/school?done=added"
    page = await ada.get(f"{PAGE}/school")
    assert "a secret of the directory" not in page.text
    assert "It answers." in (await ada.post(f"{PAGE}/school/test")).text
    assert "Added: 3" in (await ada.post(f"{PAGE}/school/preview")).text
    assert await house.users.user("u0") is None
    assert (await ada.post(f"{PAGE}/school/run")).status_code == 303
    await house.joining.book.settle()
    assert "Added: 3" in (await ada.get(f"{PAGE}/school?done=started")).text
    assert await house.users.user("u0") is not None
    assert "Added: 3" in (await ada.get(PAGE)).text


async def test_settings_are_changed_and_the_secret_is_kept(house: House, ada: Visitor) -> None:
    await ada.get(f"{PAGE}/new?preset=openldap")
    await ada.post(PAGE, FORM)
    await ada.get(f"{PAGE}/school")
    saved = await ada.post(f"{PAGE}/school", {"info": "The school", "interval": "600", "adopt": "yes"})
    assert saved.status_code == 303
    directory = await house.joining.book.get("school")
    assert (directory.info, directory.interval, directory.adopt, directory.enabled) == (
        "The school",
        600.0,
        True,
        False,
    )
    assert house.joining.book.secrets(directory).password == "a secret of the directory"
    wrong = await ada.post(f"{PAGE}/school", {"interval": "often"})
    assert (wrong.status_code, "is not a number" in wrong.text) == (400, True)
    assert (await ada.post(f"{PAGE}/school/remove")).status_code == 400
    assert (await ada.post(f"{PAGE}/school/remove", {"sure": "yes"})).status_code == 303
    assert (await ada.get(f"{PAGE}/school")).status_code == 404


async def test_a_run_that_was_held_back_is_allowed_by_a_person(house: House, ada: Visitor) -> None:
    await ada.get(f"{PAGE}/new?preset=openldap")
    await ada.post(PAGE, FORM)
    house.joining.makers.one.people = [Person(external_id=f"id-{n}", name=f"u{n}") for n in range(40)]
    await house.joining.book.run("school", by="test")
    house.joining.makers.one.people = house.joining.makers.one.people[:5]
    await house.joining.book.run("school", by="test")
    assert "Disable them all" in (await ada.get(f"{PAGE}/school")).text
    await ada.post(f"{PAGE}/school/run", {"force": "yes"})
    await house.joining.book.settle()
    assert (await house.identity.get("u39")).disabled


@pytest.mark.parametrize(
    "wrong",
    [{"name": "csv"}, {"urls": "https://x"}, {"user_filter": "a=b"}, {"field_cards": "a)(b"}, {"page": "many"}],
)
async def test_what_was_refused_stands_in_the_form_again(house: House, ada: Visitor, wrong: dict[str, str]) -> None:
    await ada.get(f"{PAGE}/new?preset=openldap")
    answer = await ada.post(PAGE, FORM | wrong)
    assert (answer.status_code, 'role="alert"' in answer.text) == (400, True)
    assert "ldap.school.example" in answer.text or "urls" in wrong
    assert await house.joining.book.all() == []


async def test_a_registration_gets_its_yes_or_no(house: House, ada: Visitor) -> None:
    registrations = house.joining.people.registrations
    for name in ("ann", "bob2"):
        await registrations.begin(f"{name}@example.org", name, "web")
        token = house.mailer.letters[-1].values["link"].partition("token=")[2]
        await registrations.confirm(token)
    page = await ada.get("/admin/registrations")
    assert "ann@example.org" in page.text
    ann, bob = house.joining.store.rows.values()
    assert (await ada.post(f"/admin/registrations/{ann.uuid}/approve")).status_code == 303
    assert (await ada.post(f"/admin/registrations/{bob.uuid}/refuse")).status_code == 303
    assert (await ada.post(f"/admin/registrations/{bob.uuid}/refuse")).status_code == 409
    assert (await ada.post("/admin/registrations/guess/approve")).status_code == 404
    assert await house.users.user("ann@example.org") is not None
    assert house.mailer.letters[-1].kind == "registration-refused"


async def upload(ada: Visitor, text: bytes, token: str | None = None) -> str:
    await ada.get("/admin/import")
    answer = await ada.client.post(
        "/admin/import",
        data={"csrf": ada.token if token is None else token},
        files={"file": ("users.csv", text, "text/csv")},
        headers={"origin": SECURE, "sec-fetch-site": "same-origin"},
    )
    return answer.headers.get("location") or str(answer.status_code)


async def test_a_file_is_looked_at_previewed_and_only_then_written(house: House, ada: Visitor) -> None:
    where = await upload(ada, "name;mail\nann;ann@example.org\n=x;\n".encode("utf-16"))
    assert where.startswith("/admin/import/")
    assert "What would change?" in (await ada.get(where)).text
    shown = await ada.post(where, {"do": "preview", "mode": "users", "column_name": "name", "column_email": "mail"})
    assert ("Added: 1" in shown.text, "line 3" in shown.text, await house.users.user("ann")) == (True, True, None)
    done = await ada.post(where, {"do": "import", "mode": "users", "column_name": "name", "column_email": "mail"})
    assert "The file was taken in" in done.text
    assert (await house.identity.get("ann")).email == "ann@example.org"
    assert (await ada.get(where)).status_code == 404
    exported = await ada.get("/admin/users.csv")
    assert "ann,,ann@example.org" in exported.text
    assert "attachment" in exported.headers["content-disposition"]


async def test_what_is_no_file_of_users_is_refused(house: House, ada: Visitor) -> None:
    assert await upload(ada, b"") == "400"
    assert await upload(ada, b"\n\n") == "400"
    assert await upload(ada, b"name\nx\n", token="guess") == "403"
    assert (await ada.post("/admin/import")).status_code in {400, 403}
    where = await upload(ada, b"who,mail\nann,a@x.example\n")
    wrong = await ada.post(where, {"do": "import"})
    assert (wrong.status_code, "no column with user names" in wrong.text) == (400, True)


async def test_the_file_of_one_is_not_anothers(house: House, ada: Visitor) -> None:
    where = await upload(ada, b"name\nx\n")
    await house.identity.add_user("eve", password=PASSWORD, role=Role.ADMINISTRATOR)
    async with visiting(house.app(), site=SECURE) as eve:
        await eve.sign_in("eve")
        assert (await eve.get(where)).status_code == 404


@pytest.mark.parametrize("who", ["alice", "olga"])
async def test_nobody_else_sees_these_pages(house: House, who: str) -> None:
    async with visiting(house.app(), site=SECURE) as visitor:
        await visitor.sign_in(who)
        for path in (PAGE, f"{PAGE}/new?preset=ad", "/admin/registrations", "/admin/import", "/admin/users.csv"):
            assert (await visitor.get(path)).status_code == 403, path
        await visitor.get("/jobs")
        assert (await visitor.post(PAGE, FORM)).status_code == 403
        assert await upload(visitor, b"name\nx\n") == "403"
    assert await house.joining.book.all() == []
