"""The pages as an app: manifest, worker, offline page, sharing, own printers, notices, staying signed in."""

import html
import json
import re

import pytest

from gateway.domain.phone import Presence
from gateway.services.staying import GRACE_SECONDS
from gateway.settings import Remote, Settings
from tests.gateway.services.test_push import KEYS
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import PASSWORD, House

OWN = "/account/printers"


class FakeProfiles:
    async def air_print(self, destinations: object, *, key: str, name: str, text: str) -> bytes:
        return repr((destinations, key, name, text)).encode()


async def test_the_manifest_and_what_it_names(visitor: Visitor) -> None:
    answer = await visitor.get("/app.webmanifest")
    assert answer.headers["content-type"] == "application/manifest+json"
    told = json.loads(answer.text)
    assert (told["display"], told["scope"], told["share_target"]["action"]) == ("standalone", "/", "/share")
    for icon in told["icons"]:
        picture = await visitor.get(icon["src"])
        assert picture.content.startswith(b"\x89PNG")
        assert picture.headers["content-type"] == "image/png"
    page = await visitor.get("/")
    assert 'rel="manifest" href="/app.webmanifest"' in page.text
    assert "manifest-src 'self'" in page.headers["content-security-policy"]


async def test_the_worker_keeps_our_files_and_nobodys_page(visitor: Visitor) -> None:
    answer = await visitor.get("/sw.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    files = json.loads(re.search(r"const SHELL = (\[.*\]);", answer.text)[1])  # type: ignore[index]  # reason: it is there
    for file in files:
        kept = await visitor.get(file)
        assert kept.status_code == 200
        assert "immutable" in kept.headers["cache-control"]
    assert "/jobs" not in answer.text.replace('"/jobs"', "")


async def test_the_page_for_outside_is_kept_with_all_it_names_where_it_is_set_up(house: House) -> None:
    async with visiting(house.app()) as visitor:
        worker = (await visitor.get("/sw.js")).text
        page = await visitor.get("/remote")
        assert 'const PAGES = ["/offline", "/remote"];' in worker
        named = set(re.findall(r'"(/static/[^"]+)"', page.text)) - set(re.findall(r'icon" href="([^"]+)"', page.text))
        assert named
        assert [name for name in named if f'"{name}"' not in worker] == []
    larger = Settings(data="unused", remote=Remote(relay="wss://elsewhere.example/"))
    async with visiting(house.app(settings=larger)) as visitor:
        assert (await visitor.get("/sw.js")).text.splitlines()[0] != worker.splitlines()[0], "loaded anew"
    async with visiting(house.app(remote=None)) as visitor:
        assert 'const PAGES = ["/offline"];' in (await visitor.get("/sw.js")).text


async def test_the_offline_page_tells_nothing_private(alice: Visitor, house: House) -> None:
    await house.add(name="Secret.pdf")
    async with visiting(house.app()) as stranger:
        text = (await stranger.get("/offline")).text
    assert "Secret" not in text
    assert "alice" not in text
    assert "cannot reach the print server" in text


async def test_a_share_without_the_worker_uploads_nothing(alice: Visitor, house: House) -> None:
    files = {"file": ("a.pdf", b"%PDF-1.7", "application/pdf")}
    headers = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    answer = await alice.client.post("/share", files=files, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/upload")
    assert house.jobs.rows == {}


async def test_only_the_scanner_may_use_the_camera(visitor: Visitor) -> None:
    assert "camera=(self)" in (await visitor.get("/scan")).headers["permissions-policy"]
    assert "camera=()" in (await visitor.get("/")).headers["permissions-policy"]


# --- own printers ----------------------------------------------------------------------------------------------------


async def test_a_printer_of_ones_own_is_shown_once_with_its_profile(house: House) -> None:
    async with visiting(house.app(profiles=FakeProfiles)) as alice:
        await alice.sign_in()
        await alice.get(OWN)
        text = html.unescape((await alice.post(OWN, {"name": "My iPhone", "printer": "find-me"})).text)
        found = re.search(r"ipps://[^/]+/ipp/u/([a-z0-9]+)/print", text)
        assert found
        assert "<svg" in text
        assert found[1] not in (await alice.get(OWN)).text, "shown this once"
        assert "My iPhone" in (await alice.get(OWN)).text
        answer = await alice.post(f"{OWN}/profile", {"token": found[1]})
        assert answer.headers["content-type"] == "application/x-apple-aspen-config"
        assert found[1] in answer.text
        assert (await house.phone.queues.open(found[1], address="x")).actor.user == "alice"
        (row,) = house.phone_rows.queues.rows.values()
        await alice.get(OWN)
        again = html.unescape((await alice.post(f"{OWN}/{row.id}/renew")).text)
        assert found[1] not in again
        assert "ipps://" in again
        await alice.get(OWN)
        assert (await alice.post(f"{OWN}/{row.id}/remove")).status_code == 303
        assert house.phone_rows.queues.rows == {}


async def test_anothers_printer_is_out_of_reach(alice: Visitor, house: House) -> None:
    token, row = await house.phone.queues.add(await house.identity.get("bob"), "Bob's")
    assert "Bob's" not in (await alice.get(OWN)).text
    for path in (f"{OWN}/{row.id}/renew", f"{OWN}/{row.id}/remove", f"{OWN}/nonsense/remove"):
        await alice.get(OWN)
        assert (await alice.post(path)).status_code == 404
    assert (await alice.post(f"{OWN}/profile", {"token": token})).status_code == 403
    assert (await alice.post(f"{OWN}/profile", {"token": "guess"})).status_code == 404
    for fields in ({"name": ""}, {"name": "x", "printer": "nowhere"}):
        await alice.get(OWN)
        assert (await alice.post(OWN, fields)).status_code in {400, 404}


async def test_forget_my_password_on_all_devices(alice: Visitor, house: House) -> None:
    await alice.get(OWN)
    house.clock.tick(10)
    assert (await alice.post(f"{OWN}/forget")).status_code == 303
    assert not house.phone.fresh.accepts(house.printers.get("find-me"), "alice", "192.0.2.7", job=True)
    assert house.phone.fresh.accepts(house.printers.get("find-me"), "bob", "192.0.2.7", job=True)


# --- notices ---------------------------------------------------------------------------------------------------------


async def test_notices_on_this_device(alice: Visitor, house: House) -> None:
    assert "BPublicKey" in (await alice.get("/account")).text
    answer = await alice.post("/account/push", {"endpoint": "https://push.example/a", **KEYS})
    assert answer.headers["location"] == "/account?done=push"
    (row,) = house.phone_rows.push.rows.values()
    assert row.endpoint == "https://push.example/a"
    text = (await alice.get("/account")).text
    assert f"/account/push/{row.id}/remove" in text
    answer = await alice.post("/account/push", {"endpoint": "http://10.0.0.1/", **KEYS})
    assert answer.headers["location"] == "/account?done=push-failed"
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob")
        assert (await bob.post(f"/account/push/{row.id}/remove")).status_code == 404
    await alice.get("/account")
    await alice.post(f"/account/push/{row.id}/remove")
    assert house.phone_rows.push.rows == {}


async def test_which_notices_is_a_choice(alice: Visitor, house: House) -> None:
    await alice.get("/account")
    await alice.post("/account", {"full_name": "Alice Ode", "push": ["ready", "nonsense"], "push_names": "yes"})
    chosen = await house.personal.preferences.of(await house.identity.get("alice"))
    assert ({kind.value for kind in chosen.push}, chosen.push_names) == ({"ready", "low-balance"}, True)


# --- staying signed in -----------------------------------------------------------------------------------------------


async def stays(house: House, visitor: Visitor) -> None:
    await visitor.get("/signin")
    await visitor.post("/signin", {"with": "password", "name": "alice", "password": PASSWORD, "stay": "1"})


async def test_a_browser_that_stays_goes_on_after_its_session(house: House) -> None:
    async with visiting(house.app()) as phone:
        await stays(house, phone)
        first = phone.client.cookies["papertap-stay"]
        house.clock.tick(3 * 86400)
        assert (await phone.get("/jobs")).status_code == 200
        assert phone.client.cookies["papertap-stay"] != first
        assert (await phone.get("/jobs")).status_code == 200
        house.clock.tick(28 * 86400)
        assert (await phone.get("/jobs")).status_code == 303, "thirty days are over"


async def test_a_stolen_cookie_ends_both_and_the_owner_is_told_everywhere(house: House) -> None:
    await house.identity.change_user("alice", email="alice@example.org")
    async with visiting(house.app()) as phone, visiting(house.app()) as thief:
        await stays(house, phone)
        stolen = phone.client.cookies["papertap-stay"]
        house.clock.tick(3600)
        assert (await phone.get("/jobs")).status_code == 200
        house.clock.tick(GRACE_SECONDS + 1800)
        for site in (phone, thief):
            site.client.cookies.pop("papertap", None)
        thief.client.cookies.set("papertap-stay", stolen, domain="127.0.0.1", path="/")
        answer = await thief.get("/jobs")
        assert answer.status_code in {303, 307}
        assert (await phone.get("/jobs")).status_code == 303
        assert len(house.phone_rows.copied) == 1
        await phone.sign_in()
        assert "Notices, one is new" in (await phone.get("/jobs")).text
        page = (await phone.get("/account/notices")).text
    assert "You were signed out on a device of yours" in page
    assert "from 127.0.0.1" in page
    assert "change your password" in page
    assert 'href="/account/security" aria-label="Open: You were signed out' in page
    (letter,) = house.mailer.letters
    assert (letter.kind, letter.values["what"]) == ("proof-changed", "stay-copied")


async def test_files_that_anybody_may_cache_renew_nothing(house: House) -> None:
    async with visiting(house.app()) as phone:
        await stays(house, phone)
        house.clock.tick(86400)
        before = phone.client.cookies["papertap-stay"]
        for path in ("/static/base.css", "/sw.js", "/app.webmanifest"):
            answer = await phone.get(path)
            assert "set-cookie" not in answer.headers
        assert phone.client.cookies["papertap-stay"] == before
        assert (await phone.get("/nothing-here")).status_code == 404
        assert phone.client.cookies["papertap-stay"] != before, "kept also with a page that says no"
        assert (await phone.get("/jobs")).status_code == 200


async def test_devices_are_listed_and_forgotten(house: House) -> None:
    async with visiting(house.app()) as phone, visiting(house.app()) as desk:
        await stays(house, phone)
        await desk.sign_in()
        text = (await desk.get("/account/security")).text
        assert "Devices that stay signed in" in text
        (row,) = house.phone_rows.phones.rows.values()
        assert (await desk.post(f"/account/security/phones/{row.id}/end")).status_code == 303
        assert (await phone.get("/jobs")).status_code == 303
        await desk.get("/account/security")
        assert (await desk.post("/account/security/phones/nonsense/end")).status_code == 404


async def test_signing_out_drops_the_browsers_key(house: House) -> None:
    async with visiting(house.app()) as phone:
        await stays(house, phone)
        await phone.get("/jobs")
        await phone.post("/signout")
        assert "papertap-stay" not in phone.client.cookies
        assert house.phone_rows.phones.rows == {}


# --- stickers --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def olga(house: House) -> Visitor:
    async with visiting(house.app()) as visitor:
        await visitor.sign_in("olga")
        yield visitor  # type: ignore[misc]  # reason: a fixture


async def test_staff_make_sheets_and_say_where_presence_counts(olga: Visitor, house: House) -> None:
    number = await house.phone.numbers.of(house.printers.device("copy-room"))
    text = (await olga.get("/admin/stickers")).text
    assert number in text
    answer = await olga.post("/admin/stickers/sheet", {"place": ["copy-room", "lobby"], "size": "a6", "language": "fr"})
    assert answer.headers["content-type"] == "application/pdf"
    ((stickers, size, language),) = house.phone_rows.sheets.made
    assert ([one.name for one in stickers], size.value, language) == (["copy-room", "lobby"], "a6", "fr")
    assert stickers[0].url.endswith(f"/p/{number}")
    assert "?" not in stickers[0].url, "a sticker only names"
    for fields in ({}, {"place": "nowhere"}, {"place": "lobby", "size": "a3"}, {"place": "lobby", "language": "xx"}):
        await olga.get("/admin/stickers")
        assert (await olga.post("/admin/stickers/sheet", fields)).status_code == 400
    await olga.get("/admin/stickers")
    await olga.post("/admin/stickers/presence/copy-room", {"presence": "panel"})
    assert house.printers.device("copy-room").presence is Presence.PANEL
    await olga.get("/admin/stickers")
    assert (await olga.post("/admin/stickers/presence/copy-room", {"presence": "x"})).status_code == 400


async def test_screens_are_listed_and_taken_away(olga: Visitor, house: House) -> None:
    await house.phone.codes.enrol("copy-room", (await house.identity.session(olga.client.cookies["papertap"]))[1])  # type: ignore[index]  # reason: she is signed in
    (screen,) = await house.phone.codes.screens()
    assert "copy-room" in (await olga.get("/admin/stickers")).text
    assert (await olga.post(f"/admin/stickers/screens/{screen.tag}/remove")).status_code == 303
    assert await house.phone.codes.screens() == []
