"""People, groups, roles, the audit log and lockouts: what staff does there, and what nobody can smuggle in."""

import re
from collections.abc import AsyncIterator

import pytest

from gateway.domain.group import GroupKind
from gateway.domain.rights import GivenRole, Role
from gateway.domain.user import SYSTEM, User
from tests.webprint.visitor import SECURE, Visitor, visiting
from tests.webprint.web_house import PASSWORD, House

WHO = "/admin/users"


@pytest.fixture
async def nora(house: House) -> AsyncIterator[Visitor]:
    """An administrator of one site."""
    await house.identity.add_user("nora", password=PASSWORD)
    await house.staff.rights.add_role(GivenRole(holder="nora", role=Role.ADMINISTRATOR, site="north"))
    async with visiting(house.app()) as visitor:
        await visitor.sign_in("nora")
        yield visitor


async def page_of(house: House, name: str) -> str:
    return f"{WHO}/{(await house.identity.get(name)).uuid}"


def fields_of(user: User, **changes: str) -> dict[str, str]:
    plain = {
        "version": str(user.version),
        "full_name": user.full_name,
        "email": user.email or "",
        "role": user.role.value,
        "groups": "\n".join(user.groups),
    }
    return plain | changes


def told(house: House) -> list[str]:
    return [action for action, _ in house.staff.told]


# -- people


async def test_people_are_listed_searched_and_paged(house: House, ada: Visitor) -> None:
    for number in range(60):
        await house.identity.add_user(f"pupil{number:02}", full_name=f"Pupil {number}")
    first = await ada.get(WHO)
    assert "64 people" in first.text
    assert "pupil45" in first.text
    assert "pupil46" not in first.text
    more = re.search(r'href="(/admin/users\?[^"]*after=[^"]*)"', first.text)
    assert more is not None
    second = await ada.get(more[1].replace("&amp;", "&"))
    assert "pupil46" in second.text
    assert "pupil45" not in second.text
    found = await ada.get(f"{WHO}?q=PUPIL+17")
    assert "pupil17" in found.text
    assert "pupil18" not in found.text
    assert "Nobody is found" in (await ada.get(f"{WHO}?q=%25")).text


async def test_somebody_is_added(house: House, ada: Visitor) -> None:
    await ada.get(f"{WHO}/new")
    answer = await ada.post(
        f"{WHO}/new",
        {
            "name": "carol",
            "full_name": "Carol",
            "role": "desk",
            "groups": "Team\n\nteam\nOther",
            "password": "nine ducks",
        },
    )
    carol = await house.identity.get("carol")
    assert answer.headers["location"] == f"{WHO}/{carol.uuid}?done=added"
    assert (carol.role, carol.groups, carol.full_name) == (Role.DESK, ("Team", "Other"), "Carol")
    again = await ada.post(f"{WHO}/new", {"name": "CAROL", "full_name": "<b>x</b>", "role": "user"})
    assert again.status_code == 409
    assert "&lt;b&gt;x&lt;/b&gt;" in again.text, "what was typed is not lost, and does nothing"
    assert (await ada.post(f"{WHO}/new", {"name": "dave", "role": "emperor"})).status_code == 400
    assert (await ada.post(f"{WHO}/new", {"name": "dave", "password": "password"})).status_code == 400
    assert told(house) == ["user.added"]


async def test_what_is_harmless_is_saved_at_once(house: House, ada: Visitor) -> None:
    at, alice = await page_of(house, "alice"), await house.identity.get("alice")
    await ada.get(at)
    answer = await ada.post(at, fields_of(alice, full_name="Alice\nOde", department="Maths", language="xx"))
    assert answer.headers["location"] == f"{at}?done=saved"
    after = await house.identity.get("alice")
    assert (after.full_name, after.department, after.language) == ("Alice Ode", "Maths", "")
    entry = house.staff.entries.rows[-1]
    assert (entry.action, entry.actor, entry.values["department"]) == ("user.changed", "ada", "- -> Maths")


