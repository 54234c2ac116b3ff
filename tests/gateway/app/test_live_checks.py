"""The one list of health on a gateway that really listens: each test passes, and each can fail."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.adapters.backups import BackupFolder
from gateway.app import build
from gateway.app.build import Gateway
from gateway.app.channel_checks import channel_checks
from gateway.app.checks import check
from gateway.app.connection_checks import connection_checks, directory_checks
from gateway.app.front import Front
from gateway.app.live_checks import live_checks
from gateway.app.mail import mail_in
from gateway.domain.directory import FieldMap, LdapSettings, Secrets
from gateway.services.health import Check, Finding, Health, Kind, looked
from gateway.settings import Dns, Http, Https, Ipp, Listen, Lpd, Mdns, OpenId, Settings, Smtp
from gateway.settings import Identity as IdentitySettings
from tests.peers.processes import free_port


def settings_in(data: Path) -> Settings:
    return Settings(
        data=data,
        listen=Listen(host="127.0.0.1"),
        http=Http(port=0),
        https=Https(port=0),
        ipp=Ipp(port=free_port()),  # the records of a zone name it
        smtp=Smtp(port=0, lmtp_port=0),
        lpd=Lpd(port=0),
        dns=Dns(enabled=True, port=0, zone="print.example.org", addresses=("192.0.2.1",)),
        mdns=Mdns(enabled=False),
    )


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    settings = settings_in(tmp_path)
    async with build(settings) as gateway:
        await gateway.printers.add_printer("find-me")
        front = Front(gateway, mail_in(gateway))
        await front.start()
        yield front
        await front.stop()


async def found(checks: list[Check]) -> dict[str, Finding]:
    return {check.key: await looked(check) for check in checks}


async def test_every_way_in_is_tried_through_its_own_door(front: Front) -> None:
    gateway, ports = front._gateway, front.listening()
    looks = await found(list(channel_checks(gateway, front.certificates, ports)))
    assert set(looks) == {"ipp", "ipps", "web", "upload", "web-tls", "upload-tls", "smtp", "lmtp", "lpd", "dns"}
    wrong = {key: one.text for key, one in looks.items() if not one.ok}
    assert wrong == {}
    assert looks["smtp"].text.endswith("answers, encrypted.")
    assert looks["ipp"].text == f"Port {ports['ipp']} answers."


async def test_a_raw_port_is_tried_and_one_that_is_taken_is_told(front: Front) -> None:
    gateway, (free, taken) = front._gateway, (free_port(), free_port())

    async with await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", taken):
        await gateway.printers.change_printer("find-me", raw_port=free)
        await gateway.printers.add_printer("other", raw_port=taken)
        await front._drivers.raw.follow()
        looks = await found(list(channel_checks(gateway, front.certificates, front.listening())))
    assert looks[f"raw {free}"].ok
    assert (looks[f"raw {taken}"].ok, looks[f"raw {taken}"].text) == (
        False,
        "The raw port of other is not listened on.",
    )
    assert 'papertap_driver_connections{way="raw"}' in front.metrics.text().decode()


async def test_a_door_that_is_closed_is_told(front: Front) -> None:
    names = ("http", "https", "ipp", "smtp", "lmtp", "raw")
    looks = await found(list(channel_checks(front._gateway, front.certificates, dict.fromkeys(names, free_port()))))
    assert {key for key, one in looks.items() if one.ok} == set()
    assert all(one.text and one.mend for one in looks.values())


async def test_ipp_without_a_printer_says_so(tmp_path: Path) -> None:
    async with build(settings_in(tmp_path)) as gateway:
        front = Front(gateway, mail_in(gateway))
        await front.start()
        [ipp, *_] = channel_checks(gateway, front.certificates, {"ipp": front.listening()["ipp"]})
        assert (await looked(ipp)).mend == "Add a printer."
        await front.stop()


async def test_a_new_channel_needs_no_line_in_the_list(front: Front) -> None:
    taken = asyncio.Event()

    async def take(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.set()
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        [raw] = channel_checks(front._gateway, front.certificates, {"raw": server.sockets[0].getsockname()[1]})
        assert (await looked(raw)).ok
        await taken.wait()


async def test_what_it_depends_on_is_really_used(front: Front) -> None:
    looks = await found(list(connection_checks(front._gateway)))
    assert {key: one.ok for key, one in looks.items()} == {"database": True, "spool": True}
    objects = [path for path in (front.data / "spool").rglob("*") if path.is_file()]
    assert objects == [], "the sample is gone again"


async def test_a_store_that_takes_nothing_is_told(tmp_path: Path) -> None:
    async with build(settings_in(tmp_path)) as gateway:
        await gateway.database.close()
        [database, spool] = connection_checks(gateway)
        (tmp_path / "keys" / "kek").unlink()
        assert not (await looked(database)).ok
        assert (await looked(spool)).ok


async def test_each_directory_and_each_provider_has_a_test(tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    provider = OpenId(name="school", issuer=nowhere, client_id="x")
    settings = settings_in(tmp_path).model_copy(update={"identity": IdentitySettings(providers=(provider,))})
    async with build(settings) as gateway:
        url = f"ldap://127.0.0.1:{free_port()}"
        await gateway.people.directories.add("ad", LdapSettings(urls=(url,)), Secrets(), fields=FieldMap())
        looks = await found([*connection_checks(gateway), *await directory_checks(gateway)])
    assert not looks["directory ad"].ok
    assert "nothing listens on port" in looks["directory ad"].text
    assert not looks["provider school"].ok
    assert not looks["directory ad"].needed


async def test_states_are_told_at_once_and_say_what_to_do(front: Front) -> None:
    gateway = front._gateway
    await gateway.printers.add_device("lobby", "socket://192.0.2.9")
    health = a_health(gateway, front)
    told = await health.quick()
    states = {"accepting", "keys", "storage", "certificate", "clock", "backup", "restore", "outbox", "device lobby"}
    assert set(told) == states | {"mail-in", "mail-wait"}
    assert {key for key, one in told.items() if not one.ok} == {"backup"}
    assert told["backup"].mend == "Make one now, or set a schedule."
    assert await health.refusing() == ()
    kinds = {kind for kind, _ in await health.keys()}
    assert kinds == set(Kind), "each kind has a test"


async def test_what_no_work_is_accepted_for_is_named_to_programs(front: Front) -> None:
    gateway = front._gateway
    health = a_health(gateway, front)
    await gateway.database.close()
    assert await health.refusing() == ("database-unavailable",)
    assert (await health.look("accepting")).mend == "Start the database, or make room on its disk."


def a_health(gateway: Gateway, front: Front) -> Health:
    backups = BackupFolder(gateway.settings)
    return Health(lambda: live_checks(gateway, front.certificates, front.listening(), backups, front._mail.desk))


async def test_check_reads_the_same_list_and_tries_what_is_listened_on(front: Front) -> None:
    ports = front.listening()
    settings = front._gateway.settings.model_copy(
        update={
            "http": Http(port=ports["http"]),
            "https": Https(port=free_port()),
            "ipp": Ipp(port=ports["ipp"]),
            "smtp": Smtp(port=ports["smtp"]),
            "lpd": Lpd(port=ports["lpd"]),
            "dns": Dns(),
        }
    )
    told = {finding.name: finding for finding in await check(settings)}
    assert {"python", "data", "accepting", "storage", "certificate", "backup", "database", "spool"} <= set(told)
    assert {"ipp", "ipps", "web", "upload", "smtp", "lpd"} <= set(told), "who listens is asked"
    assert "web-tls" not in told
    wrong = {name for name, one in told.items() if not one.ok and one.needed and not name.startswith("sandbox")}
    assert wrong == set()
