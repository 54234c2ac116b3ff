"""What of the settings goes together, and what a gateway with an authority tells of itself."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.adapters.backups import BackupFolder
from gateway.adapters.clock import SystemClock
from gateway.app import build
from gateway.app.acme import asked_of, renewals_of
from gateway.app.channel_checks import channel_checks
from gateway.app.front import Front
from gateway.app.live_checks import live_checks
from gateway.app.mail import mail_in
from gateway.app.tls import certificates_of
from gateway.domain.acme import Asked
from gateway.errors import StartupError
from gateway.services.challenge_answers import ChallengeAnswers
from gateway.services.health import looked
from gateway.services.renewals import Renewals
from gateway.settings import Acme, Http, Https, Ipp, Listen, Lpd, Mdns, Settings, Site, Smtp
from tests.fake_acme import FakeDirectory, acme_directory
from tests.fakes import FakeClock
from tests.peers.processes import free_port

URL = "https://acme.example/directory"


def made(
    data: Path, *, base_url: str = "https://print.example", https: Https | None = None, **acme: Any
) -> Renewals | None:
    settings = Settings(
        data=data, site=Site(base_url=base_url), https=https or Https(), acme=Acme(**{"directory": URL} | acme)
    )
    clock = SystemClock()
    return renewals_of(settings, certificates_of(settings, clock, tuple), ChallengeAnswers(), clock)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"base_url": "https://Print.example:8443/x"}, ("print.example",)),
        ({"base_url": "https://drucken.münchen.example"}, ("drucken.xn--mnchen-3ya.example",)),
        ({"names": ("A.example", "a.example", "b.example")}, ("a.example", "b.example")),
    ],
)
async def test_names_are_those_of_the_setting_or_that_of_the_site(
    tmp_path: Path, given: dict[str, Any], names: tuple[str, ...]
) -> None:
    renewals = made(tmp_path, contact="print@print.example", **given)
    assert renewals is not None
    assert (await renewals.standing()).asked == Asked(directory=URL, names=names, contact="print@print.example")


def test_without_a_directory_nobody_is_asked(tmp_path: Path) -> None:
    assert made(tmp_path, directory="") is None
    assert asked_of(Settings(data=tmp_path)) is None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"base_url": ""}, "Give acme.names"),
        ({"base_url": "http://192.0.2.7"}, "Give acme.names"),
        ({"base_url": "http://[2001:db8::7]:80"}, "Give acme.names"),
        ({"https": Https(certificate=Path("a"), private_key=Path("b"))}, "not both"),
        ({"ca_file": Path("/nowhere/ca.pem")}, "There is no /nowhere/ca.pem"),
        ({"eab_kid": "kid"}, "together"),
        ({"eab_hmac_key": "c2VjcmV0"}, "together"),
        ({"eab_kid": "kid", "eab_hmac_key_file": Path("/nowhere/key")}, "cannot be read"),
        ({"eab_kid": "kid", "eab_hmac_key": "not base64!"}, "base64url"),
    ],
)
def test_what_does_not_go_together_stops_the_start_and_shows_no_secret(
    tmp_path: Path, given: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(StartupError, match=sentence) as refused:
        made(tmp_path, **given)
    assert "c2VjcmV0" not in str(refused.value)
    assert "not base64!" not in str(refused.value)


def test_the_key_of_a_customer_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("c2VjcmV0LW9m\n")
    assert made(tmp_path, eab_kid="kid", eab_hmac_key_file=tmp_path / "key") is not None


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("directory", "acme.example", "https address"),
        ("directory", "http://acme.example/directory", "https address"),
        ("names", ("*.print.example",), "no wildcard"),
        ("names", ("192.0.2.7",), "no address"),
        ("names", ("münchen.example",), "xn--"),
        ("names", ("-a.example",), "host names"),
        ("names", ("",), "host names"),
        ("contact", "mailto:a@b.example", "one mail address"),
        ("contact", "a@b.example,c@d.example", "one mail address"),
    ],
)
def test_settings_say_what_they_take(field: str, value: object, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Acme(**{field: value})  # type: ignore[arg-type]


# -- a gateway that listens


@pytest.fixture
def directory() -> Iterator[FakeDirectory]:
    with acme_directory(FakeClock(time.time())) as one:
        yield one


async def test_uploads_are_tried_and_health_told_with_the_certificate_that_people_see(
    tmp_path: Path, directory: FakeDirectory
) -> None:
    port = free_port()
    settings = Settings(
        data=tmp_path,
        listen=Listen(host="127.0.0.1"),
        http=Http(port=0),
        https=Https(port=port),
        ipp=Ipp(port=0),
        smtp=Smtp(enabled=False),
        lpd=Lpd(enabled=False),
        mdns=Mdns(enabled=False),
        site=Site(base_url=f"https://print.example:{port}"),
        # The settings want TLS, and the fake speaks none.
        acme=Acme.model_construct(**Acme(names=("print.example",)).model_dump() | {"directory": directory.url}),
    )
    async with build(settings) as gateway:
        await gateway.printers.add_printer("find-me")
        front = Front(gateway, mail_in(gateway))
        directory.found = front._challenges.get
        await front.start()
        try:
            checks = {
                one.key: one
                for one in live_checks(
                    gateway, front.certificates, front.listening(), BackupFolder(settings), front._mail.desk
                )
            }
            assert (await looked(checks["acme"])).text == "It is asked for while Papertap runs."
            work = asyncio.create_task(front.background()["acme"]())
            async with asyncio.timeout(60):
                while not front.certificates.is_public("print.example"):
                    await asyncio.sleep(0.05)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            uploads = [
                one for one in channel_checks(gateway, front.certificates, front.listening()) if "upload" in one.key
            ]
            found = [await looked(one) for one in uploads]
            assert [one.text for one in found if not one.ok] == []
        finally:
            await front.stop()
