"""The courier against a real SMTP server over STARTTLS: what it takes, and each way in which it says no."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from gateway.adapters.mail import SmtpCourier, courier_of
from gateway.domain.letter import Post
from gateway.errors import StartupError
from gateway.services.ports import Undelivered
from gateway.settings import Settings
from tests.fakes import FakeClock
from tests.peers.processes import free_port
from tests.peers.smtp import PASSWORD, USER, Sink, smtp_sink


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    with smtp_sink(tmp_path) as opened:
        yield opened


def a_courier(sink: Sink, **mail: Any) -> SmtpCourier:
    given = {
        "host": "localhost",
        "port": sink.port,
        "ca_file": sink.ca_file,
        "user": USER,
        "password": PASSWORD,
        "sender": "print@example.org",
        "seconds": 5.0,
    }
    made = courier_of(Settings(data=Path("unused"), mail=given | mail), clock=FakeClock())  # type: ignore[arg-type]
    assert made is not None
    return made


def a_post(to: str = "ann@example.org", **values: str) -> Post:
    times = {"created_at": 0.0, "due_at": 0.0, "useful_until": 0.0}
    given = {"name": "Ä.pdf", "printer": "find-me", "until": "", "url": "https://p.example/jobs/1"} | values
    return Post(uuid=uuid4(), kind="job-ready", to=to, language="en", values=given, key=None, **times)


async def test_a_letter_arrives_over_tls(sink: Sink) -> None:
    assert "queued as 1" in await a_courier(sink).deliver(a_post())
    assert sink.envelopes == [("print@example.org", ["ann@example.org"], True)]
    [letter] = sink.letters
    assert letter["Subject"] == "Ready to print: Ä.pdf"
    assert "takes mail (STARTTLS, signed in as print)" in await a_courier(sink).check()


async def test_hostile_values_arrive_as_text(sink: Sink) -> None:
    await a_courier(sink).deliver(a_post(name="x\r\n.\r\nMAIL FROM:<evil@example.org>\r\nBcc: all@example.org"))
    [letter] = sink.letters
    assert letter["Bcc"] is None
    assert sink.envelopes == [("print@example.org", ["ann@example.org"], True)]


async def test_the_password_may_be_in_a_file(sink: Sink, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    await a_courier(sink, password="", password_file=file).check()


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        ("451 4.7.1 Greylisted", False),
        ("452 4.2.2 Full", False),
        ("552 5.3.4 Too big", True),
        ("554 5.7.1 Spam", False),
    ],
)
async def test_a_refused_letter_is_tried_again_unless_the_no_is_final(sink: Sink, answer: str, permanent: bool) -> None:
    sink.answers.append(answer)
    with pytest.raises(Undelivered) as refused:
        await a_courier(sink).deliver(a_post())
    assert (refused.value.permanent, refused.value.away) == (permanent, False)
    assert answer[:3] in refused.value.message


async def test_an_unknown_recipient_is_final(sink: Sink) -> None:
    sink.refused.add("nobody@example.org")
    with pytest.raises(Undelivered, match="No such user") as refused:
        await a_courier(sink).deliver(a_post("nobody@example.org"))
    assert refused.value.permanent


async def test_a_wrong_password_is_ours_to_mend(sink: Sink) -> None:
    with pytest.raises(Undelivered, match="does not accept our sign-in") as refused:
        await a_courier(sink, password="wrong").deliver(a_post())
    assert (refused.value.permanent, refused.value.away) == (False, True)
    assert "wrong" not in refused.value.message


async def test_a_certificate_of_a_stranger_gets_no_password(sink: Sink) -> None:
    with pytest.raises(Undelivered, match="not trusted here") as refused:
        await a_courier(sink, ca_file=None).check()
    assert refused.value.away


async def test_a_server_that_is_not_there_is_away(sink: Sink) -> None:
    with pytest.raises(Undelivered, match="cannot be reached") as refused:
        await a_courier(sink, port=free_port()).deliver(a_post())
    assert refused.value.away


def test_settings_that_would_not_work_are_told_at_the_start(tmp_path: Path) -> None:
    def made(**mail: Any) -> object:
        return courier_of(Settings(data=tmp_path, mail=mail), clock=FakeClock())  # type: ignore[arg-type]

    assert made() is None
    assert made(host="mail.example", sender="p@example.org") is not None
    assert made(host="127.0.0.1", security="none", user="u", password="p", sender="p@example.org") is not None
    with pytest.raises(StartupError, match="in clear"):
        made(host="mail.example", security="none", user="u", password="p")
    with pytest.raises(StartupError, match="Give the user"):
        made(host="mail.example", password="p")
    with pytest.raises(StartupError, match="cannot be read"):
        made(host="mail.example", user="u", password_file=tmp_path / "absent")
    with pytest.raises(StartupError, match=r"mail\.sender"):
        made(host="mail.example", sender="nobody")
