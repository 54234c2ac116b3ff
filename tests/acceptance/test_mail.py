"""Letters through the whole program to real mail servers: over STARTTLS, across kill -9, and into Postfix."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.adapters.db import Database, database_url, migrate, open_database
from gateway.adapters.mail import courier_of
from gateway.app import build
from gateway.domain.job import JobState, Reason
from gateway.domain.letter import Letter, Post, PostState
from gateway.services.post_office import PostOffice
from gateway.settings import Settings
from tests.fakes import FakeClock, a_held_job
from tests.fakes_personal import FakeCourier
from tests.peers.mail import postfix
from tests.peers.smtp import PASSWORD, USER, Sink, smtp_sink

pytestmark = pytest.mark.acceptance
SECONDS = 60.0


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    with smtp_sink(tmp_path) as opened:
        yield opened


def environment(sink: Sink, data: Path, **more: str) -> dict[str, str]:
    """What an administrator would set; jails are kept few, since no document comes."""
    mail = {
        "HOST": "localhost",
        "PORT": str(sink.port),
        "CA_FILE": str(sink.ca_file),
        "USER": USER,
        "PASSWORD": PASSWORD,
        "SENDER": "print@example.org",
        "SECONDS": "10",
    }
    settings = {f"PAPERTAP_MAIL__{name}": value for name, value in (mail | more).items()}
    few = {"PAPERTAP_SANDBOX__WORKERS": "1", "PAPERTAP_SANDBOX__OFFICE_WORKERS": "0"}
    return os.environ | settings | few | {"PAPERTAP_DATA": str(data)}


def papertap(*words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def carrier(env: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The program with its working roles, killed in the end, whatever happens."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", "--roles", "deliver"], env=env, stdout=out, stderr=out
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


async def until(condition: Callable[[], Awaitable[bool]], log: Path) -> None:
    begun = time.monotonic()
    while not await condition():
        assert time.monotonic() - begun < SECONDS, log.read_text()[-3000:]
        await asyncio.sleep(0.05)


async def opened(data: Path) -> Database:
    settings = Settings(data=data)
    await migrate(database_url(settings))
    return await open_database(settings)


def an_office(database: Database) -> PostOffice:
    """Only to take letters in, as another process of the same data would."""
    clock = FakeClock(now=time.time())
    return PostOffice(outbox=database.outbox, courier=FakeCourier(), clock=clock, per_minute=60)


async def test_the_command_line_tries_mail_and_check_tells_of_it(sink: Sink, tmp_path: Path) -> None:
    env = environment(sink, tmp_path / "data")
    tried = await asyncio.to_thread(papertap, "mail", "test", "ann@example.org", "--language", "de", env=env)
    assert (tried.returncode, "queued as 1" in tried.stdout) == (0, True), tried.stderr
    [letter] = sink.letters
    assert (letter["To"], letter["Auto-Submitted"]) == ("ann@example.org", "auto-generated")
    assert sink.envelopes == [("print@example.org", ["ann@example.org"], True)]
    checked = await asyncio.to_thread(papertap, "check", "--json", env=env)
    [found] = [finding for finding in json.loads(checked.stdout) if finding["name"] == "mail"]
    assert found["ok"]
    assert "STARTTLS, signed in as print" in found["text"]
    for words, said in (
        (("mail", "test", "nobody"), "is not a mail address"),
        (("mail", "test", "a@b.de\r\nBcc: c@d.de"), "is not a mail address"),
    ):
        refused = await asyncio.to_thread(papertap, *words, env=env)
        assert (refused.returncode, said in refused.stderr) == (1, True), refused.stderr
    wrong = await asyncio.to_thread(papertap, "mail", "test", "a@b.de", env=environment(sink, tmp_path, PASSWORD="no"))
    assert wrong.returncode == 1
    assert "does not accept our sign-in" in wrong.stderr


async def test_letters_survive_a_kill_and_each_arrives_once(sink: Sink, tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    database = await opened(data)
    office = an_office(database)
    for number in range(5):
        await office.send(Letter(kind="test", to=f"a{number}@example.org", key=f"letter {number}"))
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and never says a word
        env = environment(sink, data, PORT=str(silent.getsockname()[1]))
        with carrier(env, log) as process:

            async def claimed() -> bool:
                return any(post.claimed_by for post in await database.outbox.posts())

            await until(claimed, log)
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert sink.letters == []
    with carrier(environment(sink, data), log):

        async def all_sent() -> bool:
            return all(post.state is PostState.SENT for post in await database.outbox.posts())

        await until(all_sent, log)
        await office.send(Letter(kind="test", to="a0@example.org", key="letter 0"))  # known: not sent again
        await office.send(Letter(kind="test", to="last@example.org"))

        async def last_sent() -> bool:
            return (await database.outbox.posts())[0].state is PostState.SENT

        await until(last_sent, log)
    arrived = [recipients[0] for _, recipients, _ in sink.envelopes]
    assert arrived == [f"a{number}@example.org" for number in range(5)] + ["last@example.org"]
    assert len({letter["Message-ID"] for letter in sink.letters}) == 6
    assert all(encrypted for _, _, encrypted in sink.envelopes)
    await database.close()


async def test_postfix_takes_our_letters(tmp_path: Path) -> None:
    with postfix() as port:
        mail = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "print@bench.invalid"}
        courier = courier_of(Settings(data=tmp_path, mail=mail), clock=FakeClock())  # type: ignore[arg-type]  # reason: as from a file
        assert courier is not None
        assert "takes mail (no encryption)" in await courier.check()
        times = {"created_at": 0.0, "due_at": 0.0, "useful_until": 0.0}
        post = Post(uuid=uuid4(), kind="test", to="b@bench.invalid", language="fr", values={}, key=None, **times)
        assert "queued as" in await courier.deliver(post)


async def test_an_owner_is_warned_and_told_by_mail(sink: Sink, tmp_path: Path) -> None:
    """What happened while nobody listened is told at the start, each once, also after the next restart."""
    data, log, now = tmp_path / "data", tmp_path / "log", time.time()
    async with build(Settings(data=data)) as gateway:
        await gateway.identity.add_user("ada", email="ada@example.org")
        await gateway.printers.add_printer("find-me")
        given = {"owner": "ada", "created_at": now - 80_000, "expires_at": now + 1800}
        soon = a_held_job(name="Report.pdf", uuid=uuid4(), expiry_warned=True, **given)
        out_of_time = {"state": JobState.CANCELED, "reasons": (Reason.JOB_CANCELED_AFTER_TIMEOUT,), "ended_at": now}
        late = a_held_job(name="Late.pdf", uuid=uuid4(), message="Nobody released it in time.", **given, **out_of_time)
        await gateway.database.jobs.add([soon, late])
        env = environment(sink, data)
        for _ in range(2):
            with carrier(env, log):

                async def both_sent() -> bool:
                    return len(await gateway.database.outbox.posts(states=[PostState.SENT])) == 2

                await until(both_sent, log)
        user = await gateway.identity.get("ada")
        assert await gateway.personal.notices.unread(user) == 2
    subjects = sorted(letter["Subject"] for letter in sink.letters)
    assert subjects == ["Not printed: Late.pdf", "Waiting to be printed, not for long: Report.pdf"]
    [warning] = [letter for letter in sink.letters if "Report" in letter["Subject"]]
    body = warning.get_body(("plain",))
    assert body is not None
    assert re.search(r"^https://\S+/keep\?token=[\w-]{43}\r?$", body.get_content(), re.MULTILINE)
