"""The account's services over the real stores: wired, durable, and forgetful when they shall be."""

import io
import json
import zipfile
from pathlib import Path

from gateway.app import build, site_url
from gateway.domain.document import Document
from gateway.domain.personal import Preferences
from gateway.domain.user import Actor
from gateway.settings import load
from tests.fakes import a_held_job

MAIL = {"host": "mail.example.org", "sender": "print@example.org"}


async def test_a_document_is_handed_over_and_then_destroyed(tmp_path: Path) -> None:
    async with build(load(data=tmp_path, mail=MAIL)) as gateway:
        user = await gateway.identity.add_user("ada", full_name="Ada", email="ada@example.org", password="long enough")
        plain, wrapped = gateway.keyring.new_key()
        writer = await gateway.spool.create(plain)
        await writer.write(b"%PDF-1.7 " + bytes(2_000_000))
        object_id, size, sha256 = await writer.commit()
        document = Document(id=object_id, format="application/pdf", size=size, sha256=sha256)
        [job] = await gateway.database.jobs.add(
            [a_held_job(owner="ada", name="Secret", key=wrapped, documents=(document,), printable=None)]
        )
        await gateway.personal.access_log.note(job, Actor(user="olga", via="web"), "pages", "asked at the desk")

        pieces = [piece async for piece in gateway.personal.privacy.export(user, documents=True)]
        assert max(map(len, pieces)) < 600_000, "never the whole of it"
        archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
        assert archive.testzip() is None
        assert archive.read(f"documents/{job.id}-1.pdf") == b"%PDF-1.7 " + bytes(2_000_000)
        [account] = json.loads(archive.read("account.json"))
        assert (account["name"], account["email"]) == ("ada", "ada@example.org")
        assert not [name for name in account if "hash" in name or "lookup" in name]
        assert [look["by"] for look in json.loads(archive.read("access-log.json"))] == ["olga"]
        assert [row["name"] for row in json.loads(archive.read("jobs.json"))] == ["Secret"]

        pseudonym = await gateway.personal.privacy.erase(user, typed="Ada", language="en")
        row = await gateway.database.jobs.get(job.id)
        assert row is not None
        assert (row.owner, row.name, row.key) == (pseudonym, "", None)
        assert not [path for path in (tmp_path / "spool").rglob("*") if object_id in path.name]
        assert (await gateway.identity.get("ada")).disabled
        [letter] = await gateway.database.outbox.posts()
        assert (letter.kind, letter.to) == ("account-erased", "ada@example.org")


async def test_choices_and_addresses_outlive_the_process(tmp_path: Path) -> None:
    async with build(load(data=tmp_path, mail=MAIL)) as gateway:
        user = await gateway.identity.add_user("ada")
        await gateway.personal.preferences.save(user, Preferences(language="fr"))
        await gateway.personal.addresses.ask(user, "ada@example.org", base="https://p.example", language="fr")
        [letter] = await gateway.database.outbox.posts()
        token = letter.values["url"].partition("token=")[2]
    async with build(load(data=tmp_path, mail=MAIL)) as gateway:
        user = await gateway.identity.get("ada")
        assert (await gateway.personal.preferences.of(user)).language == "fr"
        await gateway.personal.addresses.confirm(token, user, base="https://p.example", language="fr")
        owner = await gateway.personal.addresses.owner_of("ADA@example.org")
        assert owner is not None
        assert (owner.name, owner.email) == ("ada", "ada@example.org")


def test_links_lead_where_people_reach_the_pages(tmp_path: Path) -> None:
    assert site_url(load(data=tmp_path, site={"base_url": "https://print.example.org/"})) == "https://print.example.org"
    assert site_url(load(data=tmp_path, mdns={"host_name": "printing"})) == "https://printing.local:8443"
    plain = load(data=tmp_path, mdns={"host_name": "printing"}, https={"enabled": False})
    assert site_url(plain) == "http://printing.local:8080"
