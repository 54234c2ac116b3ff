"""The conversation with an authority: what it gets of us, and how each of its refusals comes out."""

import asyncio
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.adapters.acme_issuer import LONGEST_PATIENCE, AcmeIssuer, Directory
from gateway.adapters.public_chain import PublicChain
from gateway.services.challenge_answers import ChallengeAnswers
from gateway.services.ports.acme import NotIssued
from tests.fake_acme import TOKEN, FakeDirectory, acme_directory
from tests.fakes import FakeClock

NAMES = ("print.example",)
CLOCK = FakeClock(time.time())


@pytest.fixture
def directory() -> Iterator[FakeDirectory]:
    with acme_directory(CLOCK) as made:
        yield made


class House:
    def __init__(self, folder: Path) -> None:
        self.folder, self.answers = folder, ChallengeAnswers()
        self.chain = PublicChain(directory=folder, clock=CLOCK)

    def issuer(self, url: str, **given: object) -> AcmeIssuer:
        return AcmeIssuer(Directory(url=url, **given), chain=self.chain, answers=self.answers)  # type: ignore[arg-type]


@pytest.fixture
def house(tmp_path: Path, directory: FakeDirectory) -> House:
    made = House(tmp_path / "tls")
    directory.found = made.answers.get
    return made


async def refused(issuer: AcmeIssuer) -> NotIssued:
    with pytest.raises(NotIssued) as caught:
        await issuer.issue(NAMES)
    return caught.value


async def test_an_account_is_made_a_name_is_proved_and_the_chain_is_kept(
    house: House, directory: FakeDirectory
) -> None:
    await house.issuer(directory.url, contact="print@print.example").issue(NAMES)
    kept = house.chain.kept()
    assert kept is not None
    assert (kept.names, kept.issuer) == (NAMES, "Intermediate")
    assert directory.accounts == [{"termsOfServiceAgreed": True, "contact": ["mailto:print@print.example"]}]
    assert house.answers.get(TOKEN) is None, "what was proved needs no answer any more"
    assert stat.S_IMODE((house.folder / "acme-account.key").stat().st_mode) == 0o400


async def test_the_account_is_found_again_by_its_key(house: House, directory: FakeDirectory) -> None:
    for _ in range(2):
        await house.issuer(directory.url).issue(NAMES)
    assert directory.accounts == [{"termsOfServiceAgreed": True}] * 2


async def test_an_account_is_bound_to_a_customer(house: House, directory: FakeDirectory) -> None:
    await house.issuer(directory.url, customer="kid-1", secret="c2VjcmV0LW9mLWEtY3VzdG9tZXI").issue(NAMES)
    assert set(directory.accounts[0]["externalAccountBinding"]) == {"protected", "payload", "signature"}


async def test_nonces_may_be_refused_again_and_again(house: House, directory: FakeDirectory) -> None:
    directory.bad_nonces = 9
    await house.issuer(directory.url).issue(NAMES)
    assert house.chain.kept() is not None
    directory.bad_nonces = 1000
    assert (await refused(house.issuer(directory.url))).kind == "badNonce"


async def test_an_order_that_needs_no_proof_is_finished(house: House, directory: FakeDirectory) -> None:
    """Authorities reuse what was proved lately."""
    directory.problems["challenge"] = (500, "serverInternal", "")
    order = directory._order

    def proved(sent: dict[str, object]) -> tuple[int, dict[str, str], object]:
        answer = order(sent)
        directory.proved = True
        return answer

    directory._order = proved  # type: ignore[method-assign]
    await house.issuer(directory.url).issue(NAMES)
    assert house.chain.kept() is not None


@pytest.mark.parametrize(
    ("word", "answer", "expected"),
    [
        ("account", (403, "externalAccountRequired", ""), ("externalAccountRequired", "about account", 0)),
        ("order", (429, "rateLimited", "7200"), ("rateLimited", "about order", 7200)),
        ("order", (503, "serverInternal", "Sun, 01 Jan 2090 00:00:00 GMT"), ("serverInternal", "about order", -1)),
        ("order", (400, "rejectedIdentifier", "soon"), ("rejectedIdentifier", "about order", 0)),
        ("order", (502, "", "60"), ("unreachable", "status 502", 60)),
        ("challenge", (400, "malformed", ""), ("malformed", "about challenge", 0)),
        ("finalize", (403, "badCSR", ""), ("badCSR", "about finalize", 0)),
    ],
)
async def test_what_the_authority_refuses_is_told_with_its_words(
    house: House, directory: FakeDirectory, word: str, answer: tuple[int, str, str], expected: tuple[str, str, float]
) -> None:
    directory.problems[word] = answer
    error = await refused(house.issuer(directory.url))
    kind, detail, seconds = expected
    assert (error.kind, error.detail) == (kind, detail)
    assert error.retry_after == pytest.approx(LONGEST_PATIENCE if seconds < 0 else seconds, abs=60)
    assert house.answers.get(TOKEN) is None
    assert house.chain.kept() is None


async def test_what_it_sends_must_fit(house: House, directory: FakeDirectory) -> None:
    directory.sign = {"names": ("other.example",)}
    error = await refused(house.issuer(directory.url))
    assert (error.kind, error.detail) == ("unfit", "the certificate lacks print.example")


async def test_who_does_not_answer_or_is_no_authority_is_told(house: House, directory: FakeDirectory) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = await refused(house.issuer(f"http://127.0.0.1:{port}/"))
    assert (error.kind, error.detail) == ("unreachable", "Connection refused")
    assert (await refused(house.issuer(directory.url.replace("http:", "https:")))).kind == "untrusted"
    error = await refused(house.issuer("http://no-such-host.invalid/"))
    assert (error.kind, error.detail != "") == ("unreachable", True)
    directory.get = lambda: {"hello": "world"}  # type: ignore[method-assign]
    assert (await refused(house.issuer(directory.url))).kind == "unfit"


async def test_one_that_never_answers_holds_nobody_up(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        issuing = asyncio.create_task(house.issuer(f"http://127.0.0.1:{silent.getsockname()[1]}/").issue(NAMES))
        accepted, _ = await asyncio.to_thread(silent.accept)
        issuing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await issuing
        accepted.close()


def test_a_token_is_base64url_and_long_enough() -> None:
    answers = ChallengeAnswers()
    for token in ("", "short", "a" * 15, "../" * 9, "a" * 257, "ä" * 20, "a" * 20 + "\n"):
        with pytest.raises(ValueError):
            answers.put(token, "answer")
        assert answers.get(token) is None
    answers.put("a" * 22, "answer")
    assert answers.get("a" * 22) == "answer"
