"""The test of uploads on a gateway that really listens: it is taken in, leaves nothing, and fails when uploads do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme

from gateway.adapters.certificates import CustomerFiles
from gateway.app import build
from gateway.app.build import Gateway
from gateway.app.channel_checks import channel_checks
from gateway.app.front import Front
from gateway.app.mail import mail_in
from gateway.domain.events import Event, Happening
from gateway.services.health import Finding, looked
from gateway.services.ports import JobQuery
from gateway.settings import Http, Https, Ipp, Listen, Lpd, Mdns, Settings, Smtp, SpoolSettings, Uploads
from gateway.settings import Site as SiteSettings


def settings_in(data: Path, **groups: Any) -> Settings:
    return Settings(
        data=data,
        listen=Listen(host="127.0.0.1"),
        http=Http(port=0),
        https=Https(port=0),
        ipp=Ipp(enabled=False),
        smtp=Smtp(enabled=False),
        lpd=Lpd(enabled=False),
        mdns=Mdns(enabled=False),
        **groups,
    )


@asynccontextmanager
async def serving(settings: Settings, *printers: str) -> AsyncIterator[Front]:
    async with build(settings) as gateway:
        for name in printers:
            await gateway.printers.add_printer(name)
        front = Front(gateway, mail_in(gateway))
        await front.start()
        yield front
        await front.stop()


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    async with serving(settings_in(tmp_path), "find-me") as front:
        yield front


async def tried(front: Front, gateway: Gateway | None = None) -> dict[str, Finding]:
    """`gateway` is that of another process with the same data."""
    checks = channel_checks(gateway or front._gateway, front.certificates, front.listening())
    return {one.key: await looked(one) for one in checks if one.key.startswith("upload")}


def objects(front: Front) -> list[Path]:
    return [path for path in (front.data / "spool").rglob("*") if path.is_file()]


async def test_a_document_passes_the_barrier_and_leaves_nothing(front: Front) -> None:
    gateway = front._gateway
    async with gateway.events.subscribe() as news:
        found = await tried(front)
        last = Happening(event=Event.PRINTER_CONFIG_CHANGED, at=0.0)
        gateway.events.publish(last)
        assert await anext(news) == last, "nobody was told of the test before that"
    assert {key: one.ok for key, one in found.items()} == {"upload": True, "upload-tls": True}
    assert all("uploaded, kept and taken away again" in one.text for one in found.values())
    assert gateway.intake.tally.barrier.cumulative()[-1][1] == 2, "both crossed the barrier"
    assert gateway.intake.tally.accepted == 0
    assert objects(front) == []
    database = gateway.database
    assert await database.jobs.count(JobQuery(limit=None)) == 0
    assert await database.uploads.expired(gateway.clock.now() + 10**6) == []
    await gateway.intake.stop()
    assert await database.attempts.attempts() == []


async def test_another_process_with_the_same_data_may_ask(front: Front) -> None:
    async with build(front._gateway.settings) as other:
        assert {key: one.ok for key, one in (await tried(front, other)).items()} == {"upload": True, "upload-tls": True}


async def test_a_full_disk_is_told_in_the_words_of_the_door(tmp_path: Path) -> None:
    async with serving(settings_in(tmp_path, spool=SpoolSettings(low_percent=100.0)), "find-me") as front:
        found = await tried(front)
        assert [one.ok for one in found.values()] == [False, False]
        assert found["upload"].text == "The gateway's disk is nearly full. Try again later, or tell the administrator."
        assert objects(front) == []


async def test_failed_storage_is_told(front: Front) -> None:
    front._gateway.intake._admission.mark_failed()
    found = await tried(front)
    assert not found["upload"].ok
    assert found["upload"].text.startswith("A document could not be written safely to the disk.")


async def test_without_a_printer_there_is_nothing_to_upload_to(tmp_path: Path) -> None:
    async with serving(settings_in(tmp_path)) as front:
        found = await tried(front)
    assert not found["upload"].ok
    assert "printer" in found["upload"].text


async def test_networks_that_may_upload_are_named(tmp_path: Path) -> None:
    async with serving(settings_in(tmp_path, uploads=Uploads(networks=("192.0.2.0/24",))), "find-me") as front:
        found = await tried(front)
        assert found["upload"].ok, "the gateway itself stands in no network of people"
        assert found["upload"].text.endswith("uploads are taken from 192.0.2.0/24.")


async def test_a_certificate_that_is_not_the_one_set_up_is_told(front: Front, tmp_path: Path) -> None:
    own = front.certificates
    own._named = CustomerFiles(certificate=tmp_path / "other.crt", private_key=tmp_path / "other.key")
    trustme.CA().issue_cert("print.example.org").cert_chain_pems[0].write_to_path(tmp_path / "other.crt")
    found = await tried(front)
    assert found["upload"].ok
    assert not found["upload-tls"].ok
    assert found["upload-tls"].text.startswith("Phones refuse the certificate: ")
    assert found["upload-tls"].mend == "Bring a new certificate, or go back to the gateway's own."


async def test_the_name_that_links_carry_must_stand_in_the_certificate(front: Front) -> None:
    base_url = f"https://print.example.org:{front.listening()['https']}"
    settings = front._gateway.settings.model_copy(update={"site": SiteSettings(base_url=base_url)})
    found = await tried(front, replace(front._gateway, settings=settings))
    assert not found["upload-tls"].ok
    assert "print.example.org" in found["upload-tls"].text


@pytest.mark.parametrize("token", ["", "rehearsal", "rehearsal.1.x.00", "rehearsal.99999999999.x.00"])
async def test_a_pass_that_is_not_ours_opens_nothing(front: Front, token: str) -> None:
    where = f"http://127.0.0.1:{front.listening()['http']}/upload/files"
    sent = {"tus-resumable": "1.0.0", "upload-length": "3", "papertap-token": token}
    async with httpx2.AsyncClient() as client:
        assert (await client.post(where, headers=sent)).status_code == 403


async def test_a_pass_is_good_for_a_minute_and_for_uploads_alone(front: Front) -> None:
    gateway = front._gateway
    rehearsals = gateway.uploads.rehearsals
    text = rehearsals.new_pass()
    assert rehearsals.actor_of(text, address="") is not None
    port = front.listening()["http"]
    async with httpx2.AsyncClient(follow_redirects=False) as client:
        page = await client.get(f"http://127.0.0.1:{port}/jobs", headers={"papertap-token": text})
        assert page.status_code == 303
        assert page.headers["location"].startswith("/signin")
