"""Health, the certificate and backups by the API: what their pages do, for programs."""

from pathlib import Path

import pytest
import trustme

from gateway.domain.acme import Asked
from gateway.services.administration import Administration
from gateway.services.ports.acme import NotIssued
from gateway.services.renewals import Renewals
from tests.fakes_administration import FakeIssuer, MemoryPublicShelf
from tests.mobile_api.api_house import ApiHouse

ISSUED = trustme.CA().issue_cert("print.example.org")
CHAIN = "".join(blob.bytes().decode() for blob in ISSUED.cert_chain_pems)
KEY = ISSUED.private_key_pem.bytes().decode()


def administration(house: ApiHouse) -> Administration:
    found: Administration = house.app.state.services.administration
    return found


@pytest.fixture
def issuer(house: ApiHouse) -> FakeIssuer:
    """A public authority that is asked for print.example."""
    clock = house.gateway.clock
    shelf = MemoryPublicShelf(clock)
    issuer = FakeIssuer(shelf, clock)
    asked = Asked(directory="https://acme.example/directory", names=("print.example",))
    renewals = Renewals(asked=asked, issuer=issuer, shelf=shelf, clock=clock)
    object.__setattr__(administration(house), "renewals", renewals)
    return issuer


async def noted(house: ApiHouse, action: str) -> list[str]:
    async with house.client(token=await house.token("root")) as root:
        return [one["subject"] for one in (await root.get(f"audit?action={action}")).json()["items"]]


async def test_what_can_be_told_at_once_is_told_and_the_rest_is_tried_when_asked(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        listed = {one["key"]: one for one in (await root.get("checks")).json()}
        assert {key: one["kind"] for key, one in listed.items()} == {
            "storage": "state",
            "backup": "state",
            "mail": "connection",
            "ask lobby": "device",
        }
        assert listed["backup"]["found"] == {
            "ok": False,
            "text": "There is no backup yet.",
            "mend": "Make one now, or set a schedule.",
            "needed": True,
        }
        assert listed["mail"]["found"] is None
        tried = await root.post("checks/mail")
        assert (tried.status_code, tried.json()["ok"], tried.json()["text"]) == (200, False, "No route to host.")
        assert (await root.post("checks/ask%20lobby")).json()["ok"] is True
        assert (await root.post("checks/nonsense")).status_code == 404
        german = await root.get("checks", headers={"accept-language": "de"})
        assert "There is no backup yet." not in german.text


async def test_a_certificate_is_brought_and_dropped_by_somebody_who_has_just_proved_themselves(house: ApiHouse) -> None:
    headers, _ = await house.session("root")
    async with house.client(token=await house.token("root")) as root, house.client() as page:
        own = (await root.get("certificate")).json()
        assert (own["own"], own["fixed"], own["pending"], own["public"]) == (True, False, False, None)
        pair = {"certificate": CHAIN, "key": KEY}
        assert (await root.put("certificate", json=pair)).status_code == 403, "no token will do"
        brought = (await page.put("certificate", json=pair, headers=headers)).json()
        assert (brought["names"], brought["own"]) == (["print.example.org"], False)
        assert (await root.get("certificate")).json() == brought
        wrong = await page.put("certificate", json=pair | {"key": "rubbish"}, headers=headers)
        assert (wrong.status_code, wrong.json()["detail"]) == (400, "This is no private key in PEM.")
        assert (await root.get("certificate")).json() == brought
        assert (await page.delete("certificate", headers=headers)).json() == own
    assert await noted(house, "certificate.replaced") == [own["fingerprint"], brought["fingerprint"]]


async def test_a_request_waits_for_its_answer(house: ApiHouse) -> None:
    headers, _ = await house.session("root")
    async with house.client() as page:
        nothing = await page.post("certificate/answer", json={"certificate": CHAIN}, headers=headers)
        assert nothing.json()["detail"] == "No request waits for an answer. Make one first."
        asked = await page.post("certificate/request", json={"names": ["print.example.org"]}, headers=headers)
        assert asked.json()["request"].startswith("-----BEGIN CERTIFICATE REQUEST-----")
        assert (await page.get("certificate", headers=headers)).json()["pending"] is True
        other = await page.post("certificate/answer", json={"certificate": CHAIN}, headers=headers)
        assert other.json()["detail"].startswith("The key does not belong")
    assert await noted(house, "certificate.requested") == ["print.example.org"]


async def test_the_public_authority_is_asked_by_a_program(house: ApiHouse, issuer: FakeIssuer) -> None:
    async with house.client(token=await house.token("root")) as root:
        issuer.refusal = NotIssued("caa", name="print.example", detail="CAA record prevents issuance")
        refused = (await root.post("certificate/renew")).json()["public"]
        assert (refused["ok"], refused["tried"] is None) == (False, False)
        assert refused["mend"] == "Add this authority to the CAA records of the name, and try now."
        issuer.refusal = None
        public = (await root.post("certificate/renew")).json()["public"]
        assert (public["ok"], public["names"], public["issuer"]) == (True, ["print.example"], "Example Public CA")
    assert issuer.asked == [("print.example",)] * 2
    assert await noted(house, "certificate.asked-for") == ["print.example", "print.example"]


async def test_without_a_public_authority_there_is_nobody_to_ask(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        answer = await root.post("certificate/renew")
    assert answer.status_code == 409
    assert "acme.directory" in answer.json()["detail"]


async def test_backups_are_made_by_programs_and_deleted_by_people(house: ApiHouse) -> None:
    headers, _ = await house.session("root")
    folder = Path(house.gateway.settings.data) / "backups"
    async with house.client(token=await house.token("root")) as root, house.client() as page:
        assert (await root.get("backups")).json() == []
        made = await root.post("backups")
        assert made.status_code == 201
        name = made.json()["name"]
        assert (folder / name).stat().st_size == made.json()["size"] > 0
        assert [one["name"] for one in (await root.get("backups")).json()] == [name]
        assert (await root.delete(f"backups/{name}")).status_code == 403
        assert (await page.delete("backups/..%2Fpapertap.db", headers=headers)).status_code == 404
        assert (await page.delete(f"backups/{name}", headers=headers)).status_code == 204
        assert (await root.get("backups")).json() == []
    assert await noted(house, "backup.made") == await noted(house, "backup.deleted") == [f"backup {name}"]
