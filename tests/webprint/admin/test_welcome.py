"""The wizard, as a browser without scripts goes through it: six steps, each on its own, and nothing after the end."""

import pytest

from gateway.domain.discovered import Discovered
from gateway.domain.printer import ReleasePolicy
from gateway.domain.rights import Role
from gateway.domain.user import Actor
from tests.webprint.visitor import SECURE, Visitor, visiting
from tests.webprint.web_house import PASSWORD, House

ADA = {"name": "ada", "full_name": "Ada Ode", "password": "a long sentence", "again": "a long sentence"}
SITE = {"name": "Library", "language": "de", "time_zone": "Europe/Berlin", "currency": "CHF", "base_url": ""}
AT = "/admin/welcome"


@pytest.fixture
async def link(house: House) -> str:
    """As `papertap setup link` opens it: the house of these tests has users."""
    return f"/welcome/{await house.administration.setup.new_link(by_shell=True)}"


async def begun(visitor: Visitor, link: str) -> None:
    await visitor.get(link)
    answer = await visitor.post(link, ADA)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{AT}/site")


async def test_six_steps_from_the_link_to_a_printer(house: House, visitor: Visitor, link: str) -> None:
    house.house_ports.network.machines["192.0.2.9"] = Discovered(
        name="Oak", location="Hall", addresses=("192.0.2.9",), uris=("ipp://192.0.2.9/ipp/print",), told_by=("ipp",)
    )
    await begun(visitor, link)  # 1
    assert (await house.identity.get("ada")).role is Role.ADMINISTRATOR
    await visitor.get(f"{AT}/site")  # 2
    answer = await visitor.post(f"{AT}/site", SITE)
    assert answer.headers["location"] == f"{AT}/printers"
    assert house.settings.site.currency == "CHF"
    await visitor.get(f"{AT}/printers")  # 3
    await visitor.post(f"{AT}/printers", {"do": "search", "ranges": "192.0.2.8-192.0.2.10", "snmp": "2c"})
    await house.administration.search.finished()
    assert "ipp://192.0.2.9/ipp/print" in (await visitor.get(f"{AT}/printers")).text
    found = {"do": "add", "uri": "ipp://192.0.2.9/ipp/print", "info": "Oak", "location": "Hall"}
    assert (await visitor.post(f"{AT}/printers", found)).headers["location"] == f"{AT}/test"
    await visitor.get(f"{AT}/test")  # 4
    answer = await visitor.post(f"{AT}/test", {"do": "print"})
    assert "Test page" in (await visitor.get(answer.headers["location"])).text
    assert (await visitor.post(f"{AT}/test", {"do": "came"})).headers["location"] == f"{AT}/printer"
    assert "Oak" in (await visitor.get(f"{AT}/printer")).text  # 5
    made = {"policy": "direct", "name": "oak", "info": "Oak in the hall", "location": "Hall", "device": "oak"}
    assert (await visitor.post(f"{AT}/printer", made)).headers["location"] == f"{AT}/done"
    assert "Oak in the hall" in (await visitor.get(f"{AT}/done")).text  # 6
    assert (await visitor.post(f"{AT}/done")).headers["location"] == "/admin"
    printer = house.printers.get("oak")
    assert (printer.policy, printer.devices, printer.location) == (ReleasePolicy.DIRECT, ("oak",), "Hall")


async def test_it_can_be_left_and_goes_on_where_it_was(house: House, visitor: Visitor, link: str) -> None:
    await begun(visitor, link)
    await visitor.get(f"{AT}/site")
    await visitor.post("/signout")
    assert (await visitor.get(AT)).headers["location"].startswith("/signin")
    async with visiting(house.app()) as later:
        await later.sign_in("ada", "a long sentence")
        assert (await later.get(AT)).headers["location"] == f"{AT}/site"
        await later.get(f"{AT}/site")
        await later.post(f"{AT}/site", SITE)
        assert (await later.get(AT)).headers["location"] == f"{AT}/printers"