async def test_what_is_grave_is_shown_first(house: House, ada: Visitor) -> None:
    at, alice = await page_of(house, "alice"), await house.identity.get("alice")
    await ada.get(at)
    asked = await ada.post(at, fields_of(alice, role="operator", disabled="yes"))
    assert asked.status_code == 200
    assert re.search(r"Role everywhere</th><td>User</td><td><b>Operator</b>", asked.text)
    assert (await house.identity.get("alice")) == alice, "nothing is done yet"
    sent = {name: value for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', asked.text) if name != "csrf"}
    assert (await ada.post(at, sent)).headers["location"] == f"{at}?done=saved"
    after = await house.identity.get("alice")
    assert (after.role, after.disabled, after.groups) == (Role.OPERATOR, True, alice.groups)


async def test_a_form_that_is_stale_changes_nothing(house: House, ada: Visitor) -> None:
    at, alice = await page_of(house, "alice"), await house.identity.get("alice")
    await ada.get(at)
    await house.identity.change_user("alice", full_name="Changed meanwhile")
    for version in (str(alice.version), "", "x", "-1", "9" * 30):
        answer = await ada.post(at, fields_of(alice, full_name="Mine", version=version))
        assert answer.status_code == 409
        assert "somebody else" in answer.text
    assert (await house.identity.get("alice")).full_name == "Changed meanwhile"


async def test_no_further_field_is_taken(house: House, ada: Visitor) -> None:
    """Mass assignment: names of columns that the form does not have."""
    at, alice = await page_of(house, "alice"), await house.identity.get("alice")
    await ada.get(at)
    evil = {
        "name": "root",
        "uuid": "0",
        "password_hash": "x",
        "pin_hash": "x",
        "pin_lookup": "x",
        "cards": "x",
        "source": "ldap",
        "external_id": "x",
        "created_at": "0",
        "given": "{}",
    }
    await ada.post(at, fields_of(alice, full_name="Alice", **evil))
    after = await house.identity.get("alice")
    kept = ("name", "uuid", "password_hash", "pin_hash", "pin_lookup", "cards", "source", "external_id", "created_at")
    assert [getattr(after, name) for name in kept] == [getattr(alice, name) for name in kept]


async def test_a_card_is_lent_to_somebody_for_a_week(house: House, ada: Visitor) -> None:
    bob = await house.identity.get("bob")
    at = f"/admin/users/{bob.uuid}"
    assert (await ada.post(f"{at}/cards", {"number": "04A2197F", "days": "8"})).status_code == 400
    assert (await ada.post(f"{at}/cards", {"number": "04A2197F", "days": "7"})).status_code == 303
    assert "until Jan 22, 2027" in (await ada.get(at)).text
    (card,) = await house.personal.cards.of(await house.identity.get("bob"))
    assert card.expires_at == house.clock.now() + 7 * 86400


async def test_pin_password_and_cards(house: House, ada: Visitor) -> None:
    at = await page_of(house, "bob")
    await ada.get(at)
    shown = await ada.post(f"{at}/pin")
    pin = re.search(r"<code>(\d+)</code>", shown.text)
    assert pin is not None
    assert (await house.identity.sign_in_pin(pin[1], name="bob", address="192.0.2.1")).name == "bob"
    assert pin[1] not in (await ada.get(at)).text
    assert (await ada.post(f"{at}/pin", {"mail": "yes"})).status_code == 409, "bob has no address"
    shown = await ada.post(f"{at}/password")
    password = re.search(r"<code>([a-z0-9-]+)</code>", shown.text)
    assert password is not None
    assert (await house.identity.sign_in_password("bob", password[1], address="192.0.2.1")).name == "bob"
    assert (await ada.post(f"{at}/cards", {"number": "04A2197F", "label": "Blue"})).headers["location"].endswith("card")
    assert (await ada.post(f"{at}/cards", {"number": "nothing!"})).status_code == 400
    tag = re.search(r'name="card" value="([^"]+)"', (await ada.get(at)).text)
    assert tag is not None
    await ada.post(f"{at}/cards/remove", {"card": tag[1]})
    assert (await ada.post(f"{at}/cards/remove", {"card": tag[1]})).status_code == 404
    assert (await house.identity.get("bob")).cards == ()
    assert told(house) == ["user.pin-made", "user.password-made", "user.card-added", "user.card-removed"]
    text = repr(house.staff.entries.rows)
    assert pin[1] not in text
    assert password[1] not in text


async def test_signing_out_and_resetting_the_second_step(house: House, ada: Visitor) -> None:
    at, bob = await page_of(house, "bob"), await house.identity.get("bob")
    cookie, _ = await house.identity.open_session(bob, method="password", address="192.0.2.1")
    await ada.get(at)
    assert (await ada.post(f"{at}/sessions/end")).headers["location"].endswith("out")
    assert await house.identity.session(cookie) is None
    await house.staff.second.begin(bob)
    assert (await ada.post(f"{at}/second/reset")).headers["location"].endswith("second")
    assert await house.staff.factors.factor(bob.uuid) is None


async def test_erasing_asks_for_the_name(house: House, ada: Visitor) -> None:
    at = await page_of(house, "bob")
    await ada.get(f"{at}/erase")
    assert (await ada.post(f"{at}/erase", {"name": "alice"})).status_code == 400
    assert not (await house.identity.get("bob")).disabled
    assert (await ada.post(f"{at}/erase", {"name": "bob"})).headers["location"] == f"{WHO}?done=erased"
    assert told(house)[-1] == "user.erased"


async def test_an_administrator_of_a_site_changes_nobody(house: House, nora: Visitor) -> None:
    """Nor may somebody whose rights end at a site climb by the account of somebody whose rights do not."""
    await house.identity.add_user("root", password=PASSWORD, role=Role.ADMINISTRATOR)
    for name in ("root", "alice"):
        at, user = await page_of(house, name), await house.identity.get(name)
        page = await nora.get(at)
        assert page.status_code == 200
        assert f'action="{at}"' not in page.text
        for path, fields in (
            (at, fields_of(user, full_name="Mine", sure="yes")),
            (f"{at}/pin", {}),
            (f"{at}/password", {}),
            (f"{at}/cards", {"number": "04A2197F"}),
            (f"{at}/sessions/end", {}),
            (f"{at}/second/reset", {}),
            (f"{at}/erase", {"name": name}),
        ):
            assert (await nora.post(path, fields)).status_code == 403, path
        assert await house.identity.get(name) == user
    assert (await nora.post(f"{WHO}/new", {"name": "mine", "role": "user"})).status_code == 403
    assert told(house) == []


async def test_nobody_puts_somebody_into_a_group_with_more_rights(house: House, ada: Visitor) -> None:
    """By the ready roles who manages people of the whole house has all rights; a role of a newer house may have fewer."""
    alice = await house.identity.get("alice")
    at = await page_of(house, "alice")
    await ada.get(at)
    await ada.post(at, fields_of(alice, groups="Team", sure="yes"))
    assert (await house.identity.get("alice")).groups == ("Team",)


async def test_the_last_administrator_stays_one(house: House, ada: Visitor) -> None:
    at, user = await page_of(house, "ada"), await house.identity.get("ada")
    await ada.get(at)
    for changes in ({"role": "user"}, {"disabled": "yes"}):
        answer = await ada.post(at, fields_of(user, sure="yes", **changes))
        assert answer.status_code == 409
        assert "last administrator" in answer.text
    assert (await ada.post(f"{at}/erase", {"name": "ada"})).status_code == 409
    assert await house.identity.get("ada") == user


async def test_an_address_that_is_nobody(ada: Visitor) -> None:
    for name in ("nothing", "00000000-0000-4000-8000-000000000000", "../new"):
        assert (await ada.get(f"{WHO}/{name}")).status_code == 404


async def test_old_proofs_are_asked_anew(house: House, ada: Visitor) -> None:
    at = await page_of(house, "alice")
    await ada.get(at)
    await house.clock.advance(700.0)
    answer = await ada.post(f"{at}/pin")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/signin/confirm?next=%2Fadmin%2Fusers")
    assert (await house.identity.get("alice")).pin_hash is not None


# -- groups


async def test_a_group_is_made_filled_and_deleted(house: House, ada: Visitor) -> None:
    await ada.get("/admin/groups/new")
    assert (
        await ada.post("/admin/groups/new", {"name": "School", "kind": "department", "cost_centre": "4711"})
    ).status_code == 303
    at = "/admin/group?name=Maths%20%26%20more"
    made = await ada.post("/admin/groups/new", {"name": "Maths & more", "parent": "school", "label": "Mathematics"})
    assert made.headers["location"] == f"{at}&done=added"
    page = await ada.get(at)
    assert 'href="/admin/group?name=School"' in page.text
    assert 'placeholder="4711"' in page.text
    name = {"name": "Maths & more"}
    assert (await ada.post("/admin/group/members", name | {"user": "alice"})).status_code == 303
    assert (await ada.post("/admin/group/members", name | {"user": "nobody"})).status_code == 404
    assert "Alice Ode" in (await ada.get(at)).text
    assert "1 person" in (await ada.get("/admin/groups?q=maths")).text
    assert (await ada.post("/admin/group/members/remove", name | {"user": "alice"})).status_code == 303
    asked = await ada.post("/admin/group/delete", name)
    assert "Delete this group?" in asked.text
    assert (await ada.post("/admin/group/delete", name | {"sure": "yes"})).headers[
        "location"
    ] == "/admin/groups?done=deleted"
    assert (await ada.get(at)).status_code == 404
    assert told(house) == [
        "group.added", "group.added", "group.member-added", "group.member-removed", "group.deleted",
    ]  # fmt: skip


async def test_a_stale_or_wrong_change_of_a_group(house: House, ada: Visitor) -> None:
    await house.staff.groups.add(SYSTEM, "Team")
    await ada.get("/admin/group?name=Team")
    fields = {"name": "Team", "version": "1", "label": "New", "kind": "cost-centre"}
    assert (await ada.post("/admin/group", fields)).status_code == 303
    assert (await ada.post("/admin/group", fields | {"label": "Newer"})).status_code == 409
    assert (await ada.post("/admin/group", fields | {"version": "2", "kind": "tribe"})).status_code == 400
    assert (await ada.post("/admin/group", fields | {"version": "2", "parent": "team"})).status_code == 400
    team = await house.staff.groups.get("team")
    assert (team.label, team.kind, team.parent) == ("New", GroupKind.COST_CENTRE, "")
    assert (await ada.get("/admin/group")).headers["location"] == "/admin/groups"


# -- roles


async def test_roles_are_given_and_taken(house: House, ada: Visitor) -> None:
    await ada.get("/admin/roles?holder=alice")
    assert (await ada.post("/admin/roles", {"holder": "alice", "role": "desk"})).headers["location"].endswith("given")
    page = await ada.get("/admin/roles")
    assert "alice" in page.text
    number = (await house.staff.rights.roles())[0].id
    for fields in (
        {"holder": "alice", "role": "user"},
        {"holder": "alice", "role": "desk", "site": "nowhere"},
        {"holder": "alice", "role": ""},
    ):
        assert (await ada.post("/admin/roles", fields)).status_code == 400
    assert (await ada.post("/admin/roles", {"holder": "nobody", "role": "desk"})).status_code == 404
    assert (await ada.post("/admin/roles", {"holder": "alice", "role": "desk", "kind": "group"})).status_code == 404
    assert (await ada.post(f"/admin/roles/{number}/take")).headers["location"].endswith("taken")
    assert (await ada.post(f"/admin/roles/{number}/take")).status_code == 404


async def test_an_administrator_of_a_site_gives_nothing_beyond_it(house: House, nora: Visitor) -> None:
    await nora.get("/admin/roles")
    assert (await nora.post("/admin/roles", {"holder": "nora", "role": "administrator"})).status_code == 403
    assert len(await house.staff.rights.roles()) == 1


# -- the audit log, and lockouts


async def test_the_log_is_searched_and_verified(house: House, ada: Visitor) -> None:
    for number in range(3):
        await house.staff.audit.note(SYSTEM, "user.changed", f"user pupil{number}", full_name="<b>\nforged line")
    page = await ada.get("/admin/audit?q=PUPIL1")
    assert "Person pupil1" in page.text
    assert "Person pupil2" not in page.text
    assert "&lt;b&gt; forged line" in page.text
    assert "All 3 rows" in (await ada.post("/admin/audit/verify")).text
    house.staff.entries.rows.pop(1)
    assert "Rows 2 to 2 are missing" in (await ada.post("/admin/audit/verify")).text
    assert (await ada.get("/admin/audit?before=x&action=nothing")).status_code == 200


async def test_whoever_is_locked_out_is_named_and_forgiven(house: House, ada: Visitor) -> None:
    async with visiting(house.app(), site=SECURE, address="198.51.100.9") as guesser:
        for _ in range(6):
            await guesser.sign_in("alice", "wrong")
    page = await ada.get("/admin/lockouts")
    assert "198.51.100.9" in page.text
    fields = dict(re.findall(r'name="(kind|who|place)" value="([^"]*)"', page.text)[:3])
    assert fields["who"] == "alice"
    assert (await ada.post("/admin/lockouts/forgive", fields)).headers["location"].endswith("yes")
    assert (await ada.post("/admin/lockouts/forgive", fields)).status_code == 404
    assert ("lockout.forgiven", "alice") in house.staff.told


async def test_an_administrator_of_a_site_reads_no_log_and_forgives_nobody(nora: Visitor) -> None:
    for path in ("/admin/audit", "/admin/lockouts"):
        assert (await nora.get(path)).status_code == 403
    await nora.get("/admin/roles")
    assert (await nora.post("/admin/audit/verify")).status_code == 403