async def test_after_the_end_every_page_of_it_is_shut(house: House, visitor: Visitor, link: str) -> None:
    await begun(visitor, link)
    await house.administration.setup.finish()
    assert (await visitor.get(AT)).headers["location"] == "/admin"
    for step in ("site", "printers", "test", "printer", "done"):
        assert (await visitor.get(f"{AT}/{step}")).status_code == 409
        assert (await visitor.post(f"{AT}/{step}", SITE | {"policy": "pull"})).status_code == 409
    assert house.settings.site.name == "Papertap"
    for path in (link, "/welcome/guess"):
        answer = await visitor.get(path)
        assert (answer.status_code, "opens nothing" in answer.text) == (404, True)
        assert (await visitor.post(path, ADA | {"name": "eve"})).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"again": "another"}, "again"),
        ({"password": "short", "again": "short"}, "password"),
        ({"name": ""}, "name"),
        ({"name": "alice"}, "name"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(
    house: House, visitor: Visitor, link: str, change: dict[str, str], field: str
) -> None:
    await visitor.get(link)
    answer = await visitor.post(link, ADA | change)
    assert answer.status_code == 400
    assert f'id="{field}-wrong"' in answer.text
    assert ADA["password"] not in answer.text
    assert await house.users.user("ada") is None
    await visitor.post(link, ADA)
    assert await house.users.user("ada") is not None


async def test_no_password_crosses_the_network_in_clear(house: House, link: str) -> None:
    async with visiting(house.app(), site="http://print.example:8080", address="192.0.2.5") as far:
        answer = await far.get(link)
        assert answer.headers["location"] == f"https://print.example:8443{link}"
        assert (await far.post(link, ADA)).status_code == 403
    async with visiting(house.app(), site=SECURE, address="192.0.2.5") as safe:
        await begun(safe, link)


async def test_another_sites_form_makes_nobody_administrator(house: House, visitor: Visitor, link: str) -> None:
    await visitor.get(link)
    assert (await visitor.post(link, ADA, token="guess")).status_code == 403
    assert (await visitor.post(link, ADA, headers={"sec-fetch-site": "cross-site"})).status_code == 403
    assert await house.users.user("ada") is None


async def test_an_address_inside_is_refused_beside_its_field(house: House, visitor: Visitor, link: str) -> None:
    await begun(visitor, link)
    await visitor.get(f"{AT}/printers")
    answer = await visitor.post(f"{AT}/printers", {"do": "add", "uri": "socket://127.0.0.1:9100", "info": "x"})
    assert answer.status_code == 400
    assert 'id="uri-wrong"' in answer.text
    assert len(house.printers.devices()) == 3


async def test_others_do_not_see_the_guide(house: House, link: str) -> None:
    await house.administration.setup.create_administrator(link.rpartition("/")[2], "ada", "a long sentence")
    async with visiting(house.app()) as visitor:
        await visitor.sign_in("olga", PASSWORD)
        assert (await visitor.get(f"{AT}/site")).status_code == 403


async def test_a_test_page_that_cannot_be_printed_says_why(house: House, visitor: Visitor, link: str) -> None:
    await begun(visitor, link)
    await house.administration.setup.reach(await house.administration.setup.require(), device="library")
    house.house_ports.driver.at("library").status = house.printers.device("library").status
    await visitor.get(f"{AT}/test")
    answer = await visitor.post(f"{AT}/test", {"do": "print"})
    assert answer.status_code == 409
    assert "Library cannot print now" in answer.text


async def test_somebody_elses_test_page_is_not_shown(house: House, visitor: Visitor, link: str) -> None:
    other = await house.administration.devices.print_test_page("lobby", Actor(user="bob"), title="Test page", lines=())
    await house.identity.change_user("bob", role=Role.USER)
    async with visiting(house.app()) as alice:
        await house.identity.change_user("alice", role=Role.DEVICE_MANAGER)
        await alice.sign_in("alice")
        assert f"job {other.id}" not in (await alice.get(f"/admin/devices/lobby?job={other.id}")).text
